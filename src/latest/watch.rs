//! What the waiters of [`aio`](crate::aio) watch on behalf of a reader's task.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use samemap_platform::internal::Doorbell;

use super::raw::{RawReader, never_woken};
use crate::Result;
use samemap_platform::internal::waiter::Source;

/// A newest value, as a task waits for it.
#[derive(Debug)]
pub(crate) struct News {
    /// A copy of the task's own: it keeps its own account of the writers that have ended.
    reader: RawReader,
    bell: Doorbell,
    /// What the task has seen.
    seen: AtomicU64,
    /// A writer was found to have ended, and the task does not know yet.
    writer_gone: AtomicBool,
}

impl News {
    pub(super) fn new(reader: &RawReader) -> Result<News> {
        let bell = reader.bell().cloned().ok_or_else(never_woken)?;
        let (seen, writer_gone) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok(News { reader: reader.clone(), bell, seen, writer_gone })
    }

    /// From now on a newest value with a larger number is news.
    pub(crate) fn set_seen(&self, sequence: u64) {
        self.seen.store(sequence, Ordering::Release);
    }

    /// Whether a writer has ended, and the task does not know.
    pub(crate) fn is_writer_gone(&self) -> bool {
        self.writer_gone.load(Ordering::Acquire)
    }

    /// Now it knows.
    #[cfg(feature = "tokio")]
    pub(crate) fn set_writer_gone_told(&self) {
        self.writer_gone.store(false, Ordering::Release);
    }
}

impl Source for News {
    fn bell(&self) -> &Doorbell {
        &self.bell
    }

    fn is_ready(&self) -> bool {
        // The task's next call returns the error.
        let seen = self.seen.load(Ordering::Acquire);
        self.reader.place().newest().map_or(true, |newest| newest > seen) || self.is_writer_gone()
    }

    fn is_over(&self) -> bool {
        // A failed look counts: the reader's next call returns the error.
        let has_gone = self.reader.writer_has_gone().unwrap_or(true);
        self.writer_gone.fetch_or(has_gone, Ordering::AcqRel) || has_gone
    }

    fn tell(&self) -> bool {
        let has_gone = self.writer_gone.swap(false, Ordering::AcqRel);
        // A failed look is told: the loop's next call returns the error.
        let Ok(newest) = self.reader.place().newest() else { return true };
        self.seen.fetch_max(newest, Ordering::AcqRel) < newest || has_gone
    }
}
