//! A topic: every message of one publisher for many readers, in one ring. The algorithm is generic over a trait, so the
//! same code runs on shared memory and in a model checker.
//!
//! Messages have numbers, from 1. A message takes whole lines of the ring and is never split; an index says for
//! each number where it lies. The publisher writes a message and its entry, and then the word `newest`: that one store
//! publishes it. Before it writes over a message it moves `oldest` beyond that one.
//!
//! Readers are of two kinds.
//! - A *subscriber* has a place, with a word that says which message it needs next. What a place needs is not written
//!   over. It registers its position first, and then looks at `oldest`, while the publisher moves `oldest` first, and
//!   then looks at the places: one of the two sees the other.
//! - A *viewer* has none. It copies, and then looks at `oldest`: when that has not passed its message, the copy is whole.
//!
//! The publisher can throw a subscriber out: it says so, and then looks at the place. The subscriber moves its position,
//! and then looks whether it was thrown out. So the message at the position that the publisher finds is the only one
//! that may still be lent, and it stays *pinned*: messages go round it, until the subscriber lets go.
//!
//! The publisher alone writes `newest`, `oldest`, the index and its verdicts; it keeps its own account of them, and
//! checks the words of the places against that. Readers check what the publisher writes against the ring's shape and
//! their own positions. Whatever the words say, a call ends, and what it answers lies inside the ring.

mod publisher;
mod subscriber;
mod viewer;

use std::sync::atomic::Ordering;

pub use self::publisher::{Holder, Producer, Room};
pub use self::subscriber::{Consumer, Fault, Message};
pub use self::viewer::{Reading, Viewer};

/// Bytes of a line. A message begins on one and takes at least one.
pub const LINE: usize = 64;

/// The largest number that a publisher continues from.
const LAST: u64 = 1 << 62;

/// How often a reader begins anew before it gives up.
const TRIES: u32 = 256;

/// A word of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The number of the newest message; zero before the first.
    Newest,
    /// The first message that is kept: those before may be written over.
    Oldest,
    /// Where a message lies, by its number within [`Shape::slots`].
    Entry(u64),
    /// Who was thrown out of a place last, by the word of its join.
    Thrown(u32),
    /// Where the message lies that it may still be lent.
    Pinned(u32),
    /// Counts those that join. Subscribers write this word and the following ones.
    Joins,
    /// Who has a place, by the number of its join; zero when none has.
    Since(u32),
    /// The message that it needs next.
    Position(u32),
}

/// The words of a topic.
pub trait TopicMemory {
    /// Reads a word.
    fn load(&self, word: Word, order: Ordering) -> u64;
    /// Writes a word.
    fn store(&self, word: Word, value: u64, order: Ordering);
    /// Writes a word if it is `current`; relaxed.
    fn replace(&self, word: Word, current: u64, new: u64);
    /// Adds one to a word and returns the previous value; acquires and releases.
    fn count(&self, word: Word) -> u64;
    /// Orders the accesses before it and after it.
    fn fence(&self, order: Ordering);
}

/// The words contradict each other: no publisher stores them so.
pub use super::Damaged;

/// The dimensions of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    lines: u32,
    slots: u32,
    places: u32,
}

impl Shape {
    /// The smallest ring, in bytes.
    pub const MIN_CAPACITY: u64 = 4 * LINE as u64;
    /// The largest one: positions of lines, and lengths, fit in 32 bits.
    pub const MAX_CAPACITY: u64 = 1 << 37;
    /// The largest number of places.
    pub const MAX_PLACES: u32 = 1024;

    /// A ring of so many bytes, which are a multiple of [`LINE`], and so many places for subscribers.
    #[must_use]
    pub const fn new(capacity: u64, places: u32) -> Option<Shape> {
        let fits = capacity >= Shape::MIN_CAPACITY && capacity <= Shape::MAX_CAPACITY;
        if !fits || capacity % LINE as u64 != 0 || places > Shape::MAX_PLACES {
            return None;
        }
        let lines = (capacity / LINE as u64) as u32;
        Some(Shape { lines, slots: slots_for(lines), places })
    }

    /// Bytes of the ring.
    #[must_use]
    pub const fn capacity(self) -> u64 {
        self.lines as u64 * LINE as u64
    }

    /// The number of entries in the index, a power of two: so many messages are kept at most.
    #[inline]
    #[must_use]
    pub const fn slots(self) -> u32 {
        self.slots
    }

    /// The number of places for subscribers.
    #[inline]
    #[must_use]
    pub const fn places(self) -> u32 {
        self.places
    }

    /// The longest message, in bytes: a third of the ring, so that the one before it is kept while it is written.
    #[inline]
    #[must_use]
    pub const fn max_message(self) -> usize {
        let third = (self.lines / 3) as u64 * LINE as u64;
        // A length fits in 32 bits.
        if third > u32::MAX as u64 { u32::MAX as usize & !(LINE - 1) } else { third as usize }
    }

    #[inline]
    fn slot(self, sequence: u64) -> u64 {
        sequence & u64::from(self.slots - 1)
    }
}

/// One entry for each line, but not more than anybody wants to look back.
const fn slots_for(lines: u32) -> u32 {
    const LEAST: u32 = 4;
    const MOST: u32 = 16 << 10;
    let wanted = if lines > MOST { MOST } else { lines };
    let slots = wanted.next_power_of_two();
    if slots < LEAST { LEAST } else { slots }
}

/// Where the bytes of a message lie in the ring: an entry of the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    line: u32,
    len: u32,
}

impl Extent {
    /// Offset of the first byte in the ring.
    #[inline]
    #[must_use]
    pub fn at(self) -> usize {
        self.line as usize * LINE
    }

    /// The number of bytes.
    #[inline]
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an extent is no container")]
    pub fn len(self) -> usize {
        self.len as usize
    }

    #[inline]
    fn lines(self) -> u32 {
        lines_of(self.len as usize)
    }

    #[inline]
    fn end(self) -> u32 {
        self.line + self.lines()
    }

    fn overlaps(self, line: u32, lines: u32) -> bool {
        self.line < line + lines && line < self.end()
    }

    #[inline]
    fn pack(self) -> u64 {
        u64::from(self.line) << 32 | u64::from(self.len)
    }

    /// The one that an entry says, if it lies inside the ring.
    #[inline]
    fn unpack(entry: u64, shape: Shape) -> Option<Extent> {
        let extent = Extent { line: (entry >> 32) as u32, len: entry as u32 };
        let fits = extent.len() <= shape.max_message()
            && extent.line < shape.lines
            && extent.lines() <= shape.lines - extent.line;
        if fits { Some(extent) } else { None }
    }
}

/// The lines that a message of this length takes.
#[inline]
const fn lines_of(len: usize) -> u32 {
    // Fits: a length has 32 bits.
    let lines = len.div_ceil(LINE) as u32;
    if lines == 0 { 1 } else { lines }
}

#[cfg(test)]
mod tests;
