//! How a channel lies in its region, the same for 32- and 64-bit processes.
//!
//! | bytes | what, in the machine's byte order |
//! | --- | --- |
//! | 0..8 | the mark and version of this layout |
//! | 8..12 | capacity of the ring to the peer in bytes |
//! | 12..16 | the state: 0 being made, 1 waits for a peer, 2 has or had one |
//! | 16..20 | the permissions that the listener asked for |
//! | 20..24 | capacity of the ring to the listener in bytes |
//! | 128..192 | the listener's seat |
//! | 256..320 | the peer's seat |
//! | 384..448 | the listener's doorbell, for a peer that arrives |
//! | 512..576 | the peer's doorbell, for a listener that is ready |
//! | 1024..1536 | the ring to the peer: words |
//! | 1536..2048 | the ring to the listener: words |
//! | 4096.. | the ring to the peer: bytes |
//! | behind that | the ring to the listener: bytes |
//!
//! The words of a ring, each group on cache lines of its own:
//!
//! | bytes | what |
//! | --- | --- |
//! | 0..4 | 1 when the sender has closed |
//! | 128..136 | head: up to where the receiver has read |
//! | 256..320 | the receiver's doorbell |
//! | 320..324 | 1 when the receiver has closed |
//! | 384..448 | the sender's doorbell |

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use samemap_platform::internal::{Doorbell, Sleepers};
use samemap_platform::internal::{SharedWord, SharedWords};

use crate::{Error, ErrorKind, Result, View};
use samemap_platform::internal::words::ring::{HEADER, RingMemory, Shape};

pub(super) const MARK: u64 = u64::from_le_bytes(*b"SMCHAN\0\x03");

pub(super) const MARK_AT: usize = 0;
const TO_PEER_CAPACITY_AT: usize = 8;
pub(super) const STATE_AT: usize = 12;
/// Here and at a desk, as are the mark and the listener's seat.
pub(super) const PERMISSIONS_AT: usize = 16;
const TO_LISTENER_CAPACITY_AT: usize = 20;
pub(super) const LISTENER_SEAT: usize = 128;
pub(super) const PEER_SEAT: usize = 256;
pub(super) const LISTENER_BELL: usize = 384;
pub(super) const PEER_BELL: usize = 512;
const TO_PEER: usize = 1024;
const TO_LISTENER: usize = 1536;
const DATA: usize = 4096;

const SENDER_CLOSED: usize = 0;
const HEAD: usize = 128;
const RECEIVER_BELL: usize = 256;
const RECEIVER_CLOSED: usize = 320;
const SENDER_BELL: usize = 384;

const _: () = {
    assert!(LISTENER_SEAT + samemap_platform::internal::Seat::SIZE <= PEER_SEAT);
    assert!(PEER_SEAT + samemap_platform::internal::Seat::SIZE <= LISTENER_BELL);
    assert!(LISTENER_BELL + Doorbell::SIZE <= PEER_BELL);
    assert!(PEER_BELL + Doorbell::SIZE <= TO_PEER);
    assert!(RECEIVER_BELL + Doorbell::SIZE <= RECEIVER_CLOSED);
    assert!(SENDER_BELL + Doorbell::SIZE <= TO_LISTENER - TO_PEER);
    assert!(TO_LISTENER + 512 <= DATA);
};

/// Being made.
pub(super) const MAKING: u32 = 0;
/// Waits for a peer.
pub(super) const LISTENING: u32 = 1;
/// Has a peer, or had one.
pub(super) const CONNECTED: u32 = 2;

/// The shapes of the two rings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shapes {
    pub(super) to_peer: Shape,
    pub(super) to_listener: Shape,
}

impl Shapes {
    /// Bytes of a region that such a channel takes.
    pub(super) fn bytes_needed(self) -> u64 {
        DATA as u64 + u64::from(self.to_peer.capacity()) + u64::from(self.to_listener.capacity())
    }
}

/// Which end of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Listener,
    Peer,
}

impl Side {
    pub(super) fn seat(self) -> usize {
        match self {
            Side::Listener => LISTENER_SEAT,
            Side::Peer => PEER_SEAT,
        }
    }

    pub(super) fn other(self) -> Side {
        match self {
            Side::Listener => Side::Peer,
            Side::Peer => Side::Listener,
        }
    }

    /// Where the words and the bytes lie of the ring that this side sends through, and its shape.
    fn ring_out(self, shapes: Shapes) -> (usize, usize, Shape) {
        match self {
            Side::Listener => (TO_PEER, DATA, shapes.to_peer),
            Side::Peer => (TO_LISTENER, DATA + shapes.to_peer.capacity() as usize, shapes.to_listener),
        }
    }
}

/// The words of a channel that are not a ring's.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) mark: SharedWord<AtomicU64>,
    to_peer_capacity: SharedWord<AtomicU32>,
    to_listener_capacity: SharedWord<AtomicU32>,
    pub(super) state: SharedWord<AtomicU32>,
    pub(super) listener_bell: Doorbell,
    pub(super) peer_bell: Doorbell,
}

impl Control {
    pub(super) fn at(view: &View) -> Result<Control> {
        Ok(Control {
            mark: SharedWord::<AtomicU64>::at(view, MARK_AT)?,
            to_peer_capacity: SharedWord::<AtomicU32>::at(view, TO_PEER_CAPACITY_AT)?,
            to_listener_capacity: SharedWord::<AtomicU32>::at(view, TO_LISTENER_CAPACITY_AT)?,
            state: SharedWord::<AtomicU32>::at(view, STATE_AT)?,
            listener_bell: Doorbell::at(view, LISTENER_BELL, Sleepers::Many)?,
            peer_bell: Doorbell::at(view, PEER_BELL, Sleepers::Many)?,
        })
    }

    /// The shapes that the memory says its rings have, if they fit into it.
    pub(super) fn shapes(&self, view: &View) -> Result<Shapes> {
        let shape = |capacity: &AtomicU32| Shape::new(capacity.load(Ordering::Relaxed));
        shape(&self.to_peer_capacity)
            .zip(shape(&self.to_listener_capacity))
            .map(|(to_peer, to_listener)| Shapes { to_peer, to_listener })
            .filter(|shapes| shapes.bytes_needed() <= view.len() as u64)
            .ok_or_else(|| damaged("connect to the channel"))
    }

    pub(super) fn set_shapes(&self, shapes: Shapes) {
        self.to_peer_capacity.store(shapes.to_peer.capacity(), Ordering::Relaxed);
        self.to_listener_capacity.store(shapes.to_listener.capacity(), Ordering::Relaxed);
    }
}

/// One ring, as both of its ends see it.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    pub(super) shape: Shape,
    pub(super) view: View,
    /// Where its bytes begin in the view.
    pub(super) data: usize,
    /// The same bytes, for its headers.
    headers: SharedWords,
    head: SharedWord<AtomicU64>,
    sender_closed: SharedWord<AtomicU32>,
    receiver_closed: SharedWord<AtomicU32>,
    pub(super) sender_bell: Doorbell,
    pub(super) receiver_bell: Doorbell,
}

impl Ring {
    /// The ring that `side` sends through.
    pub(super) fn from(side: Side, view: &View, shapes: Shapes) -> Result<Ring> {
        let (words, data, shape) = side.ring_out(shapes);
        Ok(Ring {
            shape,
            view: view.clone(),
            data,
            headers: SharedWords::at(view, data, shape.capacity() as usize / HEADER)?,
            head: SharedWord::<AtomicU64>::at(view, words + HEAD)?,
            sender_closed: SharedWord::<AtomicU32>::at(view, words + SENDER_CLOSED)?,
            receiver_closed: SharedWord::<AtomicU32>::at(view, words + RECEIVER_CLOSED)?,
            sender_bell: Doorbell::at(view, words + SENDER_BELL, Sleepers::One)?,
            receiver_bell: Doorbell::at(view, words + RECEIVER_BELL, Sleepers::One)?,
        })
    }

    /// Empties it, for a new peer.
    pub(super) fn renew(&self) {
        self.headers[0].store(0, Ordering::Relaxed);
        self.head.store(0, Ordering::Relaxed);
        self.sender_closed.store(0, Ordering::Relaxed);
        self.receiver_closed.store(0, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn is_sender_closed(&self) -> bool {
        self.sender_closed.load(Ordering::Acquire) != 0
    }

    #[inline]
    pub(super) fn is_receiver_closed(&self) -> bool {
        self.receiver_closed.load(Ordering::Acquire) != 0
    }

    pub(super) fn close_sender(&self) {
        self.sender_closed.store(1, Ordering::Release);
        self.receiver_bell.ring();
    }

    pub(super) fn close_receiver(&self) {
        self.receiver_closed.store(1, Ordering::Release);
        self.sender_bell.ring();
    }
}

impl RingMemory for Ring {
    #[inline]
    fn load_head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    #[inline]
    fn store_head(&self, head: u64) {
        self.head.store(head, Ordering::Release);
    }

    // Headers lie at multiples of their length, inside the ring.
    #[inline]
    fn load_header(&self, at: usize) -> u64 {
        self.headers[at / HEADER].load(Ordering::Acquire)
    }

    #[inline]
    fn store_header(&self, at: usize, header: u64) {
        self.headers[at / HEADER].store(header, Ordering::Release);
    }

    #[inline]
    fn write_header(&self, at: usize, header: u64) {
        self.headers[at / HEADER].store(header, Ordering::Relaxed);
    }

    #[inline]
    fn prefetch(&self, at: usize) {
        self.headers.prefetch(at / HEADER);
    }
}

#[cold]
pub(super) fn damaged(operation: &'static str) -> Error {
    Error::new(ErrorKind::Damaged, operation).with_detail(
        "the channel's memory holds what no samemap program writes; close this channel, and check the peer's program",
    )
}
