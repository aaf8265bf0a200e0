//! The side of a subscriber: it misses nothing, and the publisher waits for it.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use super::super::Damaged;
use super::terms::{Extent, LAST, Shape, TRIES, TopicMemory, Word};
use crate::testing::reached;

/// A message that is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub sequence: u64,
    /// Where its bytes lie.
    pub extent: Extent,
}

/// Why there is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The publisher has thrown this subscriber out.
    ThrownOut,
    /// The words contradict each other.
    Damaged,
}

/// A subscriber's side.
#[derive(Debug)]
pub struct Consumer {
    shape: Shape,
    place: u32,
    since: u64,
    /// The next message to read.
    next: u64,
    /// The newest message as last read.
    newest: u64,
}

impl Consumer {
    /// Begins at a place that no other subscriber has: with the next message, or with up to `history` of those that are
    /// kept. `None` when the publisher was faster each time.
    ///
    /// # Errors
    /// [`Damaged`] when the publisher's words contradict each other.
    pub fn join(
        memory: &impl TopicMemory,
        shape: Shape,
        place: u32,
        history: u64,
    ) -> Result<Option<Consumer>, Damaged> {
        // A subscriber that was killed at this place has left its words.
        memory.store(Word::Since(place), 0, Relaxed);
        let mut since = 0;
        for _ in 0..TRIES {
            let newest = memory.load(Word::Newest, Acquire);
            let oldest = memory.load(Word::Oldest, Acquire);
            if newest > LAST || oldest == 0 || oldest > LAST {
                return Err(Damaged);
            }
            let next = (newest + 1).saturating_sub(history).max(oldest);
            memory.store(Word::Position(place), next, Release);
            if since == 0 {
                since = Consumer::announce(memory, place);
            }
            // The publisher sees this place, or this place sees the new `oldest`.
            memory.fence(SeqCst);
            reached("topic: joined");
            if memory.load(Word::Oldest, Acquire) <= next {
                return Ok(Some(Consumer { shape, place, since, next, newest: next - 1 }));
            }
        }
        memory.store(Word::Since(place), 0, Release);
        Ok(None)
    }

    /// Takes a number for this join, other than that of the subscriber which was thrown out of this place last.
    fn announce(memory: &impl TopicMemory, place: u32) -> u64 {
        let thrown = memory.load(Word::Thrown(place), Acquire);
        let mut since = memory.count(Word::Joins).wrapping_add(1);
        if since == 0 || since == thrown {
            // Only where a subscriber wrote over the count. Of three numbers one is neither.
            since = (1..=3).find(|&number| number != thrown).unwrap_or(1);
        }
        memory.store(Word::Since(place), since, Release);
        // Once more: a publisher that saw the first count has not seen this.
        memory.count(Word::Joins);
        since
    }

    /// The next message; `None` when there is none yet.
    ///
    /// # Errors
    /// [`Fault`].
    #[inline]
    pub fn next(&mut self, memory: &impl TopicMemory) -> Result<Option<Message>, Fault> {
        let newest = if self.next > self.newest { memory.load(Word::Newest, Acquire) } else { self.newest };
        let slot = Word::Entry(self.shape.slot(self.next));
        let entry = (self.next <= newest).then(|| memory.load(slot, Relaxed));
        // A publisher that has thrown this subscriber out writes over the entry some time; then this load sees the verdict.
        // Since the position was moved there was a full fence: so either this load sees it, or the publisher sees which
        // message it must leave alone.
        memory.fence(Acquire);
        if self.is_thrown_out(memory) {
            return Err(Fault::ThrownOut);
        }
        if newest < self.newest || newest - self.newest > u64::from(self.shape.slots) {
            return Err(Fault::Damaged);
        }
        self.newest = newest;
        let Some(entry) = entry else { return Ok(None) };
        let extent = Extent::unpack(entry, self.shape).ok_or(Fault::Damaged)?;
        Ok(Some(Message { sequence: self.next, extent }))
    }

    /// Gives the message back: that one and all before may be written over.
    #[inline]
    pub fn free(&mut self, memory: &impl TopicMemory, message: Message) {
        self.next = message.sequence + 1;
        memory.store(Word::Position(self.place), self.next, Release);
        // Before the next message is lent, and its verdict looked at.
        memory.fence(SeqCst);
    }

    /// Whether the message was kept all the time. It always is, unless another subscriber wrote over this one's place. For
    /// a moment it may seem not to be, while the publisher finds that this one has just come.
    pub fn is_kept(&self, memory: &impl TopicMemory, message: Message) -> bool {
        memory.fence(Acquire);
        // Acquired: one that is thrown out for what is not kept any more sees that it is.
        memory.load(Word::Oldest, Acquire) <= message.sequence || self.is_thrown_out(memory)
    }

    #[inline]
    fn is_thrown_out(&self, memory: &impl TopicMemory) -> bool {
        memory.load(Word::Thrown(self.place), Relaxed) == self.since
    }

    /// Whether [`next`](Self::next) would return a message or a fault.
    #[inline]
    pub fn has_news(&self, memory: &impl TopicMemory) -> bool {
        self.next <= self.newest
            || memory.load(Word::Newest, Acquire) != self.newest
            || self.is_thrown_out(memory)
    }

    /// The number of the newest message that this subscriber knows of.
    #[inline]
    #[must_use]
    pub fn known(&self) -> u64 {
        self.newest
    }

    /// The number of the next message to read.
    #[inline]
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Its place.
    #[inline]
    #[must_use]
    pub fn place(&self) -> u32 {
        self.place
    }

    /// Says that this subscriber needs nothing any more, before it leaves its place.
    pub fn leave(&self, memory: &impl TopicMemory) {
        memory.store(Word::Since(self.place), 0, Release);
    }
}
