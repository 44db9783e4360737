//! Files that someone has tampered with: whatever is in them, they are read or refused by name, and nothing panics.

use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
};

use automcu_dataset::{Options, Part, Source, Window, inspect, montage};

/// How often each file is tampered with.
const TIMES: u32 = 120;

struct Lot(u64);

impl Lot {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % most.max(1)
    }

    /// Cut off, with bytes changed, or with bytes that say much.
    fn tamper(&mut self, file: &[u8]) -> Vec<u8> {
        let mut file = file.to_vec();
        if self.below(4) == 0 {
            file.truncate(self.below(file.len()));
        }
        for _ in 0..self.below(4) {
            let at = self.below(file.len());
            if let Some(byte) = file.get_mut(at) {
                *byte = [0, 1, 0x7f, 0x80, 0xff, b'9', b'-', self.0.to_le_bytes()[5]][self.below(8)];
            }
        }
        file
    }
}

/// Tampers with one file of a data set again and again; the others stay as they are.
fn survives(name: &str, others: &[(&str, Vec<u8>)], file: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, bytes).expect("writable");
    };
    others.iter().for_each(|(name, bytes)| put(name, bytes));
    put(name, file);
    let path = if name.ends_with(".npz") { folder.path().join(name) } else { folder.path().to_owned() };
    read(&path, name).expect("the file as it was");
    let (mut lot, mut refused) = (Lot(file.len() as u64), 0);
    for _ in 0..TIMES {
        put(name, &lot.tamper(file));
        if let Err(error) = read(&path, name) {
            assert!(!error.is_empty() && error.contains(folder.path().to_str().expect("text")), "{error}");
            refused += 1;
        }
    }
    assert!(refused > TIMES / 8, "{name}: {refused}");
}

fn read(path: &Path, name: &str) -> Result<(), String> {
    let options = Options { window: Window { length: 2, step: 1 }, ..Options::default() };
    let read = || {
        let source = Source::open_with(path, options)?;
        let part = if name.contains("test") || name.contains("t10k") { Part::Test } else { Part::Train };
        let samples = source.read(part)?;
        source.frontend()?;
        let _ = inspect(&[(part, &samples)]);
        let _ = montage(&samples.first(2));
        Ok::<_, automcu_dataset::DatasetError>(())
    };
    read().map_err(|error| error.to_string())
}

fn npy(descr: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), header.as_bytes(), values].concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn arrays_are_read_or_refused() {
    let (values, labels) =
        (npy("<i2", "(3, 4, 1)", &[7; 24]), npy("<i4", "(3,)", &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]));
    survives("train-x.npy", &[("train-y.npy", labels.clone())], &values);
    survives("train-y.npy", &[("train-x.npy", values.clone())], &labels);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, file) in [("x_train.npy", &values), ("y_train.npy", &labels)] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("memory");
        archive.write_all(file).expect("memory");
    }
    survives("all.npz", &[], &archive.finish().expect("memory").into_inner());
}

#[test]
fn published_files_are_read_or_refused() {
    let images = [[0, 0, 8, 3].as_slice(), &[0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3], &[5; 18]].concat();
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 1, 9].to_vec();
    survives("t10k-images-idx3-ubyte", &[("t10k-labels-idx1-ubyte", labels.clone())], &images);
    survives("t10k-images-idx3-ubyte.gz", &[("t10k-labels-idx1-ubyte", labels.clone())], &packed(&images));
    survives("t10k-labels-idx1-ubyte", &[("t10k-images-idx3-ubyte", images)], &labels);
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(3074);
    archive.append_data(&mut header, "cifar-100-binary/test.bin", [3; 3074].as_slice()).expect("memory");
    let archive = packed(&archive.into_inner().expect("memory"));
    let folder = tempfile::tempdir().expect("a folder");
    let (path, mut lot) = (folder.path().join("cifar-100-binary.tar.gz"), Lot(3));
    for _ in 0..TIMES {
        fs::write(&path, lot.tamper(&archive)).expect("writable");
        let _ = Source::open(&path).expect("an archive").read(Part::Test);
    }
}

#[test]
fn pictures_are_read_or_refused() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 12, 9);
    encoder.set_color(png::ColorType::Rgb);
    let values: Vec<u8> = (0..=255).cycle().take(324).collect();
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&values)).expect("memory");
    survives("train/cat/a.png", &[], &file);
}

#[test]
fn recordings_are_read_or_refused() {
    let mut file =
        [b"RIFF".as_slice(), &[0; 4], b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"].concat();
    file.extend(b"data\xd0\x07\0\0");
    file.extend((0..=255_u8).cycle().take(2_000));
    survives("train/yes/a.wav", &[("train/no/b.wav", file.clone())], &file);
}

#[test]
fn tables_are_read_or_refused() {
    survives("train.csv", &[], b"x,y,class\n1,2,cat\n3,4,dog\n5,6,cat\n");
    survives("train/monday.csv", &[], b"time,x,label\n1,2,cat\n3,4,cat\n5,6,cat\n");
}
