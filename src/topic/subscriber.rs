//! Subscribers: they keep up, and the publisher waits for them.

use std::time::Duration;

use samemap_platform::internal::Doorbell;
use samemap_platform::internal::words::Until;
use samemap_platform::internal::words::topic::{Consumer, Fault, Message};
use samemap_platform::regions::Part;

use super::layout::{RECEIVE, seat_of, senseless};
use super::options::TopicOptions;
use super::reader::Reader;
use crate::endpoint::message::{lent_message, receives_copies};
use crate::endpoint::seat::{self, OwnSeat, forked};
use crate::endpoint::spin::Spinner;
use crate::endpoint::wait::{for_ever, take_within, waits_for_news};
use crate::{Error, ErrorKind, ObjectName, Result, View};

const SUBSCRIBE: &str = "subscribe to the topic";

/// How often, a millisecond apart, a message is looked at that seems not to be kept: the publisher may be just about to
/// find that this subscriber has come.
const LOOKS_AT_A_MESSAGE: u32 = 20;

/// A reader of a topic that gets every message, lent in place: see the [module's documentation](crate::topic).
///
/// It has a place until it is dropped, or until its process ends. In a forked child its copy receives nothing.
#[derive(Debug)]
pub struct Subscriber {
    seat: OwnSeat,
    publisher_bell: Doorbell,
    pub(super) reader: Reader,
    pub(super) consumer: Consumer,
    spinner: Spinner,
}

impl Subscriber {
    /// Subscribes to the topic with that name, whose publisher lives, or has ended while readers hold the topic.
    ///
    /// # Errors
    /// [`Busy`](ErrorKind::Busy) when all places are taken, [`AccessDenied`](ErrorKind::AccessDenied) when this process
    /// may only read the data, [`LayoutMismatch`](ErrorKind::LayoutMismatch) when the messages have another version,
    /// [`NotFound`](ErrorKind::NotFound) when no publisher has made it, [`Damaged`](ErrorKind::Damaged) when the memory
    /// holds something else, [`Contended`](ErrorKind::Contended) when the publisher overwrote 256 times what this one
    /// wanted to begin with, and the errors of [`Region::open`](crate::Region::open).
    pub fn open(name: &ObjectName, options: &TopicOptions) -> Result<Subscriber> {
        Subscriber::join(Reader::open(name, options)?, options)
            .map_err(|error| error.with_name(name.to_string()))
    }

    /// Subscribes to the topic in these views: of the data, which may be read-only, and of the lobby.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn at(data: &View, lobby: &View, options: &TopicOptions) -> Result<Subscriber> {
        Subscriber::join(Reader::at(data, Some(lobby), options)?, options)
    }

    fn join(reader: Reader, options: &TopicOptions) -> Result<Subscriber> {
        let memory = &reader.memory;
        let Some(lobby) = memory.lobby() else { return Err(may_only_view()) };
        let places = memory.shape().places();
        let seats = (0..places).map(seat_of);
        let (place, seat) = seat::take_first(lobby, seats)?.ok_or_else(|| no_place(places))?;
        let place = place as u32;
        memory.sign(place)?;
        let consumer = Consumer::join(memory, memory.shape(), place, options.history)
            .map_err(|_| senseless())?
            .ok_or_else(|| Error::new(ErrorKind::Contended, SUBSCRIBE))?;
        let publisher_bell = memory.publisher_bell()?;
        reader.would_block.note(consumer.position());
        Ok(Subscriber {
            seat: OwnSeat::new(seat),
            publisher_bell,
            reader,
            consumer,
            spinner: Spinner::new(options.spin),
        })
    }

    /// The longest message that can come, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.reader.memory.shape().max_message()
    }

    /// The number of the next message.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.consumer.position()
    }

    /// The next message, in place; waits until there is one.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed) when the publisher has ended and everything was read,
    /// [`PeerDied`](ErrorKind::PeerDied) when it was killed and everything was read: both are told once for each
    /// publisher, and the next call waits for the messages of the next one. [`Busy`](ErrorKind::Busy) when the
    /// publisher has thrown this subscriber out, [`Damaged`](ErrorKind::Damaged) when the memory holds no valid state,
    /// [`Unsupported`](ErrorKind::Unsupported) in a forked child.
    #[inline]
    pub fn recv(&mut self) -> Result<Received<'_>> {
        let message = for_ever(|| self.next_within(None))?;
        Ok(self.lend(message))
    }

    /// The next message; waits for at most `timeout`, and is `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Received<'_>>> {
        let message = self.next_within(Some(timeout))?;
        Ok(message.map(|message| self.lend(message)))
    }

    /// The next message, if there is one. This does not ask the system whether the publisher lives: one that was killed is
    /// told here when a wait of any kind, or a [`Readiness`](crate::sync::Readiness), has found out.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    #[inline]
    pub fn try_recv(&mut self) -> Result<Option<Received<'_>>> {
        let message = self.next_or_end(false)?;
        Ok(message.map(|message| self.lend(message)))
    }

    fn has_news_within(&mut self, limit: Until) -> Result<bool> {
        self.check_ours()?;
        let Subscriber { reader, consumer, spinner, .. } = self;
        reader.wait(spinner, limit, consumer.position(), || consumer.has_news(&reader.memory))
    }

    #[inline]
    fn next_within(&mut self, timeout: Option<Duration>) -> Result<Option<Message>> {
        match self.next_or_end(false)? {
            // A wait may have found the publisher dead.
            None => take_within(self, timeout, Subscriber::has_news_within, |own| own.next_or_end(true)),
            found => Ok(found),
        }
    }

    /// The next message; an error when there is none and the publisher has ended.
    #[inline]
    pub(crate) fn next_or_end(&mut self, asking: bool) -> Result<Option<Message>> {
        match self.next()? {
            None => self.next_or_tell(asking),
            found => Ok(found),
        }
    }

    #[cold]
    fn next_or_tell(&mut self, asking: bool) -> Result<Option<Message>> {
        let Some(epoch) = self.reader.end_or_block(asking, self.consumer.position())? else {
            return Ok(None);
        };
        // What was published before that end counts, and may have come since the last look.
        match self.next()? {
            None => Err(self.reader.tell(epoch)),
            found => Ok(found),
        }
    }

    #[inline]
    fn next(&mut self) -> Result<Option<Message>> {
        self.check_ours()?;
        self.consumer.next(&self.reader.memory).map_err(|fault| match fault {
            Fault::Damaged => senseless(),
            Fault::ThrownOut => thrown_out(),
        })
    }

    #[inline]
    pub(crate) fn lend(&mut self, message: Message) -> Received<'_> {
        Received { subscriber: self, message }
    }

    #[inline]
    fn free(&mut self, message: Message) {
        // A forked child's copy of a message gives nothing back.
        if self.is_ours() {
            self.consumer.free(&self.reader.memory, message);
            self.publisher_bell.ring();
        }
    }

    pub(crate) fn watch(&self) -> Result<super::watch::TopicNews> {
        super::watch::TopicNews::new(&self.reader, Some(self.consumer.place()))
    }

    #[inline]
    fn is_ours(&self) -> bool {
        self.seat.is_ours()
    }

    #[inline]
    pub(super) fn check_ours(&self) -> Result<()> {
        if self.is_ours() { Ok(()) } else { Err(forked(RECEIVE, "subscribe in the child")) }
    }
}

receives_copies!(Subscriber);
waits_for_news!(Subscriber, "a message, or an end to be told of");

impl Drop for Subscriber {
    fn drop(&mut self) {
        // A forked child's copy leaves nothing.
        if self.is_ours() {
            self.consumer.leave(&self.reader.memory);
            self.seat.leave();
            self.publisher_bell.ring();
        }
    }
}

#[cold]
fn no_place(places: u32) -> Error {
    Error::new(ErrorKind::Busy, SUBSCRIBE).with_detail(format!(
        "all {places} places are taken; end a subscriber, make the topic with more, or view it"
    ))
}

/// A message, in the ring. Dropping it gives its room back to the publisher; one that is forgotten is received again.
///
/// The bytes do not change while it lives, unless a process that can write to the memory breaks the rules.
#[derive(Debug)]
pub struct Received<'a> {
    subscriber: &'a mut Subscriber,
    message: Message,
}

impl Received<'_> {
    /// The number of the message: 1 for the first one of the topic, and one more for each that follows.
    #[inline]
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.message.sequence
    }

    /// Its length in bytes.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.message.extent.len()
    }

    /// The bytes themselves: read by copies and values, or through an `unsafe` slice by callers that vouch for the
    /// peers. They begin on a multiple of 64.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> Part<'_> {
        self.subscriber.reader.memory.bytes(self.message.extent)
    }

    /// Gives the message back, and says whether it was kept all the time. It was, unless another process that can write
    /// to the lobby wrote over this subscriber's place: a subscriber that does not trust those asks before it relies on
    /// what it read.
    ///
    /// # Errors
    /// [`Damaged`](ErrorKind::Damaged) when it was not.
    pub fn finish(self) -> Result<()> {
        let Received { subscriber, message } = &self;
        for _ in 0..LOOKS_AT_A_MESSAGE {
            if subscriber.consumer.is_kept(&subscriber.reader.memory, *message) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(senseless())
    }
}

lent_message!(Received, RECEIVE);

impl Drop for Received<'_> {
    #[inline]
    fn drop(&mut self) {
        self.subscriber.free(self.message);
    }
}

#[cold]
fn may_only_view() -> Error {
    Error::new(ErrorKind::AccessDenied, SUBSCRIBE).with_detail(
        "this process may not write to the topic's lobby; view the topic, or ask for more rights",
    )
}

#[cold]
fn thrown_out() -> Error {
    Error::new(ErrorKind::Busy, RECEIVE).with_detail(
        "the publisher has thrown this subscriber out, because it held messages back; subscribe anew",
    )
}
