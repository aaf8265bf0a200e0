//! How many one call may wait for.

use crate::Result;
use crate::contract::context::{Context, Operation};
use crate::seam::object::MAX_OBJECTS;

/// The call that waits for the first of several.
pub(super) const WAIT_ANY: Operation = "wait for any of the objects";

/// Checks the number of objects.
pub(super) fn check_count(count: usize, operation: Operation) -> Result<()> {
    if (1..=MAX_OBJECTS).contains(&count) {
        return Ok(());
    }
    let context = Context { operation, name: None };
    Err(context.invalid(format!("there are {count} of them; give 1 to {MAX_OBJECTS}")))
}
