//! A semaphore: a number of permits, or none with a sleeper.

use super::{Damaged, Outcome, Sleeper, Slept, Until, Word};

/// No permits, and a thread may be asleep. Counts are smaller than this.
pub const AWAITED: u32 = 1 << 31;

/// Why permits were not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There would be more than the maximum.
    LimitExceeded,
    /// The word is in no state of a semaphore.
    Damaged,
}

/// How many permits the word says there are.
fn permits(seen: u32, maximum: u32) -> Result<u32, Damaged> {
    match seen {
        AWAITED => Ok(0),
        count if count <= maximum => Ok(count),
        _ => Err(Damaged),
    }
}

/// Gives `count` permits back and returns how many there were. Makes no system call when no thread sleeps.
///
/// # Errors
/// A [`Refusal`]; then nothing is changed.
#[inline]
pub fn release<W: Word>(
    word: &W,
    count: u32,
    maximum: u32,
    sleeper: &impl Sleeper<W>,
) -> Result<u32, Refusal> {
    let mut seen = word.load();
    loop {
        let before = permits(seen, maximum).map_err(|Damaged| Refusal::Damaged)?;
        let after = before.checked_add(count).filter(|&after| after <= maximum);
        match word.replace(seen, after.ok_or(Refusal::LimitExceeded)?) {
            Ok(()) => {
                if seen == AWAITED {
                    sleeper.wake_all(word);
                }
                return Ok(before);
            }
            Err(now) => seen = now,
        }
    }
}

/// Takes a permit, if there is one.
///
/// # Errors
/// [`Damaged`] when the word is in no state of a semaphore.
#[inline]
pub fn try_take<W: Word>(word: &W, maximum: u32) -> Result<bool, Damaged> {
    let mut seen = word.load();
    loop {
        let Some(left) = permits(seen, maximum)?.checked_sub(1) else { return Ok(false) };
        match word.replace(seen, left) {
            Ok(()) => return Ok(true),
            Err(now) => seen = now,
        }
    }
}

/// Announces a sleeper. `true` when it may sleep on [`AWAITED`].
pub fn announce<W: Word>(word: &W) -> bool {
    match word.replace(0, AWAITED) {
        Ok(()) => true,
        Err(seen) => seen == AWAITED,
    }
}

/// Waits for a permit.
///
/// # Errors
/// [`Damaged`] when the word is in no state of a semaphore.
pub fn wait<W: Word>(
    word: &W,
    maximum: u32,
    until: Until,
    sleeper: &impl Sleeper<W>,
) -> Result<Outcome<()>, Damaged> {
    loop {
        if try_take(word, maximum)? {
            return Ok(Outcome::Got(()));
        }
        if until == Until::Now {
            return Ok(Outcome::TimedOut);
        }
        if announce(word) && sleeper.sleep(word, AWAITED, until) == Slept::DeadlineOver {
            let got = try_take(word, maximum)?;
            return Ok(if got { Outcome::Got(()) } else { Outcome::TimedOut });
        }
    }
}
