//! What comes of the vendor's tool, however it behaves: through processes as they really are.

mod bench;
mod ends;
mod failures;
mod figures;
mod killed;
mod neural_art;
mod remembered;
