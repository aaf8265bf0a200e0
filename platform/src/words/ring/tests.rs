//! The ring, step by step: every length, every place, killed ends, hostile memory.

use super::*;
use std::cell::{Cell, RefCell};

struct Plain {
    head: Cell<u64>,
    bytes: RefCell<Vec<u8>>,
}

impl Plain {
    fn new(shape: Shape) -> Plain {
        let bytes = RefCell::new(vec![0; shape.capacity() as usize]);
        Plain { head: Cell::new(0), bytes }
    }
}

impl RingMemory for Plain {
    fn load_head(&self) -> u64 {
        self.head.get()
    }
    fn store_head(&self, head: u64) {
        self.head.set(head);
    }
    fn load_header(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.bytes.borrow()[at..at + 8].try_into().unwrap())
    }
    fn store_header(&self, at: usize, header: u64) {
        self.write_header(at, header);
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
            // Its header lies behind this message and the header after it, so of equal ones every other lies there.
            let before = record_len((number - 1) % (shape.max_message() + 1));
            assert!(record.at == HEADER || before <= record_len(sent.len()), "{record:?}");
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
    memory.head.set(far);
    let mut producer = Producer { shape, tail: far, published: far, withheld: 0, head: far };
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
    for header in [MESSAGE | 25, MESSAGE | u64::from(u32::MAX), WRAPPED, WRAPPED | 8, 3 << 32, u64::MAX] {
        let memory = Plain::new(shape);
        memory.write_header(0, header);
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

/// Memory whose user is killed before a given step.
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
    fn load_head(&self) -> u64 {
        self.step().load_head()
    }
    fn store_head(&self, head: u64) {
        self.step().store_head(head);
    }
    fn load_header(&self, at: usize) -> u64 {
        self.step().load_header(at)
    }
    fn store_header(&self, at: usize, header: u64) {
        self.step().store_header(at, header);
    }
    fn write_header(&self, at: usize, header: u64) {
        self.step().write_header(at, header);
    }
}

/// Whether `life` ends within this many steps.
fn survives(memory: &Plain, steps: u32, life: impl FnOnce(&Mortal<'_>)) -> bool {
    let mortal = Mortal { memory, steps_left: Cell::new(steps) };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| life(&mortal))).is_ok()
}

/// A message whose bytes could be taken for headers.
fn like_headers(number: usize, len: usize) -> Vec<u8> {
    let word = (MESSAGE | (number as u64 % 4 * 8)).to_ne_bytes();
    (0..len).map(|index| word[index % 8]).collect()
}

/// Lengths of messages in a ring of 256 bytes: some do not fit before the end, some are published together.
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
                assert_eq!(got, like_headers(read.get(), LENS[read.get()]), "killed at step {steps}");
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
                for (index, byte) in like_headers(number, len).into_iter().enumerate() {
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
        // The last step may have published them.
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
        // Without a consumer, until the ring is full: never Damaged.
        while push(&mut producer, &memory, &[0; 100]) {}
        if survived {
            return;
        }
    }
}

/// Memory that a hostile peer overwrites at any time.
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

    /// Mostly near the previous position, because distant ones are refused at once.
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
    fn load_head(&self) -> u64 {
        self.position()
    }
    fn store_head(&self, head: u64) {
        assert_eq!(head % 8, 0);
        self.last.set(head);
    }
    fn load_header(&self, at: usize) -> u64 {
        assert!(at % 8 == 0 && at + HEADER <= self.capacity, "{at}");
        let len = self.next() % (self.capacity as u64 + 16);
        match self.next() % 10 {
            8 | 9 => 0,
            0 => self.next(),
            1 => MESSAGE | self.next() >> 32,
            2 => WRAPPED | len,
            3 => WRAPPED | (len % 24),
            _ => MESSAGE | (len % 24),
        }
    }
    fn store_header(&self, at: usize, header: u64) {
        self.write_header(at, header);
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
    assert!(messages > rounds && damages > rounds, "{messages} {damages}: the memory was not hostile enough");
}
