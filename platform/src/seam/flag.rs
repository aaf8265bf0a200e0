//! What a backend owes for flags: what event loops wait for.

use crate::memory::SystemHandle;

/// A descriptor, or a handle, that an event loop waits for: ready while it is raised.
/// [`RawSystem::lowered_flag`](super::system::RawSystem::lowered_flag) makes it.
pub(crate) trait RawFlag: Send + Sync {
    fn raise(&self);

    fn lower(&self);

    /// What the event loop waits for.
    fn handle(&self) -> SystemHandle<'_>;
}
