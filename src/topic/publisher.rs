//! The publisher.

use std::sync::Arc;
use std::time::Duration;

use bytemuck::NoUninit;
use samemap_platform::bytemuck;
use samemap_platform::internal::words::Until;
use samemap_platform::internal::words::topic::{Producer, Room};
use samemap_platform::internal::{Doorbell, Watched};
use samemap_platform::regions::Part;
use samemap_platform::sync::Awaitable;

use super::holders::{Holders, Laggard};
use super::layout::{Memory, PUBLISHER_SEAT, damaged};
use super::options::{TopicOptions, lobby_name};
use super::watch::{Refused, RoomNews};
use crate::endpoint::message::lent_room;
use crate::endpoint::seat::{self, OwnSeat, forked};
use crate::endpoint::spin::Spinner;
use crate::endpoint::wait::{for_ever, take_within};
use crate::{Access, Error, ErrorKind, ObjectName, Region, Result, View};

pub(super) const PUBLISH: &str = "publish in the topic";

/// What a forked child does in place of using its copy.
const ADVICE: &str = "make a publisher in the child when the parent has ended its own";

/// The longest sleep. A subscriber that was killed is noticed within 100 ms.
const SLICE: Duration = Duration::from_millis(50);

/// The one publisher of a topic: see the [module's documentation](crate::topic).
///
/// It is the publisher until it is dropped, or until its process ends. In a forked child its copy publishes nothing.
#[derive(Debug)]
pub struct Publisher {
    seat: OwnSeat,
    readers_bell: Doorbell,
    own_bell: Doorbell,
    memory: Memory,
    producer: Producer,
    holders: Holders,
    spinner: Spinner,
    /// The calls that found no room, for waits on behalf of this publisher.
    refused: Arc<Refused>,
}

impl Publisher {
    /// Becomes the publisher of the topic with that name: makes the topic, or goes on in one that its readers still hold.
    /// The topic is two regions: the data, with this name, and the lobby, with `.lobby` behind it.
    ///
    /// # Errors
    /// [`Busy`](ErrorKind::Busy) while there is another publisher, [`LayoutMismatch`](ErrorKind::LayoutMismatch) when the
    /// topic is there with other options, [`OutOfRange`](ErrorKind::OutOfRange) or [`Damaged`](ErrorKind::Damaged) when
    /// a region is there and holds something else, [`InvalidArgument`](ErrorKind::InvalidArgument) for options beyond
    /// the limits, and the errors of [`Region::create_or_open`].
    pub fn create(name: &ObjectName, options: &TopicOptions) -> Result<Publisher> {
        let create = || {
            let (data_len, lobby_len) = options.bytes_needed()?;
            // First the data: where there is a lobby, there is the data that it belongs to.
            let (data, _) = Region::create_or_open(name, &options.data_to_create(data_len))?;
            let (lobby, _) = Region::create_or_open(&lobby_name(name)?, &options.lobby_to_create(lobby_len))?;
            Publisher::at(&data.view(.., Access::ReadWrite)?, &lobby.view(.., Access::ReadWrite)?, options)
        };
        create().map_err(|error: Error| error.with_name(name.to_string()))
    }

    /// Becomes the publisher of the topic in two read-write views: of the data and of the lobby. They have
    /// [these sizes](TopicOptions::bytes_needed), and their bytes are zero at first.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn at(data: &View, lobby: &View, options: &TopicOptions) -> Result<Publisher> {
        let facts = options.facts()?;
        let seat = seat::take(lobby, PUBLISHER_SEAT)?.ok_or_else(has_a_publisher)?;
        let memory = Memory::lay_out(data, lobby, facts)?;
        let producer = Producer::resume(&memory, facts.shape)
            .map_err(|_| damaged(PUBLISH, "the last publisher left memory that is not valid"))?;
        let (readers_bell, own_bell) = (memory.readers_bell()?, memory.publisher_bell()?);
        // Odd, whatever the last one left.
        memory.set_epoch((memory.epoch() | 1).wrapping_add(2));
        let holders = Holders::new(options.throw_out_after);
        let spinner = Spinner::new(options.spin);
        Ok(Publisher {
            seat: OwnSeat::new(seat),
            readers_bell,
            own_bell,
            memory,
            producer,
            holders,
            spinner,
            refused: Arc::default(),
        })
    }

    /// The longest message, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.memory.shape().max_message()
    }

    /// The number of the newest message, also of the publisher before; zero before the first.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.producer.newest()
    }

    /// The number of the first message that is kept.
    #[must_use]
    pub fn oldest(&self) -> u64 {
        self.producer.oldest()
    }

    /// Publishes a copy of `message`; waits for subscribers that need what it would overwrite.
    ///
    /// # Errors
    /// [`TooLong`](ErrorKind::TooLong) for a message longer than [`max_message`](Self::max_message),
    /// [`Unsupported`](ErrorKind::Unsupported) in a forked child, and what the system says.
    #[inline]
    pub fn publish(&mut self, message: &[u8]) -> Result<()> {
        let room = for_ever(|| self.room_within(message.len(), None))?;
        self.publish_in(room, message)
    }

    /// Publishes a copy of `message`; waits for at most `timeout`. The answer is `false` when time ran out; then nothing
    /// was published.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish).
    pub fn publish_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<bool> {
        let Some(room) = self.room_within(message.len(), Some(timeout))? else { return Ok(false) };
        self.publish_in(room, message).map(|()| true)
    }

    /// Publishes a copy of `message`, unless a subscriber needs what it would overwrite: then the answer is `false`.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish).
    #[inline]
    pub fn try_publish(&mut self, message: &[u8]) -> Result<bool> {
        let Some(room) = self.room(message.len())? else { return Ok(false) };
        self.publish_in(room, message).map(|()| true)
    }

    /// Publishes a plain-data value.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish).
    #[inline]
    pub fn publish_value<T: NoUninit>(&mut self, value: &T) -> Result<()> {
        self.publish(bytemuck::bytes_of(value))
    }

    /// Room for a message of up to `len` bytes, to be filled in place; waits for subscribers that need what lies there.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish).
    pub fn reserve(&mut self, len: usize) -> Result<Slot<'_>> {
        let room = for_ever(|| self.room_within(len, None))?;
        Ok(self.lend(room))
    }

    /// Room for a message of up to `len` bytes; waits for at most `timeout`, and is `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish).
    pub fn reserve_timeout(&mut self, len: usize, timeout: Duration) -> Result<Option<Slot<'_>>> {
        let room = self.room_within(len, Some(timeout))?;
        Ok(room.map(|room| self.lend(room)))
    }

    /// Room for a message of up to `len` bytes; `None` while a subscriber needs what lies there.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish).
    #[inline]
    pub fn try_reserve(&mut self, len: usize) -> Result<Option<Slot<'_>>> {
        Ok(self.room(len)?.map(|room| self.lend(room)))
    }

    /// The subscribers that hold the publisher back: those that still need what the last call would have overwritten when
    /// it found no room, and those that were thrown out and have not let go of a message.
    ///
    /// # Errors
    /// What the system says.
    pub fn laggards(&mut self) -> Result<Vec<Laggard>> {
        let Publisher { holders, producer, memory, .. } = self;
        if self.seat.is_ours() {
            producer.look_again(memory);
            holders.look_after(producer, memory)?;
        }
        Ok(producer.holders().map(|holder| Laggard::new(holder, producer, memory)).collect())
    }

    /// Waits for that subscriber no more; `false` when it does not hold the publisher back any more. The subscriber is told
    /// when it next receives ([`Busy`](ErrorKind::Busy)). The message that it is lent stays as it is until it lets go, or
    /// its process ends: others go round it.
    pub fn throw_out(&mut self, laggard: &Laggard) -> bool {
        let is_there = self.producer.holders().any(|holder| laggard.is(holder));
        if is_there && !laggard.is_thrown_out() && self.is_ours() {
            self.producer.throw_out(&self.memory, laggard.place());
        }
        is_there
    }

    #[inline]
    pub(crate) fn lend(&mut self, room: Room) -> Slot<'_> {
        Slot { publisher: self, room }
    }

    pub(crate) fn watch(&self) -> RoomNews {
        let news = RoomNews::new(&self.memory, &self.own_bell, &self.refused);
        self.refused.set_holders(self.producer.holders());
        news
    }

    #[inline]
    fn publish_in(&mut self, room: Room, message: &[u8]) -> Result<()> {
        self.memory.part(room.at(), message.len()).write(0, message)?;
        self.commit(room, message.len());
        Ok(())
    }

    #[inline]
    fn room_within(&mut self, len: usize, timeout: Option<Duration>) -> Result<Option<Room>> {
        match self.room(len)? {
            None => take_within(self, timeout, Publisher::wait_a_while, |own| own.room(len)),
            room => Ok(room),
        }
    }

    #[inline]
    pub(crate) fn room(&mut self, len: usize) -> Result<Option<Room>> {
        if len > self.max_message() {
            return Err(too_long(len, self.max_message()));
        }
        if !self.is_ours() {
            return Err(forked(PUBLISH, ADVICE));
        }
        match self.producer.reserve(&self.memory, len) {
            None => self.room_after_a_look(len),
            room => Ok(room),
        }
    }

    /// Room after a look at the subscribers: those that have ended, or whose time is over, are removed first.
    #[cold]
    fn room_after_a_look(&mut self, len: usize) -> Result<Option<Room>> {
        let has_freed = self.holders.look_after(&mut self.producer, &self.memory)?;
        let room = if has_freed { self.producer.reserve(&self.memory, len) } else { None };
        if room.is_none() {
            self.refused.note(|| self.producer.holders());
        }
        Ok(room)
    }

    /// Waits until a subscriber has moved, or until it is time to look after them.
    #[cold]
    fn wait_a_while(&mut self, limit: Until) -> Result<bool> {
        let Publisher { producer, memory, spinner, own_bell, holders, .. } = self;
        let news = || producer.has_moved(memory);
        if !spinner.look(limit, news, || Ok(true))? {
            spinner.sleeps();
            let (slice, _) = limit.slice(holders.next_look(SLICE));
            own_bell.sleep(slice, news);
        }
        Ok(true)
    }

    #[inline]
    fn commit(&mut self, room: Room, len: usize) -> u64 {
        let sequence = self.producer.commit(&self.memory, room, len);
        self.readers_bell.ring();
        sequence
    }

    #[inline]
    fn is_ours(&self) -> bool {
        self.seat.is_ours()
    }
}

impl Awaitable for Publisher {
    fn watched(&self) -> Result<Arc<dyn Watched>> {
        Ok(Arc::new(self.watch()))
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // A forked child's copy ends nothing.
        if self.is_ours() {
            self.memory.set_epoch(self.memory.epoch().wrapping_add(1) & !1);
            // First the seat: readers that wake up look whether it is taken.
            self.seat.leave();
            self.readers_bell.ring();
        }
    }
}

#[cold]
fn has_a_publisher() -> Error {
    Error::new(ErrorKind::Busy, PUBLISH)
        .with_detail("the topic has a publisher already; end that publisher first, or subscribe")
}

#[cold]
fn too_long(len: usize, maximum: usize) -> Error {
    Error::new(ErrorKind::TooLong { len: len as u64, maximum: maximum as u64 }, PUBLISH).with_detail(format!(
        "the message has {len} bytes, and this topic takes at most {maximum}; make it with a larger capacity"
    ))
}

/// Room in the ring for one message, which readers do not see until it is [committed](Self::commit). Dropping it gives
/// it up.
///
/// The bytes are whatever was there before, and begin on a multiple of 64.
#[derive(Debug)]
#[must_use = "a slot that is dropped publishes nothing"]
pub struct Slot<'a> {
    publisher: &'a mut Publisher,
    room: Room,
}

impl Slot<'_> {
    /// How many bytes there is room for.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a slot is no container")]
    pub fn len(&self) -> usize {
        self.room.len()
    }

    /// The bytes themselves: written by copies and values, or through an `unsafe` slice by callers that vouch for the
    /// peers.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> Part<'_> {
        self.publisher.memory.part(self.room.at(), self.room.len())
    }

    /// Publishes it, and returns its number.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) in a forked child.
    #[inline]
    pub fn commit(self) -> Result<u64> {
        let len = self.len();
        self.commit_len(len)
    }

    /// Publishes its first `len` bytes, and returns its number.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange) when it has fewer; [`Unsupported`](ErrorKind::Unsupported) in a forked
    /// child. Then nothing is published.
    #[inline]
    pub fn commit_len(self, len: usize) -> Result<u64> {
        self.bytes().part(0, len)?;
        if !self.publisher.is_ours() {
            return Err(forked(PUBLISH, ADVICE));
        }
        Ok(self.publisher.commit(self.room, len))
    }
}

lent_room!(Slot);
