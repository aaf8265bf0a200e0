//! What the waiters of [`aio`](crate::aio) watch on behalf of a channel's tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use samemap_platform::internal::Doorbell;

use super::connection::Connection;
use super::desk::Desk;
use super::layout::{Control, LISTENING, Ring};
use crate::Result;
use samemap_platform::internal::waiter::Source;
use samemap_platform::internal::words::ring::RingMemory as _;

/// One half of an end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Half {
    Sending,
    Receiving,
}

/// A ring, and which half of this end waits for the peer there.
#[derive(Debug)]
pub(crate) struct RingNews {
    ring: Ring,
    half: Half,
    connection: Arc<Connection>,
    is_peer_gone: AtomicBool,
    /// Where the task has seen the receiver, or where its next message will begin.
    seen: AtomicU64,
}

impl RingNews {
    pub(super) fn new(connection: &Arc<Connection>, half: Half, ring: &Ring) -> Self {
        let (ring, connection) = (ring.clone(), Arc::clone(connection));
        RingNews { ring, half, connection, is_peer_gone: AtomicBool::new(false), seen: AtomicU64::new(0) }
    }

    /// From now on another position of the receiver is news, or a message there.
    pub(crate) fn set_seen(&self, position: u64) {
        self.seen.store(position, Ordering::Release);
    }

    /// Whether the peer was found dead.
    pub(crate) fn is_known_over(&self) -> bool {
        self.is_peer_gone.load(Ordering::Acquire)
    }
}

impl Source for RingNews {
    fn bell(&self) -> &Doorbell {
        match self.half {
            Half::Sending => &self.ring.sender_bell,
            Half::Receiving => &self.ring.receiver_bell,
        }
    }

    fn is_ready(&self) -> bool {
        let seen = self.seen.load(Ordering::Acquire);
        match self.half {
            Half::Sending => self.ring.load_head() != seen || self.ring.is_receiver_closed(),
            Half::Receiving => self.ring.shape.is_published(&self.ring, seen) || self.ring.is_sender_closed(),
        }
    }

    fn is_over(&self) -> bool {
        // The task's next call returns the error.
        let is_gone = !self.connection.peer_lives().unwrap_or(false);
        self.is_peer_gone.fetch_or(is_gone, Ordering::AcqRel) || is_gone
    }
}

/// A channel that waits for its peer.
#[derive(Debug)]
pub(crate) struct PeerArrival(Control);

impl PeerArrival {
    pub(super) fn new(connection: &Connection) -> Result<Self> {
        Ok(PeerArrival(Control::at(&connection.view)?))
    }
}

impl Source for PeerArrival {
    fn bell(&self) -> &Doorbell {
        &self.0.listener_bell
    }

    fn is_ready(&self) -> bool {
        self.0.state.load(Ordering::Acquire) != LISTENING
    }

    fn is_over(&self) -> bool {
        false
    }
}

/// A listener's desk.
#[derive(Debug)]
pub(crate) struct Arrivals(Desk);

impl Arrivals {
    pub(super) fn new(desk: Desk) -> Self {
        Arrivals(desk)
    }
}

impl Source for Arrivals {
    fn bell(&self) -> &Doorbell {
        &self.0.bell
    }

    fn is_ready(&self) -> bool {
        self.0.has_news()
    }

    /// Clients that were given a channel may end without a word.
    fn is_over(&self) -> bool {
        self.0.waiting() > 0
    }
}
