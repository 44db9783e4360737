//! What the tool calls a microcontroller.

use automcu_target::Part;

use crate::{
    judge::NoAnswer,
    vendor::{Family, ToolVersion},
};

/// What the tool takes for a target where no microcontroller is named; it means a Cortex-M7.
pub(super) const ANY: &str = "stm32";

/// Families that the tool knows in one of its versions. An older one that does not know a family yet says so itself.
const SERIES: &[&str] = &[
    "stm32c0", "stm32c5", "stm32f0", "stm32f3", "stm32f4", "stm32f7", "stm32g0", "stm32g4", "stm32h5", "stm32h7",
    "stm32l0", "stm32l4", "stm32l5", "stm32n6", "stm32u3", "stm32u5", "stm32v8", "stm32wb", "stm32wl",
];

/// STM32L4+ by the letters after `STM32L4` in its ordering codes; the tool has a name of its own for it.
const L4_PLUS: [&str; 4] = ["P", "Q", "R", "S"];
/// The first ST Edge AI Core that is known to have it.
const L4_PLUS_SINCE: u32 = 4;

/// What the tool calls the part.
pub(super) fn of(part: Option<&Part>, version: &ToolVersion) -> Result<String, NoAnswer> {
    let Some(part) = part else { return Ok(ANY.to_owned()) };
    let other = |why: String| NoAnswer::NotForTarget { words: format!("{}: {why}", part.name()) };
    if part.vendor() != "STMicroelectronics" {
        return Err(other(format!("it is made by {}, and the tool knows STM32 only", part.vendor())));
    }
    let name = part.name().to_ascii_uppercase();
    let is_l4_plus = name.strip_prefix("STM32L4").is_some_and(|rest| L4_PLUS.iter().any(|l| rest.starts_with(l)));
    if is_l4_plus && version.family == Family::EdgeAi && version.major >= L4_PLUS_SINCE {
        return Ok("stm32l4p".to_owned());
    }
    let series = part.family().to_ascii_lowercase();
    if SERIES.contains(&series.as_str()) {
        return Ok(series);
    }
    Err(other(format!("the tool knows {}", SERIES.join(", "))))
}

/// Whether a report is about the target that was asked for. Reports may say more than was asked: which core of it is meant.
pub(super) fn is_same(asked: &str, reported: &str) -> bool {
    reported.to_ascii_lowercase().starts_with(asked) || asked.starts_with(&reported.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use automcu_target::Catalogue;

    use super::*;

    fn named(part: &str, banner: &str) -> Result<String, NoAnswer> {
        let version = ToolVersion::of_banner(banner).expect("a version");
        of(Some(Catalogue::built_in().find(part).expect("in the catalogue")), &version)
    }

    #[test]
    fn every_stm32_of_the_catalogue_has_its_name() {
        for (part, expected) in [
            ("STM32F407", "stm32f4"),
            ("STM32F746NG", "stm32f7"),
            ("STM32G0B1", "stm32g0"),
            ("STM32H743", "stm32h7"),
            ("STM32L476", "stm32l4"),
            ("STM32L4R5", "stm32l4p"),
            ("STM32U575", "stm32u5"),
            ("STM32WB55", "stm32wb"),
        ] {
            assert_eq!(named(part, "ST Edge AI Core v4.0.0-20500"), Ok(expected.to_owned()), "{part}");
        }
        assert_eq!(named("STM32L4R5", "ST Edge AI Core v2.2.0-20266"), Ok("stm32l4".to_owned()));
        let version = ToolVersion::of_banner("ST Edge AI Core v2.2.0-20266").expect("a version");
        for part in Catalogue::built_in().parts().iter().filter(|part| part.vendor() == "STMicroelectronics") {
            assert!(of(Some(part), &version).is_ok(), "{}", part.name());
        }
    }

    #[test]
    fn parts_of_others_are_not_for_this_tool() {
        let refused = named("RP2040", "ST Edge AI Core v4.0.0-20500").expect_err("another vendor");
        assert!(matches!(&refused, NoAnswer::NotForTarget { words } if words.contains("Raspberry Pi")), "{refused}");
    }

    #[test]
    fn a_report_may_say_more_than_was_asked() {
        assert!(is_same("stm32", "stm32h7") && is_same("stm32n6", "stm32n6npu") && is_same("stm32l4p", "STM32L4"));
        assert!(!is_same("stm32f4", "stm32h7"));
    }
}
