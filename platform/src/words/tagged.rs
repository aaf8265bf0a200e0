//! Words of which several can be taken at one moment: a value, and the *tag* of an attempt to take it together with
//! others (see [`all`](super::all)).
//!
//! A word has eight bytes, so that one compare-and-swap changes value and tag. A tag is there for the time of an attempt
//! only. Every call settles the tag that it meets, in a bounded number of steps, before it does its own work: it asks
//! for the attempt's [`Verdict`], which revokes an attempt that is not decided yet. So nobody waits for an attempt, and
//! it does not matter whether its thread runs, was stopped, or was killed.
//!
//! A tagged value says what it becomes in both cases, so no other memory is needed to settle it: see [`Kind`]. A waiter
//! settles the tag before it announces its sleep, so no waiter sleeps while a tag is there, and none has to be woken when
//! it goes. The one exception is the next waiter for a lock, whose wake-up the attempt may have used.

use super::{Word, event, lock, permits};

/// The verdict on an attempt, by which the words with its tag are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It takes none of its words, now and later.
    Aborted,
    /// It has taken all of its words.
    Committed,
    /// This process cannot reach the place where it is decided.
    OutOfReach,
}

/// What a tagged value becomes. Every value has an answer, because a peer may have written it.
pub trait Kind {
    /// What calls see when the tag cannot be settled: a value that ends waits with an error, where the kind has one.
    const UNSETTLED: u32;
    /// Whether a tagged value is never one that a call replaces by [`Word::replace_once`], so that it may do so without a
    /// look at the tag, which 32-bit processors do faster. A peer that forges such a value harms this word alone.
    const VALUE_TELLS_TAG: bool = false;
    /// The value when the attempt has taken the word.
    fn taken(tagged: u32) -> u32;
    /// The value when it has not.
    fn left(tagged: u32) -> u32;
    /// Whether a sleeper is to be woken when the attempt has not taken the word.
    fn owes_a_wake_up(_tagged: u32) -> bool {
        false
    }
}

/// A lock. Its tagged value names the new owner; the mark [`ABANDONED`](lock::ABANDONED) says how it was found.
#[derive(Clone, Copy, Debug)]
pub enum Lock {}

impl Kind for Lock {
    // Owned, so that a wait sleeps until its time is over.
    const UNSETTLED: u32 = lock::UNKNOWN | lock::WAITERS;
    // A free lock's value is zero, and an owner has no tag any more.
    const VALUE_TELLS_TAG: bool = true;

    fn taken(tagged: u32) -> u32 {
        tagged & !lock::ABANDONED
    }

    fn left(tagged: u32) -> u32 {
        tagged & lock::ABANDONED
    }

    fn owes_a_wake_up(tagged: u32) -> bool {
        tagged & lock::WAITERS != 0
    }
}

/// An event. Its tagged value is [`HELD`](event::HELD), unless a set came meanwhile: that stored [`SET`](event::SET)
/// over it, and counts as a set after the attempt.
#[derive(Clone, Copy, Debug)]
pub enum Event {}

impl Kind for Event {
    const UNSETTLED: u32 = event::HELD;

    fn taken(tagged: u32) -> u32 {
        if tagged == event::HELD { event::UNSET } else { tagged }
    }

    fn left(tagged: u32) -> u32 {
        if tagged == event::HELD { event::SET } else { tagged }
    }
}

/// A semaphore. Its tagged value is the number of permits before.
#[derive(Clone, Copy, Debug)]
pub enum Permits {}

impl Kind for Permits {
    const UNSETTLED: u32 = u32::MAX;

    fn taken(tagged: u32) -> u32 {
        if tagged == permits::AWAITED { tagged } else { tagged.saturating_sub(1) }
    }

    fn left(tagged: u32) -> u32 {
        tagged
    }
}

/// A word with a tag.
pub trait Tagged: Sync {
    /// What it is.
    type Kind: Kind;
    /// How often a thread that waits for all looks at the tag of another attempt before it settles it: for about a
    /// microsecond.
    const PATIENCE: u32 = 40;

    /// Reads value (the lower half) and tag (the upper half); acquires.
    fn load_both(&self) -> u64;
    /// Replaces `current` by `new`, or tells what it is instead. Acquires and releases.
    ///
    /// # Errors
    /// What the word is, when it is not `current`.
    fn replace_both(&self, current: u64, new: u64) -> Result<(), u64>;
    /// Replaces `current` without a tag by `new` in one step. A word whose
    /// [value tells of a tag](Kind::VALUE_TELLS_TAG) may leave the tag alone.
    ///
    /// # Errors
    /// What the word is, when it is not that.
    #[inline]
    fn replace_untagged(&self, current: u32, new: u32) -> Result<(), u64> {
        self.replace_both(both(current, 0), both(new, 0))
    }
    /// Replaces all of it and returns what it was.
    fn swap_both(&self, new: u64) -> u64;
    /// The verdict on the attempt with this tag, which is revoked if it is not decided. It may sleep for a moment where
    /// the verdict is out of reach.
    fn verdict(&self, tag: u32) -> Verdict;
    /// Wakes one sleeper.
    fn wake_one(&self);
}

/// Value and tag as they lie in the word.
#[inline]
#[must_use]
pub fn both(value: u32, tag: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(value)
}

#[inline]
pub(super) fn value_of(both: u64) -> u32 {
    both as u32
}

#[inline]
pub(super) fn tag_of(both: u64) -> u32 {
    (both >> 32) as u32
}

/// How many tags are settled in one step: only a hostile peer puts so many there.
const TRIES: u32 = 100;

/// How many verdicts may be out of reach in one step; each takes a moment, in which most attempts end.
const LOOKS_OUT_OF_REACH: u32 = 2;

impl<W: Tagged> Word for W {
    #[inline]
    fn load(&self) -> u32 {
        let seen = self.load_both();
        if tag_of(seen) == 0 { value_of(seen) } else { settled(self, seen) }
    }

    #[inline]
    fn replace(&self, current: u32, new: u32) -> Result<(), u32> {
        match self.replace_both(both(current, 0), both(new, 0)) {
            Ok(()) => Ok(()),
            Err(seen) if tag_of(seen) == 0 => Err(value_of(seen)),
            Err(seen) => replace_tagged(self, seen, current, new),
        }
    }

    #[inline]
    fn load_once(&self) -> u64 {
        self.load_both()
    }

    #[inline]
    fn replace_once(&self, current: u32, new: u32) -> Result<(), u64> {
        self.replace_untagged(current, new)
    }

    #[inline]
    fn swap(&self, new: u32) -> u32 {
        value_of(self.swap_both(both(new, 0)))
    }
}

/// The value, after the tag that was seen is settled.
#[cold]
pub(super) fn settled<W: Tagged>(word: &W, mut seen: u64) -> u32 {
    let mut out_of_reach = 0;
    for _ in 0..TRIES {
        if tag_of(seen) == 0 {
            return value_of(seen);
        }
        let verdict = word.verdict(tag_of(seen));
        settle(word, seen, verdict);
        out_of_reach += u32::from(verdict == Verdict::OutOfReach);
        if out_of_reach > LOOKS_OUT_OF_REACH {
            break;
        }
        seen = word.load_both();
    }
    W::Kind::UNSETTLED
}

#[cold]
fn replace_tagged<W: Tagged>(word: &W, mut seen: u64, current: u32, new: u32) -> Result<(), u32> {
    for _ in 0..TRIES {
        let value = settled(word, seen);
        if value != current {
            return Err(value);
        }
        match word.replace_both(both(current, 0), both(new, 0)) {
            Ok(()) => return Ok(()),
            Err(now) => seen = now,
        }
    }
    Err(W::Kind::UNSETTLED)
}

/// Settles a word that was seen with a tag. When that fails, it has changed.
pub(super) fn settle<W: Tagged>(word: &W, seen: u64, verdict: Verdict) {
    let tagged = value_of(seen);
    let value = match verdict {
        Verdict::Committed => W::Kind::taken(tagged),
        Verdict::Aborted => W::Kind::left(tagged),
        Verdict::OutOfReach => return,
    };
    let is_settled = word.replace_both(seen, both(value, 0)).is_ok();
    if is_settled && verdict == Verdict::Aborted && W::Kind::owes_a_wake_up(tagged) {
        word.wake_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_value_says_what_it_becomes() {
        let claim = 77;
        assert_eq!((Lock::taken(claim), Lock::left(claim)), (claim, 0));
        let abandoned = claim | lock::ABANDONED | lock::WAITERS;
        assert_eq!((Lock::taken(abandoned), Lock::left(abandoned)), (claim | lock::WAITERS, lock::ABANDONED));
        assert!(Lock::owes_a_wake_up(abandoned) && !Lock::owes_a_wake_up(claim));
        assert_eq!((Event::taken(event::HELD), Event::left(event::HELD)), (event::UNSET, event::SET));
        assert_eq!((Event::taken(event::SET), Event::left(event::SET)), (event::SET, event::SET));
        assert_eq!((Permits::taken(3), Permits::left(3)), (2, 3));
        assert_eq!(Permits::taken(0), 0);
    }
}
