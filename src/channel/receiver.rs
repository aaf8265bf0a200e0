//! Receiving.

use std::sync::Arc;
use std::time::Duration;

use samemap_platform::internal::{Doorbell, News, WaitTarget, Watched, wait_for_news};
use samemap_platform::regions::Part;
use samemap_platform::sync::{Awaitable, WaitAny};

use super::backoff::Backoff;
use super::connection::{Connection, closed, peer_died};
use super::layout::{Ring, damaged};
use super::watch::MessageNews;
#[cfg(feature = "tokio")]
use super::watch::PeerArrival;
use crate::Result;
use crate::endpoint::message::{lent_message, receives_copies};
use crate::endpoint::readiness::WouldBlock;
use crate::endpoint::spin::{Spin, Spinner};
use crate::endpoint::wait::{Woken, for_ever, take_within, waits_for_news};
use samemap_platform::internal::words::Until;
use samemap_platform::internal::words::ring::{Consumer, Record};

const OPERATION: &str = "receive from the channel";

/// The receiving half of a channel's end.
///
/// Dropping it closes this direction: the peer's next send is told [`Closed`](crate::ErrorKind::Closed).
#[derive(Debug)]
pub struct Receiver {
    pub(super) connection: Arc<Connection>,
    ring: Ring,
    consumer: Consumer,
    spinner: Spinner,
    backoff: Backoff,
    /// The calls that found nothing, for waits on behalf of this half.
    would_block: Arc<WouldBlock>,
}

impl Receiver {
    pub(super) fn new(connection: Arc<Connection>, ring: Ring, spin: Spin) -> Receiver {
        let (consumer, spinner) = (Consumer::new(ring.shape), Spinner::new(spin));
        Receiver { connection, ring, consumer, spinner, backoff: Backoff::new(), would_block: Arc::default() }
    }

    /// The longest message that can come, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.ring.shape.max_message()
    }

    /// The next message, in place; waits until there is one.
    ///
    /// # Errors
    /// [`Closed`](crate::ErrorKind::Closed) when the peer has closed its sender and everything was read,
    /// [`PeerDied`](crate::ErrorKind::PeerDied) when it ended without, and everything was read,
    /// [`Damaged`](crate::ErrorKind::Damaged) when the channel's memory holds no valid state.
    #[inline]
    pub fn recv(&mut self) -> Result<Received<'_>> {
        let record = for_ever(|| {
            let next = self.next()?;
            if next.is_none() && !self.looks_briefly() {
                self.wait_for_message()?;
            }
            // Looked for again after a wait: so the call that is inlined has no other way to a message.
            Ok(next)
        })?;
        Ok(self.lend(record))
    }

    /// The next message, if there is one. This does not ask the system whether the peer lives: one that died is told
    /// here when a call that waits has found out, be it for no time at all.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    #[inline]
    pub fn try_recv(&mut self) -> Result<Option<Received<'_>>> {
        let record = self.next_or_end()?;
        Ok(record.map(|record| self.lend(record)))
    }

    /// The next message; waits for at most `timeout`, and is `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Received<'_>>> {
        let record = self.next_within(Some(timeout))?;
        Ok(record.map(|record| self.lend(record)))
    }

    fn has_news_within(&mut self, limit: Until) -> Result<bool> {
        self.connection.check_ours(OPERATION)?;
        let (ring, consumer) = (&self.ring, &self.consumer);
        let news = || consumer.has_more(ring) || ring.is_sender_closed();
        let woken = self.connection.wait(&mut self.spinner, &ring.receiver_bell, limit, news)?;
        if woken == Woken::TimedOut {
            self.would_block.note(consumer.position());
        }
        Ok(woken != Woken::TimedOut)
    }

    /// Looks for a message for a moment; in a stream it backs off first.
    #[inline]
    fn looks_briefly(&mut self) -> bool {
        if self.connection.sent.take() {
            self.backoff.reset();
        } else {
            self.spinner.pause(self.backoff.next(self.consumer.position(), self.ring.shape.capacity()));
        }
        self.spinner.look_briefly(|| self.consumer.has_more(&self.ring))
    }

    #[cold]
    fn wait_for_message(&mut self) -> Result<()> {
        take_within(self, None, Receiver::has_news_within, Receiver::next_or_end).map(drop)
    }

    #[inline]
    fn next_within(&mut self, timeout: Option<Duration>) -> Result<Option<Record>> {
        match self.next()? {
            None if self.looks_briefly() => self.next(),
            None => take_within(self, timeout, Receiver::has_news_within, Receiver::next_or_end),
            next => Ok(next),
        }
    }

    /// The next message; an error when there is none and there will be none.
    #[inline]
    pub(crate) fn next_or_end(&mut self) -> Result<Option<Record>> {
        match self.next()? {
            None if self.ring.is_sender_closed() || self.connection.other.is_known_dead() => {
                self.last_or_end().map(Some)
            }
            None => {
                self.would_block.note(self.consumer.position());
                Ok(None)
            }
            next => Ok(next),
        }
    }

    /// What was sent before the end, and may have come since the last look.
    #[cold]
    fn last_or_end(&mut self) -> Result<Record> {
        let is_closed = self.ring.is_sender_closed();
        let last = self.next()?;
        last.ok_or_else(|| if is_closed { closed(OPERATION) } else { peer_died(OPERATION) })
    }

    /// Waits until one of up to 64 receivers has a message, or its peer has ended, and returns the lowest index of
    /// those.
    ///
    /// One that always has news hides those behind it, and one that has ended always has: take from all that have
    /// something ([`try_recv`](Self::try_recv)) before the next wait, and leave out those that have ended.
    /// [`sync::wait_any`](crate::sync::wait_any) takes receivers beside objects, topics and newest values.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for none, or more than 64, and what the system says.
    pub fn wait_any(receivers: &mut [&mut Receiver]) -> Result<usize> {
        for_ever(|| Receiver::any_by(receivers, Until::Forever))
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
            receiver.spinner.sleeps();
        }
        let news: Vec<&dyn News> = receivers.iter().map(|receiver| &**receiver as &dyn News).collect();
        wait_for_news(&news, limit)
    }

    #[inline]
    fn next(&mut self) -> Result<Option<Record>> {
        self.connection.check_ours(OPERATION)?;
        self.consumer.next(&self.ring).map_err(|_| damaged(OPERATION))
    }

    #[inline]
    pub(crate) fn lend(&mut self, record: Record) -> Received<'_> {
        Received { receiver: self, record }
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
        self.backoff = Backoff::new();
        self.would_block.note(self.consumer.position());
        self.spinner.sleeps();
    }
}

receives_copies!(Receiver);
waits_for_news!(Receiver, "a message, or the peer has ended");

impl News for Receiver {
    fn bell(&self) -> Result<&Doorbell> {
        Ok(&self.ring.receiver_bell)
    }

    fn has_come(&self, asking: bool) -> Result<bool> {
        self.connection.check_ours(OPERATION)?;
        let other = &self.connection.other;
        let has_ended =
            || Ok(self.ring.is_sender_closed() || other.is_known_dead() || asking && !other.lives()?);
        Ok(self.consumer.has_more(&self.ring) || has_ended()?)
    }
}

impl WaitAny for Receiver {
    fn wait_target(&self) -> WaitTarget<'_> {
        WaitTarget::News(self)
    }
}

impl Awaitable for Receiver {
    fn watched(&self) -> Result<Arc<dyn Watched>> {
        Ok(Arc::new(self.watch()))
    }
}

impl Receiver {
    pub(crate) fn watch(&self) -> MessageNews {
        MessageNews::new(&self.ring, &self.connection.other, &self.would_block)
    }
}

/// What asynchronous receiving is made of.
#[cfg(feature = "tokio")]
impl Receiver {
    pub(crate) fn watch_for_peer(&self) -> Result<PeerArrival> {
        PeerArrival::new(&self.connection)
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

    /// The bytes themselves: read by copies and values, or through an `unsafe` slice by callers that vouch for
    /// the peer.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> Part<'_> {
        let ring = &self.receiver.ring;
        ring.view.part(ring.data + self.record.at, self.record.len).expect("the ring lies inside the view")
    }
}

lent_message!(Received, OPERATION);

impl Drop for Received<'_> {
    #[inline]
    fn drop(&mut self) {
        self.receiver.free(self.record);
    }
}
