//! What a backend owes for seats.

use super::place::Place;
use crate::Result;
use crate::contract::context::Operation;

/// A role that one holder has at a time. Dropping the seat leaves it, and so does the end of the process.
///
/// The owner of a seat does not depend on memory that other processes may write to.
pub(crate) trait RawSeat: Send + Sync + Sized {
    /// Takes the seat at a place; `None` when this process or another one has it.
    fn take(place: &Place, operation: Operation) -> Result<Option<Self>>;

    /// Whether this process or another one has the seat at a place.
    fn is_taken(place: &Place, operation: Operation) -> Result<bool>;
}
