//! What the compiler for the neural accelerator says: memory pool by pool, and epochs.

use automcu_model::Bytes;

use super::{
    super::{
        memory::{Held, MemoryPool, Place, Steps},
        number,
    },
    lines::Line,
    plain,
};

/// The pools of the table, with what the list of ranges behind it says to the byte.
pub(super) fn pools(lines: &[Line]) -> Vec<MemoryPool> {
    let mut pools: Vec<MemoryPool> = section(lines, "Memory usage information").filter_map(pool).collect();
    for (name, used) in section(lines, "Used memory ranges").filter_map(ranges) {
        let mut same = pools.iter_mut().filter(|pool| pool.name == name);
        if let Some(pool) = same.next() {
            pool.used_bytes = Some(used);
        }
    }
    pools
}

/// The lines of a part, up to the rule that ends it.
fn section<'t>(lines: &'t [Line<'t>], heading: &'static str) -> impl Iterator<Item = &'t str> {
    let begin = lines.iter().position(|line| line.text.trim().starts_with(heading)).map_or(lines.len(), |at| at + 1);
    lines[begin..].iter().map(|line| line.text.trim()).take_while(|text| !text.starts_with("==="))
}

/// `npuRAM4 [0x34270000 - 0x342E0000]: 2.000 kB / 448.000 kB ( 0.45 % used) -- weights: 0 B (...) activations: 2.000 kB (...)`.
fn pool(text: &str) -> Option<MemoryPool> {
    let (name, (from, to), rest) = headed(text)?;
    let (used, rest) = rest.split_once('/')?;
    let (_, contents) = rest.split_once("--")?;
    let holds = [("weights:", Held::Weights), ("activations:", Held::Activations)];
    let holds = holds.into_iter().filter(|(word, _)| {
        let figure = contents.split_once(word).and_then(|(_, rest)| rest.split_whitespace().next());
        figure.is_some_and(|figure| figure.bytes().any(|digit| (b'1'..=b'9').contains(&digit)))
    });
    Some(MemoryPool {
        name: plain(name),
        address: Some(from),
        size_bytes: Some(Bytes(to.checked_sub(from)?)),
        used_bytes: whole(used),
        holds: holds.map(|(_, held)| held).collect(),
        place: Some(Place::of(from)),
    })
}

/// A figure in bytes, or in thousandths of KiB, of which each whole number of bytes has its own. Others are rounded.
fn whole(text: &str) -> Option<Bytes> {
    let unit = text.split_whitespace().nth(1)?;
    matches!(unit, "B" | "kB").then(|| number::bytes(text).map(Bytes))?
}

/// `npuRAM4 [0x34270000 - 0x342E0000]: 0x34270000-0x34270800`, with the sum of its ranges.
fn ranges(text: &str) -> Option<(String, Bytes)> {
    let (name, _, rest) = headed(text)?;
    let words = rest.split([',', ' ']).filter(|word| !word.is_empty());
    let lengths = words.map(|word| {
        let (from, to) = word.split_once('-')?;
        address(to)?.checked_sub(address(from)?)
    });
    Some((plain(name), Bytes(lengths.sum::<Option<u64>>()?)))
}

/// The name and the addresses that a row begins with, and the rest of it.
fn headed(text: &str) -> Option<(&str, (u64, u64), &str)> {
    let (name, rest) = text.split_once('[')?;
    let (range, rest) = rest.split_once("]:")?;
    let (from, to) = range.split_once('-')?;
    Some((name.trim(), (address(from)?, address(to)?), rest.trim()))
}

fn address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
}

/// `Total number of epochs: 85 of which 27 implemented in software`, and the list behind it.
pub(super) fn steps(lines: &[Line]) -> Option<Steps> {
    let total = lines.iter().find_map(|line| line.text.trim().strip_prefix("Total number of epochs:"))?;
    let mut words = total.split_whitespace();
    let all = number::count(words.next()?)?;
    let software = match words.find_map(number::count) {
        Some(software) => software,
        None if total.contains(" of which ") => return None,
        None => 0,
    };
    let kinds: Vec<&str> = section(lines, "Epochs details").filter_map(kind).collect();
    let count = |kind: &str| kinds.iter().filter(|each| **each == kind).count() as u64;
    // A list that says otherwise than the total is none.
    let is_listed = kinds.len() as u64 == all && count("SW") == software;
    let listed = |kind: &str| is_listed.then(|| count(kind));
    Some(Steps { all, software, hardware: listed("HW"), controlled: listed("EC") })
}

/// `epoch 2      -SW-   (   QuantizeLinear   )`.
fn kind(text: &str) -> Option<&str> {
    let mut words = text.strip_prefix("epoch ")?.split_whitespace();
    words.next().filter(|number| number.bytes().all(|digit| digit.is_ascii_digit()))?;
    Some(words.next()?.trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::{super::lines::lines, *};

    #[test]
    fn a_rounded_figure_is_never_turned_into_bytes() {
        let row = |used: &str| {
            let row = format!(
                "\tnpuRAM5 [0x342E0000 - 0x34350000]:  {used} / 448.000 kB ( 1 % used) -- weights: 0  B ( 0 % used) activations: {used} ( 1 % used)"
            );
            pool(row.trim()).expect("a row")
        };
        assert_eq!((row("416.000 kB").used_bytes, row("0  B").used_bytes), (Some(Bytes(425_984)), Some(Bytes(0))));
        assert_eq!((row("162.329 kB").used_bytes, row("1.000 MB").used_bytes), (None, None));
        assert_eq!((row("416.000 kB").holds, row("0  B").holds), (vec![Held::Activations], Vec::new()));
        assert_eq!(row("0  B").size_bytes, Some(Bytes(448 << 10)));
    }

    #[test]
    fn ranges_are_added_up_and_what_is_damaged_is_passed_over() {
        let text = "Used memory ranges\n----\n\ta [0x10 - 0x90]: 0x10-0x20, 0x30-0x38\n\tb [0x10 - 0x90]: 0x20-0x10\n\
                    c [0x10 - ]: 0x10-0x20\n====\nd [0x10 - 0x90]: 0x10-0x20\n";
        let lines = lines(text);
        let read: Vec<_> = section(&lines, "Used memory ranges").filter_map(ranges).collect();
        assert_eq!(read, [("a".to_owned(), Bytes(24))]);
    }

    #[test]
    fn epochs_are_counted_where_the_list_is_whole() {
        let text = |list: &str| {
            format!(
                "Epochs details\n---\nTotal number of epochs: 4 of which 1 implemented in software\n---\nepoch ID   HW/SW/EC Operation (SW only)\n{list}====\n"
            )
        };
        let read = |text: &str| steps(&lines(text)).expect("epochs");
        let whole = read(&text("epoch 1   HW\nepoch 2  -SW-  ( Transpose )\nepoch 3  -EC-\nepoch 4   EC\n"));
        assert_eq!(whole, Steps { all: 4, software: 1, hardware: Some(1), controlled: Some(2) });
        let cut = read(&text("epoch 1   HW\n"));
        assert_eq!(cut, Steps { all: 4, software: 1, hardware: None, controlled: None });
        assert_eq!(read("Total number of epochs: 3\n").software, 0);
        assert_eq!(steps(&lines("Total number of epochs: many\n")), None);
    }
}
