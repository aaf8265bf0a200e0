//! The ring: messages of any length, in order, from one producer to one consumer. The algorithm is generic over a
//! trait, so the same code runs on shared memory and in a model checker.
//!
//! Positions count bytes since the beginning and never wrap; a position's place in the ring is its remainder by the
//! capacity, a power of two. A record is a header of 8 bytes and the message, filled up to a multiple of 8. A record is
//! never split: where it does not fit before the ring's end, its header says that it is *wrapped*: the message lies at the
//! ring's start, where the first 8 bytes stay unused. So a message may take up to half of the ring.
//!
//! The consumer looks at the header where the next record will begin, and nowhere else: a small message comes in the
//! cache line that announces it. So that header is zero until the record is published. The producer clears the header
//! behind a record before it publishes the record, and 8 bytes of a full ring stay free for that; of several records
//! that are published together, the first header is written last.
//!
//! The consumer alone writes `head`, and each side keeps its own position in private memory. What it reads from the
//! other side is checked against that, and a value that no honest peer could have written is [`Damaged`]. So the worst
//! that a peer can do is to send rubbish messages of rubbish length, inside the ring.

pub use super::Damaged;

/// Bytes of a record's header.
pub const HEADER: usize = 8;

/// Bytes of a cache line, which one processor takes from another as a whole.
const LINE: u64 = 64;
/// Bytes of a message that lies on two lines, or three.
const SMALL: usize = 64;
/// How far ahead the producer prefetches cache lines.
const AHEAD: u64 = 8 * LINE;
/// How many bytes it prefetches at a time.
const STRIDE: u64 = 4 * LINE;

const MESSAGE: u64 = 1 << 32;
/// As [`MESSAGE`], and the message lies at the start of the next lap.
const WRAPPED: u64 = 2 << 32;

/// Up to this position laps are cut short. Beyond it the positions still suffice for years of messages.
const FARTHEST_LEAP: u64 = 1 << 62;
/// No honest producer gets beyond this position.
const FARTHEST: u64 = 1 << 63;

/// The memory of a ring.
pub trait RingMemory {
    /// The consumer's position. It has read all before that.
    fn load_head(&self) -> u64;
    /// Publishes the consumer's position, after its reads.
    fn store_head(&self, head: u64);
    /// The header at a place in the ring. What the producer wrote before it published this is visible.
    fn load_header(&self, at: usize) -> u64;
    /// Publishes a header, after the producer's writes.
    fn store_header(&self, at: usize, header: u64);
    /// Writes a header that the consumer does not look at yet.
    fn write_header(&self, at: usize, header: u64);
    /// A hint: the producer writes there soon.
    fn prefetch(&self, _at: usize) {}
}

/// The dimensions of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    capacity: u32,
}

impl Shape {
    /// The smallest ring, in bytes.
    pub const MIN_CAPACITY: u32 = 64;
    /// The largest one.
    pub const MAX_CAPACITY: u32 = 1 << 30;

    /// A ring of this many bytes: a power of two within the limits.
    #[inline]
    #[must_use]
    pub const fn new(capacity: u32) -> Option<Shape> {
        let fits = capacity >= Shape::MIN_CAPACITY && capacity <= Shape::MAX_CAPACITY;
        if fits && capacity.is_power_of_two() { Some(Shape { capacity }) } else { None }
    }

    /// Bytes of the ring.
    #[inline]
    #[must_use]
    pub const fn capacity(self) -> u32 {
        self.capacity
    }

    /// The longest message.
    #[inline]
    #[must_use]
    pub const fn max_message(self) -> usize {
        self.capacity as usize / 2 - HEADER
    }

    /// Whether the record that begins at this position is published. Rubbish counts: the consumer's call reports it.
    #[inline]
    #[must_use]
    pub fn is_published(self, memory: &impl RingMemory, position: u64) -> bool {
        memory.load_header(self.place(position)) != 0
    }

    #[inline]
    fn place(self, position: u64) -> usize {
        (position & u64::from(self.capacity - 1)) as usize
    }

    #[inline]
    fn rest_of_lap(self, position: u64) -> u64 {
        u64::from(self.capacity) - (position & u64::from(self.capacity - 1))
    }
}

/// The bytes that a message of this length takes in the ring.
#[inline]
#[must_use]
pub const fn record_len(len: usize) -> u64 {
    (HEADER as u64) + ((len as u64 + 7) & !7)
}

/// Room for a message, or a message: where its bytes lie, and where the next record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where in the ring its bytes begin.
    pub at: usize,
    /// Their number.
    pub len: usize,
    /// Position of its header.
    start: u64,
}

/// The producer's side.
#[derive(Debug)]
pub struct Producer {
    shape: Shape,
    /// The end of the last committed record.
    tail: u64,
    /// The end of the last published record.
    published: u64,
    /// The header that publishes all behind `published`.
    withheld: u64,
    /// The consumer's position as last read.
    head: u64,
}

impl Producer {
    /// The side of a new, empty ring.
    #[inline]
    #[must_use]
    pub fn new(shape: Shape) -> Producer {
        Producer { shape, tail: 0, published: 0, withheld: 0, head: 0 }
    }

    /// Room for a message of `len` bytes, at most [`Shape::max_message`]; `None` while the ring is too full. The
    /// consumer sees no change, so the caller may forget the room.
    ///
    /// # Errors
    /// [`Damaged`].
    #[inline]
    pub fn reserve(&mut self, memory: &impl RingMemory, len: usize) -> Result<Option<Record>, Damaged> {
        debug_assert!(len <= self.shape.max_message());
        let wanted = record_len(len);
        let rest = self.shape.rest_of_lap(self.tail);
        let skipped = if wanted > rest { rest } else { 0 };
        let end = self.tail + skipped + wanted;
        if !self.has_room_until(end) {
            self.look_at_head(memory)?;
            if !self.has_room_until(end) {
                return Ok(None);
            }
        }
        Ok(Some(self.behind(memory, skipped, len)))
    }

    /// Whether a record may end there, and the next header lie behind it.
    #[inline]
    fn has_room_until(&self, end: u64) -> bool {
        end + HEADER as u64 - self.head <= u64::from(self.shape.capacity)
    }

    /// As [`reserve`](Self::reserve), but at the ring's start where the consumer has read everything: sides that take
    /// turns then use the same few cache lines.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn reserve_anew(&mut self, memory: &impl RingMemory, len: usize) -> Result<Option<Record>, Damaged> {
        // The message and the header behind it must end before its own header. Where each message cost a lap, positions
        // could reach their end.
        let fits = self.shape.place(self.tail) as u64 >= record_len(len) + HEADER as u64;
        if !fits || self.holds_back() || self.tail > FARTHEST_LEAP {
            return self.reserve(memory, len);
        }
        self.look_at_head(memory)?;
        if self.head != self.tail {
            return self.reserve(memory, len);
        }
        Ok(Some(self.behind(memory, self.shape.rest_of_lap(self.tail), len)))
    }

    /// The room behind so many bytes that are skipped. The header after it is cleared first: were its cache line fetched
    /// between the message and its header, the consumer's looks would take theirs away meanwhile.
    #[inline]
    fn behind(&self, memory: &impl RingMemory, skipped: u64, len: usize) -> Record {
        let start = self.tail + skipped;
        memory.write_header(self.shape.place(start + record_len(len)), 0);
        Record { at: self.shape.place(start) + HEADER, len, start }
    }

    #[cold]
    fn look_at_head(&mut self, memory: &impl RingMemory) -> Result<(), Damaged> {
        let head = memory.load_head();
        if head < self.head || head > self.published {
            return Err(Damaged);
        }
        self.head = head;
        Ok(())
    }

    /// Makes the first `len` bytes of the room that was reserved last a message, which the consumer sees once it is
    /// [published](Self::publish).
    #[inline]
    pub fn commit(&mut self, memory: &impl RingMemory, record: Record, len: usize) {
        debug_assert!(len <= record.len);
        let end = record.start + record_len(len);
        if len < record.len {
            memory.write_header(self.shape.place(end), 0);
        }
        let kind = if record.start == self.tail { MESSAGE } else { WRAPPED };
        self.append(memory, kind | len as u64);
        self.tail = end;
    }

    /// Writes the header behind the last record, unless it is the one that publishes the others.
    #[inline]
    fn append(&mut self, memory: &impl RingMemory, header: u64) {
        if self.holds_back() {
            memory.write_header(self.shape.place(self.tail), header);
        } else {
            self.withheld = header;
        }
    }

    /// Lets the consumer see all committed messages.
    #[inline]
    pub fn publish(&mut self, memory: &impl RingMemory) {
        if self.holds_back() {
            memory.store_header(self.shape.place(self.published), self.withheld);
            self.published = self.tail;
        }
    }

    /// Prefetches both cache lines of a small message at once: for a producer whose consumer waits for the message, and
    /// looks at the first line.
    #[inline]
    pub fn prefetch(&self, memory: &impl RingMemory, len: usize) {
        if len <= SMALL {
            memory.prefetch(self.shape.place(self.tail));
            memory.prefetch(self.shape.place(self.tail + record_len(len)));
        }
    }

    /// Prefetches cache lines that the consumer has read, some way ahead of messages of this length: for a producer that
    /// has committed one, and is likely to send more. Without that, the stores to each line wait for the line.
    #[inline]
    pub fn prefetch_ahead(&self, memory: &impl RingMemory, len: usize) {
        let len = record_len(len);
        if self.tail % STRIDE < len && self.has_room_until(self.tail + len + AHEAD) {
            let mut line = self.tail + AHEAD;
            let end = line + len.clamp(STRIDE, AHEAD);
            while line < end {
                memory.prefetch(self.shape.place(line));
                line += LINE;
            }
        }
    }

    /// Whether there are committed messages that are not published.
    #[inline]
    #[must_use]
    pub fn holds_back(&self) -> bool {
        self.published != self.tail
    }

    /// The consumer's position as last read.
    #[inline]
    #[must_use]
    pub fn seen_head(&self) -> u64 {
        self.head
    }

    /// Whether there is room at the consumer's present position. An invalid position counts as room: the next call
    /// reports it.
    #[inline]
    pub fn has_moved(&self, memory: &impl RingMemory) -> bool {
        memory.load_head() != self.head
    }
}

/// The consumer's side.
#[derive(Debug)]
pub struct Consumer {
    shape: Shape,
    /// The next record to read.
    head: u64,
}

impl Consumer {
    /// The side of a new, empty ring.
    #[inline]
    #[must_use]
    pub fn new(shape: Shape) -> Consumer {
        Consumer { shape, head: 0 }
    }

    /// The next message; `None` when there is none.
    ///
    /// # Errors
    /// [`Damaged`].
    #[inline]
    pub fn next(&mut self, memory: &impl RingMemory) -> Result<Option<Record>, Damaged> {
        let mut start = self.head;
        let mut at = self.shape.place(start);
        let header = memory.load_header(at);
        if header == 0 {
            return Ok(None);
        }
        let len = (header & u64::from(u32::MAX)) as usize;
        let mut is_sound = header >> 32 == MESSAGE >> 32;
        if header >> 32 == WRAPPED >> 32 {
            is_sound = at > 0;
            start += self.shape.rest_of_lap(start);
            at = 0;
        }
        is_sound = is_sound
            && len <= self.shape.max_message()
            && at + HEADER + len <= self.shape.capacity as usize
            && start <= FARTHEST;
        if is_sound { Ok(Some(Record { at: at + HEADER, len, start })) } else { Err(Damaged) }
    }

    /// Gives the room of the message and of all earlier ones back.
    #[inline]
    pub fn free(&mut self, memory: &impl RingMemory, record: Record) {
        self.head = record.start + record_len(record.len);
        memory.store_head(self.head);
    }

    /// The position of the next record to read; the producer's position when there is none.
    #[inline]
    #[must_use]
    pub fn position(&self) -> u64 {
        self.head
    }

    /// Whether there is a message. Rubbish counts as one: the next call reports it.
    #[inline]
    pub fn has_more(&self, memory: &impl RingMemory) -> bool {
        self.shape.is_published(memory, self.head)
    }
}

#[cfg(test)]
mod tests;
