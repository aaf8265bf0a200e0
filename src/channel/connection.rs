//! What the two halves of a channel's end have in common: its region, its seat, and how they wait.
//!
//! *Turns and streams.* Sides that take turns with large messages put each where the one before lay, which both have in
//! their caches still. In a stream the receiver leaves the sender alone for a moment before it looks again, and large
//! rings let the sender run ahead.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use samemap_platform::internal::SharedWord;
use samemap_platform::internal::words::Until;
use samemap_platform::internal::{Doorbell, Seat};

use super::layout::{LISTENING, MAKING, Side};
use crate::endpoint::spin::Spinner;
use crate::endpoint::wait::{Woken, sleep_until};
use crate::{Error, ErrorKind, Region, Result, View};

/// One end of a channel, open in this process.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) view: View,
    pub(super) side: Side,
    /// Says that this end lives, as long as the process does.
    seat: Seat,
    /// Keeps the region's handle, for callers that share the region.
    pub(super) region: Region,
    state: SharedWord<AtomicU32>,
    /// The other end has not come yet, as far as this one knows: the listener's end of a channel that is new, or made new.
    awaits_peer: AtomicBool,
    /// Something was sent since the receiving half asked last: the two sides take turns.
    pub(super) sent: Turn,
    /// Something was received since the sending half asked last.
    pub(super) received: Turn,
    /// The other end was found dead. All later calls are told, though a new peer may have come meanwhile.
    peer_died: AtomicBool,
}

impl Connection {
    pub(super) fn new(
        region: Region,
        view: View,
        side: Side,
        seat: Seat,
        state: SharedWord<AtomicU32>,
    ) -> Connection {
        let awaits_peer = AtomicBool::new(side == Side::Listener);
        let (sent, received, peer_died) = (Turn::default(), Turn::default(), AtomicBool::new(false));
        Connection { view, side, seat, region, state, awaits_peer, sent, received, peer_died }
    }

    /// Whether this handle belongs to this process, and not to the one that forked it.
    #[inline]
    pub(super) fn is_ours(&self) -> bool {
        self.seat.is_ours()
    }

    /// Refuses a forked child's copy: it and the parent would write over each other's messages.
    #[inline]
    pub(super) fn check_ours(&self, operation: &'static str) -> Result<()> {
        if self.is_ours() { Ok(()) } else { Err(forked(operation)) }
    }

    /// Whether no peer has come yet. Once one was seen this is kept in private memory: what it writes does not make it
    /// unseen.
    pub(super) fn awaits_peer(&self) -> bool {
        if !self.awaits_peer.load(Ordering::Relaxed) {
            return false;
        }
        let awaits = self.state.load(Ordering::Acquire) == LISTENING;
        self.awaits_peer.store(awaits, Ordering::Relaxed);
        awaits
    }

    /// Waits for a peer no more; `false` when one has come.
    pub(super) fn withdraw(&self) -> bool {
        self.state.compare_exchange(LISTENING, MAKING, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Whether the other end was found dead before.
    pub(super) fn is_peer_known_dead(&self) -> bool {
        self.peer_died.load(Ordering::Relaxed)
    }

    /// Whether the other end's process lives and has the channel open, or is still to come.
    pub(super) fn peer_lives(&self) -> Result<bool> {
        if self.is_peer_known_dead() {
            return Ok(false);
        }
        let lives = self.awaits_peer() || Seat::is_taken(&self.view, self.side.other().seat())?;
        if !lives {
            self.peer_died.store(true, Ordering::Relaxed);
        }
        Ok(lives)
    }

    /// Waits for news of the other end: looks for a while, then sleeps.
    pub(super) fn wait(
        &self,
        spinner: &mut Spinner,
        bell: &Doorbell,
        limit: Until,
        news: impl Fn() -> bool,
    ) -> Result<Woken> {
        if self.is_peer_known_dead() {
            return Ok(if news() { Woken::News } else { Woken::Alone });
        }
        if spinner.look(limit, &news, || self.peer_lives())? {
            return Ok(Woken::News);
        }
        spinner.sleeps();
        sleep_until(bell, limit, news, || self.peer_lives())
    }

    /// Before a new peer comes, which [`LISTENING`] then invites.
    pub(super) fn forget_peer(&self) {
        self.peer_died.store(false, Ordering::Relaxed);
    }

    /// After that.
    pub(super) fn await_peer(&self) {
        self.awaits_peer.store(true, Ordering::Relaxed);
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
pub(super) fn forked(operation: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, operation).with_detail(
        "this is a forked child's copy, and belongs to its parent; connect or listen in the child",
    )
}

#[cold]
pub(super) fn closed(operation: &'static str) -> Error {
    Error::new(ErrorKind::Closed, operation)
}

#[cold]
pub(super) fn peer_died(operation: &'static str) -> Error {
    Error::new(ErrorKind::PeerDied, operation)
}
