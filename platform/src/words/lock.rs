//! A lock: free, owned by the holder of a claim, or abandoned by its owner's thread.
//!
//! A *claim* is a number that the kernel drops when its holder dies (see the backend), so a waiter can ask whether the
//! owner lives. Waiters sleep in slices and ask after each. The waiter that finds the owner dead takes the lock by one
//! compare-and-swap, and learns that it was abandoned.
//!
//! The backend notes in private memory what a thread owns and how many guards it has: a peer that overwrites the word
//! makes the lock unusable, and nothing worse.

use super::{Damaged, Outcome, Sleeper, Slept, Until, Word};

/// A waiter may be asleep.
pub const WAITERS: u32 = 1 << 31;
/// Free, but its last owner did not give it up itself.
pub const ABANDONED: u32 = 1 << 30;
/// The owner's claim; zero when there is no owner.
pub const OWNER: u32 = ABANDONED - 1;
/// An owner that cannot be told: no claim has this number, and it counts as living.
pub const UNKNOWN: u32 = OWNER;

/// The state in which the lock was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Given up in order.
    InOrder,
    /// Its owner died.
    Abandoned,
}

/// A thread that takes a lock.
pub struct Taker<'a, W: Word, S: Sleeper<W>, D: Fn(u32) -> bool> {
    /// The word.
    pub word: &'a W,
    /// Its own claim: not zero, and within [`OWNER`].
    pub claim: u32,
    /// How it sleeps.
    pub sleeper: &'a S,
    /// Whether the holder of a claim is dead.
    pub is_dead: D,
}

impl<W: Word, S: Sleeper<W>, D: Fn(u32) -> bool> Taker<'_, W, S, D> {
    /// Takes the lock for a taker that does not own it.
    pub fn take(&self, until: Until) -> Outcome<Found> {
        take(self.word, self.claim, || self.take_contended(until))
    }

    /// Takes the lock, which is probably not free.
    pub fn take_contended(&self, until: Until) -> Outcome<Found> {
        if until != Until::Now {
            for _ in 0..S::LOOKS {
                match self.take_free(0) {
                    Ok(found) => return Outcome::Got(found),
                    // Each look has taken a moment.
                    Err(UNKNOWN) => break,
                    Err(_) => std::hint::spin_loop(),
                }
            }
        }
        loop {
            // A sleeper does not know the other sleepers, so it keeps the mark when it takes the lock.
            let mark = if until == Until::Now { 0 } else { WAITERS };
            if let Ok(found) = self.take_free(mark) {
                return Outcome::Got(found);
            }
            let seen = self.word.load();
            if seen & OWNER == 0 {
                continue;
            }
            if until == Until::Now {
                return self.take_from_the_dead(seen).map_or(Outcome::TimedOut, Outcome::Got);
            }
            if seen & WAITERS == 0 && self.word.replace(seen, seen | WAITERS).is_err() {
                continue;
            }
            let slept = self.sleeper.sleep(self.word, seen | WAITERS, until);
            if slept == Slept::LookAgain {
                continue;
            }
            if let Some(found) = self.take_from_the_dead(seen | WAITERS) {
                return Outcome::Got(found);
            }
            if slept == Slept::DeadlineOver {
                return self.take_at_the_end();
            }
        }
    }

    /// Tries to take the lock once, for a waiter that has slept: other waiters may be asleep still.
    pub fn take_after_sleep(&self) -> Outcome<Found> {
        loop {
            if let Ok(found) = self.take_free(WAITERS) {
                return Outcome::Got(found);
            }
            let Some(seen) = announce(self.word) else { continue };
            return self.take_from_the_dead(seen).map_or(Outcome::TimedOut, Outcome::Got);
        }
    }

    /// The last try of a waiter whose time is over. Its wake-up may have just come, and a faster owner may not know of
    /// the other sleepers, so the waiter passes the mark on.
    fn take_at_the_end(&self) -> Outcome<Found> {
        loop {
            if let Ok(found) = self.take_free(WAITERS) {
                return Outcome::Got(found);
            }
            if announce(self.word).is_some() {
                return Outcome::TimedOut;
            }
        }
    }

    /// Takes the lock if it has no owner, or tells which.
    fn take_free(&self, mark: u32) -> Result<Found, u32> {
        loop {
            let seen = self.word.load();
            if seen & OWNER != 0 {
                return Err(seen & OWNER);
            }
            if self.word.replace(seen, self.claim | seen & WAITERS | mark).is_ok() {
                let abandoned = seen & ABANDONED != 0;
                return Ok(if abandoned { Found::Abandoned } else { Found::InOrder });
            }
        }
    }

    /// Takes the lock from the owner that was `seen`, if it is dead.
    fn take_from_the_dead(&self, seen: u32) -> Option<Found> {
        if !(self.is_dead)(seen & OWNER) {
            return None;
        }
        let taken = self.word.replace(seen, self.claim | seen & WAITERS);
        taken.is_ok().then_some(Found::Abandoned)
    }
}

/// Takes a lock that is free and has no sleepers in one step, which is the usual case; otherwise as a [`Taker`] does.
#[inline]
pub fn take<W: Word>(word: &W, claim: u32, otherwise: impl FnOnce() -> Outcome<Found>) -> Outcome<Found> {
    match word.replace_once(0, claim) {
        Ok(()) => Outcome::Got(Found::InOrder),
        Err(_) => otherwise(),
    }
}

/// Announces a sleeper: the value to sleep on, or `None` when the lock is free.
pub fn announce<W: Word>(word: &W) -> Option<u32> {
    loop {
        let seen = word.load();
        if seen & OWNER == 0 {
            return None;
        }
        if seen & WAITERS != 0 || word.replace(seen, seen | WAITERS).is_ok() {
            return Some(seen | WAITERS);
        }
    }
}

/// Passes a wake-up on from a waiter that was [announced](announce) and leaves without the lock: to a sleeper, or by
/// way of the present owner.
pub fn pass_on<W: Word>(word: &W, sleeper: &impl Sleeper<W>) {
    if announce(word).is_none() {
        sleeper.wake_one(word);
    }
}

/// How an owner gives the lock up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giving {
    /// In order.
    InOrder,
    /// Its thread ended without giving it up.
    Abandoning,
}

/// Gives the lock up.
///
/// # Errors
/// [`Damaged`] when the word names another owner; then it is left alone.
#[inline]
pub fn give<W: Word>(word: &W, claim: u32, giving: Giving, sleeper: &impl Sleeper<W>) -> Result<(), Damaged> {
    let free = match giving {
        Giving::InOrder => 0,
        Giving::Abandoning => ABANDONED,
    };
    match word.replace_once(claim, free) {
        Ok(()) => Ok(()),
        Err(_) => give_marked(word, claim, free, sleeper),
    }
}

/// Gives up a lock that probably has the mark of its waiters.
#[cold]
fn give_marked<W: Word>(word: &W, claim: u32, free: u32, sleeper: &impl Sleeper<W>) -> Result<(), Damaged> {
    let mut seen = claim | WAITERS;
    loop {
        match word.replace(seen, free) {
            Ok(()) if seen & WAITERS != 0 => {
                sleeper.wake_one(word);
                return Ok(());
            }
            Ok(()) => return Ok(()),
            Err(now) if now & OWNER == claim => seen = now,
            Err(_) => return Err(Damaged),
        }
    }
}
