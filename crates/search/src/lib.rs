//! Which architectures to try next: spaces, strategies, and what fits a budget.
//!
//! A [`Space`] says what members are, a [`Task`] what they may take, a [`Strategy`] which come next. The same code drives an
//! agent and the [`arena`]. What is proposed fits, by the planner that judges it later.
//!
//! ```
//! use std::sync::Arc;
//! use automcu_model::{Bytes, spec::{Classes, Input, InputChannels, Side}};
//! use automcu_search::{Buildable, Mixed, Stages, Strategy, Task};
//! use automcu_target::{Budget, Core};
//!
//! let input = Input { height: Side::fixed(1), width: Side::fixed(128), channels: InputChannels::fixed(6) };
//! let space = Stages::new(input, Classes::fixed(6))?;
//! let budget = Budget { ram: Some(Bytes::kib(8)), flash: Some(Bytes::kib(32)) };
//! let mut strategy = Mixed::new(Arc::new(Task { space: space.clone(), budget, core: Core::CortexM4, most_macs: None }), 1);
//!
//! let found = strategy.propose(&[], 2);
//! assert_eq!(found.proposals.len(), 2);
//! for proposal in &found.proposals {
//!     assert!(proposal.size.flash() <= Bytes::kib(32));
//!     assert!(space.spec(&proposal.member).lower().is_ok());
//! }
//! # Ok::<(), automcu_model::Refusals>(())
//! ```
//!
//! Nothing here reads a file, a clock or the environment, or draws a random number without a seed.

pub mod arena;
mod builtin;
mod cells;
mod choose;
mod cost;
mod count;
mod description;
mod dialogue;
mod evolution;
mod feedback;
mod front;
mod guided;
mod largest;
mod local;
mod mixed;
mod numbers;
mod occam;
mod proposer;
mod random;
mod recorded;
mod rules;
mod scale;
mod space;
mod staged;
mod strategy;
mod unas;

pub use builtin::built_in_spaces;
pub use cells::{Cell, CellId, Cells, Data, Operation, Reached, Table, TableError};
pub use choose::{CHOICE_DRAWS, Chosen, Spread, choose};
pub use cost::{Misfit, NothingFits, Size, Task};
pub use count::Count;
pub use description::{
    Amounts, Choices, DESCRIPTION_BYTES, Description, DescriptionError, HalvedBy, Halves, Head, Inputs, LastMap, Place,
    Pooling, Range, Stem, space_schema,
};
pub use dialogue::{Dialogue, Language, Objection, Thought};
pub use evolution::{Evolution, FIRST, PICKED, POPULATION};
pub use feedback::{FRONT_TOLD, Feedback, Figures, SUGGESTIONS, Suggestion, TRENDS_TOLD, Told, Trend, Window};
pub use front::{Front, Point};
pub use guided::{DRAWN_FIRST, Guided, PATIENCE, POOL_CHANGES, POOL_DRAWS, POOL_FITTING, Prior, Track, WEIGHTS};
pub use largest::{By, Large, Largest, MOST_LARGEST, PLANS, largest};
pub use local::{Local, STEPS};
pub use mixed::{DRAWS_FIRST, Mixed, SEEDS};
pub use numbers::{Numbers, Purpose};
pub use occam::{NARROW, Occam};
pub use proposer::Proposer;
pub use random::{DRAWS, Random, SHRINKS, repaired};
pub use recorded::{NEIGHBOURS, Recorded};
pub use rules::Rules;
pub use scale::{MOST_EIGHTHS, Scaled, Seeds, scaled};
pub use space::{Buildable, Memory, Seed, Space, Unbuildable, Variant};
pub use staged::{Follows, Kind, NARROWEST, NoSpace, REPEATS, STAGES, Stage, Staged, Stages, WIDEST};
pub use strategy::{Outcome, Proposal, Proposals, ProposalsOf, Shortfall, Source, Strategy, Tally};
pub use unas::Unas;
