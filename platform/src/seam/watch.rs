//! What a backend owes for waits on objects and doorbells together: on behalf of tasks and event loops, and for the first
//! of several.

use std::time::Duration;

use super::bell::RawBell;
use super::object::{Failure, RawObject};
use crate::ErrorKind;
use crate::words::bell;

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

    /// Waits as [`RawObject::wait_any`] does, and at most until there is news: then the answer may be `None`, too. There
    /// are at most as many objects and doorbells together as a wait may have objects.
    fn wait_any_beside(
        _objects: &[&O],
        _timeout: Option<Duration>,
        _news: &Beside<'_, B>,
    ) -> Result<Option<usize>, Failure> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// News that end a wait for objects, and the doorbells that announce them.
pub(crate) struct Beside<'a, B> {
    pub(crate) bells: &'a [&'a B],
    /// Whether there is news; what no doorbell announces is found only by asking the system.
    pub(crate) has_come: &'a dyn Fn(Asking) -> bool,
}

/// Whether the system is asked for news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    No,
    Yes,
}

impl<B: RawBell> Beside<'_, B> {
    /// Sleeps by that call, which also sleeps on the doorbells, unless there is news already; whether there is news then.
    pub(crate) fn sleep(&self, limit: Duration, sleep: impl FnOnce(Duration)) -> bool {
        bell::sleep_with(self.bells, limit, || (self.has_come)(Asking::No), sleep);
        (self.has_come)(Asking::Yes)
    }
}
