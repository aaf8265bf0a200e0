//! Both sides of the ring, in memory that says whatever the input says: records lie inside the ring, and nothing
//! overflows.
#![no_main]

use std::cell::{Cell, RefCell};

use libfuzzer_sys::fuzz_target;
use samemap_fuzz::Input;
use samemap_platform::internal::words::ring::{Consumer, HEADER, Producer, Record, RingMemory, Shape};

struct Hostile<'a> {
    input: RefCell<Input<'a>>,
    capacity: usize,
    last: Cell<u64>,
}

impl Hostile<'_> {
    fn position(&self) -> u64 {
        let position = self.input.borrow_mut().value_near(self.last.get());
        self.last.set(position);
        position
    }

    fn check_header(&self, at: usize) {
        assert!(at % 8 == 0 && at + HEADER <= self.capacity, "{at}");
    }
}

impl RingMemory for Hostile<'_> {
    fn load_head(&self) -> u64 {
        self.position()
    }
    fn store_head(&self, head: u64) {
        assert_eq!(head % 8, 0);
        self.last.set(head);
    }
    fn load_header(&self, at: usize) -> u64 {
        self.check_header(at);
        let rest = (self.capacity - at - HEADER) as u64;
        let mut input = self.input.borrow_mut();
        match input.byte() % 5 {
            4 => 0,
            // What an honest peer would write there.
            0 => (2 << 32) | (u64::from(input.byte()) % (self.capacity / 2) as u64),
            1 => (1 << 32) | (u64::from(input.byte()) % (rest + 1)),
            _ => input.value_near(1 << 32),
        }
    }
    fn store_header(&self, at: usize, _header: u64) {
        self.check_header(at);
    }
    fn write_header(&self, at: usize, _header: u64) {
        self.check_header(at);
    }
}

fn check(record: Record, shape: Shape) {
    assert!(record.len <= shape.max_message(), "{record:?}");
    assert!(record.at >= HEADER && record.at + record.len <= shape.capacity() as usize, "{record:?}");
}

fn consume(memory: &Hostile<'_>, shape: Shape) {
    let mut consumer = Consumer::new(shape);
    while !memory.input.borrow().is_empty() {
        if let Ok(Some(record)) = consumer.next(memory) {
            check(record, shape);
            if memory.input.borrow_mut().byte() % 4 > 0 {
                consumer.free(memory, record);
            }
        }
        consumer.has_more(memory);
    }
}

fn produce(memory: &Hostile<'_>, shape: Shape) {
    let mut producer = Producer::new(shape);
    while !memory.input.borrow().is_empty() {
        let len = memory.input.borrow_mut().below(shape.max_message() + 1);
        let reserved = match len % 2 {
            0 => producer.reserve(memory, len),
            _ => producer.reserve_anew(memory, len),
        };
        if let Ok(Some(record)) = reserved {
            check(record, shape);
            let shorter = memory.input.borrow_mut().below(len + 1);
            producer.commit(memory, record, len - shorter);
            if memory.input.borrow_mut().byte() % 3 > 0 {
                producer.publish(memory);
            }
        }
        producer.has_moved(memory);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    let (produces, size) = (input.byte() % 2 == 0, input.byte() % 6);
    let shape = Shape::new(64 << size).expect("within the limits");
    let memory =
        Hostile { input: RefCell::new(input), capacity: shape.capacity() as usize, last: Cell::new(0) };
    if produces { produce(&memory, shape) } else { consume(&memory, shape) }
});
