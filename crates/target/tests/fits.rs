//! A footprint fits a budget to the byte.

use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{Budget, Fit, FlashUse, Footprint, Margin, RamUse};
use proptest::prelude::*;

fn footprint(activations: u64, weights: u64) -> Footprint {
    Footprint {
        dtype: DataType::Int8,
        provenance: Provenance::Estimated,
        ram: RamUse { activations: Bytes(activations), runtime: None, stack: None },
        flash: FlashUse { weights: Bytes(weights), tables: None, code: None },
    }
}

proptest! {
    #[test]
    fn at_the_budget_it_fits_and_one_byte_beyond_it_does_not(ram in 1_u64..1 << 40, flash in 1_u64..1 << 40) {
        let budget = Budget { ram: Some(Bytes(ram)), flash: Some(Bytes(flash)) };
        prop_assert!(Fit::of(&footprint(ram, flash), budget).holds());
        prop_assert_eq!(Fit::of(&footprint(ram + 1, flash), budget).ram, Margin::Over(Bytes(1)));
        prop_assert_eq!(Fit::of(&footprint(ram, flash + 1), budget).flash, Margin::Over(Bytes(1)));
        prop_assert_eq!(Fit::of(&footprint(ram - 1, flash), budget).ram, Margin::Spare(Bytes(1)));
    }
}

#[test]
fn what_is_not_bounded_always_fits_and_known_parts_all_count() {
    let fit = Fit::of(&footprint(u64::MAX, u64::MAX), Budget::default());
    assert!(fit.holds() && fit.ram == Margin::Unbounded);
    let mut known = footprint(100, 200);
    known.ram.stack = Some(Bytes(20));
    known.ram.runtime = Some(Bytes(3));
    known.flash.code = Some(Bytes(50));
    known.flash.tables = Some(Bytes(7));
    assert_eq!((known.known_ram(), known.known_flash()), (Bytes(123), Bytes(257)));
}

#[test]
fn of_two_budgets_the_tighter_counts() {
    let wide = Budget { ram: Some(Bytes(10)), flash: None };
    let tight = Budget { ram: Some(Bytes(7)), flash: Some(Bytes(3)) };
    assert_eq!(wide.and(tight), Budget { ram: Some(Bytes(7)), flash: Some(Bytes(3)) });
}
