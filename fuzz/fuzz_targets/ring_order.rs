//! Two honest sides of a small ring, whatever they do and in whatever order: messages arrive whole, in order, once, and
//! those that were not published do not arrive.
#![no_main]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use libfuzzer_sys::fuzz_target;
use samemap_fuzz::Input;
use samemap_platform::internal::words::ring::{Consumer, Producer, RingMemory, Shape};

struct Memory {
    head: Cell<u64>,
    bytes: RefCell<Vec<u8>>,
}

impl RingMemory for Memory {
    fn load_head(&self) -> u64 {
        self.head.get()
    }
    fn store_head(&self, head: u64) {
        self.head.set(head);
    }
    fn load_header(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.bytes.borrow()[at..at + 8].try_into().expect("eight bytes"))
    }
    fn store_header(&self, at: usize, header: u64) {
        self.write_header(at, header);
    }
    fn write_header(&self, at: usize, header: u64) {
        self.bytes.borrow_mut()[at..at + 8].copy_from_slice(&header.to_ne_bytes());
    }
}

/// A ring, and what is in it by its own account.
struct Pair {
    memory: Memory,
    producer: Producer,
    consumer: Consumer,
    published: VecDeque<Vec<u8>>,
    held_back: VecDeque<Vec<u8>>,
    sent: u8,
}

impl Pair {
    fn send(&mut self, room: usize, len: usize) {
        let reserved = match self.sent % 2 {
            0 => self.producer.reserve(&self.memory, room),
            _ => self.producer.reserve_anew(&self.memory, room),
        };
        let Some(record) = reserved.expect("an honest consumer") else {
            assert!(!self.published.is_empty() || self.producer.holds_back(), "an empty ring takes all");
            return;
        };
        self.sent = self.sent.wrapping_add(1);
        let message: Vec<u8> = match self.sent % 3 {
            // Its bytes look like headers, which must not be taken for some later.
            0 => (0..len).map(|index| [8, 0, 0, 0, 1, 0, 0, 0][index % 8]).collect(),
            _ => (0..len).map(|index| self.sent.wrapping_mul(31) ^ index as u8).collect(),
        };
        self.memory.bytes.borrow_mut()[record.at..record.at + len].copy_from_slice(&message);
        self.producer.commit(&self.memory, record, len);
        self.held_back.push_back(message);
    }

    fn publish(&mut self) {
        self.producer.publish(&self.memory);
        self.published.append(&mut self.held_back);
    }

    fn receive(&mut self, frees: bool) {
        let record = self.consumer.next(&self.memory).expect("an honest producer");
        let found = record.map(|record| {
            let bytes = self.memory.bytes.borrow()[record.at..record.at + record.len].to_vec();
            if frees {
                self.consumer.free(&self.memory, record);
            }
            bytes
        });
        assert_eq!(found.as_ref(), self.published.front());
        if frees {
            self.published.pop_front();
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    let shape = Shape::new(64 << (input.byte() % 4)).expect("within the limits");
    let memory = Memory { head: Cell::new(0), bytes: RefCell::new(vec![0; shape.capacity() as usize]) };
    let (producer, consumer) = (Producer::new(shape), Consumer::new(shape));
    let mut pair =
        Pair { memory, producer, consumer, published: VecDeque::new(), held_back: VecDeque::new(), sent: 0 };
    while !input.is_empty() {
        match input.byte() % 6 {
            0 | 1 => {
                let room = input.below(shape.max_message() + 1);
                pair.send(room, room - input.below(room + 1));
            }
            2 => pair.publish(),
            // Given up.
            3 => drop(pair.producer.reserve(&pair.memory, input.below(shape.max_message() + 1))),
            4 => pair.receive(false),
            _ => pair.receive(true),
        }
    }
});
