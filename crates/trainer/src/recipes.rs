//! The recipes that are built in, each with augmentations that suit the samples.

use automcu_dataset::{Augmentation, Crop, Cutout, Mix, Policy, Spread, TimeShift};
use automcu_model::Shape;

use crate::recipe::{EarlyStop, Length, Optimiser, Recipe, RecipeError, Schedule, Stretch, Version};

/// What samples are, as far as augmentations ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Pictures in colour.
    Colour,
    /// Pictures in grey, whose sides may mean something.
    Grey,
    /// Signals over time: rows are steps.
    Signal,
}

impl Nature {
    /// What samples of this shape are.
    #[must_use]
    pub const fn of(shape: Shape, is_picture: bool) -> Self {
        match (is_picture, shape.channels) {
            (true, 3) => Self::Colour,
            (true, _) => Self::Grey,
            (false, _) => Self::Signal,
        }
    }
}

/// The names of the recipes that are built in.
pub const RECIPES: [&str; 5] = ["paper", "lmanet-mini", "lmanet-full", "fast", "rung-K"];

const MOMENTUM: Optimiser = Optimiser::Sgd { momentum: 0.9, nesterov: true };

impl Recipe {
    /// The built-in recipe of this name. `rung-K`, with a number for K, is one of a ladder: each next rung has three times the
    /// samples or epochs of the one before.
    pub fn named(name: &str, nature: Nature) -> Result<Self, RecipeError> {
        let recipe = match name {
            "paper" => controlled(nature),
            "lmanet-mini" => lmanet(nature, name, 30, false),
            "lmanet-full" => lmanet(nature, name, 120, true),
            "fast" => fast(nature),
            _ => match name.strip_prefix("rung-").and_then(|rung| rung.parse().ok()).filter(|rung| *rung < 6) {
                Some(rung) => at_rung(nature, name, rung),
                None => {
                    return Err(RecipeError::Unknown { name: name.to_owned(), known: RECIPES.join(", ") });
                }
            },
        };
        recipe.checked()
    }
}

fn whole(augmentation: Augmentation) -> Vec<Stretch> {
    vec![Stretch { until: 1.0, augmentation }]
}

/// What every recipe does to samples of a kind.
fn gentle(nature: Nature) -> Augmentation {
    let none = Augmentation::none();
    match nature {
        Nature::Colour => Augmentation { crop: Some(Crop { pad: 4 }), flip: true, ..none },
        Nature::Grey => Augmentation { crop: Some(Crop { pad: 2 }), ..none },
        Nature::Signal => Augmentation {
            time_shift: Some(TimeShift { most: 4 }),
            scale: Some(Spread { deviation: 0.1 }),
            noise: Some(Spread { deviation: 0.05 }),
            ..none
        },
    }
}

/// The same for all candidates of a job: a plain cosine, stopped where nothing is gained any more.
fn controlled(nature: Nature) -> Recipe {
    Recipe {
        version: Version,
        name: "paper".into(),
        length: Length::Epochs(60),
        batch: 128,
        optimiser: MOMENTUM,
        rate: 0.1,
        schedule: Schedule::Cosine { warm_up: 0.05, last: 0.0 },
        weight_decay: 5e-4,
        label_smoothing: 0.0,
        average: None,
        clip: Some(5.0),
        early_stop: Some(EarlyStop { patience: 15, least: 30, rise: 0.0005 }),
        fraction: 1.0,
        stretches: whole(gentle(nature)),
    }
}

fn lmanet(nature: Nature, name: &str, epochs: u32, is_full: bool) -> Recipe {
    let mut augmentation = gentle(nature);
    if is_full && nature == Nature::Colour {
        augmentation.auto = Some(Policy::Cifar10);
        augmentation.mixup = Some(Mix { alpha: 0.2 });
    }
    Recipe {
        name: name.into(),
        length: Length::Epochs(epochs),
        label_smoothing: 0.1,
        early_stop: None,
        stretches: whole(augmentation),
        ..controlled(nature)
    }
}

/// The best accuracy within a time on a CPU.
fn fast(nature: Nature) -> Recipe {
    let mut augmentation = gentle(nature);
    if nature == Nature::Colour {
        augmentation.cutout = Some(Cutout { side: 8 });
    }
    Recipe {
        name: "fast".into(),
        length: Length::Seconds(600.0),
        batch: 64,
        rate: 0.1,
        schedule: Schedule::OneCycle { warm_up: 0.2, first: 0.1 },
        label_smoothing: if nature == Nature::Signal { 0.05 } else { 0.1 },
        average: Some(0.998),
        early_stop: None,
        // The last epochs see samples more like those that are to be told apart.
        stretches: vec![Stretch { until: 0.9, augmentation }, Stretch { until: 1.0, augmentation: gentle(nature) }],
        ..controlled(nature)
    }
}

/// Cheap looks first: rung 0 is 3 epochs on 30 % of the samples.
fn at_rung(nature: Nature, name: &str, rung: u32) -> Recipe {
    let (epochs, fraction) = [(3, 0.3), (3, 1.0), (9, 1.0), (27, 1.0), (81, 1.0), (243, 1.0)][rung as usize];
    Recipe { name: name.into(), length: Length::Epochs(epochs), fraction, ..fast(nature) }
}
