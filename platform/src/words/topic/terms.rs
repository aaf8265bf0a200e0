//! What the sides of a topic have in common: its words, and where messages lie.

use std::sync::atomic::Ordering;

/// Bytes of a line. A message begins on one and takes at least one.
pub const LINE: usize = 64;

/// The largest number that a publisher continues from.
pub(super) const LAST: u64 = 1 << 62;

/// How often a reader begins anew before it gives up.
pub(super) const TRIES: u32 = 256;

/// A word of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The number of the newest message; zero before the first.
    Newest,
    /// The first message that is kept: those before may be written over.
    Oldest,
    /// Where a message lies, by its number within [`Shape::slots`].
    Entry(u64),
    /// The subscriber that was thrown out of a place last, by the number of its join.
    Thrown(u32),
    /// Where the message lies that this subscriber may still be lent.
    Pinned(u32),
    /// Counts the subscribers that join. They write this word and the following ones.
    Joins,
    /// The subscriber that has a place, by the number of its join; zero when none has.
    Since(u32),
    /// The number of the message that it needs next.
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

/// The dimensions of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub(super) lines: u32,
    pub(super) slots: u32,
    pub(super) places: u32,
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
    pub(super) fn slot(self, sequence: u64) -> u64 {
        sequence & u64::from(self.slots - 1)
    }
}

/// One entry for each line, up to as many messages as readers look back for.
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
    pub(super) line: u32,
    pub(super) len: u32,
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
    pub(super) fn lines(self) -> u32 {
        lines_of(self.len as usize)
    }

    #[inline]
    pub(super) fn end(self) -> u32 {
        self.line + self.lines()
    }

    pub(super) fn overlaps(self, line: u32, lines: u32) -> bool {
        self.line < line + lines && line < self.end()
    }

    #[inline]
    pub(super) fn pack(self) -> u64 {
        u64::from(self.line) << 32 | u64::from(self.len)
    }

    /// The one that an entry says, if it lies inside the ring.
    #[inline]
    pub(super) fn unpack(entry: u64, shape: Shape) -> Option<Extent> {
        let extent = Extent { line: (entry >> 32) as u32, len: entry as u32 };
        let fits = extent.len() <= shape.max_message()
            && extent.line < shape.lines
            && extent.lines() <= shape.lines - extent.line;
        if fits { Some(extent) } else { None }
    }
}

/// The lines that a message of this length takes.
#[inline]
pub(super) const fn lines_of(len: usize) -> u32 {
    // Fits: a length has 32 bits.
    let lines = len.div_ceil(LINE) as u32;
    if lines == 0 { 1 } else { lines }
}
