//! Other programs, each started within bounds: in a process group of its own, with nothing of the environment, with a deadline,
//! first a polite signal, then a final one, and no more of what they say kept than was agreed.
//!
//! A [`Program`] is either run to its end, or talked with line by line: a [`Conversation`].

mod conversation;
mod group;
mod mark;
mod program;
mod said;

pub use conversation::{Conversation, Heard};
pub use group::Status;
pub use mark::{Mark, end_marked};
pub use program::{Ended, Limits, Program, ProgramError, SEARCHED};
pub use said::Said;
