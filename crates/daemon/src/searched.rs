//! What a job searches: a built-in space, or one that a file describes, for the samples that there are.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use automcu_dataset::{Resize, Samples, Values};
use automcu_model::spec::{Classes, Input, InputChannels, Side};
use automcu_search::{DESCRIPTION_BYTES, NoSpace, Rules, Stages, built_in_spaces};
use automcu_trainer::Recipe;

use crate::plan::PlanError;

/// The rules of a built-in space, or of one that a file describes.
pub(crate) fn rules(named: &str) -> Result<Arc<Rules>, PlanError> {
    if let Some(rules) = Rules::built_in(named) {
        return Ok(rules);
    }
    let all = || built_in_spaces().collect::<Vec<_>>().join(", ");
    let text = described(Path::new(named)).map_err(|error| {
        let remedy = format!("name one of {}, or a file that describes one", all());
        PlanError::Space(format!("{named} cannot be read: {error}; {remedy}"))
    })?;
    Rules::read(named, &text).map(Arc::new).map_err(|error| PlanError::Space(error.to_string()))
}

/// A file's bytes, and one more than is allowed where it is too long.
fn described(path: &Path) -> io::Result<Vec<u8>> {
    // Before it is opened: to open a pipe is to wait for whoever writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = Vec::new();
    File::open(path)?.take(DESCRIPTION_BYTES as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// The rules as a document keeps them.
pub(crate) fn kept(rules: &Rules) -> serde_json::Value {
    serde_json::to_value(rules.description()).expect("a description is plain data")
}

/// The recipe with pictures brought to the size that the space's members take.
pub(crate) fn at_side_of(space: &Stages, samples: &Samples, mut recipe: Recipe) -> Result<Recipe, PlanError> {
    let Input { height, width, .. } = space.input();
    let (height, width) = (height.get(), width.get());
    if (height, width) == (samples.shape().height, samples.shape().width) {
        return Ok(recipe);
    }
    if !matches!(samples.values(), Values::Bytes(_)) {
        let problem = "only pictures of bytes are resized; leave its side out";
        return Err(PlanError::Space(format!("{}: {problem}", space.rules().description().name)));
    }
    for stretch in &mut recipe.stretches {
        stretch.augmentation.resize = Some(Resize { height, width });
    }
    Ok(recipe)
}

/// The space of such rules for samples like these.
pub(crate) fn space(rules: Arc<Rules>, samples: &Samples) -> Result<Stages, PlanError> {
    let (shape, classes) = (samples.shape(), samples.classes());
    let refused = |why: String| PlanError::Shape { shape: shape.to_string(), classes, why };
    let sides = Side::new(shape.height).zip(Side::new(shape.width)).zip(InputChannels::new(shape.channels));
    let count = u32::try_from(classes).ok().and_then(Classes::new);
    let Some((((height, width), channels), count)) = sides.zip(count) else {
        return Err(refused("they are too large, or too few or too many classes".to_owned()));
    };
    Stages::of(rules, Input { height, width, channels }, count).map_err(|no| match no {
        NoSpace::Refused(refusals) => refused(refusals.to_string()),
        NoSpace::Inputs { .. } => PlanError::Space(no.to_string()),
    })
}
