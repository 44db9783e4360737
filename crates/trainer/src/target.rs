/// The classes of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    pub first: u16,
    pub second: u16,
    pub share: f32,
}
