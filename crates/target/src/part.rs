//! A microcontroller: what it computes with, and its memory region by region.

use std::fmt;

use automcu_model::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a part costs, roughly, in quantity. The order is the order of price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Up to some 3 USD.
    Entry,
    /// Up to some 7 USD.
    Mainstream,
    /// Up to some 12 USD.
    Performance,
    /// Above that.
    Premium,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Entry => "entry",
            Self::Mainstream => "mainstream",
            Self::Performance => "performance",
            Self::Premium => "premium",
        })
    }
}

macro_rules! cores {
    ($( $(#[doc = $doc:literal])+ $name:literal => $variant:ident $dsp:expr, $fpu:expr; )*) => {
        /// A processor core.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Core { $( $(#[doc = $doc])+ #[serde(rename = $name)] $variant, )* }

        impl Core {
            /// The name as it stands in family files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )* }
            }

            /// Whether the core can have Arm's DSP extension, and whether it can lack it.
            pub(crate) const fn dsp_choices(self) -> &'static [bool] {
                match self { $( Self::$variant => $dsp, )* }
            }

            /// The floating-point units that the core comes with.
            pub(crate) const fn fpu_choices(self) -> &'static [Fpu] {
                match self { $( Self::$variant => $fpu, )* }
            }
        }
    };
}

cores! {
    /// Armv6-M.
    "cortex-m0plus" => CortexM0Plus &[false], &[Fpu::None];
    /// Armv7-M.
    "cortex-m3" => CortexM3 &[false], &[Fpu::None];
    /// Armv7E-M.
    "cortex-m4" => CortexM4 &[true], &[Fpu::None, Fpu::Single];
    /// Armv7E-M, two instructions a cycle.
    "cortex-m7" => CortexM7 &[true], &[Fpu::None, Fpu::Single, Fpu::Double];
    /// Armv8-M.
    "cortex-m33" => CortexM33 &[false, true], &[Fpu::None, Fpu::Single];
    /// Armv8.1-M with vector extension.
    "cortex-m55" => CortexM55 &[true], &[Fpu::None, Fpu::Single, Fpu::Double];
    /// RISC-V with multiplication and compressed instructions.
    "rv32imc" => Rv32imc &[false], &[Fpu::None];
    /// Tensilica's, in the ESP32.
    "xtensa-lx6" => XtensaLx6 &[false], &[Fpu::Single];
    /// Tensilica's, in the ESP32-S3.
    "xtensa-lx7" => XtensaLx7 &[false], &[Fpu::None, Fpu::Single];
}

impl fmt::Display for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A floating-point unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fpu {
    /// None.
    None,
    /// For float32.
    Single,
    /// For float32 and float64.
    Double,
}

/// What a region of memory may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// Anything.
    #[default]
    Data,
    /// Code.
    Code,
    /// What is to outlive a sleep.
    Retention,
}

/// A stretch of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Its first address.
    pub address: u32,
    /// Its size.
    #[serde(rename = "size_bytes")]
    pub size: Bytes,
    /// Whether it is a chip of its own beside the part.
    pub external: bool,
    /// What it may hold.
    #[serde(rename = "use")]
    pub use_: Use,
    /// What else is to be known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Region {
    /// The address behind the last.
    #[must_use]
    pub fn end(&self) -> u64 {
        u64::from(self.address).saturating_add(self.size.0)
    }
}

/// A stretch of memory that may hold data: regions that touch, as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'m> {
    /// Its regions, in order of address; there is at least one.
    pub regions: Vec<&'m Region>,
    /// Its first address.
    pub address: u32,
    /// Its size.
    pub size: Bytes,
}

/// All the flash or all the RAM of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Memory(Vec<Region>);

impl Memory {
    /// The regions in order of address.
    #[must_use]
    pub fn new(mut regions: Vec<Region>) -> Self {
        regions.sort_by_key(|region| region.address);
        Self(regions)
    }

    /// The regions in order of address.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.0
    }

    /// The size of all regions that may hold data.
    #[must_use]
    pub fn total(&self) -> Bytes {
        self.data().map(|region| region.size).sum()
    }

    /// The size of the longest stretch that may hold data: regions that touch count as one.
    #[must_use]
    pub fn largest_run(&self) -> Bytes {
        self.longest_run().map_or(Bytes(0), |run| run.size)
    }

    /// The longest stretch that may hold data, the first of them; none where nothing may.
    #[must_use]
    pub fn longest_run(&self) -> Option<Run<'_>> {
        let mut runs: Vec<Run<'_>> = Vec::new();
        for region in self.data() {
            match runs.last_mut() {
                Some(run) if u64::from(run.address) + run.size.0 == u64::from(region.address) => {
                    run.regions.push(region);
                    run.size = run.size + region.size;
                }
                _ => runs.push(Run { regions: vec![region], address: region.address, size: region.size }),
            }
        }
        runs.into_iter().rev().max_by_key(|run| run.size)
    }

    fn data(&self) -> impl Iterator<Item = &Region> {
        self.0.iter().filter(|region| region.use_ == Use::Data)
    }
}

/// The titles of the documents that a part's figures come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// Of the core, its FPU and DSP extension.
    pub core: Option<String>,
    /// Of the clock.
    pub clock: Option<String>,
    /// Of the flash.
    pub flash: Option<String>,
    /// Of the RAM.
    pub ram: Option<String>,
}

/// A microcontroller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) family: String,
    pub(crate) vendor: String,
    pub(crate) board: Option<String>,
    pub(crate) class: Class,
    pub(crate) core: Core,
    pub(crate) fpu: Fpu,
    pub(crate) dsp: bool,
    pub(crate) clock_mhz: u32,
    pub(crate) flash: Memory,
    pub(crate) ram: Memory,
    pub(crate) sources: Sources,
}

impl Part {
    /// The full ordering code.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shorter names by which people call it.
    #[must_use]
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// The family it belongs to.
    #[must_use]
    pub fn family(&self) -> &str {
        &self.family
    }

    /// Who makes it.
    #[must_use]
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// A well-known board that carries it.
    #[must_use]
    pub fn board(&self) -> Option<&str> {
        self.board.as_deref()
    }

    /// The price class.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// The core that runs the network.
    #[must_use]
    pub const fn core(&self) -> Core {
        self.core
    }

    /// The floating-point unit.
    #[must_use]
    pub const fn fpu(&self) -> Fpu {
        self.fpu
    }

    /// Whether the core has Arm's DSP extension.
    #[must_use]
    pub const fn has_dsp(&self) -> bool {
        self.dsp
    }

    /// The highest clock.
    #[must_use]
    pub const fn clock_mhz(&self) -> u32 {
        self.clock_mhz
    }

    /// The flash.
    #[must_use]
    pub const fn flash(&self) -> &Memory {
        &self.flash
    }

    /// The RAM.
    #[must_use]
    pub const fn ram(&self) -> &Memory {
        &self.ram
    }

    /// Where the figures come from.
    #[must_use]
    pub const fn sources(&self) -> &Sources {
        &self.sources
    }

    /// All names, the ordering code first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name()).chain(self.aliases.iter().map(String::as_str))
    }
}
