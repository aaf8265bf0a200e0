//! The newest value: readers never see a torn one, numbers grow, and a killed writer's half-written slot does no harm.
//!
//! Two slots in place of the library's many, so that a writer comes round to the slot that is being read. A value is
//! two words, written and read one by one, with nothing but the algorithm to keep them together.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use samemap_models::{exhaustively, together, with_few_interruptions};
use samemap_platform::internal::words::newest::{self, Reading, Slots, Word, WritableSlots};

const SLOTS: usize = 2;

struct Shared {
    newest: AtomicU64,
    words: [AtomicU64; SLOTS],
    values: [[AtomicU64; 2]; SLOTS],
}

impl Slots for Shared {
    type Error = Killed;

    fn count(&self) -> u64 {
        SLOTS as u64
    }

    fn load(&self, word: Word, order: Ordering) -> Result<u64, Killed> {
        Ok(self.word(word).load(order))
    }

    fn fence(&self, order: Ordering) {
        fence(order);
    }
}

impl WritableSlots for Shared {
    fn store(&self, word: Word, value: u64, order: Ordering) -> Result<(), Killed> {
        self.word(word).store(value, order);
        Ok(())
    }
}

/// The writer's process ends here.
#[derive(Debug)]
struct Killed;

/// Where a writer is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Death {
    None,
    BeforeTheValue,
    AmidTheValue,
}

impl Shared {
    /// With this many values written.
    fn with(values: u64) -> Arc<Shared> {
        let word = || AtomicU64::new(0);
        let shared =
            Shared { newest: word(), words: [word(), word()], values: [[word(), word()], [word(), word()]] };
        (1..=values).for_each(|sequence| shared.write(sequence, Death::None));
        Arc::new(shared)
    }

    fn word(&self, word: Word) -> &AtomicU64 {
        match word {
            Word::Newest => &self.newest,
            Word::Slot(slot) => &self.words[slot as usize],
        }
    }

    /// Value number `sequence` is that number, twice.
    fn write(&self, sequence: u64, death: Death) {
        let fill = |slot: u64| {
            let value = &self.values[slot as usize];
            if death == Death::BeforeTheValue {
                return Err(Killed);
            }
            value[0].store(sequence, Ordering::Relaxed);
            if death == Death::AmidTheValue {
                return Err(Killed);
            }
            value[1].store(sequence, Ordering::Relaxed);
            Ok(())
        };
        assert_eq!(newest::write(self, sequence, fill).is_err(), death != Death::None);
    }

    /// The number of what is read, which is whole.
    fn read(&self, than: u64) -> Option<u64> {
        let copy = |slot: u64| {
            let value = &self.values[slot as usize];
            [value[0].load(Ordering::Relaxed), value[1].load(Ordering::Relaxed)]
        };
        match newest::read(self, than, copy).expect("nobody kills readers") {
            Reading::Value { sequence, copied } => {
                assert_eq!(copied, [sequence, sequence], "torn");
                Some(sequence)
            }
            Reading::Nothing => None,
            // Each try meets a newer value, of which there are few; and nothing is damaged.
            Reading::Contended => panic!("more tries than values"),
            Reading::Damaged => panic!("no writer leaves the words so"),
        }
    }

    fn read_twice(&self) {
        let first = self.read(0);
        let second = self.read(0);
        assert!(second >= first, "{second:?} after {first:?}");
    }
}

/// The writer comes round to the slot that the reader has begun with.
#[test]
fn a_lapped_reader_reads_a_whole_value() {
    exhaustively(|| {
        let shared = Shared::with(2);
        let write = |s: &Shared| (3..=4).for_each(|sequence| s.write(sequence, Death::None));
        together(&shared, &[write], |s| assert!(s.read(0).is_some()));
        assert_eq!(shared.read(3), Some(4));
    });
}

#[test]
fn numbers_never_go_back() {
    with_few_interruptions(|| {
        let shared = Shared::with(0);
        let write = |s: &Shared| (1..=3).for_each(|sequence| s.write(sequence, Death::None));
        together(&shared, &[write], Shared::read_twice);
        assert_eq!(shared.read(0), Some(3));
    });
}

#[test]
fn readers_are_in_nobodys_way() {
    with_few_interruptions(|| {
        let shared = Shared::with(2);
        let write = |s: &Shared| (3..=4).for_each(|sequence| s.write(sequence, Death::None));
        let read = |s: &Shared| assert!(s.read(0).is_some());
        together(&shared, &[write, read], read);
    });
}

/// The next writer writes the same number again, into the slot that was left half-written. That it comes after the
/// death is the kernel's doing: a thread after itself.
#[test]
fn the_next_writer_carries_on_from_any_death() {
    for death in [Death::BeforeTheValue, Death::AmidTheValue] {
        with_few_interruptions(move || {
            let shared = Shared::with(1);
            let write: fn(&Shared) = match death {
                Death::BeforeTheValue => |s| die_and_carry_on(s, Death::BeforeTheValue),
                _ => |s| die_and_carry_on(s, Death::AmidTheValue),
            };
            together(&shared, &[write], Shared::read_twice);
            assert_eq!(shared.read(0), Some(3));
        });
    }
}

fn die_and_carry_on(shared: &Shared, death: Death) {
    shared.write(2, death);
    let newest = shared.newest.load(Ordering::Acquire);
    assert_eq!(newest, 1, "what was not finished was not announced");
    shared.write(newest + 1, Death::None);
    shared.write(newest + 2, Death::None);
}
