//! What would have to change for a network to fit: single edits of its graph, each planned again and held against the budget.

mod rebuild;

use automcu_model::{Graph, Op};
use serde::Serialize;

use crate::{Need, need::tables};
use rebuild::{Change, channel_groups, rebuilt};

/// What a network may take, in bytes; no bound where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// RAM for the arena.
    pub ram: Option<u64>,
    /// Flash for weights and tables.
    pub flash: Option<u64>,
}

impl Room {
    fn holds(self, graph: &Graph) -> Option<Need> {
        // Tables are counted before memory is planned, which takes longer.
        let flash: u64 = tables(graph).iter().sum();
        if self.flash.is_some_and(|most| flash > most) {
            return None;
        }
        let need = Need::of(graph);
        let within = |most: Option<u64>, bytes: u64| most.is_none_or(|most| bytes <= most);
        (within(self.ram, need.ram()) && within(self.flash, need.flash())).then_some(need)
    }
}

/// A single change that makes a network fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edit {
    /// What to do, for people.
    pub what: String,
    /// The arena afterwards.
    pub ram_bytes: u64,
    /// Weights and tables afterwards.
    pub flash_bytes: u64,
    /// The multiply-accumulates that are left, as a share.
    pub macs_left: f64,
    /// The weights that are left, as a share.
    pub weights_left: f64,
}

/// Channels are narrowed to multiples of this, which the code's loops take whole.
const WHOLE: u32 = 4;

/// The single edits that make a graph in integer form fit, the smallest first: those that leave the most work and weights.
#[must_use]
pub fn edits(graph: &Graph, room: Room) -> Vec<Edit> {
    let mut found: Vec<Edit> = narrowed(graph, room);
    found.extend(dropped(graph, room));
    found.extend(strided(graph, room));
    let left = |edit: &Edit| edit.macs_left.min(1.0) + edit.weights_left.min(1.0);
    found.sort_by(|a, b| left(b).total_cmp(&left(a)));
    found
}

/// The edit, if what it makes of the graph fits.
fn checked(graph: &Graph, change: &Change, room: Room, what: impl Fn() -> String) -> Option<Edit> {
    let edited = rebuilt(graph, change)?;
    let need = room.holds(&edited)?;
    let (before, after) = (graph.cost(), edited.cost());
    #[expect(clippy::cast_precision_loss, reason = "shares")]
    let share = |after: u64, before: u64| after as f64 / before.max(1) as f64;
    Some(Edit {
        what: what(),
        ram_bytes: need.ram(),
        flash_bytes: need.flash(),
        macs_left: share(after.macs, before.macs),
        weights_left: share(after.weights, before.weights),
    })
}

/// The widest that each group of layers may be.
fn narrowed(graph: &Graph, room: Room) -> Vec<Edit> {
    let mut found = Vec::new();
    for group in channel_groups(graph) {
        let width = group.channels;
        let layers = group.layers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let plural = if group.layers.len() > 1 { "s" } else { "" };
        let edit = |channels: u32| {
            let change = Change::Narrow { tensors: &group.tensors, channels };
            checked(graph, &change, room, || {
                format!("narrow layer{plural} {layers} from {width} to {channels} channels")
            })
        };
        // What fits stays fitting when it is narrowed further, so that halving finds the widest.
        let (mut fits, mut too_wide) = (None, width.div_ceil(WHOLE));
        let mut least = 1;
        while least < too_wide {
            let middle = least.midpoint(too_wide);
            match edit(middle * WHOLE) {
                Some(found) => {
                    fits = Some(found);
                    least = middle + 1;
                }
                None => too_wide = middle,
            }
        }
        found.extend(fits);
    }
    found
}

/// Layers and residual blocks that give what they take.
fn dropped(graph: &Graph, room: Room) -> Vec<Edit> {
    let mut found = Vec::new();
    for (place, node) in graph.nodes().iter().enumerate() {
        if let Op::Add { .. } = node.op {
            for (i, &kept) in node.inputs.iter().enumerate() {
                let what = || format!("drop the block that layer {place} adds to what it reads (its input {})", 1 - i);
                let mut edit = checked(graph, &Change::Bypass { node: place, input: kept }, room, what);
                // Where nothing else goes, it is the shortcut around the block that goes.
                if let Some(edit) = edit.as_mut().filter(|edit| edit.macs_left >= 1.0 && edit.weights_left >= 1.0) {
                    edit.what = format!("remove the shortcut that layer {place} adds");
                }
                found.extend(edit);
            }
        } else if graph.cost_of(node).weights > 0 && graph.shape(node.inputs[0]) == graph.shape(node.output) {
            let change = Change::Bypass { node: place, input: node.inputs[0] };
            found.extend(checked(graph, &change, room, || format!("drop layer {place} ({})", node.description())));
        }
    }
    found
}

/// Steps of more than one place, taken by an earlier layer instead.
fn strided(graph: &Graph, room: Room) -> Vec<Edit> {
    let mut found = Vec::new();
    let windows =
        || graph.nodes().iter().enumerate().filter_map(|(place, node)| Some((place, node, node.op.window()?)));
    let mut levels: Vec<_> = windows()
        .filter(|(_, _, (_, stride))| stride.area() > 1)
        .map(|(_, node, (_, stride))| (graph.shape(node.inputs[0]), stride))
        .map(|(shape, stride)| (shape.height, shape.width, stride))
        .collect();
    levels.sort_by_key(|(height, width, stride)| (*height, *width, stride.height, stride.width));
    levels.dedup();
    for (height, width, stride) in levels {
        let later: Vec<usize> = windows()
            .filter(|(_, node, (_, has))| {
                let shape = graph.shape(node.inputs[0]);
                (shape.height, shape.width) == (height, width) && *has == stride
            })
            .map(|(place, ..)| place)
            .collect();
        for (place, node, (_, has)) in windows() {
            let is_earlier = later.first().is_some_and(|&first| place < first);
            if is_earlier && has.area() == 1 && graph.cost_of(node).weights > 0 {
                let change = Change::Stride { earlier: place, later: &later, stride };
                let layers = later.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let what = || format!("move the step of {stride} from layer {layers} up to layer {place}");
                found.extend(checked(graph, &change, room, what));
            }
        }
    }
    found
}
