//! Floors: a spinning cache line, futexes, and a ring, as simple as they can be. None looks after a peer that ends,
//! checks anything, or could be used by more than the two of a measurement.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};

use crate::linux::bare;
use crate::linux::link::{Link, Spec};

/// Two slots of a cache line or more, one each way, with a word in front that says how often it was filled.
struct Slots {
    outgoing: Slot,
    incoming: Slot,
    _memory: bare::Memory,
}

#[derive(Clone, Copy)]
struct Slot {
    word: &'static AtomicU32,
    bytes: *mut u8,
}

/// The message's place behind the word.
const BYTES: usize = 64;

impl Slots {
    fn len(size: usize) -> usize {
        BYTES + size.next_multiple_of(64)
    }

    fn create(spec: &Spec<'_>) -> Result<(Slots, String), String> {
        let memory = bare::Memory::create(2 * Slots::len(spec.size))?;
        let token = memory.token();
        Ok((Slots::over(memory, spec.size, [0, 1]), token))
    }

    fn connect(spec: &Spec<'_>, token: &str) -> Slots {
        Slots::over(bare::Memory::open(token), spec.size, [1, 0])
    }

    fn over(memory: bare::Memory, size: usize, [outgoing, incoming]: [usize; 2]) -> Slots {
        let slot = |index: usize| {
            // SAFETY: two slots of that length fit in the memory, which stays mapped as long as this end runs.
            unsafe {
                let start = memory.start().add(index * Slots::len(size));
                Slot { word: &*start.cast(), bytes: start.add(BYTES) }
            }
        };
        Slots { outgoing: slot(outgoing), incoming: slot(incoming), _memory: memory }
    }

    #[inline]
    fn fill(&self, message: &[u8]) {
        // SAFETY: the slot has room for a message of this length, and the other end waits for the word.
        unsafe { self.outgoing.bytes.copy_from_nonoverlapping(message.as_ptr(), message.len()) };
    }

    #[inline]
    fn empty(&self, into: &mut [u8]) {
        // SAFETY: as above.
        unsafe { self.incoming.bytes.copy_to_nonoverlapping(into.as_mut_ptr(), into.len()) };
    }
}

/// A word that both ends look at without a pause.
pub struct Line {
    slots: Slots,
    sent: u32,
    received: u32,
}

impl Line {
    fn over(slots: Slots) -> Line {
        Line { slots, sent: 0, received: 0 }
    }
}

impl Link for Line {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        Slots::create(spec).map(|(slots, token)| (Line::over(slots), token))
    }

    fn connect(spec: &Spec<'_>, token: &str) -> Self {
        Line::over(Slots::connect(spec, token))
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        self.slots.fill(message);
        self.sent = self.sent.wrapping_add(1);
        self.slots.outgoing.word.store(self.sent, Release);
    }

    #[inline]
    fn receive(&mut self, into: &mut [u8]) {
        self.received = self.received.wrapping_add(1);
        while self.slots.incoming.word.load(Acquire) != self.received {}
        self.slots.empty(into);
    }
}

/// A futex as an auto-reset event, which wakes at each message.
pub struct Futex(Slots);

impl Link for Futex {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        Slots::create(spec).map(|(slots, token)| (Futex(slots), token))
    }

    fn connect(spec: &Spec<'_>, token: &str) -> Self {
        Futex(Slots::connect(spec, token))
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        self.0.fill(message);
        bare::set(self.0.outgoing.word);
    }

    #[inline]
    fn receive(&mut self, into: &mut [u8]) {
        bare::wait(self.0.incoming.word);
        self.0.empty(into);
    }
}

/// What a careful programmer writes by hand: looks for a while, then says that it sleeps, and sleeps; who sends wakes
/// only one that has said so.
pub struct SpinThenFutex(Slots);

impl Link for SpinThenFutex {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        Slots::create(spec).map(|(slots, token)| (SpinThenFutex(slots), token))
    }

    fn connect(spec: &Spec<'_>, token: &str) -> Self {
        SpinThenFutex(Slots::connect(spec, token))
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        self.0.fill(message);
        bare::set_if_asleep(self.0.outgoing.word);
    }

    #[inline]
    fn receive(&mut self, into: &mut [u8]) {
        bare::spin_then_wait(self.0.incoming.word);
        self.0.empty(into);
    }
}

/// Bytes of a ring's slots together, where messages are small.
const RING: usize = 64 << 10;

/// A ring each way, of slots of one size: two positions, copies in and out, looks without a pause.
pub struct Ring {
    outgoing: OneWay,
    incoming: OneWay,
    _memory: bare::Memory,
}

#[derive(Clone, Copy)]
struct OneWay {
    tail: &'static AtomicU64,
    head: &'static AtomicU64,
    slots: *mut u8,
    slot: usize,
    mask: u64,
    position: u64,
}

impl Ring {
    fn slot(size: usize) -> usize {
        size.next_multiple_of(8)
    }

    fn slots(size: usize) -> usize {
        (RING / Ring::slot(size)).max(4).next_power_of_two()
    }

    fn len(size: usize) -> usize {
        128 + (Ring::slots(size) * Ring::slot(size)).next_multiple_of(64)
    }

    fn over(memory: bare::Memory, size: usize, [outgoing, incoming]: [usize; 2]) -> Ring {
        let one_way = |index: usize| {
            // SAFETY: two rings of that length fit in the memory, which stays mapped as long as this end runs.
            unsafe {
                let start = memory.start().add(index * Ring::len(size));
                OneWay {
                    tail: &*start.cast(),
                    head: &*start.add(64).cast(),
                    slots: start.add(128),
                    slot: Ring::slot(size),
                    mask: Ring::slots(size) as u64 - 1,
                    position: 0,
                }
            }
        };
        Ring { outgoing: one_way(outgoing), incoming: one_way(incoming), _memory: memory }
    }
}

impl OneWay {
    #[inline]
    fn here(&self) -> *mut u8 {
        // SAFETY: a slot of the ring.
        unsafe { self.slots.add((self.position & self.mask) as usize * self.slot) }
    }
}

impl Link for Ring {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        let memory = bare::Memory::create(2 * Ring::len(spec.size))?;
        let token = memory.token();
        Ok((Ring::over(memory, spec.size, [0, 1]), token))
    }

    fn connect(spec: &Spec<'_>, token: &str) -> Self {
        Ring::over(bare::Memory::open(token), spec.size, [1, 0])
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        let ring = &mut self.outgoing;
        while ring.position - ring.head.load(Acquire) > ring.mask {}
        // SAFETY: a slot has room for a message, and the other end waits for the tail.
        unsafe { ring.here().copy_from_nonoverlapping(message.as_ptr(), message.len()) };
        ring.position += 1;
        ring.tail.store(ring.position, Release);
    }

    #[inline]
    fn receive(&mut self, into: &mut [u8]) {
        let ring = &mut self.incoming;
        while ring.tail.load(Acquire) == ring.position {}
        // SAFETY: as above; the other end waits for the head.
        unsafe { ring.here().copy_to_nonoverlapping(into.as_mut_ptr(), into.len()) };
        ring.position += 1;
        ring.head.store(ring.position, Release);
    }
}
