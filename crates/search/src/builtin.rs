//! The spaces that come with the program, as data.

/// The one that is searched where none is named.
pub(crate) const USUAL: &str = "mixed";

/// All of them, the usual one first.
pub(crate) const BUILT_IN: &[(&str, &str)] = &[
    (USUAL, include_str!("../spaces/mixed.toml")),
    ("free", include_str!("../spaces/free.toml")),
    ("stages", include_str!("../spaces/stages.toml")),
    ("mobile", include_str!("../spaces/mobile.toml")),
    ("residual", include_str!("../spaces/residual.toml")),
    ("signal", include_str!("../spaces/signal.toml")),
];

/// The names of the built-in spaces, the usual one first.
pub fn built_in_spaces() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}
