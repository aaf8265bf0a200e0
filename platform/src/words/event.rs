//! An event: unset, set, or unset with somebody asleep.
//!
//! An auto-reset event is in one of those states, and no more. The word of a manual-reset event has, above the state,
//! a count of its sets: a set lets everybody through who waits at that moment, also when a reset follows at once,
//! before any of them has woken (as Win32 has it).

use super::{Damaged, Outcome, Sleeper, Slept, Until, Word};

/// Unset, and nobody asleep.
pub const UNSET: u32 = 0;
/// Set.
pub const SET: u32 = 1;
/// Unset, and somebody may be asleep.
pub const AWAITED: u32 = 2;

/// The state's part of a manual-reset event's word.
const STATE: u32 = 3;
/// One set more in the other part.
const ONE_SET: u32 = 4;

/// How often a word that others change all the time is tried to be changed: only a hostile peer gets there.
const TRIES: u32 = 1000;

/// Sets an auto-reset event. Makes no system call when nobody sleeps.
#[inline]
pub fn set<W: Word>(word: &W, sleeper: &impl Sleeper<W>) {
    if word.replace(UNSET, SET).is_err() {
        set_again(word, sleeper);
    }
}

/// Sets it, when it is set, or awaited.
#[cold]
fn set_again<W: Word>(word: &W, sleeper: &impl Sleeper<W>) {
    for _ in 0..TRIES {
        // Also where it is set already: who takes that signal sees what was written before this one.
        let seen = if word.load() == UNSET { UNSET } else { SET };
        match word.replace(seen, SET) {
            Ok(()) => return,
            Err(UNSET | SET) => {}
            Err(_) => break,
        }
    }
    // Everybody is woken, because the one that is might be killed on its way.
    sleeper.set_and_wake_all(word, SET as u16);
}

/// Unsets an auto-reset event.
#[inline]
pub fn reset<W: Word>(word: &W) {
    // Unless it is set there is nothing to do, and the mark of a sleeper must stay.
    let _ = word.replace(SET, UNSET);
}

/// Takes the signal of an auto-reset event, if there is one.
///
/// # Errors
/// [`Damaged`] when the word is in no state of an event.
#[inline]
pub fn try_take<W: Word>(word: &W) -> Result<bool, Damaged> {
    match word.replace(SET, UNSET) {
        Ok(()) => Ok(true),
        Err(UNSET | AWAITED) => Ok(false),
        Err(_) => Err(Damaged),
    }
}

/// Says that somebody is about to sleep on an auto-reset event. `true` when it may sleep on [`AWAITED`], `false` when it should
/// look again.
pub fn announce<W: Word>(word: &W) -> bool {
    match word.replace(UNSET, AWAITED) {
        Ok(()) => true,
        Err(seen) => seen == AWAITED,
    }
}

/// Waits for an auto-reset event.
///
/// # Errors
/// [`Damaged`] when the word is in no state of an event.
pub fn wait<W: Word>(word: &W, until: Until, sleeper: &impl Sleeper<W>) -> Result<Outcome<()>, Damaged> {
    loop {
        if try_take(word)? {
            return Ok(Outcome::Got(()));
        }
        if until == Until::Now {
            return Ok(Outcome::TimedOut);
        }
        if announce(word) && sleeper.sleep_until_woken(word, AWAITED, until) == Slept::DeadlineOver {
            let got = try_take(word)?;
            return Ok(if got { Outcome::Got(()) } else { Outcome::TimedOut });
        }
    }
}

/// Sets a manual-reset event. Makes no system call when nobody sleeps.
pub fn set_manual<W: Word>(word: &W, sleeper: &impl Sleeper<W>) {
    for _ in 0..TRIES {
        let seen = word.load();
        // Also where it is set already: who comes through sees what was written before this.
        let new = if seen & STATE == SET { seen } else { (seen & !STATE).wrapping_add(ONE_SET) | SET };
        if word.replace(seen, new).is_ok() {
            if !matches!(seen & STATE, UNSET | SET) {
                sleeper.wake_all(word);
            }
            return;
        }
    }
    word.swap(SET);
    sleeper.wake_all(word);
}

/// Unsets a manual-reset event.
pub fn reset_manual<W: Word>(word: &W) {
    let seen = word.load();
    if seen & STATE == SET {
        // Where that fails another one has just unset it.
        let _ = word.replace(seen, seen & !STATE | UNSET);
    }
}

/// Somebody who waits for a manual-reset event, from [`begin`](Self::begin) on.
pub struct ManualWaiter<'a, W: Word> {
    word: &'a W,
    sets_at_first: u32,
}

impl<'a, W: Word> ManualWaiter<'a, W> {
    /// Begins to wait.
    pub fn begin(word: &'a W) -> Self {
        ManualWaiter { word, sets_at_first: word.load() & !STATE }
    }

    /// Goes on with what another one remembered.
    pub fn begun(word: &'a W, sets_at_first: u32) -> Self {
        ManualWaiter { word, sets_at_first }
    }

    /// What it has to remember.
    pub fn sets_at_first(&self) -> u32 {
        self.sets_at_first
    }

    /// Whether the event is set, or was in between.
    ///
    /// # Errors
    /// [`Damaged`] when the word is in no state of an event.
    pub fn is_through(&self) -> Result<bool, Damaged> {
        let seen = self.word.load();
        match seen & STATE {
            SET => Ok(true),
            UNSET | AWAITED => Ok(seen & !STATE != self.sets_at_first),
            _ => Err(Damaged),
        }
    }

    /// Says that somebody is about to sleep: the value to sleep on, which no set leaves as it is. `None` when it should
    /// look again.
    pub fn announce(&self) -> Option<u32> {
        let (unset, awaited) = (self.sets_at_first | UNSET, self.sets_at_first | AWAITED);
        match self.word.replace(unset, awaited) {
            Ok(()) => Some(awaited),
            Err(seen) => (seen == awaited).then_some(awaited),
        }
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
            let Some(awaited) = self.announce() else { continue };
            if sleeper.sleep(self.word, awaited, until) == Slept::DeadlineOver {
                return Ok(if self.is_through()? { Outcome::Got(()) } else { Outcome::TimedOut });
            }
        }
    }
}
