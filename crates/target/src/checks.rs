//! The named checks that every part passes before it is in a catalogue.

use automcu_model::Bytes;

use crate::part::{Part, Region, Use};

/// A check of one part: what is wrong and what would be right.
type Check = fn(&Part) -> Result<(), String>;

/// Every check with its name.
pub const CHECKS: &[(&str, Check)] = &[
    ("names are plain words", names_are_plain),
    ("texts are short and plain", texts_are_plain),
    ("every figure has its document", figures_have_documents),
    ("core, fpu and dsp go together", core_is_possible),
    ("the clock is plausible", clock_is_plausible),
    ("there is flash and RAM for data", memory_is_there),
    ("sizes are whole KiB", sizes_are_whole),
    ("regions end within 4 GiB", regions_end),
    ("regions do not overlap", regions_are_apart),
    ("external memory names its board", external_memory_has_a_board),
];

fn names_are_plain(part: &Part) -> Result<(), String> {
    let plain = |name: &&str| {
        !name.is_empty() && name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_+".contains(c))
    };
    match part.names().find(|name| !plain(name)) {
        Some(name) => Err(format!("{name:?} is no name; use 1 to 40 letters, digits, '-', '_' and '+'")),
        None => Ok(()),
    }
}

/// Texts of a user's file are shown on terminals, which obey control characters.
fn texts_are_plain(part: &Part) -> Result<(), String> {
    const MOST: usize = 200;
    let sources = [&part.sources.core, &part.sources.clock, &part.sources.flash, &part.sources.ram];
    let whole = [Some(&part.family), Some(&part.vendor), part.board.as_ref()];
    let of_regions = regions(part).flat_map(|region| [Some(&region.name), region.note.as_ref()]);
    let all = whole.into_iter().chain(sources.map(Option::as_ref)).chain(of_regions).flatten();
    for text in all {
        let length = text.chars().count();
        if !(1..=MOST).contains(&length) || text.chars().any(char::is_control) {
            let start: String = text.chars().take(40).flat_map(char::escape_debug).collect();
            return Err(format!(
                "\"{start}\" has {length} characters; use 1 to {MOST}, none of them a control character"
            ));
        }
    }
    Ok(())
}

fn figures_have_documents(part: &Part) -> Result<(), String> {
    let sources = &part.sources;
    let figures =
        [("core", &sources.core), ("clock", &sources.clock), ("flash", &sources.flash), ("ram", &sources.ram)];
    match figures.iter().find(|(_, title)| title.as_ref().is_none_or(|title| title.trim().is_empty())) {
        Some((figure, _)) => Err(format!("sources.{figure} is no key of [documents]; add the document there")),
        None => Ok(()),
    }
}

fn core_is_possible(part: &Part) -> Result<(), String> {
    if !part.core.dsp_choices().contains(&part.dsp) {
        return Err(format!("dsp = {} on a {}; use {}", part.dsp, part.core, !part.dsp));
    }
    if !part.core.fpu_choices().contains(&part.fpu) {
        return Err(format!("fpu = {:?} on a {}; use one of {:?}", part.fpu, part.core, part.core.fpu_choices()));
    }
    Ok(())
}

fn clock_is_plausible(part: &Part) -> Result<(), String> {
    match part.clock_mhz {
        1..=1500 => Ok(()),
        other => Err(format!("clock_mhz = {other}; use whole MHz from 1 to 1500")),
    }
}

fn memory_is_there(part: &Part) -> Result<(), String> {
    for (name, memory) in [("flash", &part.flash), ("ram", &part.ram)] {
        if memory.total() == Bytes(0) {
            return Err(format!("no {name} may hold data; add a region"));
        }
    }
    Ok(())
}

fn sizes_are_whole(part: &Part) -> Result<(), String> {
    match regions(part).find(|region| region.size.0 == 0 || region.size.0 % 1024 != 0) {
        Some(region) => Err(format!("{} has {} bytes; use a multiple of 1 KiB", region.name, region.size.0)),
        None => Ok(()),
    }
}

fn regions_end(part: &Part) -> Result<(), String> {
    match regions(part).find(|region| region.end() > 1 << 32) {
        Some(region) => Err(format!("{} ends at {:#x}; use at most 0x100000000", region.name, region.end())),
        None => Ok(()),
    }
}

fn regions_are_apart(part: &Part) -> Result<(), String> {
    let mut all: Vec<&Region> = regions(part).collect();
    all.sort_by_key(|region| region.address);
    for pair in all.windows(2) {
        if u64::from(pair[1].address) < pair[0].end() {
            let (first, second) = (&pair[0].name, &pair[1].name);
            return Err(format!("{second} begins at {:#010x} inside {first}; move one", pair[1].address));
        }
    }
    Ok(())
}

fn external_memory_has_a_board(part: &Part) -> Result<(), String> {
    match regions(part).find(|region| region.external && region.use_ == Use::Data) {
        Some(region) if part.board.is_none() => {
            Err(format!("{} is external, so its size is a board's; add `board`", region.name))
        }
        _ => Ok(()),
    }
}

fn regions(part: &Part) -> impl Iterator<Item = &Region> {
    part.flash.regions().iter().chain(part.ram.regions())
}
