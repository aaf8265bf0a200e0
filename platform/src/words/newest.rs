//! The newest value of one writer for many readers: slots, each with a sequence lock, written in turn.
//!
//! Value number *n* (from 1) lies in slot *n mod count*, whose word is `2n + 1` while it is being written and `2n`
//! when it is whole; the word `newest` is *n* from then on. A reader copies the slot of the newest value and then
//! looks whether its word is still the same: the copy is whole if so. The writer comes round to that slot again only
//! after `count - 1` further values, so it takes a reader that slow to try again.
//!
//! A writer that is killed leaves `newest` on the last whole value, and the next one writes the number after it,
//! into the slot that was left half-written, if there is one. Nobody reads a slot but for the number in `newest`, so
//! a value that was whole and not yet announced is never seen in part, or under a number that comes twice.
//!
//! The orderings are those of H.-J. Boehm, "Can seqlocks get along with programming language memory models?" (2012).

use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};

/// How often a reader begins anew before it gives up.
pub const TRIES: u32 = 256;

/// The largest number that a writer carries on from: the words of all later ones fit in 64 bits, too.
pub const LAST: u64 = 1 << 62;

/// A word of the memory that values lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The number of the newest whole value; zero before the first.
    Newest,
    /// The word of a slot.
    Slot(u64),
}

/// The memory that values lie in, without the values.
pub trait Slots {
    /// What may go wrong in reaching a word.
    type Error;
    /// How many slots there are: a power of two, at least two.
    fn count(&self) -> u64;
    /// Reads a word.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn load(&self, word: Word, order: Ordering) -> Result<u64, Self::Error>;
    /// Writes a word.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn store(&self, word: Word, value: u64, order: Ordering) -> Result<(), Self::Error>;
    /// Orders what lies before it and what lies behind.
    fn fence(&self, order: Ordering);
}

/// What a reader finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<R> {
    /// No value has a larger number.
    Nothing,
    /// This one, whole.
    Value {
        /// Its number.
        sequence: u64,
        /// What the copy of it returned.
        copied: R,
    },
    /// The writer was faster each time.
    Contended,
    /// The words contradict each other: no writer wrote them so.
    Damaged,
}

#[inline]
fn slot_of<S: Slots>(slots: &S, sequence: u64) -> u64 {
    sequence & (slots.count() - 1)
}

#[inline]
fn whole(sequence: u64) -> u64 {
    sequence.wrapping_mul(2)
}

/// Writes value `sequence`, the one after the newest; `fill` writes it to the slot that it is given. Only for the one
/// writer. When it fails, the value before stays the newest.
///
/// # Errors
/// Those of the memory, and those of `fill`.
#[inline]
pub fn write<S: Slots>(
    slots: &S,
    sequence: u64,
    fill: impl FnOnce(u64) -> Result<(), S::Error>,
) -> Result<(), S::Error> {
    let slot = slot_of(slots, sequence);
    // Released: a reader that sees this sees that newer values have come, too, and so knows why.
    slots.store(Word::Slot(slot), whole(sequence) | 1, Release)?;
    // A reader that sees any of the new bytes sees that word, or a later one.
    slots.fence(Release);
    fill(slot)?;
    slots.store(Word::Slot(slot), whole(sequence), Release)?;
    slots.store(Word::Newest, sequence, Release)
}

/// Reads the newest value if its number is larger than `than`; `copy` takes it out of the slot that it is given, and
/// may find it torn.
///
/// # Errors
/// Those of the memory.
#[inline]
pub fn read<S: Slots, R>(
    slots: &S,
    than: u64,
    mut copy: impl FnMut(u64) -> R,
) -> Result<Reading<R>, S::Error> {
    let mut newest = slots.load(Word::Newest, Acquire)?;
    for _ in 0..TRIES {
        if newest <= than {
            return Ok(Reading::Nothing);
        }
        let word = Word::Slot(slot_of(slots, newest));
        if slots.load(word, Acquire)? == whole(newest) {
            let copied = copy(slot_of(slots, newest));
            // If any byte was of a later value, the load that follows sees that value's word.
            slots.fence(Acquire);
            if slots.load(word, Relaxed)? == whole(newest) {
                return Ok(Reading::Value { sequence: newest, copied });
            }
        }
        slots.fence(Acquire);
        // A slot is written anew only after a newer value was announced, which is visible by now.
        let newer = slots.load(Word::Newest, Acquire)?;
        if newer == newest {
            return Ok(Reading::Damaged);
        }
        newest = newer;
    }
    Ok(Reading::Contended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::convert::Infallible;

    const SLOTS: usize = 4;

    /// One thread's memory: what others do happens while a reader copies.
    #[derive(Default)]
    struct Memory {
        newest: Cell<u64>,
        slots: [Cell<u64>; SLOTS],
        values: [Cell<u64>; SLOTS],
    }

    impl Slots for Memory {
        type Error = Infallible;

        fn count(&self) -> u64 {
            SLOTS as u64
        }

        fn load(&self, word: Word, _order: Ordering) -> Result<u64, Infallible> {
            Ok(self.word(word).get())
        }

        fn store(&self, word: Word, value: u64, _order: Ordering) -> Result<(), Infallible> {
            self.word(word).set(value);
            Ok(())
        }

        fn fence(&self, _order: Ordering) {}
    }

    impl Memory {
        fn word(&self, word: Word) -> &Cell<u64> {
            match word {
                Word::Newest => &self.newest,
                Word::Slot(slot) => &self.slots[slot as usize],
            }
        }

        fn write_more(&self, values: u64) {
            for _ in 0..values {
                let sequence = self.newest.get() + 1;
                let Ok(()) = write(self, sequence, |slot| {
                    self.values[slot as usize].set(sequence * 10);
                    Ok(())
                });
            }
        }

        /// Reads while the writer writes `meanwhile` values in each of the first `rounds` copies.
        fn read(&self, than: u64, meanwhile: u64, rounds: u32) -> (Reading<u64>, u32) {
            let mut copies = 0;
            let Ok(reading) = read(self, than, |slot| {
                let copied = self.values[slot as usize].get();
                copies += 1;
                self.write_more(if copies <= rounds { meanwhile } else { 0 });
                copied
            });
            (reading, copies)
        }
    }

    #[test]
    fn a_reader_is_overtaken_only_by_all_other_slots() {
        let memory = Memory::default();
        assert_eq!(memory.read(0, 0, 0), (Reading::Nothing, 0));
        memory.write_more(5);
        let value = |sequence| Reading::Value { sequence, copied: sequence * 10 };
        assert_eq!(memory.read(0, 3, 1), (value(5), 1), "three more are in other slots");
        assert_eq!(memory.read(0, 4, 1), (value(12), 2), "with the fourth it begins anew");
        assert_eq!(memory.read(12, 0, 0), (Reading::Nothing, 0));
        assert_eq!(memory.read(0, 4, 17), (value(80), 18));
    }

    #[test]
    fn a_reader_that_is_always_overtaken_gives_up() {
        let memory = Memory::default();
        memory.write_more(1);
        assert_eq!(memory.read(0, 4, u32::MAX), (Reading::Contended, TRIES));
    }

    #[test]
    fn words_that_contradict_each_other_are_damage() {
        let memory = Memory::default();
        memory.write_more(6);
        for newest in [1, 7, 100, u64::MAX] {
            memory.newest.set(newest);
            assert_eq!(memory.read(0, 0, 0).0, Reading::Damaged, "{newest}");
        }
        memory.newest.set(6);
        for word in [0, 11, 13, 14, u64::MAX] {
            memory.slots[2].set(word);
            assert_eq!(memory.read(0, 0, 0), (Reading::Damaged, 0), "{word}");
        }
    }
}
