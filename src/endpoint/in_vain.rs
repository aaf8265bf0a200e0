//! What an end's own calls tell those that wait for it on behalf of an event loop or a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The last call of an end that found nothing: no message, or no room. The end notes them; watches of the end, on other
/// threads, compare what has come since.
#[derive(Debug, Default)]
pub(crate) struct InVain {
    count: AtomicU64,
    position: AtomicU64,
}

/// The number of no call.
const NEVER: u64 = u64::MAX;

/// One of those calls.
#[derive(Clone, Copy, Debug)]
struct Call {
    /// How many there were; 0 before the first one.
    number: u64,
    /// What the end had seen then.
    position: u64,
}

impl InVain {
    /// A call found nothing, and had seen its peer at this position.
    #[inline]
    pub(crate) fn note(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
        // One thread at a time makes an end's calls.
        let count = self.count.load(Ordering::Relaxed).wrapping_add(1);
        self.count.store(count, Ordering::Release);
    }

    fn last(&self) -> Call {
        // In this order: of a later call the position alone may be seen, at which less is news.
        let number = self.count.load(Ordering::Acquire);
        Call { number, position: self.position.load(Ordering::Relaxed) }
    }
}

/// Waits for news on behalf of a reader: there are some from the first ones after a call in vain until the next call in
/// vain, whatever was read meanwhile.
#[derive(Debug)]
pub(crate) struct Unread {
    calls: Arc<InVain>,
    /// The call in vain after which there were news.
    found_after: AtomicU64,
}

impl Unread {
    pub(crate) fn after(calls: &Arc<InVain>) -> Unread {
        Unread { calls: Arc::clone(calls), found_after: AtomicU64::new(NEVER) }
    }

    /// Whether there are news; `has_come` tells whether there are some at a position.
    pub(crate) fn is_there(&self, has_come: impl FnOnce(u64) -> bool) -> bool {
        let call = self.calls.last();
        if self.found_after.load(Ordering::Relaxed) == call.number {
            return true;
        }
        let is_there = has_come(call.position);
        if is_there {
            self.found_after.store(call.number, Ordering::Relaxed);
        }
        is_there
    }

    /// There are news that nothing in memory shows.
    pub(crate) fn found(&self) {
        self.is_there(|_| true);
    }
}

/// Waits for room on behalf of a writer: there is some once, after a call in vain.
#[derive(Debug)]
pub(crate) struct RoomAgain {
    calls: Arc<InVain>,
    /// The call in vain after which the loop was told.
    told_after: AtomicU64,
    /// The call in vain after which it is time for another one.
    due_after: AtomicU64,
}

impl RoomAgain {
    /// There is none to tell of before the first call in vain.
    pub(crate) fn after(calls: &Arc<InVain>) -> RoomAgain {
        RoomAgain { calls: Arc::clone(calls), told_after: AtomicU64::new(0), due_after: AtomicU64::new(0) }
    }

    /// The writer is to look again, whatever memory shows; whether it waits for room at all.
    pub(crate) fn look_again(&self) -> bool {
        let call = self.call_before(|_| true);
        if let Some(call) = call {
            self.due_after.store(call.number, Ordering::Relaxed);
        }
        call.is_some()
    }

    /// Whether there is room to tell of; `has_come` tells whether there is more than at a position.
    pub(crate) fn is_there(&self, has_come: impl FnOnce(u64) -> bool) -> bool {
        self.call_before(has_come).is_some()
    }

    /// The same, told now.
    pub(crate) fn tell(&self, has_come: impl FnOnce(u64) -> bool) -> bool {
        let call = self.call_before(has_come);
        if let Some(call) = call {
            self.told_after.store(call.number, Ordering::Relaxed);
        }
        call.is_some()
    }

    fn call_before(&self, has_come: impl FnOnce(u64) -> bool) -> Option<Call> {
        let call = self.calls.last();
        let is_told = self.told_after.load(Ordering::Relaxed) == call.number;
        let is_due = || self.due_after.load(Ordering::Relaxed) == call.number;
        (!is_told && (is_due() || has_come(call.position))).then_some(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_has_news_until_it_looks_in_vain() {
        let calls = Arc::new(InVain::default());
        let unread = Unread::after(&calls);
        assert!(!unread.is_there(|_| false) && unread.is_there(|seen| seen == 0));
        assert!(unread.is_there(|_| false), "until the first call in vain");
        calls.note(7);
        assert!(!unread.is_there(|seen| seen != 7));
        assert!(unread.is_there(|seen| seen == 7));
        assert!(unread.is_there(|_| false), "until the next call in vain");
        calls.note(8);
        assert!(!unread.is_there(|_| false));
        unread.found();
        assert!(unread.is_there(|_| false));
        assert!(!Unread::after(&calls).is_there(|seen| seen != 8), "another one has found nothing yet");
    }

    #[test]
    fn a_writer_is_told_once_of_room_after_it_was_refused() {
        let calls = Arc::new(InVain::default());
        let room = RoomAgain::after(&calls);
        assert!(!room.is_there(|_| true), "nothing was refused");
        calls.note(3);
        assert!(!room.tell(|seen| seen != 3));
        assert!(room.is_there(|seen| seen == 3) && room.tell(|_| true));
        assert!(!room.is_there(|_| true) && !room.tell(|_| true), "once");
        assert!(!room.look_again(), "it waits for none");
        // Also where the next peer's positions are the same.
        calls.note(3);
        assert!(room.tell(|_| true));
        calls.note(4);
        assert!(!room.is_there(|_| false) && room.look_again() && room.is_there(|_| false));
        calls.note(4);
        assert!(!room.is_there(|_| false), "it has looked");
    }
}
