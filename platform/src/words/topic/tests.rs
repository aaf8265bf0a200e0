//! The topic, step by step: order, waiting, missing, throwing out, killed publishers, hostile words.

use super::*;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// The memory of one thread.
struct Plain {
    words: RefCell<HashMap<String, u64>>,
    bytes: RefCell<Vec<u8>>,
    shape: Shape,
}

impl Plain {
    fn new(lines: u32, places: u32) -> Plain {
        let shape = Shape::new(u64::from(lines) * LINE as u64, places).expect("within the limits");
        let bytes = RefCell::new(vec![0; shape.capacity() as usize]);
        let plain = Plain { words: RefCell::default(), bytes, shape };
        plain.store(Word::Oldest, 1, Ordering::Release);
        plain
    }

    fn producer(&self) -> Producer {
        Producer::resume(self, self.shape).expect("sound")
    }

    fn subscriber(&self, place: u32) -> Consumer {
        Consumer::join(self, self.shape, place, 0).expect("sound").expect("not contended")
    }

    fn check(&self, sequence: u64, extent: Extent) {
        let bytes = &self.bytes.borrow()[extent.at()..extent.at() + extent.len()];
        assert!(
            bytes.iter().all(|&byte| byte == sequence as u8),
            "number {sequence} in {extent:?}: {bytes:?}"
        );
    }

    /// The number of the next message, which is whole.
    fn take(&self, consumer: &mut Consumer) -> Result<Option<u64>, Fault> {
        let Some(message) = consumer.next(self)? else { return Ok(None) };
        self.check(message.sequence, message.extent);
        consumer.free(self, message);
        Ok(Some(message.sequence))
    }

    fn view(&self, viewer: &mut Viewer) -> Option<(u64, u64)> {
        match viewer.read(self, |sequence, extent| self.check(sequence, extent)) {
            Reading::Message { sequence, missed, .. } => Some((sequence, missed)),
            Reading::Nothing => None,
            other => panic!("{other:?}"),
        }
    }
}

/// Each byte of a message is its number.
fn publish(producer: &mut Producer, memory: &Plain, len: usize) -> Option<u64> {
    let room = producer.reserve(memory, len)?;
    let sequence = producer.newest() + 1;
    memory.bytes.borrow_mut()[room.at()..room.at() + len].fill(sequence as u8);
    assert_eq!(producer.commit(memory, room, len), sequence);
    Some(sequence)
}

impl TopicMemory for Plain {
    fn load(&self, word: Word, _order: Ordering) -> u64 {
        self.words.borrow().get(&format!("{word:?}")).copied().unwrap_or(0)
    }

    fn store(&self, word: Word, value: u64, _order: Ordering) {
        self.words.borrow_mut().insert(format!("{word:?}"), value);
    }

    fn replace(&self, word: Word, current: u64, new: u64) {
        if self.load(word, Ordering::Relaxed) == current {
            self.store(word, new, Ordering::Relaxed);
        }
    }

    fn count(&self, word: Word) -> u64 {
        let before = self.load(word, Ordering::Relaxed);
        self.store(word, before.wrapping_add(1), Ordering::Relaxed);
        before
    }

    fn fence(&self, _order: Ordering) {}
}

#[test]
fn every_length_at_every_place_is_read_whole_and_in_order() {
    for lines in 4..12 {
        let memory = Plain::new(lines, 2);
        let (mut producer, mut consumer) = (memory.producer(), memory.subscriber(1));
        let mut viewer = Viewer::begin(&memory, memory.shape, 0);
        for number in 1..400 {
            let len = (number * 37) % (memory.shape.max_message() + 1);
            let sequence = publish(&mut producer, &memory, len).expect("it keeps up");
            assert_eq!(memory.take(&mut consumer), Ok(Some(sequence)));
            assert_eq!(memory.view(&mut viewer), Some((sequence, 0)));
            // What follows is another's, or its own.
            producer = if number % 7 == 0 { memory.producer() } else { producer };
        }
        assert_eq!(memory.take(&mut consumer), Ok(None));
        assert_eq!(memory.view(&mut viewer), None);
    }
}

#[test]
fn the_publisher_waits_for_the_slowest_subscriber_and_for_no_viewer() {
    let memory = Plain::new(16, 3);
    let mut producer = memory.producer();
    let (mut quick, mut slow) = (memory.subscriber(0), memory.subscriber(2));
    let mut viewer = Viewer::begin(&memory, memory.shape, 0);
    for sequence in 1..=16 {
        assert_eq!(publish(&mut producer, &memory, 64), Some(sequence));
        assert_eq!(memory.take(&mut quick), Ok(Some(sequence)));
    }
    assert_eq!(publish(&mut producer, &memory, 64), None);
    let holders: Vec<Holder> = producer.holders().collect();
    assert!(holders.len() == 1 && holders[0].place == 2 && holders[0].position == 1, "{holders:?}");
    assert!(!producer.has_moved(&memory));
    assert_eq!(memory.take(&mut slow), Ok(Some(1)));
    assert!(producer.has_moved(&memory));
    assert_eq!(publish(&mut producer, &memory, 64), Some(17));
    assert_eq!(publish(&mut producer, &memory, 64), None);
    slow.leave(&memory);
    for sequence in 18..=40 {
        assert_eq!(publish(&mut producer, &memory, 64), Some(sequence));
        assert_eq!(memory.take(&mut quick), Ok(Some(sequence)).map(|found| found.map(|_| sequence - 1)));
    }
    // The middle of 25 to 40.
    assert_eq!(memory.view(&mut viewer), Some((32, 31)));
    assert_eq!(memory.view(&mut viewer), Some((33, 0)));
}

#[test]
fn history_is_what_is_kept() {
    let memory = Plain::new(16, 2);
    let mut producer = memory.producer();
    (1..=20).for_each(|_| assert!(publish(&mut producer, &memory, 64).is_some()));
    let begins = |history| Viewer::begin(&memory, memory.shape, history).position();
    assert_eq!([begins(0), begins(3), begins(u64::MAX)], [21, 18, 5]);
    let mut late = Consumer::join(&memory, memory.shape, 0, u64::MAX).unwrap().unwrap();
    assert_eq!(publish(&mut producer, &memory, 64), None, "it needs what is kept");
    for sequence in 5..=20 {
        assert_eq!(memory.take(&mut late), Ok(Some(sequence)));
    }
    assert_eq!(publish(&mut producer, &memory, 64), Some(21));
}

/// What one that was thrown out is lent stays whole, while messages go round it, also those of the next publisher.
#[test]
fn what_is_lent_outlives_being_thrown_out() {
    let memory = Plain::new(32, 2);
    let mut producer = memory.producer();
    let mut stopped = memory.subscriber(1);
    while publish(&mut producer, &memory, 100).is_some() {}
    assert_eq!(memory.take(&mut stopped), Ok(Some(1)));
    let lent = stopped.next(&memory).unwrap().expect("a message");
    while publish(&mut producer, &memory, 100).is_some() {}
    let holder = producer.holders().next().expect("the stopped one");
    producer.throw_out(&memory, holder.place);
    for round in 0..200 {
        assert!(publish(&mut producer, &memory, round % 300).is_some(), "round {round}");
        memory.check(lent.sequence, lent.extent);
        if round % 50 == 49 {
            producer = memory.producer();
        }
    }
    assert!(stopped.is_kept(&memory, lent));
    assert!(producer.reserve(&memory, memory.shape.max_message()).is_some(), "a third is free beside it");
    assert_eq!(producer.holders().map(|holder| holder.place).collect::<Vec<_>>(), [1]);
    stopped.free(&memory, lent);
    assert_eq!(stopped.next(&memory), Err(Fault::ThrownOut));
    assert!(producer.reserve(&memory, 0).is_some());
    assert_eq!(producer.holders().count(), 0, "it let go");
    stopped.leave(&memory);
    let mut again = memory.subscriber(1);
    let sequence = publish(&mut producer, &memory, 9).unwrap();
    assert_eq!(memory.take(&mut again), Ok(Some(sequence)));
}

#[test]
fn dead_subscribers_are_removed_and_their_place_is_taken_again() {
    let memory = Plain::new(16, 1);
    let mut producer = memory.producer();
    let dead = memory.subscriber(0);
    while publish(&mut producer, &memory, 64).is_some() {}
    let holder = producer.holders().next().expect("the dead one");
    let _ = dead;
    producer.remove(&memory, holder);
    assert!(publish(&mut producer, &memory, 64).is_some());
    let mut next = memory.subscriber(0);
    let sequence = publish(&mut producer, &memory, 64).unwrap();
    assert_eq!(memory.take(&mut next), Ok(Some(sequence)));
}

#[test]
fn positions_that_no_subscriber_has_are_thrown_out() {
    for position in [0, 3, 1 << 40, u64::MAX] {
        let memory = Plain::new(16, 2);
        let mut producer = memory.producer();
        let mut hostile = memory.subscriber(0);
        let mut honest = memory.subscriber(1);
        for _ in 0..10 {
            publish(&mut producer, &memory, 64).unwrap();
            memory.take(&mut hostile).unwrap();
            memory.take(&mut honest).unwrap();
        }
        for _ in 0..10 {
            publish(&mut producer, &memory, 64).unwrap();
            memory.take(&mut honest).unwrap();
        }
        memory.store(Word::Position(0), position, Ordering::Relaxed);
        for _ in 0..40 {
            let sequence = publish(&mut producer, &memory, 64).expect("nobody holds it back");
            assert_eq!(memory.take(&mut honest), Ok(Some(sequence)), "{position}");
        }
        assert_eq!(memory.take(&mut hostile), Err(Fault::ThrownOut));
    }
}

#[test]
fn nonsense_in_the_publishers_words_is_damage() {
    let memory = Plain::new(16, 1);
    let mut producer = memory.producer();
    (0..9).for_each(|_| assert!(publish(&mut producer, &memory, 64).is_some()));
    for (word, value) in [
        (Word::Newest, u64::MAX),
        (Word::Newest, 300),
        (Word::Oldest, 0),
        (Word::Oldest, 90),
        (Word::Entry(5), u64::MAX),
        (Word::Entry(5), 16 << 32),
        (Word::Entry(5), 6000),
    ] {
        let right = memory.load(word, Ordering::Relaxed);
        memory.store(word, value, Ordering::Relaxed);
        assert!(Producer::resume(&memory, memory.shape).is_err(), "{word:?} {value}");
        memory.store(word, right, Ordering::Relaxed);
    }
    assert!(Producer::resume(&memory, memory.shape).is_ok());
}

/// The publisher has given a message up before it sees the subscriber that has just come for it.
#[test]
fn a_subscriber_that_comes_in_the_same_moment_is_waited_for() {
    struct Late<'a>(&'a Plain, RefCell<Option<Consumer>>);
    impl TopicMemory for Late<'_> {
        fn load(&self, word: Word, order: Ordering) -> u64 {
            self.0.load(word, order)
        }
        fn store(&self, word: Word, value: u64, order: Ordering) {
            if word == Word::Oldest && self.1.borrow().is_none() {
                let joined = Consumer::join(self.0, self.0.shape, 0, u64::MAX).unwrap();
                *self.1.borrow_mut() = joined;
            }
            self.0.store(word, value, order);
        }
        fn replace(&self, word: Word, current: u64, new: u64) {
            self.0.replace(word, current, new);
        }
        fn count(&self, word: Word) -> u64 {
            self.0.count(word)
        }
        fn fence(&self, _order: Ordering) {}
    }
    let memory = Plain::new(16, 1);
    let mut producer = memory.producer();
    (1..=16).for_each(|sequence| assert_eq!(publish(&mut producer, &memory, 64), Some(sequence)));
    let late = Late(&memory, RefCell::default());
    assert_eq!(producer.reserve(&late, 64), None);
    let mut consumer = late.1.into_inner().expect("it joined");
    assert_eq!(producer.reserve(&memory, 64), None);
    assert_eq!(producer.holders().count(), 1);
    assert_eq!(memory.take(&mut consumer), Ok(Some(1)));
    assert_eq!(publish(&mut producer, &memory, 64), Some(17));
    (2..=17).for_each(|sequence| assert_eq!(memory.take(&mut consumer), Ok(Some(sequence))));
}

/// A subscriber that joins just before the publisher forgets what it begins with.
struct Late<'a> {
    plain: &'a Plain,
    joined: RefCell<Option<Consumer>>,
}

impl TopicMemory for Late<'_> {
    fn load(&self, word: Word, order: Ordering) -> u64 {
        self.plain.load(word, order)
    }

    fn store(&self, word: Word, value: u64, order: Ordering) {
        if word == Word::Oldest && self.joined.borrow().is_none() {
            let joined = Consumer::join(self.plain, self.plain.shape, 0, u64::MAX);
            *self.joined.borrow_mut() = Some(joined.expect("sound").expect("not contended"));
        }
        self.plain.store(word, value, order);
    }

    fn replace(&self, word: Word, current: u64, new: u64) {
        self.plain.replace(word, current, new);
    }

    fn count(&self, word: Word) -> u64 {
        self.plain.count(word)
    }

    fn fence(&self, _order: Ordering) {}
}

#[test]
fn what_one_begins_with_counts_as_kept_when_the_publisher_finds_that_it_has_come() {
    let memory = Plain::new(8, 1);
    let mut producer = memory.producer();
    while producer.newest() < 7 {
        publish(&mut producer, &memory, 64).expect("there is room");
    }
    let late = Late { plain: &memory, joined: RefCell::default() };
    let room = (0..9).find_map(|_| match producer.reserve(&late, 64) {
        Some(room) => {
            producer.commit(&late, room, 0);
            None
        }
        none => Some(none),
    });
    assert_eq!(room, Some(None), "it waits for the one that has come");
    let mut consumer = late.joined.into_inner().expect("it has come");
    let message = consumer.next(&memory).expect("sound").expect("it begins with one");
    memory.check(message.sequence, message.extent);
    assert!(consumer.is_kept(&memory, message), "{message:?}");
    let mut viewer = Viewer::begin(&memory, memory.shape, u64::MAX);
    assert_eq!(memory.view(&mut viewer), Some((message.sequence, 0)), "it is there for viewers, too");
    consumer.free(&memory, message);
    assert!(producer.reserve(&memory, 64).is_some());
}
