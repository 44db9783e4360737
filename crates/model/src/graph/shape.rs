//! Shapes, and what a window does to them.

use std::fmt;

use serde::Serialize;

use crate::spec::Padding;

/// Rows and columns of a kernel, a step or a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Extent {
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
}

impl Extent {
    /// One row, one column.
    pub const ONE: Self = Self { height: 1, width: 1 };

    /// Rows times columns.
    #[must_use]
    pub const fn area(self) -> u64 {
        self.height as u64 * self.width as u64
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}x{}", self.height, self.width))
    }
}

/// The shape of a tensor, channels last. A vector has one row and one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Shape {
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
    /// Values at each place.
    pub channels: u32,
}

impl Shape {
    /// A vector.
    #[must_use]
    pub const fn vector(length: u32) -> Self {
        Self { height: 1, width: 1, channels: length }
    }

    /// How many values.
    #[must_use]
    pub const fn elements(self) -> u64 {
        self.area().saturating_mul(self.channels as u64)
    }

    /// How many places.
    #[must_use]
    pub const fn area(self) -> u64 {
        self.height as u64 * self.width as u64
    }

    /// The same places with other channels.
    #[must_use]
    pub const fn with_channels(self, channels: u32) -> Self {
        Self { channels, ..self }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}x{}x{}", self.height, self.width, self.channels))
    }
}

impl Padding {
    /// How many places a window of `kernel` takes on `size` places in steps of `stride`.
    #[must_use]
    pub const fn places(self, size: u32, kernel: u32, stride: u32) -> u32 {
        match self {
            Self::Same => size.div_ceil(stride),
            Self::Valid if kernel > size => 0,
            Self::Valid => (size - kernel) / stride + 1,
        }
    }

    /// How many places are added before the first one and after the last; the smaller half comes first.
    #[must_use]
    pub const fn added(self, size: u32, kernel: u32, stride: u32) -> (u32, u32) {
        match self {
            Self::Valid => (0, 0),
            Self::Same => {
                let covered = (self.places(size, kernel, stride) - 1) * stride + kernel;
                let total = covered.saturating_sub(size);
                (total / 2, total - total / 2)
            }
        }
    }
}

/// What a window does at the edge of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edge {
    /// As [`Padding::Same`] says.
    Same,
    /// As [`Padding::Valid`] says.
    Valid,
    /// The first window begins so many rows above the map, and so many columns before it; inside of it where that is negative.
    /// How many there are is said by the shape of the output.
    At {
        /// Rows above.
        top: u32,
        /// Columns before.
        left: i32,
    },
}

impl Edge {
    /// The padding that a spec would call it by.
    #[must_use]
    pub const fn padding(self) -> Option<Padding> {
        match self {
            Self::Same => Some(Padding::Same),
            Self::Valid => Some(Padding::Valid),
            Self::At { .. } => None,
        }
    }
}

impl From<Padding> for Edge {
    fn from(padding: Padding) -> Self {
        match padding {
            Padding::Same => Self::Same,
            Padding::Valid => Self::Valid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_take_the_places_that_the_int8_contract_says() {
        use Padding::{Same, Valid};
        for (padding, size, kernel, stride, places, added) in [
            (Same, 32, 3, 1, 32, (1, 1)),
            (Same, 32, 3, 2, 16, (0, 1)),
            (Same, 33, 3, 2, 17, (1, 1)),
            (Same, 1, 3, 1, 1, (1, 1)),
            (Same, 32, 1, 2, 16, (0, 0)),
            (Same, 49, 10, 2, 25, (4, 5)),
            (Valid, 32, 3, 1, 30, (0, 0)),
            (Valid, 224, 7, 2, 109, (0, 0)),
            (Valid, 2, 3, 1, 0, (0, 0)),
        ] {
            assert_eq!(padding.places(size, kernel, stride), places);
            assert_eq!(padding.added(size, kernel, stride), added, "{padding} {size} {kernel} {stride}");
        }
    }
}
