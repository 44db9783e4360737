//! What the runtime's own code takes in Flash. The package does not say, so it is a figure that was measured elsewhere, given
//! with where it comes from and what it does not cover.

use automcu_target::Core;

/// Which kernels the code figure is for. Both compute the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernels {
    /// Arm's optimised ones.
    #[default]
    CmsisNn,
    /// Those that come with TensorFlow Lite Micro.
    Reference,
}

impl Kernels {
    /// How they are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CmsisNn => "CMSIS-NN",
            Self::Reference => "reference",
        }
    }
}

/// Operators of the networks that the figures were measured with.
const MEASURED: &[&str] =
    &["ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MEAN", "SOFTMAX"];

/// An approximate size of code, and what is to be known of it.
pub(super) struct Code {
    pub(super) bytes: Option<u64>,
    pub(super) remark: String,
}

/// The code of the runtime with these kernels, for a core (a Cortex-M4, where none is named) and these operators.
///
/// Images of two networks, linked for a Cortex-M with eight operators registered, less the .tflite in them: the same rest for
/// both networks, to the byte.
pub(super) fn code(kernels: Kernels, core: Option<Core>, operators: &[String]) -> Code {
    let (bytes, on) = match (kernels, core) {
        (_, Some(core @ (Core::Rv32imc | Core::XtensaLx6 | Core::XtensaLx7))) => {
            let remark = format!("what the runtime's code takes on {core} was not measured: it is not counted");
            return Code { bytes: None, remark };
        }
        (Kernels::CmsisNn, Some(Core::CortexM7)) => (97_628, Core::CortexM7),
        (Kernels::CmsisNn, _) => (99_116, Core::CortexM4),
        (Kernels::Reference, _) => (54_256, Core::CortexM4),
    };
    let others: Vec<&str> = operators.iter().map(String::as_str).filter(|name| !MEASURED.contains(name)).collect();
    let mut remark = format!(
        "code: approximately, not by tflite-micro: an image of the runtime with {} kernels and eight operators, linked \
         for {on} by GCC 12 (core -Os, kernels -O2), less its .tflite; with startup and a test program of about 1 KiB",
        kernels.name()
    );
    if let Some(core) = core.filter(|core| *core != on) {
        remark.push_str(&format!("; {core} differs"));
    }
    if !others.is_empty() {
        remark.push_str(&format!("; more for {}, which may not be among the eight", others.join(", ")));
    }
    Code { bytes: Some(bytes), remark }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_figure_says_what_it_was_measured_with() {
        let conv = ["CONV_2D".to_owned()];
        for (kernels, core, bytes) in [
            (Kernels::CmsisNn, None, Some(99_116)),
            (Kernels::CmsisNn, Some(Core::CortexM4), Some(99_116)),
            (Kernels::CmsisNn, Some(Core::CortexM7), Some(97_628)),
            (Kernels::Reference, Some(Core::CortexM4), Some(54_256)),
            (Kernels::CmsisNn, Some(Core::XtensaLx7), None),
        ] {
            let code = code(kernels, core, &conv);
            assert_eq!(code.bytes, bytes, "{core:?}");
            assert_eq!((code.remark.contains("differs"), code.remark.contains("more for")), (false, false));
        }
        let other = code(Kernels::Reference, Some(Core::CortexM33), &["ADD".to_owned(), "MUL".to_owned()]);
        assert!(other.remark.contains("linked for cortex-m4"), "{}", other.remark);
        assert!(other.remark.ends_with("cortex-m33 differs; more for MUL, which may not be among the eight"));
    }
}
