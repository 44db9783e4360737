//! Just enough of ZIP to pack one file behind another and to find it again, uncompressed.

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Bytes of the records without their names.
const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;
/// The first day that these files know.
const DATE: u16 = 0x21;
/// As many files are looked through.
const MOST_FILES: usize = 64;

/// The check sum of ZIP.
fn sum(bytes: &[u8]) -> u32 {
    let step =
        |sum: u32, &byte: &u8| (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)));
    !bytes.iter().fold(u32::MAX, step)
}

/// Packs a file behind `bytes`.
pub(super) fn append(bytes: &mut Vec<u8>, name: &str, content: &[u8]) {
    let number = |length: usize| u32::try_from(length).expect("files are bounded");
    let short = |length: usize| u16::try_from(length).expect("a short name");
    // Version, flags, method, time, date, sum, both sizes, lengths of name and extra field.
    let common = |record: &mut Vec<u8>| {
        [20, 0, 0, 0, DATE].iter().for_each(|field: &u16| record.extend(field.to_le_bytes()));
        [sum(content), number(content.len()), number(content.len())]
            .iter()
            .for_each(|field| record.extend(field.to_le_bytes()));
        [short(name.len()), 0].iter().for_each(|field| record.extend(field.to_le_bytes()));
    };
    let local = number(bytes.len());
    bytes.extend(LOCAL.to_le_bytes());
    common(bytes);
    bytes.extend(name.as_bytes());
    bytes.extend(content);
    let central = number(bytes.len());
    bytes.extend(CENTRAL.to_le_bytes());
    bytes.extend(20_u16.to_le_bytes());
    common(bytes);
    // Lengths of comment and disk, attributes, where the file starts.
    bytes.extend([0; 10]);
    bytes.extend(local.to_le_bytes());
    bytes.extend(name.as_bytes());
    let length = number(bytes.len()) - central;
    bytes.extend(END.to_le_bytes());
    bytes.extend([0; 4]);
    [1_u16, 1].iter().for_each(|count| bytes.extend(count.to_le_bytes()));
    [length, central].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    bytes.extend([0; 2]);
}

/// A file of this name that is packed behind others without compression.
pub(super) fn stored<'b>(bytes: &'b [u8], name: &str, longest: usize) -> Option<&'b [u8]> {
    // The end has a comment of any length behind it; ours has none, nor have those of other writers.
    let end = bytes.len().checked_sub(END_BYTES)?;
    if long(bytes, end)? != END {
        return None;
    }
    let mut at = long(bytes, end + 16)? as usize;
    let count = usize::from(short(bytes, end + 10)?).min(MOST_FILES);
    for _ in 0..count {
        if long(bytes, at)? != CENTRAL {
            return None;
        }
        let lengths = [28, 30, 32].map(|field| short(bytes, at + field).map(usize::from));
        let [name_bytes, extra, comment] = lengths;
        let (name_bytes, rest) = (name_bytes?, extra? + comment?);
        let is_stored = short(bytes, at + 10)? == 0;
        if is_stored && bytes.get(at + CENTRAL_BYTES..)?.get(..name_bytes)? == name.as_bytes() {
            let (size, local) = (long(bytes, at + 24)? as usize, long(bytes, at + 42)? as usize);
            let gap = usize::from(short(bytes, local.checked_add(26)?)?) + usize::from(short(bytes, local + 28)?);
            let content = bytes.get(local.checked_add(LOCAL_BYTES + gap)?..)?.get(..size.min(longest + 1))?;
            return (size <= longest && sum(content) == long(bytes, at + 16)?).then_some(content);
        }
        at = at.checked_add(CENTRAL_BYTES + name_bytes + rest)?;
    }
    None
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_packed_is_found_and_a_damaged_one_is_not() {
        assert_eq!(sum(b"123456789"), 0xcbf4_3926);
        let mut bytes = b"something before".to_vec();
        append(&mut bytes, "labels.txt", b"cat\ndog\n");
        assert_eq!(stored(&bytes, "labels.txt", 100), Some(b"cat\ndog\n".as_slice()));
        assert_eq!((stored(&bytes, "other.txt", 100), stored(&bytes, "labels.txt", 7)), (None, None));
        for at in 16..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x41;
            // Whatever was damaged, the content is right or there is none.
            assert!(matches!(stored(&damaged, "labels.txt", 100), None | Some(b"cat\ndog\n")), "{at}");
            assert_eq!(stored(&bytes[..at], "labels.txt", 100), None);
        }
    }
}
