//! The numbers of fields in the tables of a .tflite file, for reader and writer alike.

/// The root.
pub(super) mod model {
    pub(crate) const VERSION: usize = 0;
    pub(crate) const CODES: usize = 1;
    pub(crate) const GRAPHS: usize = 2;
    pub(crate) const DESCRIPTION: usize = 3;
    pub(crate) const BUFFERS: usize = 4;
    pub(crate) const METADATA: usize = 6;
}

/// An entry of metadata.
pub(super) mod metadata {
    pub(crate) const NAME: usize = 0;
    pub(crate) const BUFFER: usize = 1;
}

/// The tables of metadata about labels.
pub(super) mod labelled {
    pub(crate) mod model {
        pub(crate) const NAME: usize = 0;
        pub(crate) const GRAPHS: usize = 3;
        pub(crate) const LEAST_READER: usize = 7;
    }
    pub(crate) mod graph {
        pub(crate) const INPUTS: usize = 2;
        pub(crate) const OUTPUTS: usize = 3;
    }
    pub(crate) mod tensor {
        pub(crate) const NAME: usize = 0;
        pub(crate) const DESCRIPTION: usize = 1;
        pub(crate) const FILES: usize = 6;
    }
    pub(crate) mod file {
        pub(crate) const NAME: usize = 0;
        pub(crate) const DESCRIPTION: usize = 1;
        pub(crate) const KIND: usize = 2;
    }
}

/// The code of an operator.
pub(super) mod code {
    /// One byte, for old readers.
    pub(crate) const OLD: usize = 0;
    pub(crate) const CUSTOM: usize = 1;
    pub(crate) const VERSION: usize = 2;
    pub(crate) const NUMBER: usize = 3;
}

/// A graph.
pub(super) mod graph {
    pub(crate) const TENSORS: usize = 0;
    pub(crate) const INPUTS: usize = 1;
    pub(crate) const OUTPUTS: usize = 2;
    pub(crate) const OPERATORS: usize = 3;
    pub(crate) const NAME: usize = 4;
}

/// A tensor.
pub(super) mod tensor {
    pub(crate) const SHAPE: usize = 0;
    pub(crate) const KIND: usize = 1;
    pub(crate) const BUFFER: usize = 2;
    pub(crate) const NAME: usize = 3;
    pub(crate) const QUANTISATION: usize = 4;
}

/// What a tensor's integers mean.
pub(super) mod quantisation {
    pub(crate) const SCALES: usize = 2;
    pub(crate) const ZERO_POINTS: usize = 3;
    pub(crate) const AXIS: usize = 6;
}

/// An operator.
pub(super) mod operator {
    pub(crate) const CODE: usize = 0;
    pub(crate) const INPUTS: usize = 1;
    pub(crate) const OUTPUTS: usize = 2;
    pub(crate) const OPTIONS_KIND: usize = 3;
    pub(crate) const OPTIONS: usize = 4;
}

/// The data of a tensor.
pub(super) mod buffer {
    pub(crate) const DATA: usize = 0;
}
