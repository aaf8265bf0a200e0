//! When an end is readable or writable, for waits on behalf of event loops and tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The last call of an end that would block: it found no message, or no room. The end notes each such call, and the waits
/// on its behalf, on other threads, compare what has come since.
#[derive(Debug, Default)]
pub(crate) struct WouldBlock {
    count: AtomicU64,
    position: AtomicU64,
}

/// The number of no call.
const NEVER: u64 = u64::MAX;

/// A call that would block.
#[derive(Clone, Copy, Debug)]
struct Call {
    /// How many there were with it; 0 before the first one.
    number: u64,
    /// What the end had seen then.
    position: u64,
}

impl WouldBlock {
    /// Notes a call that would block, and had seen the peer at this position.
    #[inline]
    pub(crate) fn note(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
        // One thread at a time makes an end's calls.
        let count = self.count.load(Ordering::Relaxed).wrapping_add(1);
        self.count.store(count, Ordering::Release);
    }

    fn last(&self) -> Call {
        // The number first: then the position may be that of a later call, after which less is news.
        let number = self.count.load(Ordering::Acquire);
        Call { number, position: self.position.load(Ordering::Relaxed) }
    }
}

/// Whether a reader has news: it has some from the first news after a call that would block until the next such call,
/// whatever it reads meanwhile.
#[derive(Debug)]
pub(crate) struct Readable {
    would_block: Arc<WouldBlock>,
    /// The call after which there was news.
    found_after: AtomicU64,
}

impl Readable {
    pub(crate) fn after(would_block: &Arc<WouldBlock>) -> Readable {
        Readable { would_block: Arc::clone(would_block), found_after: AtomicU64::new(NEVER) }
    }

    /// Whether there is news; `has_come` tells whether there is some at a position.
    pub(crate) fn is_ready(&self, has_come: impl FnOnce(u64) -> bool) -> bool {
        let call = self.would_block.last();
        if self.found_after.load(Ordering::Relaxed) == call.number {
            return true;
        }
        let is_ready = has_come(call.position);
        if is_ready {
            self.found_after.store(call.number, Ordering::Relaxed);
        }
        is_ready
    }

    /// There is news that memory does not show.
    pub(crate) fn found(&self) {
        self.is_ready(|_| true);
    }
}

/// Whether a writer has room again: that is reported once after each call that would block.
#[derive(Debug)]
pub(crate) struct Writable {
    would_block: Arc<WouldBlock>,
    /// The call after which room was reported.
    reported_after: AtomicU64,
    /// The call after which the writer is to look again, whatever memory shows.
    due_after: AtomicU64,
}

impl Writable {
    /// Nothing is reported before the first call that would block.
    pub(crate) fn after(would_block: &Arc<WouldBlock>) -> Writable {
        Writable {
            would_block: Arc::clone(would_block),
            reported_after: AtomicU64::new(0),
            due_after: AtomicU64::new(0),
        }
    }

    /// Has the writer look again, whatever memory shows; `false` when it waits for no room.
    pub(crate) fn look_again(&self) -> bool {
        let call = self.call_to_report(|_| true);
        if let Some(call) = call {
            self.due_after.store(call.number, Ordering::Relaxed);
        }
        call.is_some()
    }

    /// Whether there is room to report; `has_come` tells whether there is more than at a position.
    pub(crate) fn is_ready(&self, has_come: impl FnOnce(u64) -> bool) -> bool {
        self.call_to_report(has_come).is_some()
    }

    /// Reports room, if there is some to report.
    pub(crate) fn report(&self, has_come: impl FnOnce(u64) -> bool) -> bool {
        let call = self.call_to_report(has_come);
        if let Some(call) = call {
            self.reported_after.store(call.number, Ordering::Relaxed);
        }
        call.is_some()
    }

    fn call_to_report(&self, has_come: impl FnOnce(u64) -> bool) -> Option<Call> {
        let call = self.would_block.last();
        let is_reported = self.reported_after.load(Ordering::Relaxed) == call.number;
        let is_due = || self.due_after.load(Ordering::Relaxed) == call.number;
        (!is_reported && (is_due() || has_come(call.position))).then_some(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_has_news_until_a_call_would_block() {
        let would_block = Arc::new(WouldBlock::default());
        let readable = Readable::after(&would_block);
        assert!(!readable.is_ready(|_| false) && readable.is_ready(|seen| seen == 0));
        assert!(readable.is_ready(|_| false), "until the first call that would block");
        would_block.note(7);
        assert!(!readable.is_ready(|seen| seen != 7));
        assert!(readable.is_ready(|seen| seen == 7));
        assert!(readable.is_ready(|_| false), "until the next call that would block");
        would_block.note(8);
        assert!(!readable.is_ready(|_| false));
        readable.found();
        assert!(readable.is_ready(|_| false));
        assert!(
            !Readable::after(&would_block).is_ready(|seen| seen != 8),
            "another one has found nothing yet"
        );
    }

    #[test]
    fn room_is_reported_once_after_a_call_would_block() {
        let would_block = Arc::new(WouldBlock::default());
        let writable = Writable::after(&would_block);
        assert!(!writable.is_ready(|_| true), "nothing was refused");
        would_block.note(3);
        assert!(!writable.report(|seen| seen != 3));
        assert!(writable.is_ready(|seen| seen == 3) && writable.report(|_| true));
        assert!(!writable.is_ready(|_| true) && !writable.report(|_| true), "once");
        assert!(!writable.look_again(), "it waits for none");
        // Also where the next peer's positions are the same.
        would_block.note(3);
        assert!(writable.report(|_| true));
        would_block.note(4);
        assert!(!writable.is_ready(|_| false) && writable.look_again() && writable.is_ready(|_| false));
        would_block.note(4);
        assert!(!writable.is_ready(|_| false), "it has looked");
    }
}
