//! Rings: what is published is read whole, once and in order, and neither side touches bytes that the other one uses.
//!
//! The text is the library's own, over words of loom. The bytes of the ring are cells: loom fails when one side
//! reads or writes a cell without being ordered behind what the other side did there. Beside each cell lies an atomic of
//! the same value, which the consumer looks at as a header at any time, whatever the cell holds.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use samemap_models::with_few_interruptions;
use samemap_platform::internal::words::ring::{Consumer, HEADER, Producer, Record, RingMemory, Shape};

const WORDS: usize = Shape::MIN_CAPACITY as usize / 8;

struct Memory {
    head: AtomicU64,
    cells: [UnsafeCell<u64>; WORDS],
    headers: [AtomicU64; WORDS],
    /// What the stores that publish are made with.
    says: Ordering,
}

// SAFETY: loom runs one thread at a time, and stops the model where two are not ordered.
unsafe impl Sync for Memory {}
// SAFETY: as above.
unsafe impl Send for Memory {}

impl Memory {
    fn new(says: Ordering) -> Arc<Memory> {
        let cells = std::array::from_fn(|_| UnsafeCell::new(0));
        let headers = std::array::from_fn(|_| AtomicU64::new(0));
        Arc::new(Memory { head: AtomicU64::new(0), cells, headers, says })
    }

    fn get(&self, at: usize) -> u64 {
        // SAFETY: loom checks that no other thread writes to it now.
        self.cells[at / 8].with(|cell| unsafe { *cell })
    }

    fn put(&self, at: usize, value: u64, order: Ordering) {
        // SAFETY: loom checks that no other thread uses it now.
        self.cells[at / 8].with_mut(|cell| unsafe { *cell = value });
        self.headers[at / 8].store(value, order);
    }

    /// A message is so many words that all say its number, and could be taken for headers.
    fn fill(&self, record: Record, number: u64) {
        (0..record.len / 8)
            .for_each(|word| self.put(record.at + word * 8, LIKE_A_HEADER | number, Ordering::Relaxed));
    }

    fn check(&self, record: Record, number: u64) {
        assert_eq!(record.len / 8, words_of(number), "message {number}");
        (0..record.len / 8)
            .for_each(|word| assert_eq!(self.get(record.at + word * 8), LIKE_A_HEADER | number));
    }
}

impl RingMemory for Memory {
    fn load_head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    fn store_head(&self, head: u64) {
        self.head.store(head, self.says);
    }

    fn load_header(&self, at: usize) -> u64 {
        self.headers[at / 8].load(Ordering::Acquire)
    }

    fn store_header(&self, at: usize, header: u64) {
        self.put(at, header, self.says);
    }

    fn write_header(&self, at: usize, header: u64) {
        self.put(at, header, Ordering::Relaxed);
    }
}

/// A message of up to seven bytes, as its header says it.
const LIKE_A_HEADER: u64 = 1 << 32;

/// Records of 32, 24, 32 and 16 bytes: the third does not fit before the ring's end, and waits for room at its start.
const MESSAGES: u64 = 4;

fn words_of(number: u64) -> usize {
    [3, 2, 3, 1][number as usize]
}

fn produce(memory: &Memory, together: u64) {
    let mut producer = Producer::new(Shape::new(Shape::MIN_CAPACITY).unwrap());
    for number in 0..MESSAGES {
        let record = loop {
            let len = words_of(number) * 8;
            let reserved = match number % 2 {
                0 => producer.reserve(memory, len),
                // At the ring's start, if the consumer has read all before.
                _ => producer.reserve_anew(memory, len),
            };
            match reserved.expect("an honest consumer") {
                Some(record) => break record,
                None if producer.holds_back() => producer.publish(memory),
                None => thread::yield_now(),
            }
        };
        memory.fill(record, number);
        producer.commit(memory, record, record.len);
        if number % together == together - 1 {
            producer.publish(memory);
        }
    }
    producer.publish(memory);
}

fn consume(memory: &Memory) {
    let mut consumer = Consumer::new(Shape::new(Shape::MIN_CAPACITY).unwrap());
    for number in 0..MESSAGES {
        let record = loop {
            match consumer.next(memory).expect("an honest producer") {
                Some(record) => break record,
                None => thread::yield_now(),
            }
        };
        memory.check(record, number);
        consumer.free(memory, record);
    }
    assert_eq!(consumer.next(memory), Ok(None));
}

fn both_sides(says: Ordering, together: u64) {
    assert_eq!(HEADER, 8);
    // Every order takes more than seven minutes, after which it was stopped.
    with_few_interruptions(move || {
        let memory = Memory::new(says);
        let producer = {
            let memory = Arc::clone(&memory);
            thread::spawn(move || produce(&memory, together))
        };
        consume(&memory);
        producer.join().expect("no panics");
    });
}

#[test]
fn messages_pass_one_by_one() {
    both_sides(Ordering::Release, 1);
}

#[test]
fn messages_pass_in_batches() {
    both_sides(Ordering::Release, 3);
}

/// The model would see a store of a position that orders nothing.
#[test]
#[should_panic(expected = "Causality violation")]
fn positions_that_order_nothing_are_found_out() {
    both_sides(Ordering::Relaxed, 1);
}
