//! What a backend owes for waits on behalf of others: a thread sleeps on many objects, for tasks and event loops.

use std::time::Duration;

use super::bell::RawBell;
use super::object::{Failure, RawObject};

/// A wait for one object, which a thread makes on behalf of a task or an event loop. Dropping it ends the wait: it has
/// taken nothing then, or gives back what it took.
pub(crate) trait RawWatch<O: RawObject, B: RawBell>: Send + Sync + Sized {
    /// Begins to wait for an object, which is no mutex.
    fn begin(object: &O) -> Self;

    /// Takes the signal, if there is one, and begins the next wait.
    fn try_take(&self) -> Result<bool, Failure>;

    /// Whether a signal may be there to take. Asked after a sleep; on some systems the sleep itself finds it.
    fn is_ready(&self) -> bool;

    /// Sleeps until one of the doorbells rings or one of the objects may be signalled, for at most `limit`. The caller
    /// has announced itself to the doorbells. May wake spuriously.
    fn sleep_on_any(bells: &[&B], watches: &[&Self], limit: Duration);
}
