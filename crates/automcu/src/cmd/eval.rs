//! `automcu eval`.

use std::{
    io::{self, Read, Write},
    num::NonZero,
    path::Path,
    thread,
};

use automcu_convert::{Interpreter, Network, NotComputed, Quantisation, largest};
use automcu_dataset::{Folder, Images, Part, SYNTHETIC_CLASSES, synthetic};
use automcu_model::{DataType, Graph, Provenance};
use serde::Serialize;

use super::write_json;
use crate::{
    Said,
    cli::{Eval, PartName, RangeName},
    input,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, TITLE, Table, styled, thousands},
};

/// The seed of the built-in set, and how many images it has for the last word.
const SEED: u64 = 1;
const SYNTHETIC_TEST: u32 = 2_000;
/// Images for learning come from another stretch of the same seed.
const SYNTHETIC_TRAIN: u32 = 10_000;
/// As many pairs of classes that are taken for each other are named.
const NAMED_CONFUSIONS: usize = 5;

pub(crate) fn run(arguments: &Eval, stdin: &mut dyn Read, said: &mut Said) -> Result<Outcome, Failure> {
    let (model, network) = input::network(&arguments.model, stdin)?;
    let images = images(arguments)?;
    let data = arguments.data.display().to_string();
    check(&model, &network, &data, &images)?;
    let first = network.quantisations()[Graph::INPUT.index()];
    let range = Range::chosen(arguments.range, first);
    let answers = answers(&network, &images, &range.table(first))?;
    let answer = Answer::of(arguments, &network, &images, &answers, range);
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&model, &data, &mut said.output)?;
    }
    Ok(Outcome::Yes)
}

fn images(arguments: &Eval) -> Result<Images, Failure> {
    let most = arguments.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    if arguments.data == Path::new("synthetic") {
        let (first, count) = match arguments.part {
            PartName::Test => (0, SYNTHETIC_TEST),
            PartName::Train => (u64::from(SYNTHETIC_TEST), SYNTHETIC_TRAIN),
        };
        return Ok(synthetic(SEED, first, usize::try_from(count).unwrap_or(usize::MAX).min(most)));
    }
    let part = match arguments.part {
        PartName::Test => Part::Test,
        PartName::Train => Part::Train,
    };
    Ok(Folder::open(&arguments.data)?.read(part)?.first(most))
}

/// Refuses images that the network cannot take, or that have classes it does not know.
fn check(model: &str, network: &Network, data: &str, images: &Images) -> Result<(), Failure> {
    let (takes, has) = (network.graph().shape(Graph::INPUT), images.shape());
    let mismatch = |takes: String, has: String, remedy| {
        Err(Failure::Mismatch { model: model.to_owned(), takes, data: data.to_owned(), has, remedy })
    };
    // A network that takes a vector takes the values of an image one after the other.
    if takes != has && !(takes.area() == 1 && takes.elements() == has.elements()) {
        return mismatch(format!("{takes} inputs"), format!("{has} images"), "name the data set it was trained on");
    }
    let (classes, outputs) = (
        images.labels().iter().copied().max().map_or(0, |label| u64::from(label) + 1),
        network.graph().shape(network.graph().output()).elements(),
    );
    if classes > outputs {
        let remedy = "name the data set it was trained on";
        return mismatch(format!("images of {outputs} classes"), format!("{classes}"), remedy);
    }
    Ok(())
}

/// What the bytes of an image mean to a network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Range {
    least: f32,
    most: f32,
    /// Whether it was chosen by the network's input.
    is_guessed: bool,
}

impl Range {
    fn chosen(name: RangeName, first: Quantisation) -> Self {
        let range = |least, most| Self { least, most, is_guessed: name == RangeName::Auto };
        let all = [range(0.0, 1.0), range(-1.0, 1.0), range(0.0, 255.0)];
        match name {
            RangeName::Unit => all[0],
            RangeName::Signed => all[1],
            RangeName::Bytes => all[2],
            RangeName::Auto => {
                let (least, most) = (first.real(i8::MIN), first.real(i8::MAX));
                // How far the ends are apart, as a share of the range.
                let distance = |range: &Self| {
                    ((least - range.least).abs() + (most - range.most).abs()) / (range.most - range.least)
                };
                all.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("three ranges")
            }
        }
    }

    /// The int8 of each byte.
    fn table(self, first: Quantisation) -> [i8; 256] {
        std::array::from_fn(|byte| {
            let share = f32::from(u8::try_from(byte).expect("256 bytes")) / 255.0;
            first.of_real(self.least + (self.most - self.least) * share)
        })
    }
}

/// The class that the network answers for each image, on as many threads as there are processors.
fn answers(network: &Network, images: &Images, table: &[i8; 256]) -> Result<Vec<usize>, NotComputed> {
    let all: Vec<&[u8]> = images.iter().collect();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let part = |part: &[&[u8]]| -> Result<Vec<usize>, NotComputed> {
        let mut interpreter = Interpreter::new(network)?;
        let mut values = Vec::new();
        let answers = part.iter().map(|image| {
            values.clear();
            values.extend(image.iter().map(|&byte| table[usize::from(byte)]));
            largest(interpreter.run(&values).expect("the shapes were compared"))
        });
        Ok(answers.collect())
    };
    thread::scope(|scope| {
        let parts: Vec<_> =
            all.chunks(all.len().div_ceil(threads).max(1)).map(|images| scope.spawn(move || part(images))).collect();
        let mut answers = Vec::with_capacity(all.len());
        for part in parts {
            answers.extend(part.join().expect("computing does not panic")?);
        }
        Ok(answers)
    })
}

/// What the network got right.
#[derive(Serialize)]
struct Answer {
    version: u32,
    dtype: DataType,
    provenance: Provenance,
    part: &'static str,
    images: usize,
    right: usize,
    accuracy: f64,
    /// The accuracy on ever more such images lies between these, 19 times out of 20.
    interval: [f64; 2],
    range: Range,
    classes: Vec<Class>,
    confusions: Vec<Confusion>,
}

#[derive(Clone, Default, Serialize)]
struct Class {
    class: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    images: usize,
    right: usize,
}

/// Images of a class that are taken for another.
#[derive(Serialize)]
struct Confusion {
    class: usize,
    taken_for: usize,
    images: usize,
}

impl Answer {
    fn of(arguments: &Eval, network: &Network, images: &Images, answers: &[usize], range: Range) -> Self {
        let outputs = usize::try_from(network.graph().shape(network.graph().output()).elements()).unwrap_or(0);
        let is_synthetic = arguments.data == Path::new("synthetic");
        let name = |class: usize| {
            let own = network.labels().get(class).cloned();
            own.or_else(|| SYNTHETIC_CLASSES.get(class).filter(|_| is_synthetic).map(ToString::to_string))
        };
        let mut classes: Vec<Class> =
            (0..outputs).map(|class| Class { class, name: name(class), ..Class::default() }).collect();
        let mut taken = std::collections::BTreeMap::new();
        for (&label, &answer) in images.labels().iter().zip(answers) {
            let class = &mut classes[usize::from(label)];
            class.images += 1;
            class.right += usize::from(answer == usize::from(label));
            if answer != usize::from(label) {
                *taken.entry((usize::from(label), answer)).or_insert(0) += 1;
            }
        }
        let mut confusions: Vec<Confusion> =
            taken.into_iter().map(|((class, taken_for), images)| Confusion { class, taken_for, images }).collect();
        confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.images));
        confusions.truncate(NAMED_CONFUSIONS);
        let right = classes.iter().map(|class| class.right).sum();
        classes.retain(|class| class.images > 0);
        let (accuracy, interval) = shares(right, images.len());
        Self {
            version: 1,
            dtype: DataType::Int8,
            provenance: Provenance::Host,
            part: match arguments.part {
                PartName::Train => "train",
                PartName::Test => "test",
            },
            images: images.len(),
            right,
            accuracy,
            interval,
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
            "{} gets {} of {} images of {data} ({}) right: {} {how}",
            styled(model, TITLE),
            thousands(self.right as u64),
            thousands(self.images as u64),
            self.part,
            styled(format!("{:.2} %", 100.0 * self.accuracy), TITLE),
        )?;
        writeln!(sink, "19 times out of 20 that means between {least:.2} and {most:.2} %")?;
        let chosen = if self.range.is_guessed { "by its input's scale; --range says otherwise" } else { "as asked" };
        writeln!(sink, "bytes stand for {} to {}, {chosen}\n", self.range.least, self.range.most)?;
        let mut table = Table::new([("class", Align::Left), ("images", Align::Right), ("right", Align::Right)]);
        for class in &self.classes {
            let name =
                class.name.as_ref().map_or_else(|| class.class.to_string(), |name| format!("{} {name}", class.class));
            table.row([name, class.images.to_string(), class.right.to_string()], anstyle::Style::new());
        }
        table.write(sink)?;
        for Confusion { class, taken_for, images } in &self.confusions {
            writeln!(sink, "{images} of class {class} are taken for {taken_for}")?;
        }
        Ok(())
    }
}

/// A share, and Wilson's interval for it.
fn shares(right: usize, all: usize) -> (f64, [f64; 2]) {
    const Z: f64 = 1.959_964;
    #[expect(clippy::cast_precision_loss, reason = "counts of images")]
    let (right, all) = (right as f64, (all as f64).max(1.0));
    let share = right / all;
    let centre = share + Z * Z / (2.0 * all);
    let spread = Z * (share * (1.0 - share) / all + Z * Z / (4.0 * all * all)).sqrt();
    let end = |sign: f64| ((centre + sign * spread) / (1.0 + Z * Z / all)).clamp(0.0, 1.0);
    (share, [end(-1.0), end(1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_the_share_and_narrows_with_images() {
        let (share, [least, most]) = shares(90, 100);
        assert!((share - 0.9).abs() < 1e-12 && (least - 0.8256).abs() < 1e-3 && (most - 0.9448).abs() < 1e-3);
        let (_, [none, some]) = shares(0, 10);
        assert!(none == 0.0 && (0.2..0.35).contains(&some));
    }

    #[test]
    fn the_range_is_that_of_the_input() {
        for (scale, zero_point, least, most) in [
            (1.0 / 255.0, -128, 0.0, 1.0),
            (2.0 / 255.0, 0, -1.0, 1.0),
            (1.0, -128, 0.0, 255.0),
            (0.0078, -1, -1.0, 1.0),
        ] {
            let range = Range::chosen(RangeName::Auto, Quantisation { scale, zero_point });
            assert_eq!((range.least, range.most, range.is_guessed), (least, most, true));
        }
        let unit = Range::chosen(RangeName::Auto, Quantisation { scale: 1.0 / 255.0, zero_point: -128 });
        let table = unit.table(Quantisation { scale: 1.0 / 255.0, zero_point: -128 });
        assert_eq!((table[0], table[128], table[255]), (-128, 0, 127));
    }
}
