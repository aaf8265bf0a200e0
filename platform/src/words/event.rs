//! An event: unset, set, or unset with somebody asleep.
//!
//! A manual-reset event has a second word, which counts its sets: a set lets everybody through who waits at that
//! moment, also when a reset follows at once, before any of them has woken (as Win32 has it).

use super::{Damaged, Outcome, Sleeper, Slept, Until, Word};
use crate::Reset;

/// Unset, and nobody asleep.
pub const UNSET: u32 = 0;
/// Set.
pub const SET: u32 = 1;
/// Unset, and somebody may be asleep.
pub const AWAITED: u32 = 2;

/// Sets the event. Makes no system call when nobody sleeps.
#[inline]
pub fn set<W: Word>(word: &W, sleeper: &impl Sleeper<W>) {
    // Everybody is woken, because the one that is might be killed on its way.
    if word.swap(SET) == AWAITED {
        sleeper.wake_all(word);
    }
}

/// Unsets the event.
#[inline]
pub fn reset<W: Word>(word: &W) {
    // Unless it is set there is nothing to do, and the mark of a sleeper must stay.
    let _ = word.replace(SET, UNSET);
}

/// Takes the signal, if there is one.
///
/// # Errors
/// [`Damaged`] when the word is in no state of an event.
#[inline]
pub fn try_take<W: Word>(word: &W, mode: Reset) -> Result<bool, Damaged> {
    let seen = match mode {
        Reset::Manual => word.load(),
        Reset::Auto => match word.replace(SET, UNSET) {
            Ok(()) => return Ok(true),
            Err(seen) => seen,
        },
    };
    match seen {
        SET => Ok(mode == Reset::Manual),
        UNSET | AWAITED => Ok(false),
        _ => Err(Damaged),
    }
}

/// Says that somebody is about to sleep. `true` when it may sleep on [`AWAITED`], `false` when it should
/// look again.
pub fn announce<W: Word>(word: &W) -> bool {
    match word.replace(UNSET, AWAITED) {
        Ok(()) => true,
        Err(seen) => seen == AWAITED,
    }
}

/// Waits for the event.
///
/// # Errors
/// [`Damaged`] when the word is in no state of an event.
pub fn wait<W: Word>(
    word: &W,
    mode: Reset,
    until: Until,
    sleeper: &impl Sleeper<W>,
) -> Result<Outcome<()>, Damaged> {
    loop {
        if try_take(word, mode)? {
            return Ok(Outcome::Got(()));
        }
        if until == Until::Now {
            return Ok(Outcome::TimedOut);
        }
        if announce(word) && sleeper.sleep(word, AWAITED, until) == Slept::DeadlineOver {
            let got = try_take(word, mode)?;
            return Ok(if got { Outcome::Got(()) } else { Outcome::TimedOut });
        }
    }
}

/// How often a count that others change all the time is tried to be changed: only a hostile peer gets there.
const COUNTS: u32 = 1000;

/// Sets a manual-reset event, and counts that. Makes no system call when nobody sleeps.
pub fn set_and_count<W: Word>(word: &W, sets: &W, sleeper: &impl Sleeper<W>) {
    let mut seen = sets.load();
    for _ in 0..COUNTS {
        match sets.replace(seen, seen.wrapping_add(1)) {
            Ok(()) => break,
            Err(now) => seen = now,
        }
    }
    if word.swap(SET) == AWAITED {
        sleeper.wake_all(sets);
    }
}

/// Somebody who waits for a manual-reset event, from [`begin`](Self::begin) on.
pub struct ManualWaiter<'a, W: Word> {
    word: &'a W,
    sets: &'a W,
    sets_at_first: u32,
}

impl<'a, W: Word> ManualWaiter<'a, W> {
    /// Begins to wait.
    pub fn begin(word: &'a W, sets: &'a W) -> Self {
        ManualWaiter { word, sets, sets_at_first: sets.load() }
    }

    /// Goes on with what another one remembered.
    pub fn begun(word: &'a W, sets: &'a W, sets_at_first: u32) -> Self {
        ManualWaiter { word, sets, sets_at_first }
    }

    /// Whether the event is set, or was in between.
    ///
    /// # Errors
    /// [`Damaged`] when the word is in no state of an event.
    pub fn is_through(&self) -> Result<bool, Damaged> {
        Ok(try_take(self.word, Reset::Manual)? || self.sets.load() != self.sets_at_first)
    }

    /// Says that it is about to sleep. `true` when it may sleep while the sets are as [at first](Self::sets_at_first), `false` when it
    /// should look again.
    pub fn announce(&self) -> bool {
        announce(self.word)
    }

    /// What the count of sets is as long as this one has to wait.
    ///
    /// That is what it sleeps on: the event's word may be set, reset and awaited by somebody else in between, and
    /// look as if nothing had been.
    pub fn sets_at_first(&self) -> u32 {
        self.sets_at_first
    }

    /// Waits for the event.
    ///
    /// # Errors
    /// [`Damaged`] when the word is in no state of an event.
    pub fn wait(&self, until: Until, sleeper: &impl Sleeper<W>) -> Result<Outcome<()>, Damaged> {
        loop {
            if self.is_through()? {
                return Ok(Outcome::Got(()));
            }
            if until == Until::Now {
                return Ok(Outcome::TimedOut);
            }
            if self.announce() && sleeper.sleep(self.sets, self.sets_at_first, until) == Slept::DeadlineOver {
                return Ok(if self.is_through()? { Outcome::Got(()) } else { Outcome::TimedOut });
            }
        }
    }
}
