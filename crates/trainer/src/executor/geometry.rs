//! Where the windows of an operation lie, forwards and backwards.

use automcu_model::{Extent, spec::Padding};

use crate::{
    kernels::{Places, Steps, Taps, Window},
    plan::{Map, index},
};

/// A window over a map with rows and columns of zeros around it, which makes another map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(super) input: Area,
    pub(super) output: Area,
    pub(super) kernel: Area,
    pub(super) stride: Area,
    /// Rows above and columns before.
    pub(super) before: Area,
    /// The map with what is around it.
    pub(super) padded: Area,
}

/// Rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Area {
    pub(super) const fn of(map: &Map) -> Self {
        Self { rows: map.height(), columns: map.width() }
    }

    pub(super) const fn count(self) -> usize {
        self.rows * self.columns
    }

    pub(super) const fn places(self) -> Places {
        Places { rows: self.rows, columns: self.columns }
    }
}

impl Geometry {
    pub(crate) fn of((kernel, stride): (Extent, Extent), padding: Padding, input: &Map, output: &Map) -> Self {
        let added = |size, kernel, stride| {
            let (before, after) = padding.added(size, kernel, stride);
            (index(before), index(after))
        };
        let (top, bottom) = added(input.shape.height, kernel.height, stride.height);
        let (left, right) = added(input.shape.width, kernel.width, stride.width);
        let area = |extent: Extent| Area { rows: index(extent.height), columns: index(extent.width) };
        let input = Area::of(input);
        Self {
            input,
            output: Area::of(output),
            kernel: area(kernel),
            stride: area(stride),
            before: Area { rows: top, columns: left },
            padded: Area { rows: input.rows + top + bottom, columns: input.columns + left + right },
        }
    }

    /// Whether each place of the output is computed from the same place of the input.
    pub(crate) const fn is_pointwise(&self) -> bool {
        self.kernel.count() == 1 && self.stride.count() == 1
    }

    /// The window over the padded map, of so many channels.
    pub(super) const fn window(&self, channels: usize) -> (Steps, Window) {
        let row = self.padded.columns * channels;
        let steps = Steps { column: self.stride.columns * channels, row: self.stride.rows * row };
        (steps, Window { segments: self.kernel.rows, segment_step: row, depth: self.kernel.columns * channels })
    }

    /// The taps of a depthwise kernel over the padded map, `fold` places treated as one.
    pub(super) const fn taps(&self, channels: usize, fold: usize) -> (Steps, Taps) {
        let row = self.padded.columns * channels;
        let steps = Steps { column: self.stride.columns * channels * fold, row: self.stride.rows * row };
        (steps, Taps { rows: self.kernel.rows, columns: self.kernel.columns, row_step: row, channels, fold })
    }

    /// What the gradient of the input is computed from.
    pub(super) fn reversed(&self) -> Reversed {
        let rows = Side::of(self.input.rows, self.output.rows, self.kernel.rows, self.stride.rows, self.before.rows);
        let columns = Side::of(
            self.input.columns,
            self.output.columns,
            self.kernel.columns,
            self.stride.columns,
            self.before.columns,
        );
        let phases = rows.phases.iter().flat_map(|&rows| columns.phases.iter().map(move |&columns| (rows, columns)));
        Reversed {
            before: Area { rows: rows.before, columns: columns.before },
            padded: Area { rows: rows.padded, columns: columns.padded },
            phases: phases.map(|(rows, columns)| Phase { rows, columns }).collect(),
        }
    }
}

/// The gradients of outputs with rows and columns of zeros around them, and for places of the input that lie alike to the
/// steps of the window a kernel of their own over them.
#[derive(Clone, Debug)]
pub(super) struct Reversed {
    pub(super) before: Area,
    pub(super) padded: Area,
    pub(super) phases: Vec<Phase>,
}

/// Places of the input that lie alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Phase {
    pub(super) rows: Line,
    pub(super) columns: Line,
}

/// Every `stride`-th row or column, from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) stride: usize,
    /// Where in the padded gradients the first one's taps begin.
    pub(super) from: usize,
    pub(super) taps: usize,
    /// The kernel's row or column at the last of the taps; the one before it is `stride` further.
    pub(super) last_tap: usize,
}

impl Line {
    /// The kernel's row or column at a tap.
    pub(super) const fn kernel(&self, tap: usize) -> usize {
        self.last_tap + self.stride * (self.taps - 1 - tap)
    }
}

struct Side {
    before: usize,
    padded: usize,
    phases: Vec<Line>,
}

impl Side {
    /// Place y of the input has a share in output o by the kernel's row k where o * stride + k = y + before.
    fn of(input: usize, output: usize, kernel: usize, stride: usize, before: usize) -> Self {
        let most_taps = kernel.div_ceil(stride);
        let last = (input - 1 + before) / stride;
        let zeros_before = most_taps - 1;
        let padded = zeros_before + output.max(last + 1);
        let phases = (0..stride).filter_map(|residue| {
            let first = (residue + stride - before % stride) % stride;
            (first < input).then(|| {
                let taps = if residue < kernel { (kernel - residue).div_ceil(stride) } else { 0 };
                let from = (first + before - residue) / stride + zeros_before + 1 - taps.max(1);
                let count = (input - first).div_ceil(stride);
                Line { first, count, stride, from, taps, last_tap: residue }
            })
        });
        Self { before: zeros_before, padded, phases: phases.collect() }
    }
}

impl Phase {
    pub(super) const fn places(&self) -> Places {
        Places { rows: self.rows.count, columns: self.columns.count }
    }

    pub(super) const fn taps(&self) -> usize {
        self.rows.taps * self.columns.taps
    }

    /// The window over padded gradients of so many channels, `columns` of them in a row.
    pub(super) const fn window(&self, columns: usize, channels: usize) -> (Steps, Window) {
        let row = columns * channels;
        (
            Steps { column: channels, row },
            Window { segments: self.rows.taps, segment_step: row, depth: self.columns.taps * channels },
        )
    }

    /// The same for depthwise kernels.
    pub(super) const fn depthwise(&self, columns: usize, channels: usize, fold: usize) -> (Steps, Taps) {
        let row = columns * channels;
        (
            Steps { column: channels * fold, row },
            Taps { rows: self.rows.taps, columns: self.columns.taps, row_step: row, channels, fold },
        )
    }

    /// Where in the padded gradients it begins.
    pub(super) const fn from(&self, columns: usize, channels: usize) -> usize {
        (self.rows.from * columns + self.columns.from) * channels
    }

    /// Where in the input it begins, and the steps to its next places.
    pub(super) const fn to(&self, columns: usize, channels: usize) -> (usize, Steps) {
        (
            (self.rows.first * columns + self.columns.first) * channels,
            Steps { column: self.columns.stride * channels, row: self.rows.stride * columns * channels },
        )
    }
}
