//! A user's own files in every form that is read, whole and damaged.

use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
};

use automcu_dataset::{Audio, DatasetError, Kind, Options, Part, Samples, Source, Window};
use automcu_model::Shape;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(path, bytes).expect("writable");
}

fn read(path: &Path, kind: Kind, part: Part) -> Result<Samples, DatasetError> {
    let source = Source::open(path)?;
    assert_eq!(source.kind(), kind);
    source.read(part)
}

#[track_caller]
fn refused(path: &Path, part: Part, said: &[&str]) {
    let error = Source::open(path).and_then(|source| source.read(part)).expect_err("refused").to_string();
    assert!(said.iter().all(|said| error.contains(said)), "{said:?} in {error}");
}

fn npy(version: u8, descr: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u32::try_from(header.len()).expect("short").to_le_bytes();
    let length = if version == 1 { &length[..2] } else { &length };
    [b"\x93NUMPY", [version, 0].as_slice(), length, header.as_bytes(), values].concat()
}

fn shorts(values: &[i16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Two samples to learn from and one to test, of two steps and one channel.
fn arrays(folder: &Path) {
    write(folder, "train-x.npy", npy(1, "<i2", "(2, 2, 1)", &shorts(&[10, 20, 10, 20])));
    write(folder, "train-y.npy", npy(2, "|u1", "(2,)", &[0, 2]));
    write(folder, "train-subject.npy", npy(3, "<i4", "(2,)", &[7, 0, 0, 0, 9, 0, 0, 0]));
    write(folder, "test-x.npy", npy(1, "<i2", "(1, 2, 1)", &shorts(&[15, 30])));
    write(folder, "test-y.npy", npy(1, "<i8", "(1, 1)", &[1, 0, 0, 0, 0, 0, 0, 0]));
    write(folder, "class-names.txt", "walk\nsit\n");
}

#[test]
fn signals_are_standardised_by_the_training_part_alone() {
    let folder = folder();
    arrays(folder.path());
    let test = read(folder.path(), Kind::Arrays, Part::Test).expect("read");
    let shape = Shape { height: 2, width: 1, channels: 1 };
    assert_eq!((test.shape(), test.names()), (shape, ["walk", "sit", "2"].map(String::from).as_slice()));
    assert_eq!(test.floats().and_then(|mut samples| samples.next()), Some([0.0, 3.0].as_slice()));
    let train = read(folder.path(), Kind::Arrays, Part::Train).expect("read");
    assert_eq!((train.labels(), train.groups()), ([0, 2].as_slice(), Some([7, 9].as_slice())));
    let standard = train.standard().expect("signals");
    assert_eq!((standard.means(), standard.deviations()), ([15.0].as_slice(), [5.0].as_slice()));
    assert_eq!(test.standard(), Some(standard));
}

#[test]
fn a_group_that_is_left_out_is_the_test_part_wherever_it_was() {
    let folder = folder();
    arrays(folder.path());
    write(folder.path(), "train-y.npy", npy(2, "|u1", "(2,)", &[0, 1]));
    let leaving = |group| Options { left_out: Some(group), ..Options::default() };
    let read = |group, part| Source::open_with(folder.path(), leaving(group)).expect("there").read(part);
    let error = read(7, Part::Train).expect_err("who is in the test part is not said").to_string();
    assert!(error.contains("give both the same"), "{error}");
    write(folder.path(), "test-subject.npy", npy(3, "<i4", "(1,)", &[7, 0, 0, 0]));
    let (train, test) = (read(7, Part::Train).expect("read"), read(7, Part::Test).expect("read"));
    assert_eq!((train.groups(), train.labels()), (Some([9].as_slice()), [1].as_slice()));
    assert_eq!((test.groups(), test.labels()), (Some([7, 7].as_slice()), [0, 1].as_slice()));
    // The standard is that of what is learnt from.
    assert_eq!(test.standard(), train.standard());
    let error = read(8, Part::Test).expect_err("nobody").to_string();
    assert!(error.contains("there is no group 8 to leave out; there are [7, 9]"), "{error}");
    let source = Source::open_with(Path::new("synthetic"), leaving(0)).expect("built in");
    let error = source.read(Part::Train).expect_err("no groups").to_string();
    assert!(error.contains("samples are of no groups"), "{error}");
}

#[test]
fn arrays_of_bytes_are_pictures_in_an_archive_too() {
    let folder = folder();
    let path = folder.path().join("digits.npz");
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, method, file) in [
        ("x_train.npy", zip::CompressionMethod::Deflated, npy(1, "|u1", "(2, 2, 3)", &[1; 12])),
        ("y_train.npy", zip::CompressionMethod::Stored, npy(1, "<i4", "(2,)", &[1, 0, 0, 0, 0, 0, 0, 0])),
    ] {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        archive.start_file(name, options).expect("memory");
        archive.write_all(&file).expect("memory");
    }
    let bytes = archive.finish().expect("memory").into_inner();
    write(folder.path(), "digits.npz", &bytes);
    let train = read(&path, Kind::Arrays, Part::Train).expect("read");
    assert_eq!((train.shape(), train.labels()), (Shape { height: 2, width: 3, channels: 1 }, [1, 0].as_slice()));
    assert!(train.bytes().is_some() && train.standard().is_none());
    refused(&path, Part::Test, &["digits.npz", "no part test", "test-x.npy"]);
    write(folder.path(), "digits.npz", &bytes[..bytes.len() / 2]);
    refused(&path, Part::Train, &["digits.npz", "damaged at byte"]);
    let mut flipped = bytes;
    flipped[60] ^= 0xff;
    write(folder.path(), "digits.npz", &flipped);
    refused(&path, Part::Train, &["digits.npz", "x_train.npy"]);
}

#[test]
fn damaged_arrays_are_refused_by_name_and_byte() {
    let good = npy(1, "<i2", "(2, 2, 1)", &shorts(&[1, 2, 3, 4]));
    let header = good.len() - 8;
    for (file, said) in [
        (good[..good.len() - 3].to_vec(), vec!["damaged at byte", "3 bytes too early"]),
        ([good.clone(), vec![0]].concat(), vec!["goes on where it should end"]),
        (good[..header - 20].to_vec(), vec!["its header"]),
        (npy(1, ">i2", "(2, 2, 1)", &[]), vec![">i2", "little-endian"]),
        (npy(1, "|O", "(2, 2, 1)", &[]), vec!["|O"]),
        (npy(1, "<i2", "(99999999999, 99999999999)", &[]), vec!["sizes of"]),
        (npy(1, "<i2", "(1073741824, 1)", &[]), vec!["too early"]),
        (npy(1, "<i2", "(2, 2, 1, 1, 1)", &[0; 8]), vec!["(count, steps, channels)"]),
        (npy(1, "<i2", "()", &[]), vec!["no shape"]),
        (npy(1, "<f4", "(2, 1)", &[0, 0, 192, 127, 0, 0, 0, 0]), vec!["value 0 is NaN"]),
        (b"PK".to_vec(), vec!["magic number"]),
    ] {
        let folder = folder();
        arrays(folder.path());
        write(folder.path(), "train-x.npy", file);
        refused(folder.path(), Part::Train, &[vec!["train-x.npy"], said].concat());
    }
    let folder = folder();
    arrays(folder.path());
    write(folder.path(), "train-y.npy", npy(1, "<i4", "(2,)", &[255; 8]));
    refused(folder.path(), Part::Train, &["train-y.npy", "number 0 is -1", "count from 0"]);
    write(folder.path(), "train-y.npy", npy(1, "|u1", "(3,)", &[0; 3]));
    refused(folder.path(), Part::Train, &["3 labels for 2 samples"]);
}

fn png(width: u32, height: u32, colour: png::ColorType, values: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    let mut writer = encoder.write_header().expect("memory");
    writer.write_image_data(values).expect("memory");
    writer.finish().expect("memory");
    file
}

#[test]
fn pictures_are_read_by_the_folders_of_their_classes() {
    let folder = folder();
    let grey = |value: u8| png(3, 2, png::ColorType::Grayscale, &[value; 6]);
    write(folder.path(), "train/dog/a.png", grey(1));
    write(folder.path(), "train/cat/b.PNG", grey(2));
    write(folder.path(), "train/cat/notes.txt", "not a picture");
    write(folder.path(), "test/dog/c.png", grey(3));
    let train = read(folder.path(), Kind::Pictures, Part::Train).expect("read");
    assert_eq!((train.shape(), train.labels()), (Shape { height: 2, width: 3, channels: 1 }, [0, 1].as_slice()));
    assert_eq!(train.names(), ["cat", "dog"]);
    assert_eq!(read(folder.path(), Kind::Pictures, Part::Test).expect("read").labels(), [1]);

    write(folder.path(), "test/dog/d.png", png(2, 3, png::ColorType::Grayscale, &[0; 6]));
    refused(folder.path(), Part::Test, &["d.png", "3x2 pixels", "2x3", "b.PNG"]);
    write(folder.path(), "test/dog/d.png", png(3, 2, png::ColorType::Rgba, &[9; 24]));
    refused(folder.path(), Part::Test, &["d.png", "in colour"]);
    let whole = grey(3);
    write(folder.path(), "test/dog/d.png", &whole[..whole.len() - 20]);
    refused(folder.path(), Part::Test, &["d.png", "damaged at byte"]);
    write(folder.path(), "test/dog/d.png", "");
    refused(folder.path(), Part::Test, &["d.png", "damaged at byte 0"]);
}

#[test]
fn pictures_without_a_split_are_all_to_learn_from() {
    let folder = folder();
    write(folder.path(), "one/a.png", png(1, 1, png::ColorType::Rgb, &[1, 2, 3]));
    write(folder.path(), "two/b.png", png(1, 1, png::ColorType::Grayscale, &[7]));
    let train = read(folder.path(), Kind::Pictures, Part::Train).expect("read");
    assert_eq!(train.bytes().expect("pictures").collect::<Vec<_>>(), [[1, 2, 3], [7, 7, 7]]);
    refused(folder.path(), Part::Test, &["no part test", "train/ and test/"]);
}

/// A grey JPEG of 8x8 pixels of one value.
const JPEG: &[u8] = &[
    0xff, 0xd8, 0xff, 0xdb, 0x00, 0x43, 0x00, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 0xff, 0xc0, 0x00, 0x0b, 0x08, 0x00, 0x08, 0x00, 0x08, 0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00, 0x14, 0x00,
    0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0xff, 0xc4, 0x00, 0x14, 0x10, 0x01, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00, 0x3f, 0xff, 0xd9,
];

#[test]
fn jpeg_files_are_pictures() {
    let folder = folder();
    write(folder.path(), "grey/a.jpg", JPEG);
    let train = read(folder.path(), Kind::Pictures, Part::Train).expect("read");
    assert_eq!(train.bytes().expect("pictures").next(), Some([128; 64].as_slice()));
    write(folder.path(), "grey/a.jpg", &JPEG[..JPEG.len() - 14]);
    refused(folder.path(), Part::Train, &["a.jpg", "damaged at byte"]);
}

fn wav(rate_hz: u32, values: &[i16]) -> Vec<u8> {
    let length = u32::try_from(2 * values.len()).expect("short");
    let head = [b"RIFF".as_slice(), &(length + 36).to_le_bytes(), b"WAVEfmt ", &16_u32.to_le_bytes(), &[1, 0, 1, 0]];
    let rate = [&rate_hz.to_le_bytes(), &(2 * rate_hz).to_le_bytes(), [2, 0, 16, 0].as_slice(), b"data"];
    [head.concat(), rate.concat(), length.to_le_bytes().to_vec(), shorts(values)].concat()
}

fn tone(period: i16) -> Vec<i16> {
    (0..2_000).map(|i| if i % period < period / 2 { 8_000 } else { -8_000 }).collect()
}

#[test]
fn spoken_digits_are_split_by_their_index_and_grouped_by_their_speaker() {
    let folder = folder();
    for name in ["7_theo_0", "7_theo_5", "0_jackson_12", "0_jackson_4"] {
        write(folder.path(), &format!("recordings/{name}.wav"), wav(8_000, &tone(20)));
    }
    let source = Source::open(folder.path()).expect("recordings");
    let train = source.read(Part::Train).expect("read");
    assert_eq!(source.kind(), Kind::Recordings);
    assert_eq!(train.shape(), Shape { height: 49, width: 40, channels: 1 });
    assert_eq!((train.labels(), train.groups()), ([0, 1].as_slice(), Some([0, 1].as_slice())));
    assert_eq!(train.names(), ["0", "7"]);
    assert_eq!(source.read(Part::Test).expect("read").len(), 2);
    let frontend = source.frontend().expect("read").expect("sound");
    assert_eq!((frontend.rate_hz, frontend.transform, frontend.bands().len()), (8_000, 256, 40));

    write(folder.path(), "recordings/7_theo_6.wav", wav(16_000, &tone(20)));
    refused(folder.path(), Part::Train, &["7_theo_6.wav", "16000 Hz", "8000"]);
    let whole = wav(8_000, &tone(20));
    write(folder.path(), "recordings/7_theo_6.wav", &whole[..1_000]);
    refused(folder.path(), Part::Train, &["7_theo_6.wav", "damaged at byte 1000"]);
}

#[test]
fn recordings_are_read_by_the_folders_of_their_classes_as_a_user_wants_them() {
    let folder = folder();
    write(folder.path(), "train/low/a.wav", wav(16_000, &tone(100)));
    write(folder.path(), "train/high/b.wav", wav(16_000, &tone(10)));
    write(folder.path(), "test/high/c.wav", wav(16_000, &tone(10)));
    let audio = Audio { coefficients: Some(13), length_ms: 500, ..Audio::default() };
    let options = Options { audio: audio.clone(), ..Options::default() };
    let source = Source::open_with(folder.path(), options).expect("recordings");
    let test = source.read(Part::Test).expect("read");
    assert_eq!(test.shape(), Shape { height: 24, width: 13, channels: 1 });
    assert_eq!((test.labels(), test.groups()), ([0].as_slice(), None));
    let options = Options { audio: Audio { hop_ms: 0, ..audio }, ..Options::default() };
    let error = Source::open_with(folder.path(), options).and_then(|source| source.read(Part::Train));
    assert!(error.expect_err("no hop").to_string().contains("hop_ms of 0"));
}

#[test]
fn tables_hold_a_sample_a_row() {
    let folder = folder();
    write(folder.path(), "train.csv", "width,class,height\n1,iris,2\n3,rose,4\n");
    write(folder.path(), "test.csv", "width,class,height\n2,rose,3\n");
    let test = read(folder.path(), Kind::Table, Part::Test).expect("read");
    assert_eq!((test.shape(), test.labels()), (Shape::vector(2), [1].as_slice()));
    assert_eq!(test.floats().and_then(|mut rows| rows.next()), Some([0.0, 0.0].as_slice()));

    let one = folder.path().join("one.csv");
    write(folder.path(), "one.csv", "0.5,1e3,10\n0.25,2,9\n");
    let all = read(&one, Kind::Table, Part::Train).expect("read");
    assert_eq!((all.names(), all.labels()), (["9", "10"].map(String::from).as_slice(), [1, 0].as_slice()));
    refused(&one, Part::Test, &["one.csv", "train.csv and test.csv"]);
    for (text, said) in [
        ("1,2,a\n3,b\n", vec!["damaged at byte 6", "fields"]),
        ("1,2,a\n3,x,b\n", vec!["byte 6", "line 2", "column 2", "\"x\" is no number"]),
        ("1,2,a\n3,inf,b\n", vec!["\"inf\" is no number"]),
        ("width,height,class\n", vec!["no row of numbers"]),
        ("", vec!["no row of numbers"]),
        ("1,2,\n", vec!["is no class"]),
        ("a\n", vec!["1 columns"]),
    ] {
        write(folder.path(), "one.csv", text);
        refused(&one, Part::Train, &[vec!["one.csv"], said].concat());
    }
}

#[test]
fn series_are_cut_into_windows_of_one_label() {
    let folder = folder();
    let rows = |labels: &str| {
        let rows = labels.chars().enumerate().map(|(i, label)| format!("{i},{},{label}\n", 10 * i));
        format!("time,x,label\n{}", rows.collect::<String>())
    };
    write(folder.path(), "train/monday.csv", rows("aaaabbbb"));
    write(folder.path(), "train/tuesday.csv", rows("bbbb"));
    write(folder.path(), "test/friday.csv", rows("ccc"));
    let options = Options { window: Window { length: 3, step: 1 }, ..Options::default() };
    let source = Source::open_with(folder.path(), options.clone()).expect("series");
    let train = source.read(Part::Train).expect("read");
    assert_eq!((source.kind(), train.shape()), (Kind::Series, Shape { height: 3, width: 1, channels: 1 }));
    assert_eq!(train.labels(), [0, 0, 1, 1, 1, 1]);
    assert_eq!(train.groups(), Some([0, 0, 0, 0, 1, 1].as_slice()));
    let test = source.read(Part::Test).expect("read");
    assert_eq!((test.groups(), test.names().len()), (Some([2].as_slice()), 3));
    refused(folder.path(), Part::Train, &["no part train", "window"]);
    write(folder.path(), "train/monday.csv", "x,y\n1,2\n");
    let error = Source::open_with(folder.path(), options).and_then(|source| source.read(Part::Train));
    let error = error.expect_err("no labels").to_string();
    assert!(error.contains("monday.csv") && error.contains("no column \"label\""), "{error}");
}
