//! Plans memory, to the byte: in which order rows are computed, and where in one arena every row lies while it lives.
//!
//! What is planned is what the emitted code does, step for step; there is no second account of memory.

mod order;
mod place;
mod rows;
mod stream;
#[cfg(test)]
mod tests;

use automcu_model::{Graph, Node, Op, TensorId};
use serde::Serialize;

use crate::network::Network;
pub(crate) use order::Order;
use place::{Numbers, Placer, Ring};
use rows::{Work, is_in_place, layouts};
pub(crate) use rows::{is_elementwise, is_one_place};
use stream::{Course, Life, Streams, Time};

/// Placements are tried for at most so many of the best courses.
const PLACED_COURSES: usize = 4;
/// Courses of at most so many steps are refined step by step, in so many tries.
const REFINED_STEPS: usize = 24;
const REFINEMENTS: usize = 400;
/// Courses are computed until they have cost so many steps in all.
const STEPS_SPENT: usize = 4_000_000;
/// A glance looks at so many courses at most, of so many steps in all, and cuts at maps of so many sizes.
const GLANCED_COURSES: usize = 12;
const GLANCED_STEPS: usize = 16_000;
const GLANCED_SIZES: usize = 8;

/// How the values of one row lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// All channels of a pixel, then the next pixel.
    Pixels,
    /// All pixels of a channel, then the next channel.
    Planes,
}

/// Where the rows of a tensor lie: row `y` in slot `y % slots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    /// The byte of the arena at which slot 0 starts.
    pub offset: u32,
    /// How many rows are kept at a time.
    pub slots: u32,
    /// Bytes of each.
    pub slot_bytes: u32,
    /// The step before which nothing of it is needed; what is handed in is there at 0.
    pub from_step: u32,
    /// The step after which nothing of it is needed.
    pub to_step: u32,
}

impl Region {
    /// All its bytes.
    #[must_use]
    pub const fn bytes(&self) -> u32 {
        self.slots * self.slot_bytes
    }
}

/// Bytes that an operation needs for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Workspace {
    /// During each of its steps.
    pub(crate) scratch: u32,
    /// From its first step to its last.
    pub(crate) kept: u32,
}

/// The memory plan of a network.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The node of each step of an inference.
    pub steps: Vec<usize>,
    /// By tensor.
    pub tensors: Vec<Region>,
    /// How the rows of each tensor lie.
    pub layouts: Vec<Layout>,
    /// By node: memory during a step, if it needs any.
    pub scratch: Vec<Option<Region>>,
    /// By node: memory from the first step to the last, if it needs any.
    pub kept: Vec<Option<Region>>,
    /// All bytes of the arena.
    pub arena_bytes: u32,
    /// The most bytes that live at one time: no arena for these steps can be smaller.
    pub least_bytes: u32,
    /// How many groups of operations run one after the other; within one, rows are computed when they are needed.
    pub streams: usize,
}

/// What is alive at one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The step, counted from 1; 0 before the first.
    pub step: usize,
    /// All bytes that are alive.
    pub bytes: u32,
    /// What they hold, the largest first.
    pub pieces: Vec<(Holder, u32)>,
}

/// What bytes of the arena hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// So many rows of a tensor, by its place.
    Rows {
        /// The tensor's place.
        tensor: usize,
        /// How many of its rows are alive.
        rows: usize,
    },
    /// What a node needs for itself, by its place.
    Own(usize),
}

impl Plan {
    /// The bytes by which the emitted code knows the order of steps.
    #[must_use]
    pub fn order_bytes(&self) -> u64 {
        Order::of(&self.steps).bytes(self.scratch.len())
    }

    /// The first step at which the most bytes are alive. `graph` is the one that was planned for.
    #[must_use]
    pub fn fullest(&self, graph: &Graph) -> Moment {
        let planning = Planning::of(graph, workspaces(graph));
        let course = planning.streams().lives(self.steps.clone());
        let alive = planning.alive(&course);
        let most = alive.iter().copied().max().unwrap_or(0);
        let step = alive.iter().position(|&bytes| bytes == most).unwrap_or(0);
        planning.moment(&course, step)
    }
}

/// Whether a node writes a strip that is joined with others behind it.
fn is_strip_end(graph: &Graph, node: &Node) -> bool {
    let mut joins = graph.nodes().iter().filter(|other| other.op == Op::JoinColumns);
    joins.any(|join| join.inputs.split_last().is_some_and(|(_, before)| before.contains(&node.output)))
}

/// By node: whether all that later nodes read is what it writes.
fn narrow_places(graph: &Graph) -> Vec<bool> {
    let readers = graph.readers();
    let last = |tensor: TensorId| readers[tensor.index()].last().copied().unwrap_or(0);
    let mut latest = last(Graph::INPUT);
    let is_narrow = graph.nodes().iter().enumerate().map(|(place, node)| {
        let is_narrow = latest <= place;
        latest = latest.max(last(node.output));
        is_narrow
    });
    is_narrow.collect()
}

/// What is planned for.
struct Planning<'g> {
    graph: &'g Graph,
    works: Vec<Work>,
    workspaces: Vec<Workspace>,
    row_bytes: Vec<u32>,
}

fn workspaces(graph: &Graph) -> Vec<Workspace> {
    graph.nodes().iter().map(|node| crate::ops::workspace(graph, node)).collect()
}

impl Plan {
    /// The plan of a network's code that takes the least memory of those tried.
    #[must_use]
    pub fn of(network: &Network) -> Self {
        Self::of_graph(&network.graph)
    }

    /// The plan of the code of any network with this graph, which is in integer form.
    #[must_use]
    pub fn of_graph(graph: &Graph) -> Self {
        Self::with(graph, layouts(graph), workspaces(graph))
    }

    /// The most bytes that live at one time if all runs row by row: what the plan of a graph will take at least, roughly.
    pub(crate) fn quick_bound(graph: &Graph) -> u32 {
        let planning = Planning::of(graph, workspaces(graph));
        let whole = planning.streams().course(&vec![false; graph.nodes().len()]);
        // Strips run one after the other.
        let is_join = |node: &Node| node.op == Op::JoinColumns;
        let cut: Vec<bool> = graph.nodes().iter().map(|node| is_strip_end(graph, node)).collect();
        let has_strips = graph.nodes().iter().any(is_join);
        let apart = has_strips.then(|| planning.bound(&planning.streams().course(&cut)));
        apart.into_iter().fold(planning.bound(&whole), u32::min)
    }

    /// A plan of which nothing is placed, all offsets 0, and the most bytes that live at one time for its arena. It is the best
    /// of a few courses: cut where all that goes on is one map, if that is small, and then with single cuts and joins.
    pub(crate) fn glanced(graph: &Graph) -> Self {
        let planning = Planning::of(graph, workspaces(graph));
        let (streams, narrow) = (planning.streams(), narrow_places(graph));
        let count = graph.nodes().len();
        let elements = |place: usize| graph.shape(graph.nodes()[place].output).elements();
        let mut sizes: Vec<u64> = (0..count).filter(|&place| narrow[place]).map(elements).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let largest =
            (0..=GLANCED_SIZES).filter_map(|part| sizes.get((sizes.len() - 1) * part / GLANCED_SIZES).copied());
        let cut_to = |most: u64| (0..count).map(|place| narrow[place] && elements(place) <= most).collect();
        let mut tried: Vec<Vec<bool>> = vec![vec![false; count], vec![true; count]];
        tried.extend(largest.map(cut_to));
        tried.dedup();
        let steps: usize = planning.works.iter().map(|work| work.steps as usize).sum();
        let affordable = (GLANCED_STEPS / steps.max(1)).clamp(1, GLANCED_COURSES);
        let courses = tried.into_iter().take(affordable).map(|ends| {
            let course = streams.course(&ends);
            (planning.bound(&course), course)
        });
        let best = courses.min_by_key(|(bound, _)| *bound);
        let (bound, course) = best.expect("at least one is looked at");
        planning.unplaced(course, bound, &layouts(graph))
    }

    fn with(graph: &Graph, layouts: Vec<Layout>, workspaces: Vec<Workspace>) -> Self {
        let planning = Planning::of(graph, workspaces);
        let mut best: Option<Self> = None;
        for (bound, ends_stream) in planning.candidates() {
            if best.as_ref().is_some_and(|best| best.arena_bytes <= bound) {
                break;
            }
            let course = planning.streams().course(&ends_stream);
            let joints = ends_stream.len().saturating_sub(1);
            let streams = 1 + ends_stream[..joints].iter().filter(|&&ends| ends).count();
            let plan = planning.placed(course, bound, streams, &layouts);
            if best.as_ref().is_none_or(|best| plan.arena_bytes < best.arena_bytes) {
                best = Some(plan);
            }
        }
        let best = best.expect("there is a candidate");
        if best.steps.len() <= REFINED_STEPS { planning.refined(best) } else { best }
    }
}

impl<'g> Planning<'g> {
    fn of(graph: &'g Graph, workspaces: Vec<Workspace>) -> Self {
        Self {
            graph,
            works: graph.nodes().iter().map(|node| Work::of(graph, node)).collect(),
            workspaces,
            row_bytes: graph.tensors().iter().map(|shape| shape.width * shape.channels).collect(),
        }
    }

    fn streams(&self) -> Streams<'_> {
        Streams::new(self.graph, &self.works)
    }

    /// Ways to cut the operations into streams, the most promising first, each with the least bytes it can take.
    fn candidates(&self) -> Vec<(u32, Vec<bool>)> {
        let streams = self.streams();
        let mut spent = 0;
        let mut bound = |ends: &[bool]| {
            let course = streams.course(ends);
            spent += course.steps.len();
            (self.bound(&course), spent)
        };
        let count = self.works.len();
        let mut found: Vec<(u32, Vec<bool>)> = Vec::new();
        let strips: Vec<bool> = self.graph.nodes().iter().map(|node| is_strip_end(self.graph, node)).collect();
        let mut starts = vec![vec![false; count], vec![true; count]];
        if strips.contains(&true) {
            starts.insert(0, strips);
        }
        for start in starts {
            let mut best = (bound(&start).0, start);
            found.push(best.clone());
            // Cuts and joins are tried one at a time for as long as they help.
            loop {
                let before = best.0;
                for place in 0..count.saturating_sub(1) {
                    let mut ends = best.1.clone();
                    ends[place] = !ends[place];
                    let (bytes, spent) = bound(&ends);
                    if bytes < best.0 {
                        best = (bytes, ends);
                    }
                    if spent > STEPS_SPENT {
                        break;
                    }
                }
                if best.0 == before {
                    break;
                }
            }
            found.push(best);
        }
        found.sort_by_key(|(bytes, _)| *bytes);
        found.dedup();
        found.truncate(PLACED_COURSES);
        found
    }

    /// The most bytes that live at one time: no placement of rows can do with fewer.
    fn bound(&self, course: &Course) -> u32 {
        u32::try_from(self.alive(course).into_iter().max().unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// The bytes that live at each time, the first being before the first step.
    fn alive(&self, course: &Course) -> Vec<i64> {
        let mut changes = vec![0_i64; course.steps.len() + 3];
        let mut add = |life: Life, bytes: i64| {
            changes[life.from as usize] += bytes;
            changes[life.to as usize + 1] -= bytes;
        };
        for (rows, &bytes) in course.rows.iter().zip(&self.row_bytes) {
            rows.iter().for_each(|&life| add(life, bytes.into()));
        }
        for (times, workspace) in course.times.iter().zip(&self.workspaces) {
            times.iter().for_each(|&time| add(Life { from: time, to: time }, workspace.scratch.into()));
            if let (Some(&from), Some(&to)) = (times.first(), times.last()) {
                add(Life { from, to }, workspace.kept.into());
            }
        }
        for (node, times) in self.graph.nodes().iter().zip(&course.times).filter(|(node, _)| is_in_place(&node.op)) {
            for (row, &time) in times.iter().enumerate() {
                if self.takes_over(course, node, row, time) {
                    add(Life { from: time, to: time }, -i64::from(self.row_bytes[node.output.index()]));
                }
            }
        }
        let mut alive = 0;
        let sums = changes.into_iter().map(|change| {
            alive += change;
            alive
        });
        sums.collect()
    }

    /// Whether the row that a node writes at a time takes the place of one that it reads then, and nobody later: both
    /// count once.
    fn takes_over(&self, course: &Course, node: &Node, row: usize, time: Time) -> bool {
        self.taken_over(node).any(|input| course.rows[input][row].to == time)
    }

    /// What lives at one time.
    fn moment(&self, course: &Course, step: usize) -> Moment {
        let time = Time::try_from(step).expect("steps are bounded");
        let now = Life { from: time, to: time };
        let running = step.checked_sub(1).and_then(|at| course.steps.get(at)).copied();
        let mut pieces = Vec::new();
        for (tensor, (lives, &bytes)) in course.rows.iter().zip(&self.row_bytes).enumerate() {
            let rows = lives.iter().filter(|life| life.meets(now)).count();
            let counted_twice = running.is_some_and(|place| {
                let node = &self.graph.nodes()[place];
                let row = course.times[place].partition_point(|&other| other < time);
                node.output.index() == tensor && self.takes_over(course, node, row, time)
            });
            let rows = rows - usize::from(counted_twice);
            pieces.push((Holder::Rows { tensor, rows }, u32::try_from(rows).expect("rows are bounded") * bytes));
        }
        for (node, (times, workspace)) in course.times.iter().zip(&self.workspaces).enumerate() {
            let ends = times.first().zip(times.last());
            let is_kept = ends.is_some_and(|(&from, &to)| Life { from, to }.meets(now));
            let kept = if is_kept { workspace.kept } else { 0 };
            let scratch = if running == Some(node) { workspace.scratch } else { 0 };
            pieces.push((Holder::Own(node), kept + scratch));
        }
        pieces.retain(|(_, bytes)| *bytes > 0);
        pieces.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        Moment { step, bytes: pieces.iter().map(|(_, bytes)| bytes).sum(), pieces }
    }

    /// The tensors whose rows the output of an operation may take the place of.
    fn taken_over<'n>(&'n self, node: &'n Node) -> impl Iterator<Item = usize> + 'n {
        let shape = self.graph.shape(node.output);
        let same = move |&&input: &&TensorId| self.graph.shape(input) == shape;
        node.inputs.iter().filter(same).map(|input| input.index()).filter(|_| is_in_place(&node.op))
    }

    /// Moves single steps of a short course for as long as that does not take more memory.
    fn refined(&self, mut best: Plan) -> Plan {
        let streams = self.streams();
        let mut numbers = Numbers::default();
        for _ in 0..REFINEMENTS {
            let mut steps = best.steps.clone();
            let (from, to) = (numbers.below(steps.len()), numbers.below(steps.len()));
            let moved = steps.remove(from);
            steps.insert(to, moved);
            if steps == best.steps || !streams.is_possible(&steps) {
                continue;
            }
            let course = streams.lives(steps);
            let bound = self.bound(&course);
            if bound <= best.arena_bytes {
                let plan = self.placed(course, bound, best.streams, &best.layouts);
                best = if plan.arena_bytes <= best.arena_bytes { plan } else { best };
            }
        }
        best
    }

    /// Everything that lies in the arena under a course.
    fn rings(&self, course: &Course) -> Rings {
        let (graph, nodes) = (self.graph, self.graph.nodes().len());
        let whole = |tensor: usize| tensor == Graph::INPUT.index() || tensor == graph.output().index();
        let of_tensor = |tensor: usize| {
            let rows = &course.rows[tensor];
            Ring::of_rows(rows, self.row_bytes[tensor], if whole(tensor) { rows.len() } else { 1 })
        };
        let mut rings = Rings {
            all: (0..graph.tensors().len()).map(of_tensor).collect(),
            scratch: vec![None; nodes],
            kept: vec![None; nodes],
        };
        for node in graph.nodes() {
            rings.all[node.output.index()].takes_over = self.taken_over(node).collect();
        }
        for (node, workspace) in self.workspaces.iter().enumerate() {
            let times = &course.times[node];
            if workspace.scratch > 0 {
                rings.scratch[node] = Some(rings.all.len());
                let lives = times.iter().map(|&time| Life { from: time, to: time }).collect();
                rings.all.push(Ring::of_one(lives, workspace.scratch));
            }
            if let (1.., Some(&from), Some(&to)) = (workspace.kept, times.first(), times.last()) {
                rings.kept[node] = Some(rings.all.len());
                rings.all.push(Ring::of_one(vec![Life { from, to }], workspace.kept));
            }
        }
        rings
    }

    fn placed(&self, course: Course, bound: u32, streams: usize, layouts: &[Layout]) -> Plan {
        let rings = self.rings(&course);
        let (offsets, arena_bytes) = Placer::new(&rings.all).place(bound);
        let plan = self.laid(course, bound, &rings, &offsets, layouts);
        Plan { arena_bytes, streams, ..plan }
    }

    fn unplaced(&self, course: Course, bound: u32, layouts: &[Layout]) -> Plan {
        let rings = self.rings(&course);
        let nowhere = vec![0; rings.all.len()];
        self.laid(course, bound, &rings, &nowhere, layouts)
    }

    /// The plan with rings at these offsets; its arena is as large as what lives at one time, and one stream.
    fn laid(&self, course: Course, bound: u32, rings: &Rings, offsets: &[u32], layouts: &[Layout]) -> Plan {
        let region = |ring: usize| {
            let (offset, ring) = (offsets[ring], &rings.all[ring]);
            let Life { from, to } = ring.span();
            Region { offset, slots: ring.count(), slot_bytes: ring.slot_bytes, from_step: from, to_step: to }
        };
        let regions = |places: &[Option<usize>]| places.iter().map(|ring| ring.map(region)).collect();
        Plan {
            tensors: (0..self.graph.tensors().len()).map(region).collect(),
            layouts: layouts.to_vec(),
            scratch: regions(&rings.scratch),
            kept: regions(&rings.kept),
            arena_bytes: bound,
            least_bytes: bound,
            streams: 1,
            steps: course.steps,
        }
    }
}

/// What lies in the arena: the tensors first, then what operations need for themselves.
struct Rings {
    all: Vec<Ring>,
    /// By node.
    scratch: Vec<Option<usize>>,
    /// By node.
    kept: Vec<Option<usize>>,
}
