//! Which of several spaces to search: that whose members that fit compute the most, as TinyNAS chooses a side and a width.
//!
//! The idea is that what computes more within the same memory learns better. Nothing is trained for it: members are drawn, and
//! a glance says which fit.

use serde::Serialize;

use crate::{
    cost::Task,
    numbers::{Numbers, Purpose},
    space::Space,
    staged::Stages,
};

/// So many members are drawn of each space.
pub const CHOICE_DRAWS: u32 = 64;
/// Of a space so many of its draws must fit, in percent: the mean of a few is luck.
const FITTING_PERCENT: u32 = 5;

/// How the members of a space that fit are spread.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// What the space is called.
    pub space: String,
    /// Rows and columns of what its members take.
    pub input: [u32; 2],
    /// Members that were drawn.
    pub drawn: u32,
    /// Those that fit, by a glance.
    pub fitting: u32,
    /// What these compute on average, in multiply-accumulates; nothing where none fits.
    pub mean_macs: Option<u64>,
    /// What four in five of these do not exceed.
    pub p80_macs: Option<u64>,
}

/// What was chosen, and from what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chosen {
    /// All spaces, in the order in which they were named.
    pub spreads: Vec<Spread>,
    /// The place of the one that was chosen; nothing where of none enough members fit.
    pub chosen: Option<usize>,
    /// Why, in words and figures.
    pub reason: String,
}

/// Chooses among spaces, each with what its members may take, by so many draws of each.
#[must_use]
pub fn choose(tasks: &[Task<Stages>], draws: u32, seed: u64) -> Chosen {
    let spreads: Vec<Spread> = tasks.iter().map(|task| spread(task, draws, seed)).collect();
    let enough = |spread: &Spread| spread.fitting * 100 >= (spread.drawn * FITTING_PERCENT).max(1);
    let rank = |spread: &Spread| (spread.mean_macs, spread.p80_macs);
    let mut order: Vec<usize> = (0..spreads.len()).filter(|&at| enough(&spreads[at])).collect();
    // Of equals the first counts.
    order.sort_by_key(|&at| std::cmp::Reverse(rank(&spreads[at])));
    let reason = reason(&spreads, &order);
    Chosen { chosen: order.first().copied(), spreads, reason }
}

fn spread(task: &Task<Stages>, draws: u32, seed: u64) -> Spread {
    let drawn = (0..draws).map(|place| task.space.draw(&mut Numbers::of(seed, Purpose::Draw, place.into())));
    let mut macs: Vec<u64> = drawn.filter_map(|member| Some(task.glance(&member).ok()?.macs)).collect();
    macs.sort_unstable();
    let count = macs.len() as u64;
    let total: u128 = macs.iter().map(|macs| u128::from(*macs)).sum();
    let input = task.space.input();
    Spread {
        space: task.space.rules().description().name.clone(),
        input: [input.height.get(), input.width.get()],
        drawn: draws,
        fitting: u32::try_from(count).unwrap_or(u32::MAX),
        mean_macs: total.checked_div(count.into()).and_then(|mean| u64::try_from(mean).ok()),
        // The nearest rank.
        p80_macs: (macs.len() * 4).div_ceil(5).checked_sub(1).and_then(|at| macs.get(at)).copied(),
    }
}

fn reason(spreads: &[Spread], order: &[usize]) -> String {
    let Some(best) = order.first().map(|&at| &spreads[at]) else {
        let most = spreads.iter().max_by_key(|spread| spread.fitting);
        let most = most.map_or_else(String::new, |most| {
            format!(": most in {}, where {} of {} do", most.space, most.fitting, most.drawn)
        });
        return format!("of no space enough draws fit{most}; allow more memory, or name spaces that are smaller");
    };
    let figures = |spread: &Spread| {
        let of = |macs: Option<u64>| macs.map_or_else(|| "nothing".to_owned(), millions);
        format!("{} on average, four in five up to {}", of(spread.mean_macs), of(spread.p80_macs))
    };
    let next = order.get(1).map_or_else(String::new, |&at| {
        let next = &spreads[at];
        format!("; next is {} with {}", next.space, figures(next))
    });
    format!(
        "{}: {} of {} draws fit, and compute the most multiply-accumulates, {}{next}",
        best.space,
        best.fitting,
        best.drawn,
        figures(best)
    )
}

fn millions(macs: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let millions = macs as f64 / 1e6;
    format!("{millions:.2} M")
}
