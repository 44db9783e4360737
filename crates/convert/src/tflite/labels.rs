//! What the outputs of a network are called: a list of labels packed behind the file, and metadata that says so.

use automcu_model::Graph;

use super::{
    field::{buffer, labelled, metadata, model},
    flat::{Buffer, FlatError, Table},
    flatten::{self, Field, file},
    zip,
};

/// The name under which the metadata is found, and its identifier.
const NAME: &str = "TFLITE_METADATA";
const IDENTIFIER: &[u8; 4] = b"M001";
const LABELS_FILE: &str = "labels.txt";
/// The type code of a list of labels for the places of an output.
const AXIS_LABELS: i8 = 2;
/// The longest list that is read, and the longest label.
const LONGEST: usize = 1 << 18;
const LONGEST_LABEL: usize = 200;
/// As many entries and files are looked at.
const MOST_ENTRIES: usize = 64;

/// The metadata of a network whose outputs have labels.
pub(super) fn metadata(graph: &Graph) -> Vec<u8> {
    let labels = vec![
        (labelled::file::NAME, Field::Text(LABELS_FILE.to_owned())),
        (labelled::file::DESCRIPTION, Field::Text("what the outputs are called, in order".to_owned())),
        (labelled::file::KIND, Field::I8(AXIS_LABELS)),
    ];
    let input = vec![
        (labelled::tensor::NAME, Field::Text("input".to_owned())),
        (labelled::tensor::DESCRIPTION, Field::Text(format!("a map of {}", graph.shape(Graph::INPUT)))),
    ];
    let output = vec![
        (labelled::tensor::NAME, Field::Text("scores".to_owned())),
        (labelled::tensor::DESCRIPTION, Field::Text("one for each label".to_owned())),
        (labelled::tensor::FILES, Field::Tables(vec![labels])),
    ];
    let main = vec![
        (labelled::graph::INPUTS, Field::Tables(vec![input])),
        (labelled::graph::OUTPUTS, Field::Tables(vec![output])),
    ];
    let root = vec![
        (labelled::model::NAME, Field::Text("AutoMCU".to_owned())),
        (labelled::model::GRAPHS, Field::Tables(vec![main])),
        (labelled::model::LEAST_READER, Field::Text("1.0.0".to_owned())),
    ];
    file(root, IDENTIFIER)
}

/// The entry by which the metadata is found, in this buffer.
pub(super) fn entry(place: u32) -> flatten::Table {
    vec![(metadata::NAME, Field::Text(NAME.to_owned())), (metadata::BUFFER, Field::U32(place))]
}

/// The file with its labels behind it.
pub(super) fn packed(mut bytes: Vec<u8>, labels: &[String]) -> Vec<u8> {
    let text: String = labels.iter().map(|label| format!("{label}\n")).collect();
    zip::append(&mut bytes, LABELS_FILE, text.as_bytes());
    bytes
}

/// The labels of a file, one for each output; none where there are none, or where they do not go with the network.
pub(super) fn read(bytes: &[u8], root: &Table<'_>, outputs: u64) -> Vec<String> {
    let name = file_name(root).ok().flatten();
    let text = name.and_then(|name| zip::stored(bytes, &name, LONGEST)).and_then(|text| std::str::from_utf8(text).ok());
    let is_plain = |label: &str| label.len() <= LONGEST_LABEL && !label.chars().any(char::is_control);
    let labels: Vec<String> = text.unwrap_or_default().lines().map(|line| line.trim_end().to_owned()).collect();
    let fits = labels.len() as u64 == outputs && labels.iter().all(|label| is_plain(label));
    if fits { labels } else { Vec::new() }
}

/// What the metadata calls the list of labels for the output.
fn file_name(root: &Table<'_>) -> Result<Option<String>, FlatError> {
    let buffers = root.tables(model::BUFFERS)?;
    for entry in root.tables(model::METADATA)?.iter().take(MOST_ENTRIES) {
        let entry = entry?;
        if entry.text(metadata::NAME)? != NAME {
            continue;
        }
        // The first is the one; others would only take time.
        let Some(data) = buffers.get(entry.u32(metadata::BUFFER, 0)? as usize)? else { return Ok(None) };
        let root = Buffer::root(data.bytes(buffer::DATA)?, IDENTIFIER)?;
        let Some(main) = root.tables(labelled::model::GRAPHS)?.get(0)? else { return Ok(None) };
        let Some(output) = main.tables(labelled::graph::OUTPUTS)?.get(0)? else { return Ok(None) };
        for file in output.tables(labelled::tensor::FILES)?.iter().take(MOST_ENTRIES) {
            let file = file?;
            if file.i8(labelled::file::KIND, 0)? == AXIS_LABELS {
                return Ok(Some(file.text(labelled::file::NAME)?));
            }
        }
        return Ok(None);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tflite::flatten;

    /// Many entries that name the same metadata, and in it many files that are no labels: only some are looked at.
    #[test]
    fn metadata_that_names_itself_again_and_again_is_soon_left() {
        const MANY: usize = 3_000;
        let other = || vec![(labelled::file::KIND, Field::I8(1))];
        let output = vec![(labelled::tensor::FILES, Field::Tables((0..MANY).map(|_| other()).collect()))];
        let main = vec![(labelled::graph::OUTPUTS, Field::Tables(vec![output]))];
        let inner = flatten::file(vec![(labelled::model::GRAPHS, Field::Tables(vec![main]))], IDENTIFIER);
        let buffers = vec![vec![(buffer::DATA, Field::Bytes(inner))]];
        let root = vec![
            (model::BUFFERS, Field::Tables(buffers)),
            (model::METADATA, Field::Tables((0..MANY).map(|_| entry(0)).collect())),
        ];
        let bytes = flatten::file(root, b"TFL3");
        let root = Buffer::root(&bytes, b"TFL3").expect("a file");
        // All of them with all of them would be nine million readings.
        assert_eq!(file_name(&root), Ok(None));
        assert_eq!(read(&bytes, &root, 10), [""; 0]);
    }
}
