//! The command line of what has to do with the vendor's tool.

use std::path::PathBuf;

use automcu_toolchain::stedgeai::{Format, NeuralArt};
use clap::Args;

use super::{CatalogueArgs, OUTCOMES, seconds};
use crate::judges::Vendor;

/// The most reports that are read at once.
const MOST_REPORTS: usize = 1_000;

/// How the vendor's tool is found and fed.
#[derive(Args)]
pub(crate) struct VendorArgs {
    /// The vendor's tool, `stedgeai` or `stm32ai`, instead of the one that is configured or found
    #[arg(long, value_name = "FILE")]
    pub(crate) vendor_tool: Option<PathBuf>,
    /// As what the vendor's tool is handed a network, instead of what is configured (usually tflite)
    #[arg(long, value_enum)]
    pub(crate) vendor_format: Option<VendorFormat>,
    /// By which profile, of which file, the vendor's tool compiles for the neural accelerator of an STM32N6
    #[arg(long, value_name = "PROFILE[@FILE]")]
    pub(crate) neural_art: Option<NeuralArt>,
}

impl VendorArgs {
    /// What these say, and for all else what is configured.
    pub(crate) fn over(&self, configured: &Vendor) -> Vendor {
        Vendor {
            tool: self.vendor_tool.clone().or_else(|| configured.tool.clone()),
            format: self.vendor_format.map_or(configured.format, Into::into),
            neural_art: self.neural_art.clone().or_else(|| configured.neural_art.clone()),
        }
    }
}

/// As what the vendor's tool is handed a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum VendorFormat {
    /// int8, as .tflite
    Tflite,
    /// int8, as ONNX with QuantizeLinear and DequantizeLinear
    Qdq,
    /// float32, as ONNX: of architectures only
    Float32,
}

impl From<VendorFormat> for Format {
    fn from(format: VendorFormat) -> Self {
        match format {
            VendorFormat::Tflite => Self::Int8Tflite,
            VendorFormat::Qdq => Self::Int8Onnx,
            VendorFormat::Float32 => Self::FloatOnnx,
        }
    }
}

/// Has the vendor's tool compute an int8 network as it would be generated, here or on a board, and says how far that is from
/// the network's file.
///
/// The tool (STM32Cube.AI or ST Edge AI Core) draws the samples and compares. On this computer it needs a C compiler; on a board
/// it needs the board, connected, with the tool's own validation program in it, and the time of an inference is told as well. A
/// board that is not there, a port that may not be opened or a licence says nothing of the network: the exit status is 69.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Validate {
    /// The network, a .tflite file; `-` reads standard input
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The microcontroller
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// Where the network is computed; with --port, on the board
    #[arg(long, value_name = "PLACE", value_enum)]
    pub(crate) on: Option<Place>,
    /// The serial port of the board, such as /dev/ttyACM0, instead of the one that the tool finds
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// Bits a second on that port, where the board's program was not built for what is usual
    #[arg(long, value_name = "BAUD", requires = "port", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) baud: Option<u32>,
    /// How many samples are computed
    #[arg(long, value_name = "COUNT", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) samples: u32,
    #[command(flatten)]
    pub(crate) vendor: VendorArgs,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueArgs,
    /// How long the tool may take
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = seconds)]
    pub(crate) deadline: f64,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where a network is computed to be validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Place {
    /// On this computer
    Host,
    /// On a board that is connected
    Board,
}

/// Reads reports of STM32Cube.AI and ST Edge AI Core, and says what AutoMCU takes from them.
///
/// Each file is one run's *_c_info.json, *_report.json, *_report.txt, or what the tool printed; which it is shows by its
/// content. What a report does not say is unknown, never 0. A file that is no report is named, and the others are read.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct VendorReport {
    /// The reports; `-` reads standard input
    #[arg(value_name = "FILE", required = true, num_args = 1..=MOST_REPORTS)]
    pub(crate) files: Vec<PathBuf>,
    /// Answer in JSON: a list with one answer a file, in their order
    #[arg(long)]
    pub(crate) json: bool,
}
