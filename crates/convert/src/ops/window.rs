//! What convolutions and pools share: where a window lies on a map.

use std::ops::Range;

use automcu_model::{Edge, Extent, Graph, Node, Shape};

/// A window that moves over a map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) kernel: Extent,
    pub(crate) stride: Extent,
    /// Rows of padding above the map.
    pub(crate) top: u32,
    /// Columns of padding before it.
    pub(crate) left: u32,
    /// Columns of the map before the first window, which none of them sees.
    pub(crate) skipped: u32,
}

/// One place of a window: the rows and columns of the map under it, and which row and column of the kernel comes first.
pub(crate) struct Place {
    pub(crate) rows: Range<usize>,
    pub(crate) columns: Range<usize>,
    pub(crate) kernel_row: usize,
    pub(crate) kernel_column: usize,
}

impl Window {
    /// The window of a node, of operations that have one.
    pub(crate) fn of(graph: &Graph, node: &Node) -> Option<Self> {
        let ((kernel, stride), edge) = node.op.window().zip(node.op.edge())?;
        Some(Self::new(graph.shape(node.inputs[0]), graph.shape(node.output), kernel, stride, edge))
    }

    fn new(input: Shape, output: Shape, kernel: Extent, stride: Extent, edge: Edge) -> Self {
        let (top, left) = match (edge, edge.padding()) {
            (Edge::At { top, left }, _) => (top, left),
            (_, Some(padding)) => {
                let (left, _) = padding.added(input.width, kernel.width, stride.width);
                (padding.added(input.height, kernel.height, stride.height).0, left.cast_signed())
            }
            (_, None) => (0, 0),
        };
        let (left, skipped) = (left.max(0).unsigned_abs(), left.min(0).unsigned_abs());
        Self { input, output, kernel, stride, top, left, skipped }
    }

    /// The columns of the map from the first that a window sees.
    pub(crate) const fn width(&self) -> u32 {
        self.input.width - self.skipped
    }

    /// The place that computes this row and column of the output.
    pub(crate) fn place(&self, row: usize, column: usize) -> Place {
        let Self { input, kernel, stride, top, left, .. } = self;
        let (rows, kernel_row) = along(row, stride.height, *top, kernel.height, input.height);
        let (seen, kernel_column) = along(column, stride.width, *left, kernel.width, self.width());
        let columns = seen.start + self.skipped as usize..seen.end + self.skipped as usize;
        Place { rows, columns, kernel_row, kernel_column }
    }

    /// The rows of the map under the window for one row of the output.
    pub(crate) fn rows(&self, row: u32) -> Range<u32> {
        let (rows, _) = along(row as usize, self.stride.height, self.top, self.kernel.height, self.input.height);
        let number = |row: usize| u32::try_from(row).expect("maps are bounded");
        number(rows.start)..number(rows.end)
    }

    /// Every row and column of the output, in order.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        let width = self.output.width as usize;
        (0..self.output.height as usize * width).map(move |i| self.place(i / width, i % width))
    }
}

/// What lies under a window along one axis, and what of the kernel comes first there.
fn along(at: usize, stride: u32, before: u32, kernel: u32, size: u32) -> (Range<usize>, usize) {
    let first = at * stride as usize;
    let (start, end) = (first.saturating_sub(before as usize), first + kernel as usize - before as usize);
    (start..end.min(size as usize), (before as usize).saturating_sub(first))
}
