//! Mapped memory that any process may change at any time, and the sound ways to touch it (rules C10 to C14).

pub(crate) mod copy;
mod keeper;
mod load;
mod part;
mod prefetch;
mod slots;
#[cfg(test)]
mod tests;
mod text;
mod view;
mod word;

pub(crate) use keeper::OwnedSystemHandle;
pub use keeper::{Keeper, Mapped, Origin, SystemHandle};
pub use part::Part;
pub use slots::{SharedReader, SharedSlots, SlotsReader};
pub use view::{MappedRange, View};
pub use word::{AtomicReader, SharedWord, SharedWords};
