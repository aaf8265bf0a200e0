//! The publisher's side of a topic.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use super::super::Damaged;
use super::terms::{Extent, LAST, LINE, Shape, TopicMemory, Word, lines_of};
use crate::testing::reached;

/// An entry that is none.
const NONE: u64 = u64::MAX;

/// Room for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    spot: Spot,
    len: usize,
}

impl Room {
    /// Offset of the first byte in the ring.
    #[inline]
    #[must_use]
    pub fn at(self) -> usize {
        self.spot.line as usize * LINE
    }

    /// The number of bytes.
    #[inline]
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "room is no container")]
    pub fn len(self) -> usize {
        self.len
    }
}

/// A subscriber that holds the publisher back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its place.
    pub place: u32,
    /// The number of its join.
    pub since: u64,
    /// The message that it needs next.
    pub position: u64,
}

/// A place in the ring, in lines since the beginning and in lines of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    position: u64,
    line: u32,
}

/// What is known of a place.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Zero while no subscriber that counts is there.
    since: u64,
    position: u64,
    /// The subscriber that was thrown out of it last.
    thrown: u64,
}

/// A message that a subscriber which was thrown out may still be lent.
#[derive(Clone, Copy, Debug)]
struct Pin {
    holder: Holder,
    extent: Extent,
}

/// The publisher's side.
#[derive(Debug)]
pub struct Producer {
    shape: Shape,
    newest: u64,
    oldest: u64,
    /// Where the next message begins.
    next: Spot,
    /// Of each message that is kept, by its slot: in lines since the beginning.
    starts: Box<[u64]>,
    joins: u64,
    /// No place needs a message before this one.
    limit: u64,
    /// The last call that found no room would have written over all messages before this one.
    wanted: u64,
    places: Box<[Seen]>,
    pins: Vec<Pin>,
}

impl Producer {
    /// Goes on where the publisher before ended, or begins.
    ///
    /// # Errors
    /// [`Damaged`] when that one's words contradict each other.
    pub fn resume(memory: &impl TopicMemory, shape: Shape) -> Result<Producer, Damaged> {
        let newest = memory.load(Word::Newest, Acquire);
        let oldest = memory.load(Word::Oldest, Acquire);
        if newest > LAST || oldest == 0 || oldest > newest + 1 || newest + 1 - oldest > u64::from(shape.slots)
        {
            return Err(Damaged);
        }
        let starts = vec![0; shape.slots as usize].into_boxed_slice();
        let places = vec![Seen::default(); shape.places as usize].into_boxed_slice();
        let next = Spot { position: u64::from(shape.lines), line: 0 };
        let (limit, wanted) = (oldest, oldest);
        let mut producer = Producer {
            shape,
            newest,
            oldest,
            next,
            starts,
            joins: 0,
            limit,
            wanted,
            places,
            pins: Vec::new(),
        };
        producer.take_over_messages(memory)?;
        producer.take_over_pins(memory);
        producer.look_at_places(memory);
        Ok(producer)
    }

    fn take_over_messages(&mut self, memory: &impl TopicMemory) -> Result<(), Damaged> {
        let lines = u64::from(self.shape.lines);
        for sequence in self.oldest..=self.newest {
            let extent = self.entry(memory, sequence).ok_or(Damaged)?;
            let laps = if extent.line < self.next.line { lines } else { 0 };
            let start = self.next.position + laps + u64::from(extent.line) - u64::from(self.next.line);
            self.starts[self.shape.slot(sequence) as usize] = start;
            self.next = Spot { position: start + u64::from(extent.lines()), line: extent.end() };
        }
        let is_sound = self.oldest > self.newest || self.next.position - self.start(self.oldest) <= lines;
        if is_sound { Ok(()) } else { Err(Damaged) }
    }

    fn take_over_pins(&mut self, memory: &impl TopicMemory) {
        for place in 0..self.shape.places {
            let thrown = memory.load(Word::Thrown(place), Acquire);
            self.places[place as usize].thrown = thrown;
            if thrown != 0 && memory.load(Word::Since(place), Acquire) == thrown {
                self.pin(memory, Holder { place, since: thrown, position: 0 });
            }
        }
    }

    /// The number of the newest message.
    #[inline]
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// The first message that is kept.
    #[inline]
    #[must_use]
    pub fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Room for a message of `len` bytes, at most [`Shape::max_message`]; `None` while subscribers need what lies there:
    /// then [`holders`](Self::holders) tells which. Readers see no change but that old messages are not kept any more
    /// once there is room, so the caller may forget the room.
    #[inline]
    pub fn reserve(&mut self, memory: &impl TopicMemory, len: usize) -> Option<Room> {
        debug_assert!(len <= self.shape.max_message());
        if !self.pins.is_empty() {
            self.look_at_pins(memory);
        }
        let lines = lines_of(len);
        let Some(spot) = self.spot_for(lines) else {
            self.wanted = self.oldest;
            return None;
        };
        let oldest = self.oldest_beside(spot.position + u64::from(lines));
        let may_have_joined = oldest > self.oldest && memory.load(Word::Joins, Acquire) != self.joins;
        if may_have_joined || oldest > self.limit {
            self.look_at_places(memory);
        }
        if oldest > self.limit {
            self.wanted = oldest;
            return None;
        }
        if oldest > self.oldest && !self.forget_until(memory, oldest) {
            return None;
        }
        Some(Room { spot, len })
    }

    /// Keeps messages from this one on. False when a subscriber has just come that needs an earlier one.
    #[inline]
    fn forget_until(&mut self, memory: &impl TopicMemory, oldest: u64) -> bool {
        let before = std::mem::replace(&mut self.oldest, oldest);
        memory.store(Word::Oldest, oldest, Release);
        // Two things are ordered by it. A viewer that sees any of the new bytes sees the new `oldest`. A subscriber
        // that joins sees that too, or its join is seen here.
        memory.fence(SeqCst);
        reached("topic: forgotten");
        if memory.load(Word::Joins, Acquire) != self.joins {
            self.look_at_places(memory);
        }
        self.wanted = oldest;
        if oldest <= self.limit {
            return true;
        }
        // Nothing was written over, and the one that has come is lent a message that must count as kept.
        memory.store(Word::Oldest, before, Release);
        self.oldest = before;
        false
    }

    /// The first message that can stay when the ring is written up to `end`.
    #[inline]
    fn oldest_beside(&self, end: u64) -> u64 {
        let mut oldest = self.oldest;
        while oldest <= self.newest
            && (end - self.start(oldest) > u64::from(self.shape.lines)
                || self.newest + 1 - oldest >= u64::from(self.shape.slots))
        {
            oldest += 1;
        }
        oldest
    }

    /// Where so many lines lie in one piece, beside what is pinned.
    #[inline]
    fn spot_for(&self, lines: u32) -> Option<Spot> {
        let mut spot = self.next;
        // Round the ring once, with a step for each pin and one for the ring's end.
        for _ in 0..2 * (self.pins.len() + 1) {
            if lines > self.shape.lines - spot.line {
                spot.position += u64::from(self.shape.lines - spot.line);
                spot.line = 0;
            }
            let Some(pin) = self.pins.iter().find(|pin| pin.extent.overlaps(spot.line, lines)) else {
                return Some(spot);
            };
            spot.position += u64::from(pin.extent.end() - spot.line);
            spot.line = pin.extent.end();
        }
        None
    }

    /// Publishes the first `len` bytes of the room, and returns the message's number.
    #[inline]
    pub fn commit(&mut self, memory: &impl TopicMemory, room: Room, len: usize) -> u64 {
        debug_assert!(len <= room.len);
        let sequence = self.newest + 1;
        let extent = Extent { line: room.spot.line, len: len as u32 };
        let slot = self.shape.slot(sequence);
        memory.store(Word::Entry(slot), extent.pack(), Relaxed);
        self.starts[slot as usize] = room.spot.position;
        self.next = Spot { position: room.spot.position + u64::from(extent.lines()), line: extent.end() };
        self.newest = sequence;
        reached("topic: about to publish");
        memory.store(Word::Newest, sequence, Release);
        sequence
    }

    #[inline]
    fn start(&self, sequence: u64) -> u64 {
        self.starts[self.shape.slot(sequence) as usize]
    }

    fn entry(&self, memory: &impl TopicMemory, sequence: u64) -> Option<Extent> {
        Extent::unpack(memory.load(Word::Entry(self.shape.slot(sequence)), Relaxed), self.shape)
    }

    /// Looks again which messages the subscribers need.
    pub fn look_again(&mut self, memory: &impl TopicMemory) {
        self.look_at_pins(memory);
        self.look_at_places(memory);
    }

    /// Looks which messages the places need. A subscriber whose position no subscriber can have is thrown out.
    #[cold]
    fn look_at_places(&mut self, memory: &impl TopicMemory) {
        // Read first: a subscriber that joins later changes the count again.
        self.joins = memory.load(Word::Joins, Acquire);
        self.limit = u64::MAX;
        for place in 0..self.shape.places {
            let since = memory.load(Word::Since(place), Acquire);
            let seen = &mut self.places[place as usize];
            if since == 0 || since == seen.thrown {
                seen.since = 0;
                continue;
            }
            if since != seen.since {
                (seen.since, seen.position) = (since, 0);
            }
            let position = memory.load(Word::Position(place), Acquire);
            if position < seen.position || position > self.newest + 1 {
                self.throw_out(memory, place);
                continue;
            }
            seen.position = position;
            self.limit = self.limit.min(position);
        }
    }

    /// The subscribers that hold the publisher back, as it was when it last found no room: by messages that they need, or
    /// by one that they may still be lent.
    pub fn holders(&self) -> impl Iterator<Item = Holder> + '_ {
        let places = self.places.iter().zip(0_u32..);
        let slow = places.filter(|(seen, _)| seen.since != 0 && seen.position < self.wanted);
        let slow = slow.map(|(seen, place)| Holder { place, since: seen.since, position: seen.position });
        slow.chain(self.pins.iter().map(|pin| pin.holder))
    }

    /// Whether one of the holders has moved since.
    pub fn has_moved(&self, memory: &impl TopicMemory) -> bool {
        self.holders().any(|holder| holder.has_moved(memory))
    }

    /// Whether it was thrown out, so that only a message which it is lent holds the publisher back.
    #[must_use]
    pub fn is_thrown_out(&self, holder: Holder) -> bool {
        self.places[holder.place as usize].thrown == holder.since
    }

    /// Forgets a holder whose process has ended: it needs nothing any more.
    pub fn remove(&mut self, memory: &impl TopicMemory, holder: Holder) {
        self.mark_thrown_out(memory, holder);
        self.pins.retain(|pin| pin.holder.place != holder.place);
        memory.store(Word::Pinned(holder.place), NONE, Relaxed);
        // Not where another subscriber has taken the place meanwhile.
        memory.replace(Word::Since(holder.place), holder.since, 0);
        self.look_at_places(memory);
    }

    /// The publisher waits for the subscriber at this place no more. The subscriber is told when it next looks; the message
    /// that it is lent stays as it is until then.
    pub fn throw_out(&mut self, memory: &impl TopicMemory, place: u32) {
        let Seen { since, position, .. } = self.places[place as usize];
        let holder = Holder { place, since, position };
        if since != 0 {
            // Written before the verdict, so that the next publisher finds both.
            let pinned = self.entry(memory, position).map_or(NONE, Extent::pack);
            memory.store(Word::Pinned(place), pinned, Relaxed);
            self.mark_thrown_out(memory, holder);
            self.pin(memory, holder);
        }
    }

    fn mark_thrown_out(&mut self, memory: &impl TopicMemory, holder: Holder) {
        memory.store(Word::Thrown(holder.place), holder.since, Release);
        let seen = &mut self.places[holder.place as usize];
        (seen.thrown, seen.since) = (holder.since, 0);
        // The subscriber moves its position and then looks at the verdict; the publisher does the reverse.
        memory.fence(SeqCst);
    }

    /// Pins the message that a subscriber which was thrown out may be lent.
    fn pin(&mut self, memory: &impl TopicMemory, holder: Holder) {
        let Holder { place, .. } = holder;
        let position = memory.load(Word::Position(place), Acquire);
        let is_indexed = position <= self.newest && self.newest - position < u64::from(self.shape.slots);
        let extent = match position {
            // The subscriber has read everything, or the word says what no subscriber writes.
            _ if position > self.newest => None,
            _ if is_indexed => self.entry(memory, position),
            _ => Extent::unpack(memory.load(Word::Pinned(place), Relaxed), self.shape),
        };
        memory.store(Word::Pinned(place), extent.map_or(NONE, Extent::pack), Relaxed);
        self.pins.retain(|pin| pin.holder.place != place);
        let holder = Holder { position, ..holder };
        self.pins.extend(extent.map(|extent| Pin { holder, extent }));
    }

    /// Unpins the messages that subscribers have let go of.
    #[cold]
    fn look_at_pins(&mut self, memory: &impl TopicMemory) {
        self.pins.retain(|pin| !pin.holder.has_moved(memory));
    }
}

impl Holder {
    /// Whether it has moved, or another subscriber has its place.
    pub fn has_moved(self, memory: &impl TopicMemory) -> bool {
        memory.load(Word::Since(self.place), Acquire) != self.since
            || memory.load(Word::Position(self.place), Acquire) != self.position
    }
}
