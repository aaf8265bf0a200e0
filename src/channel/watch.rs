//! What waits for a channel's peer, or for a listener's, on behalf of tasks and event loops.

use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::sync::atomic::Ordering;

use samemap_platform::internal::Doorbell;

#[cfg(feature = "tokio")]
use super::connection::Connection;
use super::connection::OtherEnd;
use super::desk::Desk;
use super::layout::Ring;
#[cfg(feature = "tokio")]
use super::layout::{Control, LISTENING};
#[cfg(feature = "tokio")]
use crate::Result;
use crate::endpoint::readiness::{Readable, WouldBlock, Writable};
use samemap_platform::internal::waiter::Source;
use samemap_platform::internal::words::ring::RingMemory as _;

/// A ring, as its receiver waits for messages.
#[derive(Debug)]
pub(crate) struct MessageNews {
    ring: Ring,
    sender: Arc<OtherEnd>,
    readable: Readable,
}

impl MessageNews {
    pub(super) fn new(ring: &Ring, sender: &Arc<OtherEnd>, would_block: &Arc<WouldBlock>) -> Self {
        MessageNews { ring: ring.clone(), sender: Arc::clone(sender), readable: Readable::after(would_block) }
    }

    /// Whether there is a message behind those that were there at this position. The header of one that was given back
    /// says nothing; those of the others say that there is one.
    fn has_message(&self, position: u64) -> bool {
        self.ring.shape.is_published(&self.ring, position.max(self.ring.load_head()))
    }
}

impl Source for MessageNews {
    fn bell(&self) -> &Doorbell {
        &self.ring.receiver_bell
    }

    fn is_ready(&self) -> bool {
        let has_ended = || self.ring.is_sender_closed() || self.sender.is_known_dead();
        self.readable.is_ready(|position| self.has_message(position) || has_ended())
    }

    fn is_over(&self) -> bool {
        is_gone(&self.sender)
    }
}

/// A ring, as its sender waits for room.
#[derive(Debug)]
pub(crate) struct RoomNews {
    ring: Ring,
    receiver: Arc<OtherEnd>,
    writable: Writable,
}

impl RoomNews {
    pub(super) fn new(ring: &Ring, receiver: &Arc<OtherEnd>, would_block: &Arc<WouldBlock>) -> Self {
        RoomNews {
            ring: ring.clone(),
            receiver: Arc::clone(receiver),
            writable: Writable::after(would_block),
        }
    }

    fn has_ended(&self) -> bool {
        self.ring.is_receiver_closed() || self.receiver.is_known_dead()
    }
}

impl Source for RoomNews {
    fn bell(&self) -> &Doorbell {
        &self.ring.sender_bell
    }

    fn is_ready(&self) -> bool {
        self.writable.is_ready(|head| self.ring.load_head() != head) || self.has_ended()
    }

    fn is_over(&self) -> bool {
        is_gone(&self.receiver)
    }

    fn tell(&self) -> bool {
        self.writable.report(|head| self.ring.load_head() != head) || self.has_ended()
    }
}

/// The end's next call returns the error, also that of a failed look.
fn is_gone(other: &OtherEnd) -> bool {
    !other.lives().unwrap_or_else(|_| other.give_up())
}

/// A channel that waits for its peer.
#[cfg(feature = "tokio")]
#[derive(Debug)]
pub(crate) struct PeerArrival(Control);

#[cfg(feature = "tokio")]
impl PeerArrival {
    pub(super) fn new(connection: &Connection) -> Result<Self> {
        Ok(PeerArrival(Control::at(&connection.view)?))
    }
}

#[cfg(feature = "tokio")]
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

/// In place of a position: a call accepted one peer, and others may have come with that peer.
pub(super) const MORE: u64 = 1;

/// A listener's desk.
#[derive(Debug)]
pub(crate) struct Arrivals {
    desk: Desk,
    readable: Readable,
}

impl Arrivals {
    pub(super) fn new(desk: Desk, would_block: &Arc<WouldBlock>) -> Self {
        Arrivals { desk, readable: Readable::after(would_block) }
    }
}

impl Source for Arrivals {
    fn bell(&self) -> &Doorbell {
        &self.desk.bell
    }

    fn is_ready(&self) -> bool {
        self.readable.is_ready(|seen| seen == MORE || self.desk.has_news())
    }

    /// Clients that were given a channel may end without a word.
    fn is_over(&self) -> bool {
        let may_be = self.desk.waiting() > 0;
        if may_be {
            self.readable.found();
        }
        may_be
    }
}
