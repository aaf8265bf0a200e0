//! What a waiter of [`aio`](crate::aio) finds on behalf of a task.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::Result;

/// Whether a waiter has found the peer's end, and the task was not told yet.
#[derive(Debug, Default)]
pub(crate) struct EndFound(AtomicBool);

impl EndFound {
    /// Notes what a look found. A failed look counts as an end: the task's next call returns the error.
    pub(crate) fn note(&self, has_ended: Result<bool>) -> bool {
        let has_ended = has_ended.unwrap_or(true);
        self.0.fetch_or(has_ended, Ordering::AcqRel) || has_ended
    }

    pub(crate) fn is_noted(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Whether it was noted: the task is told now.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}
