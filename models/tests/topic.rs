//! Topics: subscribers read every message whole, and what they are lent is not written over; viewers read whole messages,
//! or are told.
//!
//! The text is the library's own, over words of loom. The bytes of the ring are atomics too, written and read one word a
//! message with no ordering of their own.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;
use samemap_models::{together, with_interruptions};
use samemap_platform::internal::words::topic::{
    Consumer, Extent, Fault, LINE, Producer, Reading, Shape, TopicMemory, Viewer, Word,
};

/// Four lines, and so four messages at most.
const LINES: usize = 4;

struct Shared {
    newest: AtomicU64,
    oldest: AtomicU64,
    entries: [AtomicU64; LINES],
    thrown: AtomicU64,
    pinned: AtomicU64,
    joins: AtomicU64,
    since: AtomicU64,
    position: AtomicU64,
    lines: [AtomicU64; LINES],
    /// Whether the fences between positions are there.
    is_fenced: bool,
}

impl TopicMemory for Shared {
    fn load(&self, word: Word, order: Ordering) -> u64 {
        self.word(word).load(order)
    }

    fn store(&self, word: Word, value: u64, order: Ordering) {
        self.word(word).store(value, order);
    }

    fn replace(&self, word: Word, current: u64, new: u64) {
        let _ = self.word(word).compare_exchange(current, new, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn count(&self, word: Word) -> u64 {
        self.word(word).fetch_add(1, Ordering::AcqRel)
    }

    fn fence(&self, order: Ordering) {
        match order {
            Ordering::SeqCst if !self.is_fenced => fence(Ordering::AcqRel),
            order => fence(order),
        }
    }
}

impl Shared {
    /// With this many messages published.
    fn with(messages: u64) -> Arc<Shared> {
        Arc::new(Shared::build(messages, true))
    }

    fn build(messages: u64, is_fenced: bool) -> Shared {
        let word = || AtomicU64::new(0);
        let four = || std::array::from_fn(|_| AtomicU64::new(0));
        let shared = Shared {
            newest: word(),
            oldest: AtomicU64::new(1),
            entries: four(),
            thrown: word(),
            pinned: word(),
            joins: word(),
            since: word(),
            position: word(),
            lines: four(),
            is_fenced,
        };
        let mut producer = shared.producer();
        (0..messages).for_each(|_| assert!(shared.publish(&mut producer)));
        shared
    }

    fn word(&self, word: Word) -> &AtomicU64 {
        match word {
            Word::Newest => &self.newest,
            Word::Oldest => &self.oldest,
            Word::Entry(slot) => &self.entries[slot as usize],
            Word::Thrown(_) => &self.thrown,
            Word::Pinned(_) => &self.pinned,
            Word::Joins => &self.joins,
            Word::Since(_) => &self.since,
            Word::Position(_) => &self.position,
        }
    }

    fn shape() -> Shape {
        Shape::new((LINES * LINE) as u64, 1).expect("within the limits")
    }

    fn producer(&self) -> Producer {
        Producer::resume(self, Shared::shape()).expect("sound")
    }

    fn join(&self, history: u64) -> Option<Consumer> {
        Consumer::join(self, Shared::shape(), 0, history).expect("sound")
    }

    /// A message is its number, once.
    fn publish(&self, producer: &mut Producer) -> bool {
        let Some(room) = producer.reserve(self, 8) else { return false };
        self.lines[room.at() / LINE].store(producer.newest() + 1, Ordering::Relaxed);
        producer.commit(self, room, 8);
        true
    }

    fn publish_soon(&self, producer: &mut Producer) {
        while !self.publish(producer) {
            thread::yield_now();
        }
    }

    fn look(&self, extent: Extent) -> u64 {
        self.lines[extent.at() / LINE].load(Ordering::Relaxed)
    }

    /// The number of the next message, which stays as it is while it is lent.
    fn take(&self, consumer: &mut Consumer) -> Result<Option<u64>, Fault> {
        let Some(message) = consumer.next(self)? else { return Ok(None) };
        assert_eq!(self.look(message.extent), message.sequence, "not what was published");
        assert_eq!(self.look(message.extent), message.sequence, "written over while it is lent");
        consumer.free(self, message);
        Ok(Some(message.sequence))
    }

    fn view(&self, viewer: &mut Viewer) -> Option<u64> {
        match viewer.read(self, |_, extent| self.look(extent)) {
            Reading::Message { sequence, copied, .. } => {
                assert_eq!(copied, sequence, "torn");
                Some(sequence)
            }
            Reading::Nothing => None,
            other => panic!("{other:?}"),
        }
    }
}

/// The ring is full of what the subscriber has not read when the publisher comes round.
#[test]
fn a_subscriber_gets_every_message_and_nobody_writes_over_what_it_is_lent() {
    with_interruptions(2, || {
        let shared = Shared::with(0);
        let mut consumer = shared.join(0).expect("nobody else publishes");
        let publishing = {
            let shared = Arc::clone(&shared);
            let mut producer = shared.producer();
            thread::spawn(move || (0..6).for_each(|_| shared.publish_soon(&mut producer)))
        };
        for sequence in 1..=6 {
            loop {
                match shared.take(&mut consumer).expect("it keeps up") {
                    Some(found) => break assert_eq!(found, sequence),
                    None => thread::yield_now(),
                }
            }
        }
        publishing.join().expect("no panics");
    });
}

fn publish_two(shared: &Shared) {
    let mut producer = shared.producer();
    shared.publish_soon(&mut producer);
    shared.publish_soon(&mut producer);
}

/// The publisher gives up what the viewer reads.
#[test]
fn a_viewer_reads_whole_messages() {
    with_interruptions(3, || {
        let shared = Shared::with(4);
        together(&shared, &[publish_two], |shared| {
            let mut viewer = Viewer::begin(shared, Shared::shape(), u64::MAX);
            let first = shared.view(&mut viewer);
            let second = shared.view(&mut viewer);
            assert!(first.is_some() && (second.is_none() || second > first));
        });
    });
}

/// The publisher gives up what the subscriber begins with.
fn join_beside_a_publisher(is_fenced: bool) {
    with_interruptions(3, move || {
        let shared = Arc::new(Shared::build(4, is_fenced));
        together(&shared, &[publish_two], |shared| {
            let mut consumer = shared.join(u64::MAX).expect("few messages");
            let first = consumer.position();
            for sequence in first..=4 {
                assert_eq!(shared.take(&mut consumer), Ok(Some(sequence)));
            }
            consumer.leave(shared);
        });
    });
}

#[test]
fn a_subscriber_that_joins_is_seen_or_sees() {
    join_beside_a_publisher(true);
}

/// The model would see a publisher and a subscriber that miss each other.
#[test]
#[should_panic]
fn without_full_fences_they_would_miss_each_other() {
    join_beside_a_publisher(false);
}

/// A subscriber is thrown out while it moves on to the next message.
#[test]
fn one_that_is_thrown_out_keeps_what_it_is_lent() {
    with_interruptions(3, || {
        let shared = Shared::with(0);
        let mut consumer = shared.join(0).expect("nobody else publishes");
        let mut producer = shared.producer();
        (0..4).for_each(|_| assert!(shared.publish(&mut producer)));
        assert!(!shared.publish(&mut producer));
        let publishing = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                producer.throw_out(&*shared, 0);
                (0..3).for_each(|_| assert!(shared.publish(&mut producer), "one line is pinned"));
            })
        };
        while let Ok(Some(_)) = shared.take(&mut consumer) {}
        publishing.join().expect("no panics");
        assert_eq!(shared.take(&mut consumer), Err(Fault::ThrownOut));
    });
}

/// A publisher is killed where it has given messages up and written half of the next one.
#[test]
fn the_next_publisher_carries_on() {
    with_interruptions(3, || {
        let shared = Shared::with(4);
        let die_and_carry_on = |shared: &Shared| {
            let mut dead = shared.producer();
            let room = dead.reserve(shared, 8).expect("nobody keeps up");
            shared.lines[room.at() / LINE].store(99, Ordering::Relaxed);
            let mut next = shared.producer();
            assert_eq!((next.newest(), next.oldest()), (4, 2));
            shared.publish_soon(&mut next);
        };
        together(&shared, &[die_and_carry_on], |shared| {
            let mut viewer = Viewer::begin(shared, Shared::shape(), u64::MAX);
            while shared.view(&mut viewer).is_some() {}
        });
    });
}
