//! Linker scripts: the regions of a part at their addresses, and the same code at those of the board that stands in for it.

use std::fmt::Write;

use automcu_model::Bytes;
use automcu_target::{Budget, Memory, Part, Region, Use};
use serde::{Deserialize, Serialize};

use super::stand_in::StandIn;

/// What the linker keeps for the stack.
pub(super) const STACK: Bytes = Bytes(2 << 10);

/// A stretch of memory that an image is linked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its first address.
    pub address: u32,
    /// Its size.
    #[serde(rename = "size_bytes")]
    pub size: Bytes,
}

/// The memory of a part as its linker script has it.
pub(super) struct Layout<'p> {
    part: &'p Part,
    pub(super) flash: Piece<'p>,
    pub(super) ram: Piece<'p>,
    /// All that is in neither.
    pub(super) others: Vec<Other<'p>>,
}

/// FLASH or RAM.
pub(super) struct Piece<'p> {
    pub(super) regions: Vec<&'p Region>,
    pub(super) stretch: Stretch,
    /// How large it would be without a budget that is tighter.
    pub(super) whole: Bytes,
}

/// A region beside FLASH and RAM.
pub(super) struct Other<'p> {
    pub(super) region: &'p Region,
    pub(super) is_flash: bool,
    /// What linker scripts call it.
    pub(super) label: String,
    /// The section whose contents lie there.
    pub(super) section: String,
}

impl Other<'_> {
    /// Code is copied there from flash before main is called.
    pub(super) fn is_copied(&self) -> bool {
        !self.is_flash && self.region.use_ == Use::Code
    }
}

impl<'p> Layout<'p> {
    /// The longest stretch of each memory, as far as the budget goes.
    pub(super) fn of(part: &'p Part, budget: Budget) -> Self {
        let flash = Piece::of(part.flash(), budget.flash);
        let ram = Piece::of(part.ram(), budget.ram);
        let mut others: Vec<Other<'p>> = Vec::new();
        for (memory, piece, is_flash) in [(part.flash(), &flash, true), (part.ram(), &ram, false)] {
            let is_other = |region: &&Region| !piece.regions.contains(region);
            for region in memory.regions().iter().filter(is_other) {
                let label = label(region, &others);
                others.push(Other { region, is_flash, section: section(&label), label });
            }
        }
        Self { part, flash, ram, others }
    }

    /// The script of the part.
    pub(super) fn script(&self) -> String {
        let Self { part, flash, ram, others } = self;
        let title = |title: Option<&str>| title.map_or(String::new(), |title| format!("\n   {}", plain(title)));
        let mut text = format!(
            "/* The memory of {} ({}, {}), by:{}{} */\nMEMORY\n{{\n",
            part.name(),
            plain(part.vendor()),
            plain(part.family()),
            title(part.sources().flash.as_deref()),
            title(part.sources().ram.as_deref().filter(|&ram| part.sources().flash.as_deref() != Some(ram))),
        );
        text += &flash.lines("FLASH (rx)");
        text += &ram.lines("RAM (rwx)");
        for Other { region, label, .. } in others {
            text += &lines(&said_of(region), label, Stretch { address: region.address, size: region.size });
        }
        text += "}\n\n";
        text += &kept(STACK);
        text += "INCLUDE sections.ld\n";
        text += &self.sections();
        text
    }

    /// The script of the board that stands in: the part's sizes at the board's addresses.
    pub(super) fn standing_in(&self, board: &StandIn) -> String {
        let piece =
            |piece: &Piece<'_>, (address, most): (u32, Bytes)| Stretch { address, size: piece.stretch.size.min(most) };
        let about = |what: &str, piece: &Piece<'_>| format!("As large as the {what} of the part, {}", piece.whole);
        let mut text = format!(
            "/* {}, the board of QEMU that stands in for {}: the same sizes, as far as it has them, at its addresses. */\n\
             MEMORY\n{{\n{}{}}}\n\n{}INCLUDE sections.ld\n",
            board.machine,
            self.part.name(),
            lines(&about("flash", &self.flash), "FLASH (rx)", piece(&self.flash, board.flash)),
            lines(&about("RAM", &self.ram), "RAM (rwx)", piece(&self.ram, board.ram)),
            kept(STACK),
        );
        text += &self.together();
        text
    }

    /// A section for every further region.
    fn sections(&self) -> String {
        let about = if self.others.is_empty() {
            ""
        } else {
            "/* For what is to lie in a further region: __attribute__((section(\".NAME\"))). Variables there keep what they held\n   \
             at reset; code for RAM is copied there before main is called. */\n"
        };
        let mut text = format!("\n{about}SECTIONS\n{{\n");
        let mut table = String::new();
        for other @ Other { label, section, .. } in &self.others {
            let word = section.trim_start_matches('.');
            let contents = format!("*({section} {section}.*)");
            if other.is_copied() {
                let _ = writeln!(
                    text,
                    "    {section} : {{ {word}_start = .; {contents} . = ALIGN(4); {word}_end = .; }} > {label} AT > FLASH"
                );
                let _ = write!(table, " LONG(LOADADDR({section})) LONG({word}_start) LONG({word}_end)");
            } else if other.is_flash {
                let _ = writeln!(text, "    {section} : {{ {contents} }} > {label}");
            } else {
                let _ = writeln!(text, "    {section} (NOLOAD) : {{ {contents} }} > {label}");
            }
        }
        text + &copies(&table) + "}\n"
    }

    /// What lies in further regions lies in FLASH or RAM of the board.
    fn together(&self) -> String {
        let of = |is_flash: bool| {
            let sections = self.others.iter().filter(|other| (other.is_flash || other.is_copied()) == is_flash);
            sections.fold(String::new(), |text, Other { section, .. }| text + &format!(" *({section} {section}.*)"))
        };
        format!(
            "\nSECTIONS\n{{\n{}    .others_in_flash : {{{} . = ALIGN(4); }} > FLASH\n    .others (NOLOAD) : {{{} others_end = .; }} > RAM\n    \
             ASSERT(others_end + stack_bytes <= stack_top, \"RAM overflowed by the stack\")\n}}\n",
            copies(""),
            of(true),
            of(false)
        )
    }
}

impl<'p> Piece<'p> {
    fn of(memory: &'p Memory, budget: Option<Bytes>) -> Self {
        let run = memory.longest_run().expect("a part of a catalogue has flash and RAM for data");
        let size = budget.map_or(run.size, |budget| budget.min(run.size));
        Self { regions: run.regions, stretch: Stretch { address: run.address, size }, whole: run.size }
    }

    /// Whether a budget took some of it.
    pub(super) fn is_tightened(&self) -> bool {
        self.stretch.size < self.whole
    }

    fn lines(&self, label: &str) -> String {
        let mut about = self.regions.iter().map(|region| said_of(region)).collect::<Vec<_>>().join("; ");
        if self.is_tightened() {
            let _ = write!(about, ". The budget is tighter than its {} bytes", self.whole.0);
        }
        lines(&about, label, self.stretch)
    }
}

/// What is copied before main is called: the values of variables, and this.
fn copies(more: &str) -> String {
    format!("    .copies : {{ copies_start = .; KEEP(*(.copies)){more} copies_end = .; }} > FLASH\n")
}

fn kept(stack: Bytes) -> String {
    format!("/* What is kept for the stack at the end of RAM. */\nstack_bytes = {};\n", stack.0)
}

fn lines(about: &str, label: &str, Stretch { address, size }: Stretch) -> String {
    format!("    /* {about}. */\n    {label} : ORIGIN = {address:#010x}, LENGTH = {}\n", size.0)
}

/// A region and what is to be known about it.
fn said_of(region: &Region) -> String {
    let note = region.note.as_ref().map_or(String::new(), |note| format!(" ({})", plain(note)));
    let external = if region.external { ", a chip beside the part" } else { "" };
    let use_ = match region.use_ {
        Use::Data => "",
        Use::Code => ", for code",
        Use::Retention => ", kept in sleep",
    };
    format!("{}{external}{use_}{note}", plain(&region.name))
}

/// Text that no comment ends in.
pub(super) fn plain(text: &str) -> String {
    text.replace("*/", "* /").replace("/*", "/ *")
}

/// What a linker script may call a region.
fn label(region: &Region, others: &[Other<'_>]) -> String {
    let word: String =
        region.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    let is_taken = word.starts_with(|c: char| c.is_ascii_digit())
        || ["FLASH", "RAM"].contains(&word.as_str())
        || others.iter().any(|other| other.label == word);
    if is_taken { format!("R{:08X}_{word}", region.address) } else { word }
}

/// The section of a region; those of every program are not taken for one.
fn section(label: &str) -> String {
    let word = label.to_ascii_lowercase();
    match word.as_str() {
        "text" | "data" | "bss" | "rodata" | "vectors" | "interrupts" | "copies" | "others" => {
            format!(".{word}_memory")
        }
        _ => format!(".{word}"),
    }
}

#[cfg(test)]
mod tests {
    use automcu_target::Catalogue;

    use super::*;

    fn script(part: &str, budget: Budget) -> String {
        let part = Catalogue::built_in().find(part).expect("built in");
        Layout::of(part, Budget::from(part).and(budget)).script()
    }

    #[test]
    fn regions_that_touch_are_one_and_others_have_a_section() {
        let text = script("STM32F407", Budget::default());
        assert!(text.contains("FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 524288\n"), "{text}");
        assert!(text.contains("/* sram1; sram2. */\n    RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 131072\n"), "{text}");
        assert!(text.contains("CCM : ORIGIN = 0x10000000, LENGTH = 65536\n"), "{text}");
        assert!(text.contains(".ccm (NOLOAD) : { *(.ccm .ccm.*) } > CCM\n"), "{text}");
    }

    #[test]
    fn code_for_ram_is_copied_there() {
        let text = script("STM32H743", Budget::default());
        assert!(text.contains("LONG(LOADADDR(.itcm)) LONG(itcm_start) LONG(itcm_end)"), "{text}");
    }

    #[test]
    fn a_tighter_budget_shrinks_the_region_and_says_so() {
        let text = script("STM32F407", Budget { ram: Some(Bytes(20_001)), flash: Some(Bytes(1 << 30)) });
        assert!(text.contains("LENGTH = 20001\n") && text.contains("tighter than its 131072 bytes"), "{text}");
        assert!(text.contains("LENGTH = 524288\n"), "{text}");
    }

    #[test]
    fn no_comment_ends_early_and_no_region_is_called_like_another() {
        assert_eq!(plain("a */ b"), "a * / b");
        let region = |name: &str| Region {
            name: name.to_owned(),
            address: 0x1000,
            size: Bytes(1024),
            external: false,
            use_: Use::Data,
            note: None,
        };
        assert_eq!(label(&region("ram"), &[]), "R00001000_RAM");
        assert_eq!(label(&region("scratch-x"), &[]), "SCRATCH_X");
        assert_eq!(section("DATA"), ".data_memory");
    }
}
