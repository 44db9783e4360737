//! What a linked image takes.

use std::collections::BTreeMap;

use automcu_model::Bytes;
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SymbolKind, elf};
use serde::Serialize;

/// What a linked image takes of Flash and RAM, its stack apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Code, constants and the initial values of variables.
    pub flash_bytes: Bytes,
    /// Variables, with and without initial values.
    pub ram_bytes: Bytes,
}

/// The bytes of each function of a linked image, by its name.
pub(crate) fn functions_of_elf(file: &[u8]) -> Result<BTreeMap<String, u64>, ImageError> {
    let file = object::File::parse(file)?;
    let mut functions = BTreeMap::new();
    for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0) {
        *functions.entry(symbol.name()?.to_owned()).or_default() += symbol.size();
    }
    Ok(functions)
}

/// An image that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the linked image cannot be read: {0}")]
pub struct ImageError(#[from] object::Error);

impl Image {
    /// Adds up the sections of an ELF file.
    pub fn of_elf(file: &[u8]) -> Result<Self, ImageError> {
        let file = object::File::parse(file)?;
        let mut image = Self::default();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
            let has = |flag: u32| sh_flags & u64::from(flag) != 0;
            if !has(elf::SHF_ALLOC) {
                continue;
            }
            let is_empty = section.file_range().is_none_or(|(_, bytes)| bytes == 0);
            if !is_empty {
                image.flash_bytes.0 += section.size();
            }
            if has(elf::SHF_WRITE) {
                image.ram_bytes.0 += section.size();
            }
        }
        Ok(image)
    }
}
