//! The ring: messages of any length, in order, from one producer to one consumer. Pure algorithm over a trait, so that
//! the same text runs on shared memory and in a model checker.
//!
//! Positions count bytes since the beginning and never wrap; a position's place in the ring is its remainder by the
//! capacity, a power of two. A record is a header of 8 bytes and the message, filled up to a multiple of 8. A record is
//! never split: where it does not fit before the ring's end, a *skip* record fills the rest and the message begins at
//! the ring's start. So a message may take up to half of the ring.
//!
//! The producer alone writes `tail`, the consumer alone writes `head`, and each keeps its own position in private
//! memory: what it reads from the other side is checked against that, and a value that no honest peer could have
//! written is [`Damaged`]. So the worst that a peer can do is to send rubbish messages of rubbish length, inside the
//! ring.

/// Bytes of a record's header.
pub const HEADER: usize = 8;

const MESSAGE: u64 = 1 << 32;
const SKIP: u64 = 2 << 32;

/// Up to this position laps are cut short. Beyond it there are messages for years, still.
const FARTHEST_LEAP: u64 = 1 << 62;

/// What the ring lies in.
pub trait RingMemory {
    /// Where the producer has come to; what it wrote before is visible.
    fn load_tail(&self) -> u64;
    /// Says where the producer has come to, after all that it wrote.
    fn store_tail(&self, tail: u64);
    /// Where the consumer has come to; it has read all before that.
    fn load_head(&self) -> u64;
    /// Says where the consumer has come to, after all that it read.
    fn store_head(&self, head: u64);
    /// The header at a place in the ring.
    fn read_header(&self, at: usize) -> u64;
    /// Writes a header.
    fn write_header(&self, at: usize, header: u64);
}

/// The other side has written what no honest peer writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

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
    #[must_use]
    pub const fn new(capacity: u32) -> Option<Shape> {
        let fits = capacity >= Shape::MIN_CAPACITY && capacity <= Shape::MAX_CAPACITY;
        if fits && capacity.is_power_of_two() { Some(Shape { capacity }) } else { None }
    }

    /// Bytes of the ring.
    #[must_use]
    pub const fn capacity(self) -> u32 {
        self.capacity
    }

    /// The longest message.
    #[must_use]
    pub const fn max_message(self) -> usize {
        self.capacity as usize / 2 - HEADER
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

/// Bytes that a message of this length takes in the ring.
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
    /// How many they are.
    pub len: usize,
    /// Position of its header.
    start: u64,
}

/// The producer's side.
#[derive(Debug)]
pub struct Producer {
    shape: Shape,
    /// Behind the last record that was committed.
    tail: u64,
    /// Up to where others may read.
    published: u64,
    /// Where the consumer was when it was last asked.
    head: u64,
}

impl Producer {
    /// For a ring that is empty and new.
    #[must_use]
    pub fn new(shape: Shape) -> Producer {
        Producer { shape, tail: 0, published: 0, head: 0 }
    }

    /// Room for a message of `len` bytes, at most [`Shape::max_message`]; `None` while the ring is too full. Nothing is
    /// changed that the consumer sees, so the room may simply be forgotten.
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
        if end - self.head > u64::from(self.shape.capacity) {
            self.look_at_head(memory)?;
            if end - self.head > u64::from(self.shape.capacity) {
                return Ok(None);
            }
        }
        Ok(Some(self.behind(memory, skipped, len)))
    }

    /// As [`reserve`](Self::reserve), but at the ring's start where the consumer has read all that there was: two sides that
    /// take turns then use the same few cache lines each time.
    ///
    /// # Errors
    /// [`Damaged`].
    pub fn reserve_anew(&mut self, memory: &impl RingMemory, len: usize) -> Result<Option<Record>, Damaged> {
        // What is skipped and what is wanted must fit in one lap together; a skip alone must not be published; and where a
        // message costs a lap, positions might come to their end some day.
        let fits = self.shape.place(self.tail) as u64 >= record_len(len);
        if !fits || self.holds_back() || self.tail > FARTHEST_LEAP {
            return self.reserve(memory, len);
        }
        self.look_at_head(memory)?;
        if self.head != self.tail {
            return self.reserve(memory, len);
        }
        Ok(Some(self.behind(memory, self.shape.rest_of_lap(self.tail), len)))
    }

    /// Skips so many bytes, and gives the room behind them.
    #[inline]
    fn behind(&self, memory: &impl RingMemory, skipped: u64, len: usize) -> Record {
        if skipped > 0 {
            memory.write_header(self.shape.place(self.tail), SKIP | (skipped - HEADER as u64));
        }
        let start = self.tail + skipped;
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

    /// Makes the room a message of its first `len` bytes, to be seen when it is [published](Self::publish).
    #[inline]
    pub fn commit(&mut self, memory: &impl RingMemory, record: Record, len: usize) {
        debug_assert!(len <= record.len);
        memory.write_header(record.at - HEADER, MESSAGE | len as u64);
        self.tail = record.start + record_len(len);
    }

    /// Lets the consumer see all messages that were committed.
    #[inline]
    pub fn publish(&mut self, memory: &impl RingMemory) {
        self.published = self.tail;
        memory.store_tail(self.tail);
    }

    /// Whether there are messages that were committed and not published.
    #[must_use]
    pub fn holds_back(&self) -> bool {
        self.published != self.tail
    }

    /// Where the consumer was when it was last asked.
    #[must_use]
    pub fn seen_head(&self) -> u64 {
        self.head
    }

    /// Whether there is room, by what the consumer says now. True, too, when it says nonsense: the next call tells.
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
    /// Where the producer was when it was last asked.
    tail: u64,
}

impl Consumer {
    /// For a ring that is empty and new.
    #[must_use]
    pub fn new(shape: Shape) -> Consumer {
        Consumer { shape, head: 0, tail: 0 }
    }

    /// The next message; `None` when there is none.
    ///
    /// # Errors
    /// [`Damaged`].
    #[inline]
    pub fn next(&mut self, memory: &impl RingMemory) -> Result<Option<Record>, Damaged> {
        if self.head == self.tail && !self.look_at_tail(memory)? {
            return Ok(None);
        }
        let mut start = self.head;
        let mut at = self.shape.place(start);
        let mut header = memory.read_header(at);
        if header >> 32 == SKIP >> 32 {
            start = self.behind_skip(header)?;
            at = self.shape.place(start);
            header = memory.read_header(at);
        }
        let len = (header & u64::from(u32::MAX)) as usize;
        let is_sound = header >> 32 == MESSAGE >> 32
            && len <= self.shape.max_message()
            && record_len(len) <= self.tail - start
            && at + HEADER + len <= self.shape.capacity as usize;
        if is_sound { Ok(Some(Record { at: at + HEADER, len, start })) } else { Err(Damaged) }
    }

    /// Where the record behind a skip begins: a lap's end, and an honest peer publishes no skip alone.
    #[cold]
    fn behind_skip(&self, header: u64) -> Result<u64, Damaged> {
        let rest = self.shape.rest_of_lap(self.head);
        let skipped = (header & u64::from(u32::MAX)) + HEADER as u64;
        if skipped != rest || rest >= self.tail - self.head { Err(Damaged) } else { Ok(self.head + rest) }
    }

    #[inline]
    fn look_at_tail(&mut self, memory: &impl RingMemory) -> Result<bool, Damaged> {
        let tail = memory.load_tail();
        if tail == self.head {
            return Ok(false);
        }
        if tail < self.head || tail - self.head > u64::from(self.shape.capacity) || tail % 8 != 0 {
            return Err(Damaged);
        }
        self.tail = tail;
        Ok(true)
    }

    /// Gives the message's room back; those before it go with it.
    #[inline]
    pub fn free(&mut self, memory: &impl RingMemory, record: Record) {
        self.head = record.start + record_len(record.len);
        memory.store_head(self.head);
    }

    /// The next record to read. When there is none, the producer's place.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.head
    }

    /// Whether there is something to read, by what the producer says now. True, too, when it says nonsense: the next
    /// call tells.
    #[inline]
    pub fn has_more(&self, memory: &impl RingMemory) -> bool {
        self.head != self.tail || memory.load_tail() != self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    struct Plain {
        tail: Cell<u64>,
        head: Cell<u64>,
        bytes: RefCell<Vec<u8>>,
    }

    impl Plain {
        fn new(shape: Shape) -> Plain {
            let bytes = RefCell::new(vec![0; shape.capacity() as usize]);
            Plain { tail: Cell::new(0), head: Cell::new(0), bytes }
        }
    }

    impl RingMemory for Plain {
        fn load_tail(&self) -> u64 {
            self.tail.get()
        }
        fn store_tail(&self, tail: u64) {
            self.tail.set(tail);
        }
        fn load_head(&self) -> u64 {
            self.head.get()
        }
        fn store_head(&self, head: u64) {
            self.head.set(head);
        }
        fn read_header(&self, at: usize) -> u64 {
            u64::from_ne_bytes(self.bytes.borrow()[at..at + 8].try_into().unwrap())
        }
        fn write_header(&self, at: usize, header: u64) {
            self.bytes.borrow_mut()[at..at + 8].copy_from_slice(&header.to_ne_bytes());
        }
    }

    fn push(producer: &mut Producer, memory: &Plain, message: &[u8]) -> bool {
        let Some(record) = producer.reserve(memory, message.len()).unwrap() else { return false };
        memory.bytes.borrow_mut()[record.at..record.at + message.len()].copy_from_slice(message);
        producer.commit(memory, record, message.len());
        producer.publish(memory);
        true
    }

    fn pop(consumer: &mut Consumer, memory: &Plain) -> Option<Vec<u8>> {
        let record = consumer.next(memory).unwrap()?;
        let message = memory.bytes.borrow()[record.at..record.at + record.len].to_vec();
        consumer.free(memory, record);
        Some(message)
    }

    fn message(number: usize, len: usize) -> Vec<u8> {
        (0..len).map(|index| (number * 31 + index * 7) as u8).collect()
    }

    #[test]
    fn every_length_passes_at_every_place() {
        let shape = Shape::new(256).unwrap();
        for first in 0..=shape.max_message() {
            for second in 0..=shape.max_message() {
                let memory = Plain::new(shape);
                let (mut producer, mut consumer) = (Producer::new(shape), Consumer::new(shape));
                for number in 0..8 {
                    let sent = message(number, if number % 2 == 0 { first } else { second });
                    assert!(push(&mut producer, &memory, &sent), "an empty ring takes every message");
                    assert_eq!(pop(&mut consumer, &memory), Some(sent));
                    assert_eq!(pop(&mut consumer, &memory), None);
                }
            }
        }
    }

    #[test]
    fn a_full_ring_keeps_order() {
        let shape = Shape::new(512).unwrap();
        let memory = Plain::new(shape);
        let (mut producer, mut consumer) = (Producer::new(shape), Consumer::new(shape));
        let (mut sent, mut received) = (0, 0);
        let len_of = |number: usize| number * 37 % (shape.max_message() + 1);
        while received < 20_000 {
            while push(&mut producer, &memory, &message(sent, len_of(sent))) {
                sent += 1;
            }
            for _ in 0..=sent % 3 {
                if let Some(got) = pop(&mut consumer, &memory) {
                    assert_eq!(got, message(received, len_of(received)));
                    received += 1;
                }
            }
        }
    }

    #[test]
    fn sides_that_take_turns_use_the_same_place() {
        let shape = Shape::new(256).unwrap();
        let memory = Plain::new(shape);
        let (mut producer, mut consumer) = (Producer::new(shape), Consumer::new(shape));
        for number in 0..1000 {
            let sent = message(number, number % (shape.max_message() + 1));
            let record = producer.reserve_anew(&memory, sent.len()).unwrap().expect("an empty ring has room");
            if number % 8 > 0 {
                // What was there before this one is no longer than it.
                let before = record_len((number - 1) % (shape.max_message() + 1));
                assert!(record.at == HEADER || before < record_len(sent.len()), "{record:?}");
            }
            memory.bytes.borrow_mut()[record.at..record.at + sent.len()].copy_from_slice(&sent);
            producer.commit(&memory, record, sent.len());
            producer.publish(&memory);
            assert_eq!(pop(&mut consumer, &memory), Some(sent));
            assert_eq!(pop(&mut consumer, &memory), None);
        }
    }

    #[test]
    fn what_was_not_read_stays_when_a_place_is_used_anew() {
        let shape = Shape::new(256).unwrap();
        let memory = Plain::new(shape);
        let (mut producer, mut consumer) = (Producer::new(shape), Consumer::new(shape));
        let (mut sent, mut received) = (0, 0);
        let len_of = |number: usize| number * 37 % (shape.max_message() + 1);
        while received < 20_000 {
            while let Some(record) = producer.reserve_anew(&memory, len_of(sent)).unwrap() {
                let bytes = message(sent, len_of(sent));
                memory.bytes.borrow_mut()[record.at..record.at + bytes.len()].copy_from_slice(&bytes);
                producer.commit(&memory, record, bytes.len());
                sent += 1;
                if sent % 3 > 0 {
                    producer.publish(&memory);
                }
                if sent % 5 == 0 {
                    break;
                }
            }
            producer.publish(&memory);
            for _ in 0..=sent % 4 {
                if let Some(got) = pop(&mut consumer, &memory) {
                    assert_eq!(got, message(received, len_of(received)));
                    received += 1;
                }
            }
        }
    }

    #[test]
    fn positions_do_not_run_out() {
        let shape = Shape::new(64).unwrap();
        let memory = Plain::new(shape);
        let far = FARTHEST_LEAP + 40;
        memory.tail.set(far);
        memory.head.set(far);
        let mut producer = Producer { shape, tail: far, published: far, head: far };
        let record = producer.reserve_anew(&memory, 8).unwrap().expect("an empty ring has room");
        assert_eq!(record.start, far, "no lap is cut short");
    }

    #[test]
    fn room_that_is_forgotten_changes_nothing() {
        let shape = Shape::new(64).unwrap();
        let memory = Plain::new(shape);
        let (mut producer, mut consumer) = (Producer::new(shape), Consumer::new(shape));
        for number in 0..100 {
            let _ = producer.reserve(&memory, 24).unwrap();
            let sent = message(number, number % 25);
            assert!(push(&mut producer, &memory, &sent));
            assert_eq!(pop(&mut consumer, &memory), Some(sent));
        }
    }

    #[test]
    fn what_no_honest_peer_writes_is_damage() {
        let shape = Shape::new(64).unwrap();
        for tail in [3, 65, 72, u64::MAX, 1 << 40] {
            let memory = Plain::new(shape);
            memory.tail.set(tail);
            assert_eq!(Consumer::new(shape).next(&memory), Err(Damaged), "tail {tail}");
        }
        for header in
            [0, MESSAGE | 25, MESSAGE | u64::from(u32::MAX), SKIP, SKIP | 56, SKIP | 48, 3 << 32, u64::MAX]
        {
            let memory = Plain::new(shape);
            memory.write_header(0, header);
            memory.tail.set(32);
            assert_eq!(Consumer::new(shape).next(&memory), Err(Damaged), "header {header:#x}");
        }
        for head in [1 << 40, 33, u64::MAX] {
            let memory = Plain::new(shape);
            let mut producer = Producer::new(shape);
            assert!(push(&mut producer, &memory, &[1; 24]));
            assert!(push(&mut producer, &memory, &[]));
            memory.head.set(head.max(41));
            assert_eq!(producer.reserve(&memory, 24), Err(Damaged), "head {head}");
        }
    }

    /// Memory whose user is killed before a step of its own.
    struct Mortal<'a> {
        memory: &'a Plain,
        steps_left: Cell<u32>,
    }

    impl Mortal<'_> {
        fn step(&self) -> &Plain {
            let Some(left) = self.steps_left.get().checked_sub(1) else {
                std::panic::resume_unwind(Box::new("killed"));
            };
            self.steps_left.set(left);
            self.memory
        }
    }

    impl RingMemory for Mortal<'_> {
        fn load_tail(&self) -> u64 {
            self.step().load_tail()
        }
        fn store_tail(&self, tail: u64) {
            self.step().store_tail(tail);
        }
        fn load_head(&self) -> u64 {
            self.step().load_head()
        }
        fn store_head(&self, head: u64) {
            self.step().store_head(head);
        }
        fn read_header(&self, at: usize) -> u64 {
            self.step().read_header(at)
        }
        fn write_header(&self, at: usize, header: u64) {
            self.step().write_header(at, header);
        }
    }

    /// Whether `life` came to its end within so many steps.
    fn survives(memory: &Plain, steps: u32, life: impl FnOnce(&Mortal<'_>)) -> bool {
        let mortal = Mortal { memory, steps_left: Cell::new(steps) };
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| life(&mortal))).is_ok()
    }

    /// In a ring of 256 bytes, with room that is skipped and messages that are published together.
    const LENS: [usize; 12] = [100, 3, 64, 0, 120, 40, 40, 8, 117, 1, 77, 120];

    #[test]
    fn a_producer_that_is_killed_at_any_step_leaves_whole_messages() {
        let shape = Shape::new(256).unwrap();
        for steps in 0.. {
            let memory = Plain::new(shape);
            let mut consumer = Consumer::new(shape);
            let (read, published) = (Cell::new(0), Cell::new(0));
            let mut read_all = || {
                while let Some(got) = pop(&mut consumer, &memory) {
                    assert_eq!(got, message(read.get(), LENS[read.get()]), "killed at step {steps}");
                    read.set(read.get() + 1);
                }
            };
            let survived = survives(&memory, steps, |mortal| {
                let mut producer = Producer::new(shape);
                for (number, len) in LENS.into_iter().enumerate() {
                    let record = loop {
                        match producer.reserve(mortal, len).unwrap() {
                            Some(record) => break record,
                            None if producer.holds_back() => producer.publish(mortal),
                            None => read_all(),
                        }
                    };
                    for (index, byte) in message(number, len).into_iter().enumerate() {
                        mortal.step().bytes.borrow_mut()[record.at + index] = byte;
                    }
                    producer.commit(mortal, record, len);
                    if number % 3 != 1 {
                        producer.publish(mortal);
                        published.set(number + 1);
                    }
                }
            });
            read_all();
            // The last step of all may have been the one that showed them.
            assert!(read.get() >= published.get(), "killed at step {steps}");
            if survived {
                assert_eq!(read.get(), LENS.len());
                return;
            }
        }
    }

    #[test]
    fn a_consumer_that_is_killed_at_any_step_leaves_a_sound_ring() {
        let shape = Shape::new(256).unwrap();
        for steps in 0.. {
            let memory = Plain::new(shape);
            let mut producer = Producer::new(shape);
            let mut sent = 0;
            let survived = survives(&memory, steps, |mortal| {
                let mut consumer = Consumer::new(shape);
                for len in LENS {
                    while sent < LENS.len() && push(&mut producer, &memory, &message(sent, LENS[sent])) {
                        sent += 1;
                    }
                    let record = consumer.next(mortal).unwrap().expect("the producer was first");
                    assert_eq!(record.len, len);
                    consumer.free(mortal, record);
                }
            });
            // To nobody, until the ring is full: never Damaged.
            while push(&mut producer, &memory, &[0; 100]) {}
            if survived {
                return;
            }
        }
    }

    /// Memory in which the other side writes whatever it likes, whenever it likes.
    struct Hostile {
        random: Cell<u64>,
        capacity: usize,
        last: Cell<u64>,
    }

    impl Hostile {
        fn next(&self) -> u64 {
            let mut word = self.random.get();
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            self.random.set(word);
            word
        }

        /// Near what it said before, mostly: far values are refused at once.
        fn position(&self) -> u64 {
            let position = match self.next() % 16 {
                0 => self.next(),
                1 => u64::MAX - self.next() % 64,
                2..=5 => self.last.get().wrapping_add(self.next() % 600),
                _ => self.last.get().wrapping_add(self.next() % 8 * 8),
            };
            self.last.set(position);
            position
        }
    }

    impl RingMemory for Hostile {
        fn load_tail(&self) -> u64 {
            self.position()
        }
        fn store_tail(&self, tail: u64) {
            assert_eq!(tail % 8, 0);
            self.last.set(tail);
        }
        fn load_head(&self) -> u64 {
            self.position()
        }
        fn store_head(&self, head: u64) {
            assert_eq!(head % 8, 0);
            self.last.set(head);
        }
        fn read_header(&self, at: usize) -> u64 {
            assert!(at % 8 == 0 && at + HEADER <= self.capacity, "{at}");
            let len = self.next() % (self.capacity as u64 + 16);
            match self.next() % 8 {
                0 => self.next(),
                1 => MESSAGE | self.next() >> 32,
                2 => SKIP | len,
                3 => SKIP | (self.capacity - at - HEADER) as u64,
                _ => MESSAGE | (len % 24),
            }
        }
        fn write_header(&self, at: usize, _header: u64) {
            assert!(at % 8 == 0 && at + HEADER <= self.capacity, "{at}");
        }
    }

    fn assert_inside(record: Record, shape: Shape) {
        assert!(record.len <= shape.max_message(), "{record:?}");
        assert!(record.at >= HEADER && record.at + record.len <= shape.capacity() as usize, "{record:?}");
    }

    /// Whatever the memory says, records lie inside the ring, and nothing overflows. `SAMEMAP_RING_ROUNDS` asks for more.
    #[test]
    fn hostile_memory_leads_nowhere() {
        let rounds = std::env::var("SAMEMAP_RING_ROUNDS").map_or(20_000, |rounds| rounds.parse().unwrap());
        let (mut messages, mut damages) = (0_u64, 0_u64);
        for round in 0..rounds {
            let shape = Shape::new(64 << (round % 5)).unwrap();
            let random = Cell::new(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(round + 1) | 1);
            let memory = Hostile { random, capacity: shape.capacity() as usize, last: Cell::new(0) };
            let mut consumer = Consumer::new(shape);
            for _ in 0..40 {
                match consumer.next(&memory) {
                    Ok(Some(record)) => {
                        assert_inside(record, shape);
                        messages += 1;
                        if memory.next() % 4 > 0 {
                            consumer.free(&memory, record);
                        }
                    }
                    Ok(None) => {}
                    Err(Damaged) => damages += 1,
                }
                let _ = consumer.has_more(&memory);
            }
            memory.last.set(0);
            let mut producer = Producer::new(shape);
            for _ in 0..40 {
                let len = memory.next() as usize % (shape.max_message() + 1);
                let reserved = match memory.next() % 2 {
                    0 => producer.reserve(&memory, len),
                    _ => producer.reserve_anew(&memory, len),
                };
                match reserved {
                    Ok(Some(record)) => {
                        assert_inside(record, shape);
                        producer.commit(&memory, record, len - memory.next() as usize % (len + 1));
                        if memory.next() % 3 > 0 {
                            producer.publish(&memory);
                        }
                    }
                    Ok(None) => {}
                    Err(Damaged) => damages += 1,
                }
                let _ = producer.has_moved(&memory);
            }
        }
        assert!(
            messages > rounds && damages > rounds,
            "{messages} {damages}: the memory was not hostile enough"
        );
    }
}
