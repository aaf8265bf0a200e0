//! What a system's backend owes, in prose and as traits.

pub(crate) mod header;
pub(crate) mod kind;
mod per_process;
pub(crate) mod place;
pub(crate) mod raw;

pub use per_process::{Fact, PerProcess};
