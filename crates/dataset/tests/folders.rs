//! Folders as their publishers lay them out, whole and damaged.

use std::{fs, io::Write, path::Path};

use automcu_dataset::{DatasetError, Kind, Part, Samples, Source};
use automcu_model::Shape;

fn idx(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, u8::try_from(sizes.len()).expect("few")];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(values);
    file
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("writable");
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn test_part(folder: &Path) -> Result<Samples, DatasetError> {
    Source::open(folder)?.read(Part::Test)
}

#[test]
fn idx_files_are_read_plain_and_compressed() {
    let folder = tempfile::tempdir().expect("a folder");
    let values: Vec<u8> = (0..12).collect();
    write(folder.path(), "t10k-images-idx3-ubyte.gz", &compressed(&idx(&[2, 3, 2], &values)));
    write(folder.path(), "t10k-labels-idx1-ubyte", &idx(&[2], &[7, 9]));
    let images = test_part(folder.path()).expect("read");
    assert_eq!((images.shape(), images.labels()), (Shape { height: 3, width: 2, channels: 1 }, [7, 9].as_slice()));
    assert_eq!(images.bytes().and_then(|mut images| images.nth(1)), Some(&values[6..]));
    let one = images.first(1);
    assert_eq!((one.len(), one.bytes().map_or(0, Iterator::count)), (1, 1));
    // The other part is not there, and its file is named.
    let missing = Source::open(folder.path()).expect("a data set").read(Part::Train).expect_err("not there");
    assert!(missing.to_string().contains("train-images-idx3-ubyte"), "{missing}");
}

#[test]
fn damaged_idx_files_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = idx(&[2, 3, 2], &[0; 12]);
    for (images, labels, said) in [
        (good[..good.len() - 1].to_vec(), idx(&[2], &[0, 0]), "within its values, 1 bytes too early"),
        (idx(&[u32::MAX, u32::MAX, 9], &[]), idx(&[2], &[0, 0]), "sizes of"),
        (idx(&[2, 6], &[0; 12]), idx(&[2], &[0, 0]), "2 dimensions"),
        (b"<html>".to_vec(), idx(&[2], &[0, 0]), "no IDX file"),
        (good.clone(), idx(&[3], &[0, 0, 0]), "[3] labels for 2 images"),
        (vec![0, 0], idx(&[2], &[0, 0]), "byte 2: the file ends within its head"),
    ] {
        write(folder.path(), "t10k-images-idx3-ubyte", &images);
        write(folder.path(), "t10k-labels-idx1-ubyte", &labels);
        let error = test_part(folder.path()).expect_err(said).to_string();
        assert!(error.contains(said) && error.contains("t10k-"), "{error}");
    }
    write(folder.path(), "t10k-images-idx3-ubyte.gz", &compressed(&good)[..20]);
    fs::remove_file(folder.path().join("t10k-images-idx3-ubyte")).expect("there");
    assert!(test_part(folder.path()).is_err());
}

#[test]
fn cifar_is_read_with_its_channels_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = |labels: &[u8]| {
        let planes = [10_u8, 20, 30].into_iter().flat_map(|value| std::iter::repeat_n(value, 1024));
        labels.iter().copied().chain(planes).collect::<Vec<u8>>()
    };
    write(folder.path(), "test_batch.bin", &[record(&[3]), record(&[9])].concat());
    for i in 1..=5_u8 {
        write(folder.path(), &format!("data_batch_{i}.bin"), &record(&[i]));
    }
    let source = Source::open(folder.path()).expect("a data set");
    assert_eq!(source.kind(), Kind::Cifar10);
    let images = source.read(Part::Test).expect("read");
    assert_eq!(
        (images.labels(), images.bytes().and_then(|mut images| images.next()).map(|image| image[..4].to_vec())),
        ([3, 9].as_slice(), Some(vec![10, 20, 30, 10]))
    );
    assert_eq!(source.read(Part::Train).expect("read").labels(), [1, 2, 3, 4, 5]);

    let hundred = tempfile::tempdir().expect("a folder");
    write(hundred.path(), "test.bin", &record(&[3, 99]));
    assert_eq!(test_part(hundred.path()).expect("read").labels(), [99]);
    write(hundred.path(), "test.bin", &record(&[3, 100]));
    assert!(test_part(hundred.path()).expect_err("no such class").to_string().contains("class 100 of 100"));
    write(hundred.path(), "test.bin", &record(&[3, 9])[1..]);
    let error = test_part(hundred.path()).expect_err("cut off").to_string();
    assert!(error.contains("records of 3074") && error.contains("at byte 0"), "{error}");
}

#[test]
fn a_folder_of_something_else_is_told_what_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Source::open(folder.path()).expect_err("empty").to_string();
    assert!(error.contains("IDX files") && error.contains("CIFAR-100"), "{error}");
    assert!(matches!(Source::open(Path::new("/no/such/folder")), Err(DatasetError::Read { .. })));
}

#[test]
fn the_published_archive_is_read_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut archive = tar::Builder::new(Vec::new());
    for name in ["test_batch", "data_batch_5", "data_batch_2", "data_batch_3", "data_batch_1", "data_batch_4"] {
        let class = name.bytes().last().map_or(0, |last| last % 10);
        let record = std::iter::once(class).chain(std::iter::repeat_n(7, 3072)).collect::<Vec<u8>>();
        let mut header = tar::Header::new_gnu();
        header.set_size(record.len() as u64);
        let path = format!("cifar-10-batches-bin/{name}.bin");
        archive.append_data(&mut header, path, record.as_slice()).expect("memory");
    }
    let bytes = compressed(&archive.into_inner().expect("memory"));
    write(folder.path(), "cifar-10-binary.tar.gz", &bytes);
    let source = Source::open(&folder.path().join("cifar-10-binary.tar.gz")).expect("a data set");
    let train = source.read(Part::Train).expect("read");
    // The ASCII digits 1 to 5 end in 9, 0, 1, 2 and 3.
    assert_eq!((train.labels(), train.names()[9].as_str()), ([9, 0, 1, 2, 3].as_slice(), "truck"));
    assert_eq!(test_part(folder.path()).expect("read").len(), 1);
    write(folder.path(), "cifar-10-binary.tar.gz", &bytes[..bytes.len() - 30]);
    let error = source.read(Part::Train).expect_err("cut off").to_string();
    assert!(error.contains("cifar-10-binary.tar.gz: damaged at byte"), "{error}");
}
