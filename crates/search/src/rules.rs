//! The rules of a space, made of a description that was looked at: nothing in them is empty, contradictory or beyond what a spec says.

use std::sync::{Arc, LazyLock};

use automcu_model::spec::{Expansion, Pool, Reduction, Repeat};

use crate::{
    builtin,
    count::Count,
    description::{
        Amounts, Choices, Description, DescriptionError, HalvedBy, Halves, Inputs, Place, Pooling, Range, wrong,
    },
    staged::{Follows, Kind, NARROWEST, WIDEST},
};

/// The most stages of any space.
const DEEPEST: u32 = 24;
/// How often a stem may halve a map.
const STEM_HALVINGS: u32 = 2;
/// Sides of kernels.
const KERNELS: [u32; 6] = [1, 3, 5, 7, 9, 11];
/// Longer sides of pictures, and widths in percent.
const SIDES: (u32, u32) = (8, 512);
const PERCENTS: (u32, u32) = (10, 400);
/// The longest text of a name and of a sentence.
const NAME_BYTES: usize = 64;
const ABOUT_BYTES: usize = 400;

/// Numbers to choose from, the least first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) all: Vec<u32>,
    /// What is drawn at random.
    pub(crate) drawn: Vec<u32>,
    /// Whether each was written down.
    pub(crate) is_listed: bool,
    /// Whether it was said what is drawn.
    pub(crate) has_draws: bool,
}

impl Choice {
    pub(crate) fn least(&self) -> u32 {
        self.all.first().copied().unwrap_or_default()
    }

    pub(crate) fn most(&self) -> u32 {
        self.all.last().copied().unwrap_or_default()
    }

    /// The nearest, not below; the most where all are below.
    pub(crate) fn at_least(&self, number: u32) -> u32 {
        self.all.iter().copied().find(|one| *one >= number).unwrap_or(self.most())
    }

    /// The nearest, not above; the least where all are above.
    pub(crate) fn at_most(&self, number: u32) -> u32 {
        self.all.iter().copied().rfind(|one| *one <= number).unwrap_or(self.least())
    }

    /// The next above; the most where there is none.
    pub(crate) fn above(&self, number: u32) -> u32 {
        self.at_least(number.saturating_add(1))
    }

    /// The next below; the least where there is none.
    pub(crate) fn below(&self, number: u32) -> u32 {
        self.at_most(number.saturating_sub(1))
    }
}

/// What a stage may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlaceRules {
    pub(crate) modules: Vec<Kind>,
    pub(crate) channels: Choice,
    pub(crate) repeats: Choice,
    kernels: Vec<u32>,
    signal_kernels: Vec<u32>,
    pub(crate) expansions: Vec<u32>,
    pub(crate) squeeze_excite: Vec<bool>,
    pub(crate) reductions: Vec<u32>,
    pub(crate) skips: Vec<bool>,
    pub(crate) activations: Vec<Follows>,
    pub(crate) halves: Halves,
    pub(crate) halved_by: Vec<HalvedBy>,
}

impl PlaceRules {
    pub(crate) fn kernels(&self, is_signal: bool) -> &[u32] {
        if is_signal { &self.signal_kernels } else { &self.kernels }
    }

    /// How many ways there are to write such a stage down, whether or not they come to the same.
    fn configurations(&self, is_signal: bool) -> Count {
        let halves = if self.halves == Halves::Free { 2 } else { 1 };
        let lengths = [
            self.modules.len(),
            self.channels.all.len(),
            self.repeats.all.len(),
            self.kernels(is_signal).len(),
            self.expansions.len(),
            self.squeeze_excite.len(),
            self.reductions.len(),
            self.skips.len(),
            self.activations.len(),
            self.halved_by.len(),
            halves,
        ];
        lengths.into_iter().fold(Count::one(), Count::times)
    }
}

/// The first convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StemRules {
    pub(crate) channels: Choice,
    kernels: Vec<u32>,
    signal_kernels: Vec<u32>,
    pub(crate) halvings: Choice,
}

impl StemRules {
    pub(crate) fn kernels(&self, is_signal: bool) -> &[u32] {
        if is_signal { &self.signal_kernels } else { &self.kernels }
    }
}

/// The rules of a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    description: Description,
    pub(crate) stem: StemRules,
    pub(crate) depth: Choice,
    places: Vec<PlaceRules>,
    later: PlaceRules,
    pub(crate) pools: Vec<Pool>,
}

impl Rules {
    /// The rules of a description; `file` is what it is called in errors.
    pub fn of(file: &str, description: Description) -> Result<Self, DescriptionError> {
        let check = Check { file };
        check.whole(&description)?;
        let percent = description.width_percent.unwrap_or(100);
        let depth = check.amounts("depth", &description.depth, 0, DEEPEST, |_| true)?;
        if depth.most() == 0 {
            return check.no("depth", "no stage at all; write { least = 1, most = 8 }");
        }
        if depth.all.len() != (depth.most() - depth.least() + 1) as usize {
            return check.no("depth", "numbers are left out between; write { least, most }");
        }
        if description.stages.len() > depth.most() as usize {
            let problem = format!(
                "{} are described, and there are {} at most; describe fewer or raise depth",
                description.stages.len(),
                depth.most()
            );
            return check.no("stages", &problem);
        }
        let stem = check.stem(&description, percent)?;
        let later = check.place("stage", &description.stage, &Place::default(), percent)?;
        let places = description.stages.iter().enumerate();
        let places =
            places.map(|(at, place)| check.place(&format!("stages[{at}]"), place, &description.stage, percent));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        check.agreement(&description, &places, &later)?;
        let pools = description.head.pools.iter().map(|pool| match pool {
            Pooling::Average => Pool::Average,
            Pooling::Max => Pool::Max,
        });
        let pools = pools.collect();
        Ok(Self { stem, depth, places, later, pools, description })
    }

    /// Reads and checks a description; `file` is what it is called in errors.
    pub fn read(file: &str, text: &[u8]) -> Result<Self, DescriptionError> {
        Self::of(file, Description::read(file, text)?)
    }

    /// The rules of a description that was kept as data.
    pub fn kept(description: &serde_json::Value) -> Result<Self, DescriptionError> {
        const KEPT: &str = "the space as it was kept";
        let read = serde_path_to_error::deserialize(description)
            .map_err(|error| wrong(KEPT, &error.path().to_string(), &error.inner().to_string()))?;
        Self::of(KEPT, read)
    }

    /// The built-in space that is searched where none is named.
    #[must_use]
    pub fn usual() -> Arc<Self> {
        static USUAL: LazyLock<Arc<Rules>> =
            LazyLock::new(|| Rules::built_in(builtin::USUAL).expect("a test reads every built-in space"));
        Arc::clone(&USUAL)
    }

    /// The built-in space of this name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Arc<Self>> {
        let (name, text) = builtin::BUILT_IN.iter().find(|(built_in, _)| *built_in == name)?;
        let rules = Self::read(&format!("{name}.toml"), text.as_bytes());
        Some(Arc::new(rules.expect("a test reads every built-in space")))
    }

    /// What they were made of.
    #[must_use]
    pub const fn description(&self) -> &Description {
        &self.description
    }

    /// What the stage at a place may be, the first being 0.
    pub(crate) fn place(&self, at: usize) -> &PlaceRules {
        self.places.get(at).unwrap_or(&self.later)
    }

    /// The rules of all stages that there can be.
    pub(crate) fn all_places(&self) -> impl Iterator<Item = &PlaceRules> {
        (0..self.depth.most() as usize).map(|at| self.place(at))
    }

    /// How many ways there are to write a stage down, whether or not they come to the same.
    #[must_use]
    pub fn stage_configurations(&self, at: usize, is_signal: bool) -> Count {
        self.place(at).configurations(is_signal)
    }

    /// How many ways there are to write a member down, whether or not they come to the same.
    #[must_use]
    pub fn configurations(&self, is_signal: bool) -> Count {
        let (mut all, mut so_far) = (Count::zero(), Count::one());
        for stages in 0..=self.depth.most() as usize {
            if stages > 0 {
                so_far = so_far.by(&self.stage_configurations(stages - 1, is_signal));
            }
            if stages >= self.depth.least() as usize {
                all = all.plus(&so_far);
            }
        }
        let stem = [
            self.stem.channels.all.len(),
            self.stem.kernels(is_signal).len(),
            self.stem.halvings.all.len(),
            self.pools.len(),
        ];
        stem.into_iter().fold(all, Count::times)
    }

    /// The modules that stages may be made of.
    #[must_use]
    pub fn modules(&self) -> Vec<Kind> {
        let has = |kind: &Kind| self.all_places().any(|place| place.modules.contains(kind));
        Kind::ALL.into_iter().filter(has).collect()
    }
}

/// Looks at a description.
struct Check<'f> {
    file: &'f str,
}

impl Check<'_> {
    fn no<T>(&self, field: &str, problem: &str) -> Result<T, DescriptionError> {
        Err(wrong(self.file, field, problem))
    }

    fn whole(&self, said: &Description) -> Result<(), DescriptionError> {
        self.within("version", said.version, (1, 1))?;
        let is_clean = |text: &str| !text.chars().any(char::is_control);
        if said.name.is_empty() || said.name.len() > NAME_BYTES || !is_clean(&said.name) {
            return self.no("name", "names nothing; write 1 to 64 bytes without control characters");
        }
        if said.about.len() > ABOUT_BYTES || !is_clean(&said.about) {
            return self.no("about", "too long, or has control characters; write a sentence of up to 400 bytes");
        }
        said.side.map_or(Ok(()), |side| self.within("side", side, SIDES))?;
        said.width_percent.map_or(Ok(()), |percent| self.within("width_percent", percent, PERCENTS))?;
        self.within("last_map.least", said.last_map.least, (1, 64))?;
        self.within("last_map.most", said.last_map.most, (said.last_map.least, 128))?;
        self.each("head.pools", &said.head.pools, |_| true, "average or max")?;
        if let Some(Choices { sides, width_percents }) = &said.choose {
            self.each("choose.sides", sides, |side| (SIDES.0..=SIDES.1).contains(side), "8 to 512")?;
            let is_percent = |percent: &u32| (PERCENTS.0..=PERCENTS.1).contains(percent);
            self.each("choose.width_percents", width_percents, is_percent, "10 to 400")?;
        }
        Ok(())
    }

    fn within(&self, field: &str, number: u32, (least, most): (u32, u32)) -> Result<(), DescriptionError> {
        if (least..=most).contains(&number) {
            return Ok(());
        }
        let remedy = if least == most { format!("write {least}") } else { format!("write {least} to {most}") };
        self.no(field, &format!("{number} is out of range; {remedy}"))
    }

    /// A list that is not empty, holds nothing twice, and only what is allowed.
    fn each<T: Clone + PartialEq + std::fmt::Debug>(
        &self,
        field: &str,
        list: &[T],
        is_allowed: impl Fn(&T) -> bool,
        allowed: &str,
    ) -> Result<Vec<T>, DescriptionError> {
        if list.is_empty() {
            return self.no(field, &format!("nothing to choose from; name one at least, or leave it out ({allowed})"));
        }
        if let Some(one) = list.iter().find(|one| !is_allowed(one)) {
            return self.no(field, &format!("{one:?} is not allowed; write {allowed}"));
        }
        if let Some((_, one)) = list.iter().enumerate().find(|(at, one)| list[..*at].contains(one)) {
            return self.no(field, &format!("{one:?} stands there twice; name it once"));
        }
        Ok(list.to_vec())
    }

    fn amounts(
        &self,
        field: &str,
        amounts: &Amounts,
        least: u32,
        most: u32,
        is_allowed: impl Fn(u32) -> bool,
    ) -> Result<Choice, DescriptionError> {
        let allowed = format!("numbers from {least} to {most}{}", if is_allowed(7) { "" } else { WIDTHS });
        let fits = |number: &u32| (least..=most).contains(number) && is_allowed(*number);
        match amounts {
            Amounts::List(list) => {
                let drawn = self.each(field, list, fits, &allowed)?;
                let mut all = drawn.clone();
                all.sort_unstable();
                Ok(Choice { all, drawn, is_listed: true, has_draws: true })
            }
            Amounts::Range(Range { least: from, most: to, draws }) => {
                if from > to {
                    return self.no(field, &format!("nothing is between {from} and {to}; write the smaller one first"));
                }
                if let Some(end) = [from, to].into_iter().find(|end| !fits(end)) {
                    return self.no(field, &format!("{end} is not allowed; write {allowed}"));
                }
                let all: Vec<u32> = (*from..=*to).filter(|number| is_allowed(*number)).collect();
                if let Some(other) = draws.iter().find(|draw| !all.contains(draw)) {
                    let problem = format!("draws {other}, which is not among them; draw from {from} to {to}");
                    return self.no(field, &problem);
                }
                let drawn = if draws.is_empty() { all.clone() } else { draws.clone() };
                Ok(Choice { all, drawn, is_listed: false, has_draws: !draws.is_empty() })
            }
        }
    }

    fn widths(&self, field: &str, amounts: &Amounts, percent: u32) -> Result<Choice, DescriptionError> {
        let Choice { all, drawn, is_listed, has_draws } =
            self.amounts(field, amounts, NARROWEST, WIDEST, |width| width == usual_width(width))?;
        let scaled = |width: &u32| usual_width(width * percent / 100);
        let drawn = drawn.iter().map(scaled).collect();
        let mut all: Vec<u32> = if is_listed {
            all.iter().map(scaled).collect()
        } else {
            let ends = [all.first(), all.last()].map(|end| end.map_or(NARROWEST, scaled));
            (ends[0]..=ends[1]).filter(|width| *width == usual_width(*width)).collect()
        };
        all.sort_unstable();
        all.dedup();
        Ok(Choice { all, drawn, is_listed, has_draws })
    }

    fn kernels(&self, field: &str, kernels: &[u32]) -> Result<Vec<u32>, DescriptionError> {
        self.each(field, kernels, |side| KERNELS.contains(side), "1, 3, 5, 7, 9 or 11")
    }

    fn stem(&self, said: &Description, percent: u32) -> Result<StemRules, DescriptionError> {
        let stem = &said.stem;
        let kernels = self.kernels("stem.kernels", &stem.kernels)?;
        let signal_kernels = match &stem.signal_kernels {
            Some(kernels) => self.kernels("stem.signal_kernels", kernels)?,
            None => kernels.clone(),
        };
        let channels = self.widths("stem.channels", &stem.channels, percent)?;
        let halvings = self.amounts("stem.halvings", &stem.halvings, 0, STEM_HALVINGS, |_| true)?;
        Ok(StemRules { channels, kernels, signal_kernels, halvings })
    }

    /// What a place may be: what it says itself, else what all say, else as usual.
    fn place(&self, at: &str, own: &Place, shared: &Place, percent: u32) -> Result<PlaceRules, DescriptionError> {
        let field = |name: &str| format!("{at}.{name}");
        let missing = |name: &str, remedy: &str| wrong(self.file, &field(name), &format!("missing; {remedy}"));
        macro_rules! said {
            ($name:ident) => {
                own.$name.as_ref().or(shared.$name.as_ref())
            };
            ($name:ident, $usual:expr, $is_allowed:expr, $allowed:literal) => {
                self.each(
                    &field(stringify!($name)),
                    said!($name).map_or(&$usual[..], Vec::as_slice),
                    $is_allowed,
                    $allowed,
                )?
            };
        }
        let modules = said!(modules).ok_or_else(|| missing("modules", "name one at least, such as \"conv\""))?;
        let modules = self.each(&field("modules"), modules, |_| true, "modules")?;
        let channels = said!(channels).ok_or_else(|| missing("channels", "such as { least = 8, most = 256 }"))?;
        let channels = self.widths(&field("channels"), channels, percent)?;
        let once = Amounts::List(vec![1]);
        let most = Repeat::MOST.get();
        let repeats = self.amounts(&field("repeats"), said!(repeats).unwrap_or(&once), 1, most, |_| true)?;
        let kernels = self.kernels(&field("kernels"), said!(kernels).map_or(&[3], Vec::as_slice))?;
        // A place that says its kernels says them for signals too, unless it says otherwise.
        let for_signals = own.signal_kernels.as_ref().or(own.kernels.as_ref()).or(shared.signal_kernels.as_ref());
        let signal_kernels = match for_signals {
            Some(sides) => self.kernels(&field("signal_kernels"), sides)?,
            None => kernels.clone(),
        };
        Ok(PlaceRules {
            modules,
            channels,
            repeats,
            kernels,
            signal_kernels,
            expansions: said!(expansions, [4], |one| Expansion::new(*one).is_some(), "1, 2, 3, 4, 5, 6 or 8"),
            squeeze_excite: said!(squeeze_excite, [false], |_| true, "true or false"),
            reductions: said!(reductions, [4], |one| Reduction::new(*one).is_some(), "2, 4, 8 or 16"),
            skips: said!(skips, [true], |_| true, "true or false"),
            activations: said!(activations, [Follows::Own], |_| true, "activations"),
            halves: said!(halves).copied().unwrap_or_default(),
            halved_by: said!(halved_by, [HalvedBy::Stride], |_| true, "stride, max_pool or average_pool"),
        })
    }

    /// What is said of something that is not there.
    fn agreement(&self, said: &Description, places: &[PlaceRules], later: &PlaceRules) -> Result<(), DescriptionError> {
        if said.inputs == Inputs::Signals && (said.side.is_some() || said.choose.is_some()) {
            let field = if said.side.is_some() { "side" } else { "choose" };
            return self.no(field, "signals are not resized; leave it out, or let inputs be pictures");
        }
        let tables = said.stages.iter().zip(places).enumerate();
        let tables = tables.map(|(at, (table, place))| (format!("stages[{at}]"), table, vec![place]));
        let all = places.iter().chain([later]).collect();
        for (name, table, places) in tables.chain([("stage".to_owned(), &said.stage, all)]) {
            let any = |has: &dyn Fn(&PlaceRules) -> bool| places.iter().any(|place| has(place));
            let expands = any(&|place| place.modules.iter().any(|kind| kind.expands()));
            let squeezes = any(&|place| place.modules.iter().any(|kind| kind.squeezes()));
            let is_squeezed = any(&|place| place.squeeze_excite.contains(&true));
            let halves = any(&|place| place.halves != Halves::Never);
            for (field, is_idle, why) in [
                ("expansions", table.expansions.is_some() && !expands, "no module there expands"),
                (
                    "squeeze_excite",
                    table.squeeze_excite.as_ref().is_some_and(|list| list.contains(&true)) && !squeezes,
                    "no module there has one",
                ),
                ("reductions", table.reductions.is_some() && !is_squeezed, "squeeze_excite is never true there"),
                ("skips", table.skips.is_some() && !squeezes, "no module there asks whether to add its input"),
                ("halved_by", table.halved_by.is_some() && !halves, "nothing there halves a map"),
            ] {
                if is_idle {
                    return self.no(&format!("{name}.{field}"), &format!("{why}; leave it out or add a module"));
                }
            }
        }
        Ok(())
    }
}

const WIDTHS: &str = ", multiples of 4 up to 16 and of 8 above";

/// The nearest width of any space, not below.
pub(crate) fn usual_width(channels: u32) -> u32 {
    let step = if channels <= 16 { 4 } else { 8 };
    channels.next_multiple_of(step).clamp(NARROWEST, WIDEST)
}
