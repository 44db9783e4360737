//! `automcu data inspect`.

use std::{
    io::{self, Write},
    path::Path,
};

use automcu_dataset::{
    Channel, DatasetError, Frontend, Inspection, LabelHints, Options, Part, Samples, Standard, Twins, Window, inspect,
    montage,
};
use serde::Serialize;

use crate::{
    Said,
    cli::DataInspect,
    cmd::write_json,
    input,
    outcome::{Failure, Outcome},
    show::{Align, BAD, FAINT, GOOD, TITLE, Table, styled, thousands},
};

/// Rows that people get to see; JSON has all.
const SHOWN_CLASSES: usize = 40;
const SHOWN_CHANNELS: usize = 12;
const SHOWN_PAIRS: usize = 5;

pub(super) fn run(arguments: &DataInspect, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let window = Window { length: arguments.window, step: arguments.step };
    let source = input::source(&arguments.data, home, Options { window, ..Options::default() })?;
    let mut read = Vec::new();
    for part in Part::ALL {
        match source.read(part) {
            Ok(samples) => read.push((part, samples)),
            // There may be no split; one part is enough to be looked at.
            Err(DatasetError::NoPart { .. }) if part == Part::Test => {}
            Err(error) => return Err(error.into()),
        }
    }
    let parts: Vec<(Part, &Samples)> = read.iter().map(|(part, samples)| (*part, samples)).collect();
    let samples = parts[0].1;
    let answer = Answer {
        version: 1,
        data: arguments.data.display().to_string(),
        shape: samples.shape().to_string(),
        standard: samples.standard(),
        frontend: source.frontend()?,
        inspection: inspect(&parts),
    };
    if let Some(path) = &arguments.montage {
        let unwritten = |error| Failure::Create { path: path.clone(), error };
        std::fs::write(path, montage(samples).to_png()).map_err(unwritten)?;
    }
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&mut said.output)?;
        if let Some(path) = &arguments.montage {
            writeln!(said.output, "the first samples of each class are in {}", path.display())?;
        }
    }
    Ok(Outcome::Yes)
}

#[derive(Serialize)]
struct Answer<'s> {
    version: u32,
    data: String,
    shape: String,
    /// What values are standardised by, where they are no pictures.
    standard: Option<&'s Standard>,
    /// How sound becomes features, where there is sound.
    frontend: Option<Frontend>,
    #[serde(flatten)]
    inspection: Inspection,
}

impl Answer<'_> {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let Inspection { parts, classes, groups, duplicates, near_duplicates, label_hints } = &self.inspection;
        let counts: Vec<String> =
            parts.iter().map(|part| format!("{} {}", thousands(part.samples as u64), part.part.name())).collect();
        writeln!(
            sink,
            "{}: {} samples of {}, {} classes",
            styled(&self.data, TITLE),
            counts.join(" and "),
            self.shape,
            classes.len()
        )?;
        if let Some(groups) = groups {
            let both = if groups.both == 0 {
                styled("none is in both parts", GOOD)
            } else {
                styled(format!("{} are in both parts: the test flatters what learnt them", groups.both), BAD)
            };
            writeln!(sink, "groups: {} in train, {} in test; {both}", groups.train, groups.test)?;
        }
        if let Some(frontend) = &self.frontend {
            let Frontend { rate_hz, window, hop, audio, .. } = frontend;
            let bands = audio.bands;
            writeln!(sink, "sound at {rate_hz} Hz as the logarithm of {bands} mel bands, {window} values every {hop}")?;
        }
        writeln!(sink)?;
        self.write_classes(sink)?;
        writeln!(sink)?;
        self.write_channels(sink)?;
        writeln!(sink)?;
        write_twins("duplicates", duplicates, sink)?;
        match near_duplicates {
            Some(twins) => write_twins("near-duplicates", twins, sink)?,
            None => writeln!(sink, "near-duplicates: too few values a sample to tell")?,
        }
        write_hints(label_hints.as_ref(), sink)
    }

    fn write_classes(&self, sink: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new([("class", Align::Left), ("train", Align::Right), ("test", Align::Right)]);
        let classes = &self.inspection.classes;
        for (number, class) in classes.iter().enumerate().take(SHOWN_CLASSES) {
            let name = match number.to_string() {
                number if number == class.name => number,
                number => format!("{number} {}", class.name),
            };
            let cells = [name, thousands(class.train as u64), thousands(class.test as u64)];
            table.row(cells, anstyle::Style::new());
        }
        table.write(sink)?;
        rest(classes.len(), SHOWN_CLASSES, "classes", sink)
    }

    fn write_channels(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("channel", Left),
            ("part", Left),
            ("mean", Right),
            ("deviation", Right),
            ("least", Right),
            ("most", Right),
        ]);
        let parts = &self.inspection.parts;
        let channels = parts.first().map_or(0, |part| part.channels.len());
        for channel in 0..channels.min(SHOWN_CHANNELS) {
            for part in parts {
                let Some(Channel { mean, deviation, least, most }) = part.channels.get(channel).copied() else {
                    continue;
                };
                let figures = [mean, deviation, least, most].map(|figure| format!("{figure:.4}"));
                let [mean, deviation, least, most] = figures;
                let cells = [channel.to_string(), part.part.name().to_owned(), mean, deviation, least, most];
                table.row(cells, anstyle::Style::new());
            }
        }
        table.write(sink)?;
        rest(channels, SHOWN_CHANNELS, "channels", sink)
    }
}

/// Says how many rows are not shown.
fn rest(all: usize, shown: usize, what: &str, sink: &mut dyn Write) -> io::Result<()> {
    match all.checked_sub(shown) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(sink, "{}", styled(format!("... {more} more {what}; --json has all"), FAINT)),
    }
}

fn write_twins(what: &str, twins: &Twins, sink: &mut dyn Write) -> io::Result<()> {
    let Twins { within_train, within_test, between, contradictory, pairs, is_complete } = twins;
    let is_clean = between + contradictory == 0;
    let counts = format!("{within_train} within train, {within_test} within test, {between} of test in train");
    let mut line = styled(counts, if is_clean { GOOD } else { BAD });
    if *contradictory > 0 {
        line += &format!(", {}", styled(format!("{contradictory} with another label"), BAD));
    }
    let cut = if *is_complete { "" } else { "; the search was cut short, there may be more" };
    writeln!(sink, "{what}: {line}{cut}")?;
    for pair in pairs.iter().take(SHOWN_PAIRS) {
        let place =
            |place: &automcu_dataset::Place| format!("{} {} ({})", place.part.name(), place.sample, place.label);
        writeln!(sink, "  {} is {}, likeness {:.3}", place(&pair.second), place(&pair.first), pair.likeness)?;
    }
    Ok(())
}

fn write_hints(hints: Option<&LabelHints>, sink: &mut dyn Write) -> io::Result<()> {
    let Some(hints) = hints else { return writeln!(sink, "labels: too few samples to compare") };
    let looked = format!("of {} samples looked at", thousands(hints.looked_at as u64));
    let agreement = format!("neighbours have the same label in {:.1} %", 100.0 * hints.agreement);
    if !hints.is_telling {
        return writeln!(sink, "labels: {agreement} {looked}, too seldom to doubt single ones");
    }
    writeln!(sink, "labels: {agreement} {looked}; {} have neighbours that all agree on another", hints.doubtful)?;
    for doubt in hints.samples.iter().take(SHOWN_PAIRS) {
        let (part, sample, label) = (doubt.place.part.name(), doubt.place.sample, doubt.place.label);
        writeln!(sink, "  {part} {sample} is labelled {label}, its neighbours {}", doubt.neighbours)?;
    }
    Ok(())
}
