//! In which order rows are computed. Within a *stream* of operations a row is computed when another first needs it, so
//! that only the rows under windows are kept; between streams whole tensors are.

use automcu_model::Graph;

use super::rows::Work;

/// The time of a step, counted from 1; what is handed in is there at 0.
pub(crate) type Time = u32;

/// From when to when something is kept, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) from: Time,
    pub(crate) to: Time,
}

impl Life {
    pub(crate) const fn meets(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

/// The steps of a whole inference, and how long each row lives under them.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// The node of each step.
    pub(crate) steps: Vec<usize>,
    /// By tensor, by row.
    pub(crate) rows: Vec<Vec<Life>>,
    /// The times of each node's steps.
    pub(crate) times: Vec<Vec<Time>>,
}

/// Computes courses of one graph.
pub(crate) struct Streams<'g> {
    graph: &'g Graph,
    works: &'g [Work],
    /// The node that writes each tensor.
    writers: Vec<Option<usize>>,
}

impl<'g> Streams<'g> {
    pub(crate) fn new(graph: &'g Graph, works: &'g [Work]) -> Self {
        let mut writers = vec![None; graph.tensors().len()];
        for (place, node) in graph.nodes().iter().enumerate() {
            writers[node.output.index()] = Some(place);
        }
        Self { graph, works, writers }
    }

    /// The course where a stream ends behind each node for which `ends_stream` says so.
    pub(crate) fn course(&self, ends_stream: &[bool]) -> Course {
        let mut run = Run {
            streams: self,
            done: vec![0; self.works.len()],
            complete: self.graph.tensors().iter().map(|_| 0).collect(),
            steps: Vec::new(),
        };
        run.complete[Graph::INPUT.index()] = self.graph.shape(Graph::INPUT).height;
        let mut start = 0;
        for (end, &ends) in ends_stream.iter().enumerate() {
            if ends || end + 1 == self.works.len() {
                run.finish(end);
                (start..end).for_each(|node| run.finish(node));
                start = end + 1;
            }
        }
        self.lives(run.steps)
    }

    /// Whether steps can be done in this order: whatever one reads is complete by then.
    pub(crate) fn is_possible(&self, steps: &[usize]) -> bool {
        let mut done = vec![0; self.works.len()];
        let mut complete = vec![0; self.writers.len()];
        complete[Graph::INPUT.index()] = self.graph.shape(Graph::INPUT).height;
        steps.iter().all(|&place| {
            let (node, work, step) = (&self.graph.nodes()[place], &self.works[place], done[place]);
            done[place] += 1;
            let mut inputs = node.inputs.iter().enumerate();
            let can = inputs.all(|(i, input)| work.reads(i, step).end <= complete[input.index()]);
            if let (row, true) = work.writes(step) {
                complete[node.output.index()] = row + 1;
            }
            can
        })
    }

    /// How long everything lives when steps are done in this order.
    pub(crate) fn lives(&self, steps: Vec<usize>) -> Course {
        let end = Time::try_from(steps.len()).expect("maps are bounded") + 1;
        let mut rows: Vec<Vec<Life>> =
            self.graph.tensors().iter().map(|shape| vec![Life { from: end, to: 0 }; shape.height as usize]).collect();
        rows[Graph::INPUT.index()].fill(Life { from: 0, to: 0 });
        let mut times = vec![Vec::new(); self.works.len()];
        for (&place, time) in steps.iter().zip(1..) {
            let (node, work) = (&self.graph.nodes()[place], &self.works[place]);
            let step = u32::try_from(times[place].len()).expect("maps are bounded");
            times[place].push(time);
            for (i, input) in node.inputs.iter().enumerate() {
                for row in work.reads(i, step) {
                    rows[input.index()][row as usize].to = time;
                }
            }
            let written = &mut rows[node.output.index()][work.writes(step).0 as usize];
            *written = Life { from: written.from.min(time), to: time };
        }
        rows[self.graph.output().index()].iter_mut().for_each(|life| life.to = end);
        Course { steps, rows, times }
    }
}

struct Run<'s> {
    streams: &'s Streams<'s>,
    /// How many steps of each node are done.
    done: Vec<u32>,
    /// How many rows of each tensor are complete.
    complete: Vec<u32>,
    steps: Vec<usize>,
}

impl Run<'_> {
    fn finish(&mut self, node: usize) {
        while self.done[node] < self.streams.works[node].steps {
            self.advance(node);
        }
    }

    /// Does the next step of a node, and before it whatever it needs.
    fn advance(&mut self, place: usize) {
        let node = &self.streams.graph.nodes()[place];
        let work = &self.streams.works[place];
        let step = self.done[place];
        for (i, input) in node.inputs.iter().enumerate() {
            let needed = work.reads(i, step).end;
            while self.complete[input.index()] < needed {
                let writer = self.streams.writers[input.index()].expect("the input is complete");
                self.advance(writer);
            }
        }
        self.done[place] += 1;
        self.steps.push(place);
        let (row, is_complete) = work.writes(step);
        if is_complete {
            self.complete[node.output.index()] = row + 1;
        }
    }
}
