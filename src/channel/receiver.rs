//! Receiving.

use std::sync::Arc;
use std::time::Duration;

use bytemuck::AnyBitPattern;
use samemap_platform::bytemuck;
use samemap_platform::internal::Doorbell;
use samemap_platform::regions::Part;

use super::connection::{Connection, closed, peer_died};
use super::layout::{Ring, damaged};
#[cfg(feature = "tokio")]
use super::watch::{Half, PeerArrival, RingNews};
use crate::endpoint::spin::{Spin, Spinner};
use crate::endpoint::wait::Woken;
use crate::{Error, ErrorKind, Result};
use samemap_platform::internal::words::Until;
use samemap_platform::internal::words::ring::{Consumer, Record};

const OPERATION: &str = "receive from the channel";

/// The receiving half of a channel's end.
///
/// Dropping it closes this direction: the peer's next send is told [`Closed`](ErrorKind::Closed).
#[derive(Debug)]
pub struct Receiver {
    pub(super) connection: Arc<Connection>,
    ring: Ring,
    consumer: Consumer,
    spinner: Spinner,
}

impl Receiver {
    pub(super) fn new(connection: Arc<Connection>, ring: Ring, spin: Spin) -> Receiver {
        let (consumer, spinner) = (Consumer::new(ring.shape), Spinner::new(spin));
        Receiver { connection, ring, consumer, spinner }
    }

    /// The longest message that can come, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.ring.shape.max_message()
    }

    /// The next message, in place; waits until there is one.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed) when the peer has closed its sender and everything was read,
    /// [`PeerDied`](ErrorKind::PeerDied) when it ended without, and everything was read,
    /// [`Damaged`](ErrorKind::Damaged) when the channel's memory makes no sense.
    #[inline]
    pub fn recv(&mut self) -> Result<Received<'_>> {
        let record = loop {
            if let Some(record) = self.next()? {
                break record;
            }
            self.wait_for_message(None)?;
        };
        Ok(Received { receiver: self, record })
    }

    /// The next message, if there is one. This does not ask the system whether the peer lives: one that died is told
    /// here when a call that waits has found out, be it for no time at all.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    #[inline]
    pub fn try_recv(&mut self) -> Result<Option<Received<'_>>> {
        if let Some(record) = self.next()? {
            return Ok(Some(Received { receiver: self, record }));
        }
        if self.ring.is_sender_closed() {
            return self.last_of_a_closed();
        }
        if self.connection.is_peer_known_dead() { Err(peer_died(OPERATION)) } else { Ok(None) }
    }

    /// The next message; waits for at most `timeout`, and is `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Received<'_>>> {
        let record = match self.next()? {
            None if !self.wait_for_message(Some(timeout))? => return Ok(None),
            None => self.next()?,
            found => found,
        };
        Ok(record.map(|record| Received { receiver: self, record }))
    }

    /// Copies the next message to the start of `into`, and tells its length; waits until there is one.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv); [`TooLong`](ErrorKind::TooLong) when it is longer than `into`: then it is still
    /// there.
    #[inline]
    pub fn recv_into(&mut self, into: &mut [u8]) -> Result<usize> {
        self.recv()?.take_into(into)
    }

    /// Receives a plain-data value.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv); [`InvalidArgument`](ErrorKind::InvalidArgument) when the message has another
    /// length than the value: it is lost then.
    #[inline]
    pub fn recv_value<T: AnyBitPattern>(&mut self) -> Result<T> {
        self.recv()?.value()
    }

    /// Waits until there is a message, or the peer has ended.
    ///
    /// # Errors
    /// [`Damaged`](ErrorKind::Damaged), and what the system says.
    pub fn wait(&mut self) -> Result<()> {
        while !self.has_news_within(None)? {}
        Ok(())
    }

    /// Waits for at most `timeout` until there is a message, or the peer has ended; `false` when time ran out.
    ///
    /// # Errors
    /// Those of [`wait`](Self::wait).
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<bool> {
        self.has_news_within(Some(timeout))
    }

    /// Whether there is a message, or the peer has ended.
    ///
    /// # Errors
    /// Those of [`wait`](Self::wait).
    pub fn try_wait(&mut self) -> Result<bool> {
        self.wait_timeout(Duration::ZERO)
    }

    fn has_news_within(&mut self, timeout: Option<Duration>) -> Result<bool> {
        self.connection.check_ours(OPERATION)?;
        match self.wait_for_message(timeout) {
            Err(error) if matches!(error.kind(), ErrorKind::Closed | ErrorKind::PeerDied) => Ok(true),
            answer => answer,
        }
    }

    /// Waits until one of up to 64 receivers has a message, or its peer has ended, and returns the lowest index of
    /// those.
    ///
    /// One that always has news hides those behind it, and one that has ended always has: take from all that have
    /// something ([`try_recv`](Self::try_recv)) before the next wait, and leave out those that have ended.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for none, or more than 64, and what the system says.
    pub fn wait_any(receivers: &mut [&mut Receiver]) -> Result<usize> {
        loop {
            if let Some(index) = Receiver::any_by(receivers, Until::after(None))? {
                return Ok(index);
            }
        }
    }

    /// Waits as [`wait_any`](Self::wait_any) does, for at most `timeout`; `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`wait_any`](Self::wait_any).
    pub fn wait_any_timeout(receivers: &mut [&mut Receiver], timeout: Duration) -> Result<Option<usize>> {
        Receiver::any_by(receivers, Until::after(Some(timeout)))
    }

    /// The lowest index of those that have a message, or whose peer has ended; `None` when there is none.
    ///
    /// # Errors
    /// Those of [`wait_any`](Self::wait_any).
    pub fn try_wait_any(receivers: &mut [&mut Receiver]) -> Result<Option<usize>> {
        Receiver::wait_any_timeout(receivers, Duration::ZERO)
    }

    fn any_by(receivers: &mut [&mut Receiver], limit: Until) -> Result<Option<usize>> {
        for receiver in &mut *receivers {
            receiver.connection.check_ours(OPERATION)?;
            receiver.spinner.sleeps();
        }
        loop {
            if let Some(index) = receivers.iter().position(|receiver| receiver.has_news()) {
                return Ok(Some(index));
            }
            let bells: Vec<&Doorbell> =
                receivers.iter().map(|receiver| &receiver.ring.receiver_bell).collect();
            let has_news = || receivers.iter().any(|receiver| receiver.has_news());
            Doorbell::sleep_on_any(&bells, limit.left().unwrap_or(Duration::MAX), has_news)?;
            for (index, receiver) in receivers.iter().enumerate() {
                if receiver.has_news() || !receiver.connection.peer_lives()? {
                    return Ok(Some(index));
                }
            }
            if limit.is_over() {
                return Ok(None);
            }
        }
    }

    #[inline]
    fn next(&mut self) -> Result<Option<Record>> {
        self.connection.check_ours(OPERATION)?;
        self.consumer.next(&self.ring).map_err(|_| damaged(OPERATION))
    }

    fn has_news(&self) -> bool {
        self.consumer.has_more(&self.ring) || self.ring.is_sender_closed()
    }

    #[cold]
    fn last_of_a_closed(&mut self) -> Result<Option<Received<'_>>> {
        // It closed after its last message, which may have come since the last look.
        match self.next()? {
            Some(record) => Ok(Some(Received { receiver: self, record })),
            None => Err(closed(OPERATION)),
        }
    }

    /// Waits until there is a message; `false` when time ran out.
    fn wait_for_message(&mut self, timeout: Option<Duration>) -> Result<bool> {
        if !self.connection.sent.take() {
            // A stream one way: each look would take from the sender the cache line that it writes to next, and it is
            // faster when it is left alone for a moment.
            self.spinner.pause();
        }
        let (ring, consumer) = (&self.ring, &self.consumer);
        let news = || consumer.has_more(ring) || ring.is_sender_closed();
        match self.connection.wait(&mut self.spinner, &ring.receiver_bell, Until::after(timeout), news)? {
            // It closed after its last message.
            Woken::News if consumer.has_more(ring) => Ok(true),
            Woken::News => Err(closed(OPERATION)),
            Woken::TimedOut => Ok(false),
            Woken::Alone => Err(peer_died(OPERATION)),
        }
    }

    #[inline]
    fn free(&mut self, record: Record) {
        // A forked child's copy of a message gives nothing back.
        if !self.connection.is_ours() {
            return;
        }
        self.consumer.free(&self.ring, record);
        self.connection.received.note();
        self.ring.sender_bell.ring();
        if self.spinner.is_long_awake() {
            self.ring.receiver_bell.relax();
        }
    }

    /// Whether the peer has closed its sender.
    pub(super) fn is_closed(&self) -> bool {
        self.ring.is_sender_closed()
    }

    /// For a new peer.
    pub(super) fn renew(&mut self) {
        self.ring.renew();
        self.consumer = Consumer::new(self.ring.shape);
        self.spinner.sleeps();
    }
}

/// What asynchronous receiving is made of.
#[cfg(feature = "tokio")]
impl Receiver {
    pub(crate) fn watch(&self) -> RingNews {
        RingNews::new(&self.connection, Half::Receiving, &self.ring)
    }

    pub(crate) fn watch_for_peer(&self) -> Result<PeerArrival> {
        PeerArrival::new(&self.connection)
    }

    /// The next message; an error when there is none and there will be none.
    pub(crate) fn next_or_end(&mut self, is_over: bool) -> Result<Option<Record>> {
        // Asked first: what was sent before it closed counts.
        let is_closed = self.ring.is_sender_closed();
        match self.next()? {
            None if is_closed => Err(closed(OPERATION)),
            None if is_over => Err(peer_died(OPERATION)),
            next => Ok(next),
        }
    }

    pub(crate) fn lend(&mut self, record: Record) -> Received<'_> {
        Received { receiver: self, record }
    }

    pub(crate) fn position(&self) -> u64 {
        self.consumer.position()
    }

    /// Before a sleep.
    pub(crate) fn sleeps(&mut self) {
        self.spinner.sleeps();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // A forked child's copy closes nothing.
        if self.connection.is_ours() {
            self.ring.close_receiver();
        }
    }
}

/// A message, in the ring. Dropping it gives its room back to the sender; one that is forgotten is received again.
///
/// The peer can still change the bytes, though one that keeps to the protocol does not: what was read once and checked
/// is not to be read again.
#[derive(Debug)]
pub struct Received<'a> {
    receiver: &'a mut Receiver,
    record: Record,
}

impl Received<'_> {
    /// Its length in bytes.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.record.len
    }

    /// Whether it has no bytes.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.record.len == 0
    }

    /// The bytes themselves: read by copies and values, or through an `unsafe` slice by callers that vouch for
    /// the peer.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> Part<'_> {
        let ring = &self.receiver.ring;
        ring.view.part(ring.data + self.record.at, self.record.len).expect("the ring lies inside the view")
    }

    /// Copies `into.len()` bytes at `offset` out.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange).
    #[inline]
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<()> {
        self.bytes().read(offset, into)
    }

    /// Copies a plain-data value out at `offset`.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange).
    #[inline]
    pub fn get<T: AnyBitPattern>(&self, offset: usize) -> Result<T> {
        self.bytes().get(offset)
    }

    /// A copy of the whole message.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.record.len];
        self.bytes().read(0, &mut bytes).expect("the same length");
        bytes
    }

    /// Copies the message to the start of `into`, and tells its length.
    ///
    /// # Errors
    /// [`TooLong`](ErrorKind::TooLong) when it is longer than `into`; then the message is not lost, and is
    /// received again.
    #[inline]
    pub fn take_into(self, into: &mut [u8]) -> Result<usize> {
        let len = self.record.len;
        match into.get_mut(..len) {
            Some(into) => {
                self.bytes().read(0, into)?;
                Ok(len)
            }
            None => {
                let room = into.len();
                std::mem::forget(self);
                Err(no_room(len, room))
            }
        }
    }

    /// The message as a plain-data value.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) when it has another length than the value.
    #[inline]
    pub fn value<T: AnyBitPattern>(&self) -> Result<T> {
        if self.record.len == size_of::<T>() {
            self.get(0)
        } else {
            Err(other_length(self.record.len, size_of::<T>()))
        }
    }
}

impl Drop for Received<'_> {
    #[inline]
    fn drop(&mut self) {
        self.receiver.free(self.record);
    }
}

#[cold]
fn no_room(len: usize, room: usize) -> Error {
    let kind = ErrorKind::TooLong { len: len as u64, maximum: room as u64 };
    Error::new(kind, OPERATION).with_detail(format!(
        "the message has {len} bytes and the buffer {room}; receive it again with a larger one"
    ))
}

#[cold]
fn other_length(len: usize, wanted: usize) -> Error {
    Error::new(ErrorKind::InvalidArgument, OPERATION).with_detail(format!(
        "the message has {len} bytes and the value {wanted}; both ends must mean the same type"
    ))
}
