//! Writes FlatBuffers: a tree of tables is laid out front to back, each list of fields before its table.

/// A field's value.
#[derive(Clone)]
pub(crate) enum Field {
    I8(i8),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
    I32s(Vec<i32>),
    I64s(Vec<i64>),
    F32s(Vec<f32>),
    Table(Table),
    Tables(Vec<Table>),
}

/// A table: its fields by number. A field that is not here has its default.
pub(crate) type Table = Vec<(usize, Field)>;

/// The whole file.
pub(crate) fn file(root: Table, identifier: &[u8; 4]) -> Vec<u8> {
    let mut file = vec![0; 4];
    file.extend_from_slice(identifier);
    let root = write_table(&mut file, root);
    point(&mut file, 0, root);
    file
}

/// Data of tensors begins at multiples of this, so that a program may use it where it lies.
const DATA_ALIGNMENT: usize = 16;

fn align(file: &mut Vec<u8>, to: usize, before: usize) {
    while !(file.len() + before).is_multiple_of(to) {
        file.push(0);
    }
}

/// Writes at `from` how far it is to `to`.
fn point(file: &mut [u8], from: usize, to: usize) {
    let offset = u32::try_from(to - from).expect("files are bounded");
    file[from..from + 4].copy_from_slice(&offset.to_le_bytes());
}

fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).expect("tables are small").to_le_bytes()
}

/// Writes a table and all that it holds; gives where the table stands.
fn write_table(file: &mut Vec<u8>, fields: Table) -> usize {
    let count = fields.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
    // Four bytes for each field keep every one aligned.
    let size = 4 + 4 * fields.len();
    align(file, 4, 4 + 2 * count);
    let list = file.len();
    file.extend(short(4 + 2 * count));
    file.extend(short(size));
    let mut places = vec![0; count];
    for (i, (number, _)) in fields.iter().enumerate() {
        places[*number] = 4 + 4 * i;
    }
    places.iter().for_each(|&place| file.extend(short(place)));
    let table = file.len();
    file.extend(i32::try_from(table - list).expect("tables are small").to_le_bytes());
    file.resize(table + size, 0);
    for (i, (_, field)) in fields.into_iter().enumerate() {
        write_field(file, table + 4 + 4 * i, field);
    }
    table
}

/// Writes a field at its place, and what it points to at the end.
fn write_field(file: &mut Vec<u8>, at: usize, field: Field) {
    let bytes = match field {
        Field::I8(value) => i32::from(value).to_le_bytes(),
        Field::Bool(value) => i32::from(value).to_le_bytes(),
        Field::U32(value) => value.to_le_bytes(),
        Field::I32(value) => value.to_le_bytes(),
        Field::F32(value) => value.to_le_bytes(),
        other => {
            let to = write_apart(file, other);
            return point(file, at, to);
        }
    };
    file[at..at + 4].copy_from_slice(&bytes);
}

/// Writes what a field points to.
fn write_apart(file: &mut Vec<u8>, field: Field) -> usize {
    match field {
        Field::Table(table) => write_table(file, table),
        Field::Tables(tables) => write_tables(file, tables),
        Field::Text(text) => {
            let start = write_vector(file, text.len(), 1, text.bytes().collect());
            file.push(0);
            start
        }
        Field::Bytes(bytes) => write_vector(file, bytes.len(), DATA_ALIGNMENT, bytes),
        Field::I32s(values) => {
            write_vector(file, values.len(), 4, values.iter().flat_map(|v| v.to_le_bytes()).collect())
        }
        Field::I64s(values) => {
            write_vector(file, values.len(), 8, values.iter().flat_map(|v| v.to_le_bytes()).collect())
        }
        Field::F32s(values) => {
            write_vector(file, values.len(), 4, values.iter().flat_map(|v| v.to_le_bytes()).collect())
        }
        Field::I8(_) | Field::Bool(_) | Field::U32(_) | Field::I32(_) | Field::F32(_) => {
            unreachable!("numbers stand in their table")
        }
    }
}

fn write_vector(file: &mut Vec<u8>, count: usize, alignment: usize, bytes: Vec<u8>) -> usize {
    align(file, alignment.max(4), 4);
    let start = file.len();
    file.extend(u32::try_from(count).expect("files are bounded").to_le_bytes());
    file.extend(bytes);
    start
}

fn write_tables(file: &mut Vec<u8>, tables: Vec<Table>) -> usize {
    let start = write_vector(file, tables.len(), 4, vec![0; 4 * tables.len()]);
    for (i, table) in tables.into_iter().enumerate() {
        let to = write_table(file, table);
        point(file, start + 4 + 4 * i, to);
    }
    start
}
