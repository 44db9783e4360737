//! The TOML form of a family. It is read as it stands and then turned into the inner vocabulary, so that the two can differ.

use std::collections::BTreeMap;

use automcu_model::Bytes;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::part::{Class, Core, Fpu, Memory, Part, Region, Sources, Use};

/// A family of microcontrollers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "AutoMCU target family")]
pub(crate) struct FamilyFile {
    /// The version of this form.
    #[serde(deserialize_with = "version_one")]
    #[schemars(range(min = 1, max = 1))]
    #[expect(dead_code, reason = "it is looked at while it is read")]
    version: u32,
    /// The family's name.
    family: String,
    /// Who makes it.
    vendor: String,
    /// The documents that figures come from, by a short key.
    documents: BTreeMap<String, String>,
    /// The parts.
    #[serde(rename = "part")]
    parts: Vec<PartFile>,
}

fn version_one<'de, D: Deserializer<'de>>(source: D) -> Result<u32, D::Error> {
    match u32::deserialize(source)? {
        1 => Ok(1),
        other => {
            Err(D::Error::custom(format!("version {other} of the form is not known; this AutoMCU reads version 1")))
        }
    }
}

fn size<'de, D: Deserializer<'de>>(source: D) -> Result<Bytes, D::Error> {
    String::deserialize(source)?.parse().map_err(D::Error::custom)
}

/// One ordering code.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartFile {
    /// The full ordering code.
    name: String,
    /// Shorter names by which people call it.
    #[serde(default)]
    aliases: Vec<String>,
    /// A well-known board that carries it.
    board: Option<String>,
    /// The price class.
    class: Class,
    /// The core that runs the network.
    core: Core,
    /// Its floating-point unit.
    fpu: Fpu,
    /// Whether it has Arm's DSP extension.
    dsp: bool,
    /// The highest clock.
    #[schemars(range(min = 1, max = 1500))]
    clock_mhz: u32,
    /// The document that each figure comes from, by its key.
    sources: SourcesFile,
    /// Flash, by region.
    #[schemars(length(min = 1))]
    flash: Vec<RegionFile>,
    /// RAM, by region.
    #[schemars(length(min = 1))]
    ram: Vec<RegionFile>,
}

/// Where the figures come from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SourcesFile {
    core: String,
    clock: String,
    flash: String,
    ram: String,
}

/// A stretch of memory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RegionFile {
    /// Its name.
    name: String,
    /// Its first address.
    address: u32,
    /// Its size with a unit, like "128 KiB".
    #[serde(deserialize_with = "size")]
    #[schemars(with = "String", regex(pattern = Bytes::PATTERN))]
    size: Bytes,
    /// Whether it is a chip of its own beside the part.
    #[serde(default)]
    external: bool,
    /// What it may hold.
    #[serde(default, rename = "use")]
    use_: Use,
    /// What else is to be known about it.
    note: Option<String>,
}

impl FamilyFile {
    /// The parts in the inner vocabulary; sources become the titles of their documents where those are known.
    pub(crate) fn into_parts(self) -> Vec<Part> {
        let Self { family, vendor, documents, parts, .. } = self;
        parts.into_iter().map(|part| part.into_part(&family, &vendor, &documents)).collect()
    }
}

impl PartFile {
    fn into_part(self, family: &str, vendor: &str, documents: &BTreeMap<String, String>) -> Part {
        let title = |key: String| documents.get(&key).cloned();
        let SourcesFile { core, clock, flash, ram } = self.sources;
        Part {
            name: self.name,
            aliases: self.aliases,
            family: family.to_owned(),
            vendor: vendor.to_owned(),
            board: self.board,
            class: self.class,
            core: self.core,
            fpu: self.fpu,
            dsp: self.dsp,
            clock_mhz: self.clock_mhz,
            flash: Memory::new(self.flash.into_iter().map(Region::from).collect()),
            ram: Memory::new(self.ram.into_iter().map(Region::from).collect()),
            sources: Sources { core: title(core), clock: title(clock), flash: title(flash), ram: title(ram) },
        }
    }
}

impl From<RegionFile> for Region {
    fn from(file: RegionFile) -> Self {
        Self {
            name: file.name,
            address: file.address,
            size: file.size,
            external: file.external,
            use_: file.use_,
            note: file.note,
        }
    }
}

/// The JSON Schema of a family file.
#[must_use]
pub fn family_schema() -> serde_json::Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<FamilyFile>().to_value()
}
