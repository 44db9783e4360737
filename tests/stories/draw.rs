//! Networks and inputs drawn at random, the same every time.

use automcu_convert::{Network, integer_form};
use automcu_model::Spec;
use automcu_tests::random::{self, Numbers};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use crate::any_spec::any_spec;

/// As many as the nightly suite asks for, or a few.
pub(crate) fn count(few: u64) -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are started by a runner, which hands things over in no other way"
    )]
    let asked = std::env::var("AUTOMCU_NETWORKS").ok();
    asked.map_or(few, |count| count.parse().expect("AUTOMCU_NETWORKS is a number"))
}

/// Values that look random, the same every time: uniform ones, and as many with long runs as images have.
pub(crate) fn inputs(count: usize, length: usize) -> Vec<i8> {
    let mut numbers = Numbers::of_seed(1);
    let mut values = Vec::with_capacity(count * length);
    for input in 0..count {
        let run = if input % 2 == 0 { 1 } else { 24 };
        while values.len() < (input + 1) * length {
            let room = (input + 1) * length - values.len();
            values.extend(std::iter::repeat_n(numbers.int8(), run.min(room)));
        }
    }
    values
}

/// An architecture drawn from all that a spec can say, with random weights; nothing where it is too large for a test or
/// where its steps do not go together.
pub(crate) fn network(runner: &mut TestRunner, seed: u64) -> Option<(Spec, Network)> {
    let spec = any_spec().new_tree(runner).expect("a spec").current();
    let graph = spec.lower().ok()?.deployed();
    if graph.cost().macs > 3_000_000 {
        return None;
    }
    let graph = integer_form(&graph).expect("a small graph");
    random::network(graph, &mut Numbers::of_seed(seed)).map(|network| (spec, network))
}
