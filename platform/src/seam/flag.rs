//! What a backend owes for flags: what event loops wait for.

use crate::Result;
use crate::contract::context::Context;

/// A descriptor, or a handle, that an event loop waits for: ready while it is raised.
pub(crate) trait RawFlag: Send + Sync + Sized {
    /// A lowered one.
    fn new(context: Context<'_>) -> Result<Self>;

    fn raise(&self);

    fn lower(&self);
}
