//! The linker's map file: what an object takes of an image, section by section.

use automcu_model::Bytes;
use serde::Serialize;

/// What the network's own object takes of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NetworkMap {
    /// RAM: the arena.
    pub arena_bytes: Bytes,
    /// RAM: any other variable.
    pub variable_bytes: Bytes,
    /// Flash: weights and tables.
    pub table_bytes: Bytes,
    /// Flash: what the compiler adds of its own, such as where the branches of a `switch` lead.
    pub constant_bytes: Bytes,
    /// Flash: code.
    pub code_bytes: Bytes,
}

impl NetworkMap {
    /// All that it takes of Flash.
    #[must_use]
    pub fn flash_bytes(&self) -> Bytes {
        [self.table_bytes, self.constant_bytes, self.code_bytes].into_iter().sum()
    }

    /// Adds up the sections of one object in a map file of GNU ld; none for a file that is no such map.
    pub(super) fn of(map: &str, object: &str, arena: &str) -> Option<Self> {
        let sections = sections(map, object)?;
        let functions: Vec<&str> = sections.iter().filter_map(|(name, _)| name.strip_prefix(".text.")).collect();
        let mut taken = Self::default();
        for &(name, size) in &sections {
            let is = |kind: &str| name.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            // Constants of a function are named after it, pooled ones after their kind.
            let is_constant = name
                .strip_prefix(".rodata.")
                .is_none_or(|of| functions.contains(&of) || of.starts_with("str1.") || of.starts_with("cst"));
            let sum = match name {
                _ if name.strip_prefix(".bss.") == Some(arena) => &mut taken.arena_bytes,
                _ if is(".bss") || is(".data") => &mut taken.variable_bytes,
                _ if is(".rodata") && is_constant => &mut taken.constant_bytes,
                _ if is(".rodata") => &mut taken.table_bytes,
                _ if is(".text") => &mut taken.code_bytes,
                _ => continue,
            };
            sum.0 += size;
        }
        Some(taken)
    }
}

/// The sections of an object that are in the image, with their sizes.
fn sections<'m>(map: &'m str, object: &str) -> Option<Vec<(&'m str, u64)>> {
    let (_, kept) = map.split_once("\nLinker script and memory map\n")?;
    let mut sections = Vec::new();
    let mut name = "";
    for line in kept.lines() {
        let mut words = line.split_whitespace();
        // A long name stands on a line of its own.
        if line.starts_with(" .") {
            name = words.next().unwrap_or_default();
        } else if !line.starts_with("  ") {
            name = "";
        }
        let (Some(_), Some(size), Some(file)) = (words.next(), words.next(), words.next()) else { continue };
        let size = size.strip_prefix("0x").and_then(|size| u64::from_str_radix(size, 16).ok());
        if let (Some(size), true) = (size, file == object && !name.is_empty()) {
            sections.push((name, size));
            name = "";
        }
    }
    Some(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "Discarded input sections\n\n .text.gone\n                0x00000000       0x10 net.o\n\n\
        Linker script and memory map\n\n.text           0x08000000      0x300\n *(.text*)\n\
        \x20.text.net_run  0x08000040       0x2a net.o\n                0x08000040                net_run\n\
        \x20*fill*         0x0800006a        0x2 \n\
        \x20.rodata.weights_0_of_something\n                0x0800006c       0x90 net.o\n\
        \x20.rodata.net_run\n                0x080000fc       0x1c net.o\n\
        \x20.rodata.other  0x080000fc       0x11 main.o\n\
        \x20.bss.net_arena\n                0x20000000     0x1000 net.o\n\
        \x20.comment       0x00000000       0x20 net.o\n";

    #[test]
    fn only_what_is_kept_of_the_object_is_counted() {
        let map = NetworkMap::of(MAP, "net.o", "net_arena").expect("a map");
        assert_eq!(
            map,
            NetworkMap {
                arena_bytes: Bytes(0x1000),
                variable_bytes: Bytes(0),
                table_bytes: Bytes(0x90),
                constant_bytes: Bytes(0x1c),
                code_bytes: Bytes(0x2a)
            }
        );
        assert_eq!(NetworkMap::of("no map", "net.o", "net_arena"), None);
    }
}
