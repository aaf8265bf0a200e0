//! An event: unset, set, or unset with somebody asleep.

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
