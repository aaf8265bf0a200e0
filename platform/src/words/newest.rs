//! The newest value of one writer for many readers: slots, each with a sequence lock, written in turn.
//!
//! Value number *n* (from 1) lies in slot *n mod count*, whose word is `2n + 1` while the value is written and `2n`
//! when it is whole; then the word `newest` becomes *n*. A reader copies the slot of the newest value and reads the
//! slot's word again: when it has not changed, the copy is whole. The writer reuses the slot only after `count - 1`
//! further values, so only a slow reader has to try again.
//!
//! A killed writer leaves `newest` on the last whole value. The next writer reuses the number after it, and with it the
//! slot that may be half-written. Readers read only the slot of the number in `newest`, so they never see a value that
//! was not announced, and never one number for two values.
//!
//! The orderings are those of H.-J. Boehm, "Can seqlocks get along with programming language memory models?" (2012).

use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};

/// How often a reader tries before it gives up.
pub const TRIES: u32 = 256;

/// The largest number that a writer continues from: the words of later values still fit in 64 bits.
pub const LAST: u64 = 1 << 62;

/// A word of the memory for values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The number of the newest whole value; zero before the first.
    Newest,
    /// The word of a slot.
    Slot(u64),
}

/// The words of the memory for values.
pub trait Slots {
    /// The error of an access to a word.
    type Error;
    /// The number of slots: a power of two, at least two.
    fn count(&self) -> u64;
    /// Reads a word.
    ///
    /// # Errors
    /// When it cannot be accessed.
    fn load(&self, word: Word, order: Ordering) -> Result<u64, Self::Error>;
    /// Orders the accesses before it and after it.
    fn fence(&self, order: Ordering);
}

/// The words as the writer has them.
pub trait WritableSlots: Slots {
    /// Writes a word.
    ///
    /// # Errors
    /// When it cannot be accessed.
    fn store(&self, word: Word, value: u64, order: Ordering) -> Result<(), Self::Error>;
}

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<R> {
    /// No value has a larger number.
    Nothing,
    /// This one, whole.
    Value {
        /// Its number.
        sequence: u64,
        /// The result of `copy`.
        copied: R,
    },
    /// The writer was faster each time.
    Contended,
    /// The words contradict each other: no writer stores them so.
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

/// Writes value `sequence`, the one after the newest; `fill` writes it to the given slot. Only the one writer may call
/// it. When it fails, the previous value stays the newest.
///
/// # Errors
/// Those of the memory, and those of `fill`.
#[inline]
pub fn write<S: WritableSlots>(
    slots: &S,
    sequence: u64,
    fill: impl FnOnce(u64) -> Result<(), S::Error>,
) -> Result<(), S::Error> {
    let slot = slot_of(slots, sequence);
    // Released: a reader that sees this word also sees the newer values of `newest`.
    slots.store(Word::Slot(slot), whole(sequence) | 1, Release)?;
    // A reader that sees any of the new bytes sees that word, or a later one.
    slots.fence(Release);
    fill(slot)?;
    slots.store(Word::Slot(slot), whole(sequence), Release)?;
    slots.store(Word::Newest, sequence, Release)
}

/// Reads the newest value if its number is larger than `than`; `copy` reads it from the given slot, and may read it
/// torn.
///
/// # Errors
/// Those of the memory.
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
        if let Some(copied) = read_slot(slots, newest, &mut copy)? {
            return Ok(Reading::Value { sequence: newest, copied });
        }
        slots.fence(Acquire);
        // A slot is reused only after a newer value was announced, which is visible by now.
        let newer = slots.load(Word::Newest, Acquire)?;
        if newer == newest {
            return Ok(Reading::Damaged);
        }
        newest = newer;
    }
    Ok(Reading::Contended)
}

/// Tries once what [`read`] does, in few instructions. `None` when the value is not whole, which `read` goes into.
///
/// # Errors
/// Those of [`read`].
#[inline]
pub fn read_once<S: Slots, R>(
    slots: &S,
    than: u64,
    mut copy: impl FnMut(u64) -> R,
) -> Result<Option<Reading<R>>, S::Error> {
    let newest = slots.load(Word::Newest, Acquire)?;
    if newest <= than {
        return Ok(Some(Reading::Nothing));
    }
    let copied = read_slot(slots, newest, &mut copy)?;
    Ok(copied.map(|copied| Reading::Value { sequence: newest, copied }))
}

/// Copies a value that was the newest; `None` when it is not whole.
#[inline]
fn read_slot<S: Slots, R>(
    slots: &S,
    sequence: u64,
    copy: &mut impl FnMut(u64) -> R,
) -> Result<Option<R>, S::Error> {
    let word = Word::Slot(slot_of(slots, sequence));
    if slots.load(word, Acquire)? != whole(sequence) {
        return Ok(None);
    }
    let copied = copy(slot_of(slots, sequence));
    // If a byte of a later value was copied, the following load sees that value's word.
    slots.fence(Acquire);
    Ok((slots.load(word, Relaxed)? == whole(sequence)).then_some(copied))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::convert::Infallible;

    const SLOTS: usize = 4;

    /// The memory of one thread: the writer's steps run while a reader copies.
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

        fn fence(&self, _order: Ordering) {}
    }

    impl WritableSlots for Memory {
        fn store(&self, word: Word, value: u64, _order: Ordering) -> Result<(), Infallible> {
            self.word(word).set(value);
            Ok(())
        }
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
