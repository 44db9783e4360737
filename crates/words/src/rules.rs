//! What phrases there are. Each rule reads one from where it stands, or nothing; the first that reads something counts.

use automcu_api::{Ablation, AmountError, Money, Proposer, Size, Span};

use crate::{
    amounts::{Said, percentage, size, sized, span, unit},
    numbers::{count, number},
    piece::Piece,
    scan::Scan,
    token::Kind,
    write::PROPOSERS,
};

/// What a phrase says, and what had to be assumed.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) assumed: Vec<String>,
}

/// Why a phrase that is recognised cannot be meant.
pub(crate) enum Complaint {
    Amount(AmountError),
    WhichMemory,
    Contrary,
}

type Reading = Option<Result<Found, Complaint>>;

/// The rules, in order: what begins with a word of its own comes before what begins with an amount.
pub(crate) const RULES: &[fn(&mut Scan<'_>) -> Reading] = &[
    named,
    space,
    seeds,
    counted,
    money,
    priority,
    switched,
    both_memories,
    memory_first,
    size_first,
    goal,
    time,
    proposer,
    bare_size,
    filler,
];

/// The built-in spaces, as they are called.
const SPACES: &[&str] = &["mixed", "free", "stages", "mobile", "residual", "signal"];

/// How long a night is.
const NIGHT_S: u64 = 8 * 3600;

/// Words that say nothing of a job.
const FILLERS: &str = "a about accuracy accurate aim all an and around at be begin best board budget build by can chip classifier \
    classify classifying controller correct create data dataset deploy design device for find fit fits fitting \
    from get give goal has have having hit i images in is it job learn let like limit made make mcu me memory \
    microcontroller model must my need needs neural net network networks of on onto our part pictures please \
    propose proposed reach reaches reaching recognise recognize run running runs search searched set should so \
    some start suitable take taking target test that the this time to train trained training try us use using \
    validation want we which will with would";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Least,
    Most,
}

impl Found {
    fn of(piece: Piece) -> Reading {
        Some(Ok(Self { pieces: vec![piece], assumed: Vec::new() }))
    }

    fn assuming(piece: Piece, assumed: impl Into<String>) -> Reading {
        Some(Ok(Self { pieces: vec![piece], assumed: vec![assumed.into()] }))
    }
}

/// `at least`, `up to`, and so on, before an amount.
fn bound(scan: &mut Scan<'_>) -> Option<Bound> {
    const LEAST: [&str; 6] = ["at least", "no less than", "not less than", "more than", "a minimum of", "minimum"];
    const MOST: [&str; 7] =
        ["at most", "no more than", "not more than", "less than", "up to", "a maximum of", "maximum"];
    let symbol = |scan: &mut Scan<'_>| {
        let bound = match scan.symbol("≥≤<>")? {
            '≥' | '>' => Bound::Least,
            _ => Bound::Most,
        };
        scan.symbol("=");
        Some(bound)
    };
    if LEAST.iter().any(|words| scan.words(words).is_some()) || scan.word(&["over", "above"]).is_some() {
        return Some(Bound::Least);
    }
    if MOST.iter().any(|words| scan.words(words).is_some()) || scan.word(&["within", "under", "below", "max"]).is_some()
    {
        return Some(Bound::Most);
    }
    scan.attempt(symbol)
}

/// `or more`, `or less`, `maximum`, behind an amount.
fn bound_behind(scan: &mut Scan<'_>) -> Option<Bound> {
    let bare = match scan.word(&["minimum", "maximum"]) {
        Some("minimum") => Some(Bound::Least),
        other => other.map(|_| Bound::Most),
    };
    bare.or_else(|| {
        scan.attempt(|scan| {
            scan.word(&["or"])?;
            match scan.word(&["more", "better", "higher", "above", "less", "fewer", "below"])? {
                "less" | "fewer" | "below" => Some(Bound::Most),
                _ => Some(Bound::Least),
            }
        })
    })
}

/// An amount with what bounds it; a bound on the wrong side is not passed over.
fn bounded(scan: &mut Scan<'_>, right: Bound, rule: impl FnOnce(&mut Scan<'_>) -> Reading) -> Reading {
    let before = bound(scan);
    let found = rule(scan)?;
    let behind = bound_behind(scan);
    let is_contrary = [before, behind].into_iter().flatten().any(|bound| bound != right);
    Some(if is_contrary { Err(Complaint::Contrary) } else { found })
}

/// `data "..."`, a path, `space mobile`, `recipe paper`, `tag "..."`: names that are not in the vocabulary.
fn named(scan: &mut Scan<'_>) -> Reading {
    let quoted = |scan: &mut Scan<'_>| {
        scan.joint();
        match &scan.next()?.kind {
            Kind::Quoted(name) | Kind::Path(name) => Some(name.clone()),
            _ => None,
        }
    };
    let any = |scan: &mut Scan<'_>| {
        scan.joint();
        scan.name()
    };
    match scan
        .word(&["data", "dataset", "target", "board", "mcu", "space", "recipe", "tag", "tagged", "judge", "judged"])
    {
        None | Some("data" | "dataset") => Found::of(Piece::Data(quoted(scan)?)),
        Some("space") => Found::of(Piece::Space(any(scan)?)),
        Some("recipe") => Found::of(Piece::Recipe(any(scan)?)),
        Some("tag" | "tagged") => Found::of(Piece::Tag(any(scan)?)),
        Some("judge" | "judged") => {
            scan.word(&["by"]);
            Found::of(Piece::Judge(any(scan)?))
        }
        Some(_) => Found::of(Piece::Target(quoted(scan)?)),
    }
}

/// `in the mobile space`.
fn space(scan: &mut Scan<'_>) -> Reading {
    let name = scan.attempt(|scan| {
        scan.word(&["in", "within"]);
        scan.word(&["the"]);
        let name = scan.word(SPACES)?;
        scan.word(&["space"])?;
        Some(name.to_owned())
    })?;
    Found::of(Piece::Space(name))
}

/// `seed 7`, `3 seeds`, `seeds only`.
fn seeds(scan: &mut Scan<'_>) -> Reading {
    if let Some(seed) = scan.attempt(|scan| {
        scan.word(&["random"]);
        scan.word(&["seed"])?;
        scan.joint();
        count(scan)
    }) {
        return Found::of(Piece::Seed(seed));
    }
    if scan.words("seed library").or_else(|| scan.words("seeds only")).or_else(|| scan.words("only seeds")).is_some() {
        return Found::of(Piece::Proposer(Proposer::Seeds));
    }
    scan.word(&["seeds"])?;
    scan.joint();
    Found::of(Piece::Seeds(count(scan)?))
}

/// `40 candidates`, `30 epochs`, `3 seeds`.
fn counted(scan: &mut Scan<'_>) -> Reading {
    if let Some(kind) = scan.word(&["candidates", "epochs", "tokens"]) {
        scan.joint();
        return bounded(scan, Bound::Most, |scan| match kind {
            "epochs" => Found::of(Piece::Epochs(count(scan)?)),
            "tokens" => Found::of(Piece::Tokens(count(scan)?)),
            _ => Found::of(Piece::Candidates(count(scan)?)),
        });
    }
    let tokens = |scan: &mut Scan<'_>| {
        let count = count(scan)?;
        scan.word(&["token", "tokens"])?;
        Found::of(Piece::Tokens(count))
    };
    if let Some(found) = scan.attempt(|scan| bounded(scan, Bound::Most, tokens)) {
        return Some(found);
    }
    bounded(scan, Bound::Most, |scan| {
        let count = count(scan)?;
        match scan.word(&["candidate", "candidates", "architectures", "epoch", "epochs", "seed", "seeds"])? {
            "epoch" | "epochs" => Found::of(Piece::Epochs(count)),
            "seed" | "seeds" => Found::of(Piece::Seeds(count)),
            _ => Found::of(Piece::Candidates(count)),
        }
    })
}

/// `money 2.50`, `a cost of at most 2.50`.
fn money(scan: &mut Scan<'_>) -> Reading {
    scan.word(&["money", "cost"])?;
    scan.joint();
    scan.words("of");
    bounded(scan, Bound::Most, |scan| {
        let money: Result<Money, AmountError> = number(scan)?.parse();
        let found = |money| Found { pieces: vec![Piece::Money(money)], assumed: Vec::new() };
        Some(money.map_err(Complaint::Amount).map(found))
    })
}

/// `priority 5`, `high priority`.
fn priority(scan: &mut Scan<'_>) -> Reading {
    match scan.word(&["high", "low", "priority"])? {
        "high" => scan.words("priority").and_then(|()| Found::assuming(Piece::Priority(10), "a high priority is 10")),
        "low" => scan.words("priority").and_then(|()| Found::assuming(Piece::Priority(-10), "a low priority is -10")),
        _ => {
            scan.joint();
            let sign = if scan.symbol("-").is_some() { "-" } else { "" };
            Found::of(Piece::Priority(format!("{sign}{}", number(scan)?).parse().ok()?))
        }
    }
}

/// `warm start`, `leave out group 4`, `mix groups`, `without hag`.
fn switched(scan: &mut Scan<'_>) -> Reading {
    if scan.words("warm start").or_else(|| scan.words("past jobs")).or_else(|| scan.words("warm")).is_some() {
        return Found::of(Piece::Warm);
    }
    if scan.words("mix groups").or_else(|| scan.words("mixing groups")).is_some() {
        return Found::of(Piece::MixGroups);
    }
    if scan.word(&["without"]).is_some() {
        let is_msim = scan.word(&["msim"]).is_some();
        let part = if is_msim { Ablation::Msim } else { Ablation::Hag };
        return (is_msim || scan.word(&["hag", "screening"]).is_some())
            .then(|| Found::of(Piece::Ablate(part)))
            .flatten();
    }
    if scan.word(&["replay", "replaying"]).is_some() {
        let job = scan.name()?.parse().ok()?;
        return Found::of(Piece::Replays(job));
    }
    scan.word(&["leave", "leaving"])?;
    let is_out = scan.word(&["out"]).is_some();
    scan.word(&["group"]);
    let group = count(scan)?;
    if !is_out {
        scan.word(&["out"])?;
    }
    Found::of(Piece::LeaveOut(group))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    Ram,
    Flash,
}

impl Memory {
    const fn piece(self, size: Size) -> Piece {
        match self {
            Self::Ram => Piece::Ram(size),
            Self::Flash => Piece::Flash(size),
        }
    }
}

fn memory(scan: &mut Scan<'_>) -> Option<Memory> {
    let memory = match scan.word(&["ram", "sram", "flash", "rom"])? {
        "ram" | "sram" => Memory::Ram,
        _ => Memory::Flash,
    };
    scan.word(&["memory"]);
    Some(memory)
}

/// `RAM/Flash`, `Flash and RAM`.
fn memories(scan: &mut Scan<'_>) -> Option<[Memory; 2]> {
    scan.attempt(|scan| {
        let first = memory(scan)?;
        scan.symbol("/").map(drop).or_else(|| scan.words("and"))?;
        let second = memory(scan)?;
        (first != second).then_some([first, second])
    })
}

/// What is said of sizes, in this order of memories.
fn of_memories(order: &[Memory], sizes: &[Said]) -> Reading {
    let assumed = sizes.iter().filter_map(|(_, unit)| decimal(unit)).collect();
    let pieces = order.iter().zip(sizes).map(|(memory, said)| sized(said).map(|size| memory.piece(size)));
    let pieces: Result<Vec<Piece>, AmountError> = pieces.collect();
    Some(pieces.map(|pieces| Found { pieces, assumed }).map_err(Complaint::Amount))
}

/// What is assumed of a unit that some mean otherwise.
fn decimal(unit: &str) -> Option<String> {
    match unit {
        "KB" => Some("KB is 1,000 bytes; KiB is 1,024".to_owned()),
        "MB" => Some("MB is 1,000,000 bytes; MiB is 1,048,576".to_owned()),
        _ => None,
    }
}

/// `64/128 KB`, `64 KB / 128 KB`; `and` in the place of the stroke where the memories are named.
fn pair(scan: &mut Scan<'_>, joint: impl FnOnce(&mut Scan<'_>) -> Option<()>) -> Option<[Said; 2]> {
    scan.attempt(|scan| {
        let first = (number(scan)?, unit(scan));
        joint(scan)?;
        let second = size(scan)?;
        Some([(first.0, first.1.unwrap_or(second.1)), second])
    })
}

fn stroke(scan: &mut Scan<'_>) -> Option<()> {
    scan.symbol("/").map(drop)
}

fn stroke_or_and(scan: &mut Scan<'_>) -> Option<()> {
    stroke(scan).or_else(|| scan.words("and"))
}

/// Both memories at once. Where the order is not said, RAM comes first.
fn both_memories(scan: &mut Scan<'_>) -> Reading {
    if let Some(order) = memories(scan) {
        scan.joint();
        return bounded(scan, Bound::Most, |scan| of_memories(&order, &pair(scan, stroke_or_and)?));
    }
    bounded(scan, Bound::Most, |scan| {
        let ordered = |scan: &mut Scan<'_>| {
            let sizes = pair(scan, stroke_or_and)?;
            scan.word(&["of"]);
            of_memories(&memories(scan)?, &sizes)
        };
        scan.attempt(ordered).or_else(|| {
            let assumed = "of two sizes the first is RAM, the second Flash".to_owned();
            let found = of_memories(&[Memory::Ram, Memory::Flash], &pair(scan, stroke)?)?;
            // A memory behind it belongs to the second size alone: then these are two phrases.
            let is_of_one = memory(&mut scan.clone()).is_some();
            let add = |mut found: Found| {
                found.assumed.push(assumed);
                found
            };
            (!is_of_one).then_some(found.map(add))
        })
    })
}

/// `RAM 64 KB`, `Flash: at most 128 KB`, `a maximum RAM of 64 KB`.
fn memory_first(scan: &mut Scan<'_>) -> Reading {
    bounded(scan, Bound::Most, |scan| {
        let memory = memory(scan)?;
        scan.word(&["budget", "limit", "limited"]);
        scan.joint();
        bounded(scan, Bound::Most, |scan| of_memories(&[memory], &[size(scan)?]))
    })
}

/// `64 KB of RAM`.
fn size_first(scan: &mut Scan<'_>) -> Reading {
    bounded(scan, Bound::Most, |scan| {
        let size = size(scan)?;
        scan.word(&["of", "for"]);
        of_memories(&[memory(scan)?], &[size])
    })
}

/// A size without a memory says too little.
fn bare_size(scan: &mut Scan<'_>) -> Reading {
    size(scan).map(|_| Err(Complaint::WhichMemory))
}

/// `91 %`, `an accuracy of 0.91`, `0.91 accuracy`, `a minimum accuracy of 91 %`.
fn goal(scan: &mut Scan<'_>) -> Reading {
    bounded(scan, Bound::Least, |scan| {
        let is_named = scan.word(&["accuracy", "goal"]).map(|_| scan.joint()).is_some();
        bounded(scan, Bound::Least, |scan| share(scan, is_named))
    })
}

fn share(scan: &mut Scan<'_>, is_named: bool) -> Reading {
    let goal = percentage(scan).or_else(|| {
        let share = number(scan)?;
        (is_named || scan.word(&["accuracy"]).is_some()).then(|| share.parse())
    })?;
    Some(goal.map_err(Complaint::Amount).map(|goal| Found { pieces: vec![Piece::Goal(goal)], assumed: Vec::new() }))
}

/// `within two hours`, `overnight`.
fn time(scan: &mut Scan<'_>) -> Reading {
    if scan.words("overnight").or_else(|| scan.words("over night")).is_some() {
        let night = Span::new(NIGHT_S).map(Piece::Time)?;
        return Found::assuming(night, "overnight is 8 h");
    }
    bounded(scan, Bound::Most, |scan| {
        let span: Result<Span, AmountError> = span(scan)?;
        Some(span.map_err(Complaint::Amount).map(|span| Found { pieces: vec![Piece::Time(span)], assumed: Vec::new() }))
    })
}

/// `by evolution`, `random search`, `proposer seeds`.
fn proposer(scan: &mut Scan<'_>) -> Reading {
    let is_named = scan.word(&["proposer"]).map(|_| scan.joint()).is_some();
    if scan.words("language model").is_some() {
        return Found::of(Piece::Proposer(Proposer::Llm));
    }
    let known = scan.word(&["evolutionary", "randomly"]).or_else(|| scan.word(&PROPOSERS.map(|(word, _)| word)))?;
    let proposer = match known {
        "evolutionary" => Proposer::Evolution,
        "randomly" => Proposer::Random,
        // Three seeds are not the seed library.
        "seeds" if !is_named => return None,
        word => PROPOSERS.iter().find(|(known, _)| *known == word).map(|(_, proposer)| *proposer)?,
    };
    scan.word(&["search", "draws", "sampling"]);
    Found::of(Piece::Proposer(proposer))
}

/// What says nothing, so that nothing is lost with it. A minus is not of these.
fn filler(scan: &mut Scan<'_>) -> Reading {
    let word = |scan: &mut Scan<'_>| match &scan.next()?.kind {
        Kind::Word(word) => FILLERS.split(' ').find(|filler| filler == word),
        _ => None,
    };
    if scan.attempt(word).is_none() {
        let is_dash = scan.symbol(",;.:!?()&–—-+'")? == '-';
        if is_dash && scan.digits().is_some() {
            return None;
        }
    }
    Some(Ok(Found::default()))
}
