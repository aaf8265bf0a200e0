//! What a system owes of seats.

use super::place::Place;
use crate::Result;
use crate::contract::context::Operation;

/// A role that one holder at a time has. Dropping it leaves it, and so does the end of the process.
///
/// Nothing in memory that others may write to decides who has it.
pub(crate) trait RawSeat: Send + Sync + Sized {
    /// Takes the seat there; `None` when it is taken, by this process or another one.
    fn take(place: &Place, operation: Operation) -> Result<Option<Self>>;

    /// Whether this process holds it: not so in a child that was forked since it was taken.
    fn is_ours(&self) -> bool;

    /// Whether the seat there is taken, by this process or another one.
    fn is_taken(place: &Place, operation: Operation) -> Result<bool>;
}
