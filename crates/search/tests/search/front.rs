//! The front is what brute force says it is.

use automcu_search::{Front, Point};
use proptest::{
    prelude::{Just, ProptestConfig, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest},
    test_runner::RngSeed,
};

/// Few values, so that ties are common.
fn point() -> impl Strategy<Value = Point> {
    let accuracy = prop_oneof![8 => (0..4_u8).prop_map(f64::from), 1 => Just(f64::NAN), 1 => Just(f64::NEG_INFINITY)];
    (accuracy, 0..3_u64, 0..3_u64, 0..3_u64).prop_map(|(accuracy, ram_bytes, flash_bytes, macs)| Point {
        accuracy,
        ram_bytes,
        flash_bytes,
        macs,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn a_front_is_all_that_nothing_dominates(points in prop::collection::vec(point(), 0..24)) {
        let mut front = Front::default();
        for (place, &point) in points.iter().enumerate() {
            let dominated = front.points().iter().any(|(other, _): &(Point, usize)| other.dominates(&point));
            prop_assert_eq!(front.insert(point, place), !dominated && !point.accuracy.is_nan());
        }
        let expected: Vec<usize> = (0..points.len())
            .filter(|&place| !points[place].accuracy.is_nan())
            .filter(|&place| !points.iter().any(|other| other.dominates(&points[place])))
            .collect();
        let found: Vec<usize> = front.points().iter().map(|(_, place)| *place).collect();
        prop_assert_eq!(found, expected);
        let most = points.iter().map(|point| point.accuracy).filter(|accuracy| !accuracy.is_nan()).reduce(f64::max);
        prop_assert_eq!(front.best().map(|(point, _)| point.accuracy), most);
    }

    #[test]
    fn domination_is_an_order(one in point(), other in point(), third in point()) {
        prop_assert!(!one.dominates(&one));
        prop_assert!(!(one.dominates(&other) && other.dominates(&one)));
        prop_assert!(!(one.dominates(&other) && other.dominates(&third)) || one.dominates(&third));
    }
}
