//! An event: unset, set, or unset with a sleeper.
//!
//! A set of an auto-reset event wakes one sleeper. While others sleep on, the event has their mark ([`AWAITED`]), or a woken
//! thread is on its way. That thread takes the signal and leaves the mark, announces itself anew, or
//! [passes the wake-up on](pass_on). When it is killed or stopped on its way, the others find out at the end of their
//! slices.
//!
//! The word of an auto-reset event is one of those states. The word of a manual-reset event also counts the sets, above
//! the state: a set lets every waiter of that moment through, even when a reset follows before any of them wakes (as on
//! Win32).

use super::{Damaged, Outcome, Sleeper, Slept, Until, Word};

/// Unset, without sleepers.
pub const UNSET: u32 = 0;
/// Set.
pub const SET: u32 = 1;
/// Unset; a thread may be asleep.
pub const AWAITED: u32 = 2;
/// Set, with the tag of a wait for all (see [`tagged`](super::tagged)). Without a tag it is no state of an event.
pub const HELD: u32 = 3;

/// The bits of the state in a manual-reset event's word.
const STATE: u32 = 3;
/// One set in the count of sets.
const ONE_SET: u32 = 4;

/// How often a change is tried while others change the word: only a hostile peer makes that many needed.
const TRIES: u32 = 1000;

/// Sets an auto-reset event. Makes no system call when no thread sleeps.
#[inline]
pub fn set<W: Word>(word: &W, sleeper: &impl Sleeper<W>) {
    if word.replace_once(UNSET, SET).is_err() {
        set_again(word, sleeper);
    }
}

/// Sets an event that is set or awaited.
#[cold]
fn set_again<W: Word>(word: &W, sleeper: &impl Sleeper<W>) {
    for _ in 0..TRIES {
        // Also where it is set already: the waiter that takes that signal then sees what was written before this set.
        let seen = if word.load() == UNSET { UNSET } else { SET };
        match word.replace(seen, SET) {
            Ok(()) => return,
            Err(UNSET | SET) => {}
            Err(_) => break,
        }
    }
    sleeper.set_and_wake_one(word, SET as u16);
}

/// Unsets an auto-reset event.
#[inline]
pub fn reset<W: Word>(word: &W) {
    // An event that is not set stays as it is, with the mark of its sleepers.
    if word.replace_once(SET, UNSET).is_err_and(|seen| seen > AWAITED.into()) {
        let _ = word.replace(SET, UNSET);
    }
}

/// Takes the signal of an auto-reset event, if there is one.
///
/// # Errors
/// [`Damaged`] when the word is in no state of an event.
#[inline]
pub fn try_take<W: Word>(word: &W) -> Result<bool, Damaged> {
    const UNSET_HERE: u64 = UNSET as u64;
    const AWAITED_HERE: u64 = AWAITED as u64;
    match word.replace_once(SET, UNSET) {
        Ok(()) => Ok(true),
        Err(UNSET_HERE | AWAITED_HERE) => Ok(false),
        Err(_) => try_take_tagged(word),
    }
}

/// Takes the signal of an event that has a tag, or none of an event's states.
#[cold]
fn try_take_tagged<W: Word>(word: &W) -> Result<bool, Damaged> {
    match word.replace(SET, UNSET) {
        Ok(()) => Ok(true),
        Err(UNSET | AWAITED) => Ok(false),
        Err(_) => Err(Damaged),
    }
}

/// Takes the signal as [`try_take`] does, for a waiter that was [announced](announce): others may be asleep still, so the
/// mark stays.
///
/// # Errors
/// [`Damaged`] when the word is in no state of an event.
pub fn try_take_after_sleep<W: Word>(word: &W) -> Result<bool, Damaged> {
    match word.replace(SET, AWAITED) {
        Ok(()) => Ok(true),
        Err(UNSET | AWAITED) => Ok(false),
        Err(_) => Err(Damaged),
    }
}

/// Passes a wake-up on from a waiter that was [announced](announce) and leaves without the signal: to a sleeper, or by
/// the mark to the next set.
pub fn pass_on<W: Word>(word: &W, sleeper: &impl Sleeper<W>) {
    if !announce(word) {
        sleeper.wake_one(word);
    }
}

/// Announces a sleeper on an auto-reset event. `true` when it may sleep on [`AWAITED`], `false` when it looks again.
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
    let mut got = try_take(word)?;
    if until == Until::Now && !got {
        return Ok(Outcome::TimedOut);
    }
    while !got {
        let is_over =
            announce(word) && sleeper.sleep_until_woken(word, AWAITED, until) == Slept::DeadlineOver;
        got = try_take_after_sleep(word)?;
        if is_over && !got {
            pass_on(word, sleeper);
            return Ok(Outcome::TimedOut);
        }
    }
    Ok(Outcome::Got(()))
}

/// Sets a manual-reset event. Makes no system call when no thread sleeps.
pub fn set_manual<W: Word>(word: &W, sleeper: &impl Sleeper<W>) {
    for _ in 0..TRIES {
        let seen = word.load();
        if seen == HELD {
            // No state of a manual-reset event.
            break;
        }
        // Also where it is set already: a waiter that gets through then sees what was written before this set.
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

/// Whether the word of a manual-reset event says that it is set.
///
/// # Errors
/// [`Damaged`] when the word is in no state of an event.
pub fn is_set_manual(seen: u32) -> Result<bool, Damaged> {
    match seen & STATE {
        SET => Ok(true),
        UNSET | AWAITED => Ok(false),
        _ => Err(Damaged),
    }
}

/// Whether a manual-reset event is set, seen in one step; false also for one that needs a closer look.
#[inline]
pub fn is_plainly_set<W: Word>(word: &W) -> bool {
    let seen = word.load_once();
    seen & (u64::MAX << 32 | u64::from(STATE)) == SET.into()
}

/// Unsets a manual-reset event.
pub fn reset_manual<W: Word>(word: &W) {
    let seen = word.load();
    if seen & STATE == SET {
        // When that fails, another thread has just unset it.
        let _ = word.replace(seen, seen & !STATE | UNSET);
    }
}

/// A waiter for a manual-reset event, from [`begin`](Self::begin) on.
pub struct ManualWaiter<'a, W: Word> {
    word: &'a W,
    sets_at_first: u32,
}

impl<'a, W: Word> ManualWaiter<'a, W> {
    /// Begins to wait.
    pub fn begin(word: &'a W) -> Self {
        ManualWaiter { word, sets_at_first: word.load() & !STATE }
    }

    /// Continues a wait with the count that an earlier waiter remembered.
    pub fn begun(word: &'a W, sets_at_first: u32) -> Self {
        ManualWaiter { word, sets_at_first }
    }

    /// The count of sets to remember.
    pub fn sets_at_first(&self) -> u32 {
        self.sets_at_first
    }

    /// Whether the event is set, or was set since the wait began.
    ///
    /// # Errors
    /// [`Damaged`] when the word is in no state of an event.
    pub fn is_through(&self) -> Result<bool, Damaged> {
        let seen = self.word.load();
        Ok(is_set_manual(seen)? || seen & !STATE != self.sets_at_first)
    }

    /// Announces a sleeper: the value to sleep on, which every set changes. `None` when the waiter looks again.
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
