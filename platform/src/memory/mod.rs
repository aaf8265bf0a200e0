//! Mapped memory that any process may change at any time, and the sound ways to touch it (rules C10 to C14).

pub(crate) mod copy;
mod keeper;
mod part;
mod view;

pub use keeper::{Keeper, Mapped, Origin};
pub use part::{Part, SharedWord};
pub use view::{AtomicReader, MappedRange, View};
