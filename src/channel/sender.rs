//! Sending.

use std::sync::Arc;
use std::time::Duration;

use bytemuck::NoUninit;
use samemap_platform::bytemuck;
use samemap_platform::internal::Watched;
use samemap_platform::regions::Part;
use samemap_platform::sync::Awaitable;

use super::connection::{Connection, closed, peer_died};
use super::layout::{Ring, damaged};
use super::watch::RoomNews;
use crate::endpoint::message::lent_room;
use crate::endpoint::readiness::WouldBlock;
use crate::endpoint::spin::{Spin, Spinner};
use crate::endpoint::wait::{Woken, for_ever, take_within};
use crate::{Error, ErrorKind, Result};
use samemap_platform::internal::words::Until;
use samemap_platform::internal::words::ring::{Producer, Record, Shape};

const OPERATION: &str = "send through the channel";

/// From this length on, in bytes, a message is put where the one before lay, if the two sides take turns: its place is
/// in the processors' caches still, and that is worth a look at where the receiver is.
const LARGE: usize = 4 << 10;

/// The sending half of a channel's end. One thread at a time sends; put it into a `Mutex` for several.
///
/// Dropping it closes this direction: the peer reads what was sent, and is then told
/// [`Closed`](ErrorKind::Closed).
#[derive(Debug)]
pub struct Sender {
    pub(super) connection: Arc<Connection>,
    ring: Ring,
    producer: Producer,
    spinner: Spinner,
    /// The calls that found no room, for waits on behalf of this half.
    would_block: Arc<WouldBlock>,
}

impl Sender {
    pub(super) fn new(connection: Arc<Connection>, ring: Ring, spin: Spin) -> Sender {
        let (producer, spinner) = (Producer::new(ring.shape), Spinner::new(spin));
        Sender { connection, ring, producer, spinner, would_block: Arc::default() }
    }

    /// The longest message, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.ring.shape.max_message()
    }

    /// Sends a copy of `message`; waits while the ring is full.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed) when the peer has closed its receiver, [`PeerDied`](ErrorKind::PeerDied) when it
    /// ended without, [`TooLong`](ErrorKind::TooLong) for a message longer than [`max_message`](Self::max_message),
    /// [`Damaged`](ErrorKind::Damaged) when the channel's memory holds no valid state.
    #[inline]
    pub fn send(&mut self, message: &[u8]) -> Result<()> {
        let record = self.room_for_ever(message.len())?;
        self.send_in(record, message)
    }

    /// Sends a copy of `message`, unless the ring is too full for it: then the answer is `false`. This does not ask the
    /// system whether the peer lives: that it died is told here when a call that waits has found out, or one that waits
    /// on behalf of this half.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    #[inline]
    pub fn try_send(&mut self, message: &[u8]) -> Result<bool> {
        let Some(record) = self.room(message.len())? else { return Ok(false) };
        self.send_in(record, message).map(|()| true)
    }

    /// Sends a copy of `message`; waits for at most `timeout` while the ring is full. The answer is `false` when time
    /// ran out; then nothing was sent.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<bool> {
        let Some(record) = self.room_within(message.len(), Some(timeout))? else { return Ok(false) };
        self.send_in(record, message).map(|()| true)
    }

    /// Sends a plain-data value.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    #[inline]
    pub fn send_value<T: NoUninit>(&mut self, value: &T) -> Result<()> {
        self.send(bytemuck::bytes_of(value))
    }

    /// Room in the ring for a message of up to `len` bytes, to be filled in place; waits while the ring is full.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn reserve(&mut self, len: usize) -> Result<Slot<'_>> {
        let record = self.room_for_ever(len)?;
        Ok(self.lend(record))
    }

    /// Room for a message of up to `len` bytes; `None` while the ring is too full.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    #[inline]
    pub fn try_reserve(&mut self, len: usize) -> Result<Option<Slot<'_>>> {
        Ok(self.room(len)?.map(|record| self.lend(record)))
    }

    /// Room for a message of up to `len` bytes; waits for at most `timeout`, and is `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn reserve_timeout(&mut self, len: usize, timeout: Duration) -> Result<Option<Slot<'_>>> {
        let record = self.room_within(len, Some(timeout))?;
        Ok(record.map(|record| self.lend(record)))
    }

    /// Several messages that the peer gets to see together: cheaper than one by one.
    pub fn batch(&mut self) -> Batch<'_> {
        Batch { sender: self }
    }

    #[inline]
    fn room_for_ever(&mut self, len: usize) -> Result<Record> {
        for_ever(|| {
            let room = self.room(len)?;
            if room.is_none() {
                self.wait_for_room(len)?;
            }
            // Looked for again after a wait: so the call that is inlined has no other way to room.
            Ok(room)
        })
    }

    #[cold]
    fn wait_for_room(&mut self, len: usize) -> Result<()> {
        self.room_within(len, None).map(drop)
    }

    #[inline]
    fn room_within(&mut self, len: usize, timeout: Option<Duration>) -> Result<Option<Record>> {
        match self.room(len)? {
            None => take_within(self, timeout, Sender::has_moved_within, |sender| sender.room(len)),
            room => Ok(room),
        }
    }

    /// Room for a message; an error when there is none and there will be none.
    #[inline]
    pub(crate) fn room(&mut self, len: usize) -> Result<Option<Record>> {
        if len > self.ring.shape.max_message() {
            return Err(too_long(len, self.ring.shape));
        }
        self.connection.check_ours(OPERATION)?;
        if self.ring.is_receiver_closed() {
            return Err(closed(OPERATION));
        }
        let takes_turns = self.connection.received.take();
        let room = if takes_turns && len >= LARGE {
            self.producer.reserve_anew(&self.ring, len)
        } else {
            if takes_turns {
                self.producer.prefetch(&self.ring, len);
            }
            self.producer.reserve(&self.ring, len)
        };
        let room = room.map_err(|_| damaged(OPERATION))?;
        if room.is_none() {
            self.found_no_room()?;
        }
        Ok(room)
    }

    #[cold]
    fn found_no_room(&mut self) -> Result<()> {
        if self.producer.holds_back() {
            // A batch that fills the ring: the peer must see what there is to make room.
            self.publish();
        }
        if self.connection.other.is_known_dead() {
            return Err(self.peer_is_gone());
        }
        self.would_block.note(self.producer.seen_head());
        Ok(())
    }

    #[inline]
    fn send_in(&mut self, record: Record, message: &[u8]) -> Result<()> {
        self.put_in(record, message)?;
        self.publish();
        self.producer.prefetch_ahead(&self.ring, message.len());
        Ok(())
    }

    /// Adds a message that the peer does not see yet.
    #[inline]
    fn add_in(&mut self, record: Record, message: &[u8]) -> Result<()> {
        self.put_in(record, message)?;
        self.producer.prefetch_ahead(&self.ring, message.len());
        Ok(())
    }

    #[inline]
    fn put_in(&mut self, record: Record, message: &[u8]) -> Result<()> {
        self.ring.view.write(self.ring.data + record.at, message)?;
        self.producer.commit(&self.ring, record, message.len());
        Ok(())
    }

    #[inline]
    pub(crate) fn lend(&mut self, record: Record) -> Slot<'_> {
        Slot { sender: self, record }
    }

    /// Sends what was filled in place.
    #[inline]
    fn commit(&mut self, record: Record, len: usize) {
        // Not in a forked child: the room was lent to its parent.
        if self.connection.is_ours() {
            self.producer.commit(&self.ring, record, len);
            self.publish();
            self.producer.prefetch_ahead(&self.ring, len);
        }
    }

    #[inline]
    fn publish(&mut self) {
        self.producer.publish(&self.ring);
        self.connection.sent.note();
        self.ring.receiver_bell.ring();
        if self.spinner.is_long_awake() {
            self.ring.sender_bell.relax();
        }
    }

    /// Waits until the peer has made some room, or has ended; `false` when time ran out.
    #[cold]
    fn has_moved_within(&mut self, limit: Until) -> Result<bool> {
        let (ring, producer) = (&self.ring, &self.producer);
        let news = || producer.has_moved(ring) || ring.is_receiver_closed();
        let woken = self.connection.wait(&mut self.spinner, &ring.sender_bell, limit, news)?;
        Ok(woken != Woken::TimedOut)
    }

    #[cold]
    fn peer_is_gone(&self) -> Error {
        if self.ring.is_receiver_closed() { closed(OPERATION) } else { peer_died(OPERATION) }
    }

    /// Whether the peer has closed its receiver.
    pub(super) fn is_closed(&self) -> bool {
        self.ring.is_receiver_closed()
    }

    /// For a new peer.
    pub(super) fn renew(&mut self) {
        self.ring.renew();
        self.producer = Producer::new(self.ring.shape);
        self.spinner.sleeps();
    }
}

impl Awaitable for Sender {
    fn watched(&self) -> Result<Arc<dyn Watched>> {
        Ok(Arc::new(self.watch()))
    }
}

impl Sender {
    pub(crate) fn watch(&self) -> RoomNews {
        RoomNews::new(&self.ring, &self.connection.other, &self.would_block)
    }

    /// Before a sleep of an asynchronous send.
    #[cfg(feature = "tokio")]
    pub(crate) fn sleeps(&mut self) {
        self.spinner.sleeps();
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // A forked child's copy closes nothing.
        if self.connection.is_ours() {
            self.ring.close_sender();
        }
    }
}

#[cold]
fn too_long(len: usize, shape: Shape) -> Error {
    let maximum = shape.max_message();
    Error::new(ErrorKind::TooLong { len: len as u64, maximum: maximum as u64 }, OPERATION).with_detail(format!(
        "the message has {len} bytes, and this channel takes at most {maximum}; send it in pieces, or make the channel with a larger capacity"
    ))
}

/// Room in the ring for one message, which the peer does not see until it is [committed](Self::commit). Dropping it
/// gives it up.
///
/// The bytes are whatever was there before. The peer can see them while they are filled, and change them: a peer that
/// keeps to the protocol does neither.
#[derive(Debug)]
#[must_use = "a slot that is dropped sends nothing"]
pub struct Slot<'a> {
    sender: &'a mut Sender,
    record: Record,
}

impl Slot<'_> {
    /// How many bytes there is room for.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a slot is no container")]
    pub fn len(&self) -> usize {
        self.record.len
    }

    /// The bytes themselves: written by copies and values, or through an `unsafe` slice by callers that vouch for
    /// the peer.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> Part<'_> {
        let ring = &self.sender.ring;
        ring.view.part(ring.data + self.record.at, self.record.len).expect("the ring lies inside the view")
    }

    /// Sends it.
    #[inline]
    pub fn commit(self) {
        self.sender.commit(self.record, self.record.len);
    }

    /// Sends its first `len` bytes.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange) when it has fewer; then nothing is sent.
    pub fn commit_len(self, len: usize) -> Result<()> {
        self.bytes().part(0, len)?;
        self.sender.commit(self.record, len);
        Ok(())
    }
}

lent_room!(Slot);

/// Messages that become visible together, when it is dropped or when the ring is full.
#[derive(Debug)]
pub struct Batch<'a> {
    sender: &'a mut Sender,
}

impl Batch<'_> {
    /// Adds a message; waits while the ring is full, after the peer was shown what there is.
    ///
    /// # Errors
    /// Those of [`Sender::send`].
    #[inline]
    pub fn send(&mut self, message: &[u8]) -> Result<()> {
        let record = self.sender.room_for_ever(message.len())?;
        self.sender.add_in(record, message)
    }

    /// Adds a message, unless the ring is too full for it.
    ///
    /// # Errors
    /// Those of [`Sender::send`].
    #[inline]
    pub fn try_send(&mut self, message: &[u8]) -> Result<bool> {
        let Some(record) = self.sender.room(message.len())? else { return Ok(false) };
        self.sender.add_in(record, message).map(|()| true)
    }

    /// Shows the peer what there is.
    #[inline]
    pub fn publish(&mut self) {
        if self.sender.producer.holds_back() && self.sender.connection.is_ours() {
            self.sender.publish();
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.publish();
    }
}
