//! What the waiters of [`aio`](crate::aio) watch on behalf of a channel's tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use samemap_platform::{Doorbell, SharedWord};

use super::connection::Connection;
use super::layout::{Control, LISTENING, Ring};
use super::ring::{RingMemory as _, Shape};
use crate::Result;
use crate::aio::Source;

/// The peer's end of a connection, as one half of ours waits for it.
#[derive(Debug)]
struct Other {
    connection: Arc<Connection>,
    is_gone: AtomicBool,
}

impl Other {
    fn is_over(&self) -> bool {
        // An error is for the task to meet.
        let is_gone = !self.connection.peer_lives().unwrap_or(false);
        self.is_gone.fetch_or(is_gone, Ordering::AcqRel) || is_gone
    }
}

/// A ring that messages come from.
#[derive(Debug)]
pub(crate) struct Incoming {
    ring: Ring,
    other: Other,
    /// Up to where the task has seen it.
    seen: AtomicU64,
}

impl Incoming {
    pub(super) fn new(connection: &Arc<Connection>, shape: Shape) -> Result<Self> {
        let ring = Ring::from(connection.side.other(), &connection.view, shape)?;
        let other = Other { connection: Arc::clone(connection), is_gone: AtomicBool::new(false) };
        Ok(Incoming { ring, other, seen: AtomicU64::new(0) })
    }

    /// From now on there are news when the sender is elsewhere.
    pub(crate) fn set_seen(&self, position: u64) {
        self.seen.store(position, Ordering::Release);
    }

    /// Whether the peer was found dead.
    pub(crate) fn is_known_over(&self) -> bool {
        self.other.is_gone.load(Ordering::Acquire)
    }
}

impl Source for Incoming {
    fn bell(&self) -> &Doorbell {
        &self.ring.receiver_bell
    }

    fn is_ready(&self) -> bool {
        self.ring.load_tail() != self.seen.load(Ordering::Acquire) || self.ring.is_sender_closed()
    }

    fn is_over(&self) -> bool {
        self.other.is_over()
    }
}

/// A ring that messages are sent through.
#[derive(Debug)]
pub(crate) struct Outgoing {
    ring: Ring,
    other: Other,
    /// Where the task has seen its receiver.
    seen: AtomicU64,
}

impl Outgoing {
    pub(super) fn new(connection: &Arc<Connection>, shape: Shape) -> Result<Self> {
        let ring = Ring::from(connection.side, &connection.view, shape)?;
        let other = Other { connection: Arc::clone(connection), is_gone: AtomicBool::new(false) };
        Ok(Outgoing { ring, other, seen: AtomicU64::new(0) })
    }

    /// From now on there are news when the receiver is elsewhere.
    pub(crate) fn set_seen(&self, position: u64) {
        self.seen.store(position, Ordering::Release);
    }

    /// Whether the peer was found dead.
    pub(crate) fn is_known_over(&self) -> bool {
        self.other.is_gone.load(Ordering::Acquire)
    }
}

impl Source for Outgoing {
    fn bell(&self) -> &Doorbell {
        &self.ring.sender_bell
    }

    fn is_ready(&self) -> bool {
        self.ring.load_head() != self.seen.load(Ordering::Acquire) || self.ring.is_receiver_closed()
    }

    fn is_over(&self) -> bool {
        self.other.is_over()
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
pub(crate) struct Arrivals {
    bell: Doorbell,
    /// The words of its places, and what the task has seen there.
    places: Vec<(SharedWord<AtomicU32>, AtomicU32)>,
}

impl Arrivals {
    pub(super) fn new(bell: Doorbell, places: impl Iterator<Item = SharedWord<AtomicU32>>) -> Self {
        Arrivals { bell, places: places.map(|word| (word, AtomicU32::new(0))).collect() }
    }

    /// From now on there are news when a place changes. To be called before the task looks.
    pub(crate) fn look(&self) {
        for (word, seen) in &self.places {
            seen.store(word.load(Ordering::Acquire), Ordering::Release);
        }
    }
}

impl Source for Arrivals {
    fn bell(&self) -> &Doorbell {
        &self.bell
    }

    fn is_ready(&self) -> bool {
        self.places.iter().any(|(word, seen)| word.load(Ordering::Acquire) != seen.load(Ordering::Acquire))
    }

    /// Who has a place may end without a word.
    fn is_over(&self) -> bool {
        self.places.iter().any(|(word, _)| word.load(Ordering::Acquire) != 0)
    }
}
