//! What the two halves of a channel's end have in common: its region, its seat, and how they wait.
//!
//! *Turns and streams.* Sides that take turns with large messages put each where the one before lay, which both have in
//! their caches still. In a stream the receiver leaves the sender alone for a moment before it looks again, and large
//! rings let the sender run ahead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use samemap_platform::internal::SharedWord;
use samemap_platform::internal::words::Until;
use samemap_platform::internal::{Doorbell, Seat};

use super::layout::{LISTENING, MAKING, Side};
use crate::endpoint::seat::forked;
use crate::endpoint::spin::Spinner;
use crate::endpoint::wait::{self, Woken};
use crate::{Error, ErrorKind, Region, Result, View};

/// What a forked child does in place of using its copy.
pub(super) const ADVICE: &str = "connect or listen in the child";

/// One end of a channel, open in this process.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) view: View,
    pub(super) side: Side,
    /// Says that this end lives, as long as the process does.
    seat: Seat,
    /// Keeps the region's handle, for callers that share the region.
    pub(super) region: Region,
    pub(super) other: Arc<OtherEnd>,
    /// Something was sent since the receiving half asked last: the two sides take turns.
    pub(super) sent: Turn,
    /// Something was received since the sending half asked last.
    pub(super) received: Turn,
}

impl Connection {
    pub(super) fn new(
        region: Region,
        view: View,
        side: Side,
        seat: Seat,
        state: SharedWord<AtomicU32>,
    ) -> Connection {
        let other = OtherEnd {
            view: view.clone(),
            seat: side.other().seat(),
            state,
            is_awaited: AtomicBool::new(side == Side::Listener),
            has_died: AtomicBool::new(false),
        };
        let (other, sent, received) = (Arc::new(other), Turn::default(), Turn::default());
        Connection { view, side, seat, region, other, sent, received }
    }

    /// Whether this handle belongs to this process, and not to the one that forked it.
    #[inline]
    pub(super) fn is_ours(&self) -> bool {
        self.seat.is_ours()
    }

    /// Refuses a forked child's copy: it and the parent would write over each other's messages.
    #[inline]
    pub(super) fn check_ours(&self, operation: &'static str) -> Result<()> {
        if self.is_ours() { Ok(()) } else { Err(forked(operation, ADVICE)) }
    }

    /// Waits for news of the other end: looks for a while, then sleeps.
    pub(super) fn wait(
        &self,
        spinner: &mut Spinner,
        bell: &Doorbell,
        limit: Until,
        news: impl Fn() -> bool,
    ) -> Result<Woken> {
        if self.other.is_known_dead() {
            return Ok(if news() { Woken::News } else { Woken::Alone });
        }
        wait::wait(spinner, Some(bell), limit, news, || self.other.lives())
    }
}

/// What one end knows of the other one. Those that wait on the end's behalf share it, and have no seat by that.
#[derive(Debug)]
pub(super) struct OtherEnd {
    view: View,
    seat: usize,
    state: SharedWord<AtomicU32>,
    /// It has not come yet, as far as this end knows: the listener's end of a channel that is new, or made new.
    is_awaited: AtomicBool,
    /// It was found dead. All later calls are told, though a new peer may have come meanwhile.
    has_died: AtomicBool,
}

impl OtherEnd {
    /// Whether it has not come yet. Once one was seen this is kept in private memory: what it writes does not make it
    /// unseen.
    pub(super) fn is_awaited(&self) -> bool {
        if !self.is_awaited.load(Ordering::Relaxed) {
            return false;
        }
        let awaits = self.state.load(Ordering::Acquire) == LISTENING;
        self.is_awaited.store(awaits, Ordering::Relaxed);
        awaits
    }

    /// Waits for it no more; `false` when it has come.
    pub(super) fn withdraw(&self) -> bool {
        self.state.compare_exchange(LISTENING, MAKING, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Whether it was found dead before.
    pub(super) fn is_known_dead(&self) -> bool {
        self.has_died.load(Ordering::Acquire)
    }

    /// Whether its process lives and has the channel open, or is still to come.
    pub(super) fn lives(&self) -> Result<bool> {
        if self.is_known_dead() {
            return Ok(false);
        }
        let lives = self.is_awaited() || Seat::is_taken(&self.view, self.seat)?;
        Ok(lives || self.give_up())
    }

    /// From now on it counts as dead.
    pub(super) fn give_up(&self) -> bool {
        self.has_died.store(true, Ordering::Release);
        false
    }

    /// Before a new peer comes, which [`LISTENING`] then invites.
    pub(super) fn forget(&self) {
        self.has_died.store(false, Ordering::Relaxed);
    }

    /// After that.
    pub(super) fn await_next(&self) {
        self.is_awaited.store(true, Ordering::Relaxed);
    }
}

/// What one half of an end has done since the other half asked.
#[derive(Debug, Default)]
pub(super) struct Turn(AtomicBool);

impl Turn {
    /// It was done.
    #[inline]
    pub(super) fn note(&self) {
        // Read first: the other half's thread may be on another processor.
        if !self.0.load(Ordering::Relaxed) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was done since this was asked last.
    #[inline]
    pub(super) fn take(&self) -> bool {
        let answer = self.0.load(Ordering::Relaxed);
        if answer {
            self.0.store(false, Ordering::Relaxed);
        }
        answer
    }
}

#[cold]
pub(super) fn closed(operation: &'static str) -> Error {
    Error::new(ErrorKind::Closed, operation)
}

#[cold]
pub(super) fn peer_died(operation: &'static str) -> Error {
    Error::new(ErrorKind::PeerDied, operation)
}
