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
