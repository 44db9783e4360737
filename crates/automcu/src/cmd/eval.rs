//! `automcu eval`.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use automcu_convert::Network;
use automcu_dataset::{BatchError, Options, Part, Resize, Samples};
use automcu_deployment::{Input, Range, answers};
use automcu_model::{DataType, Graph, Provenance, Shape};
use automcu_trainer::Accuracy;
use serde::Serialize;

use super::{processors, write_json};
use crate::{
    Said,
    cli::{Eval, PartName, RangeName},
    input,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, TITLE, Table, styled, thousands},
};

/// As many pairs of classes that are taken for each other are named.
const NAMED_CONFUSIONS: usize = 5;

pub(crate) fn run(arguments: &Eval, stdin: &mut dyn Read, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let (model, network) = input::network(&arguments.model, stdin)?;
    let mut samples = samples(arguments, home)?;
    if arguments.resize {
        let Shape { height, width, .. } = network.graph().shape(Graph::INPUT);
        samples = samples.resized(Resize { height, width }).map_err(BatchError::from)?;
    }
    let data = arguments.data.display().to_string();
    check(&model, &network, &data, &samples)?;
    if arguments.range != RangeName::Auto && samples.bytes().is_none() {
        return Err(Failure::NoPictures(data));
    }
    let input = Input::of(arguments.range.into(), network.quantisations()[Graph::INPUT.index()], samples.values());
    let answers = answers(&network, &samples, &input, processors())?;
    let answer = Answer::of(arguments, &network, &samples, &answers, input.range());
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&model, &data, &mut said.output)?;
    }
    Ok(Outcome::Yes)
}

fn samples(arguments: &Eval, home: &Path) -> Result<Samples, Failure> {
    let most = arguments.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    let options = Options { left_out: arguments.leave_out, ..Options::default() };
    Ok(input::source(&arguments.data, home, options)?.read(part(arguments.part))?.first(most))
}

const fn part(name: PartName) -> Part {
    match name {
        PartName::Test => Part::Test,
        PartName::Train => Part::Train,
    }
}

/// Refuses samples that the network cannot take, or that have classes it does not know.
fn check(model: &str, network: &Network, data: &str, samples: &Samples) -> Result<(), Failure> {
    let (takes, has) = (network.graph().shape(Graph::INPUT), samples.shape());
    let mismatch = |takes: String, has: String, remedy| {
        Err(Failure::Mismatch { model: model.to_owned(), takes, data: data.to_owned(), has, remedy })
    };
    // A network that takes a vector takes the values of a sample one after the other; a signal may lie along either side.
    let as_vector = takes.area() == 1 && takes.elements() == has.elements();
    let turned = (takes.height, takes.width, takes.channels) == (has.width, has.height, has.channels);
    let is_line = has.height == 1 || has.width == 1;
    if takes != has && !as_vector && !(turned && is_line) {
        return mismatch(format!("{takes} inputs"), format!("{has} samples"), "name the data set it was trained on");
    }
    let (classes, outputs) = (
        samples.labels().iter().copied().max().map_or(0, |label| u64::from(label) + 1),
        network.graph().shape(network.graph().output()).elements(),
    );
    if classes > outputs {
        let remedy = "name the data set it was trained on";
        return mismatch(format!("samples of {outputs} classes"), format!("{classes}"), remedy);
    }
    Ok(())
}

/// What the network got right.
#[derive(Serialize)]
struct Answer {
    version: u32,
    dtype: DataType,
    provenance: Provenance,
    part: &'static str,
    samples: usize,
    right: usize,
    accuracy: f64,
    /// The accuracy on ever more such samples lies between these, 19 times out of 20.
    interval: [f64; 2],
    /// What bytes stand for; none where the samples are no pictures.
    range: Option<Range>,
    classes: Vec<Class>,
    confusions: Vec<Confusion>,
}

#[derive(Clone, Default, Serialize)]
struct Class {
    class: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    samples: usize,
    right: usize,
}

/// Samples of a class that are taken for another.
#[derive(Serialize)]
struct Confusion {
    class: usize,
    taken_for: usize,
    samples: usize,
}

impl Answer {
    fn of(arguments: &Eval, network: &Network, samples: &Samples, answers: &[usize], range: Option<Range>) -> Self {
        let outputs = usize::try_from(network.graph().shape(network.graph().output()).elements()).unwrap_or(0);
        let name = |class: usize| {
            let own = network.labels().get(class).cloned();
            own.or_else(|| samples.names().get(class).cloned().filter(|name| *name != class.to_string()))
        };
        let mut classes: Vec<Class> =
            (0..outputs).map(|class| Class { class, name: name(class), ..Class::default() }).collect();
        let mut taken = std::collections::BTreeMap::new();
        for (&label, &answer) in samples.labels().iter().zip(answers) {
            let class = &mut classes[usize::from(label)];
            class.samples += 1;
            class.right += usize::from(answer == usize::from(label));
            if answer != usize::from(label) {
                *taken.entry((usize::from(label), answer)).or_insert(0) += 1;
            }
        }
        let mut confusions: Vec<Confusion> =
            taken.into_iter().map(|((class, taken_for), samples)| Confusion { class, taken_for, samples }).collect();
        confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.samples));
        confusions.truncate(NAMED_CONFUSIONS);
        let right = classes.iter().map(|class| class.right).sum();
        classes.retain(|class| class.samples > 0);
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let Accuracy { share: accuracy, interval, .. } = Accuracy::of(count(right), count(samples.len()));
        Self {
            version: 1,
            dtype: DataType::Int8,
            provenance: Provenance::Host,
            part: part(arguments.part).name(),
            samples: samples.len(),
            right,
            accuracy,
            interval: interval.into(),
            range,
            classes,
            confusions,
        }
    }

    fn write(&self, model: &str, data: &str, sink: &mut dyn Write) -> io::Result<()> {
        let [least, most] = self.interval.map(|share| 100.0 * share);
        let how = styled(format!("({}, {})", self.dtype, self.provenance), FAINT);
        writeln!(
            sink,
            "{} gets {} of {} samples of {data} ({}) right: {} {how}",
            styled(model, TITLE),
            thousands(self.right as u64),
            thousands(self.samples as u64),
            self.part,
            styled(format!("{:.2} %", 100.0 * self.accuracy), TITLE),
        )?;
        writeln!(sink, "19 times out of 20 that means between {least:.2} and {most:.2} %")?;
        match self.range {
            Some(Range { least, most, is_guessed }) => {
                let chosen = if is_guessed { "by its input's scale; --range says otherwise" } else { "as asked" };
                writeln!(sink, "bytes stand for {least} to {most}, {chosen}\n")?;
            }
            None => writeln!(sink, "values are less the mean and by the deviation of the training part\n")?,
        }
        let mut table = Table::new([("class", Align::Left), ("samples", Align::Right), ("right", Align::Right)]);
        for class in &self.classes {
            let name =
                class.name.as_ref().map_or_else(|| class.class.to_string(), |name| format!("{} {name}", class.class));
            table.row([name, class.samples.to_string(), class.right.to_string()], anstyle::Style::new());
        }
        table.write(sink)?;
        for Confusion { class, taken_for, samples } in &self.confusions {
            writeln!(sink, "{samples} of class {class} are taken for {taken_for}")?;
        }
        Ok(())
    }
}
