//! The algorithms of locks, events, semaphores and doorbells, each on one 32-bit word that processes share, and of newest
//! values and rings of messages.
//!
//! They are written over traits, so that the same text runs on shared memory with futexes, and in a
//! model checker (`models/`), which tries every order of steps.
//!
//! None of them trusts the word: it lies in memory that others may write to. Whatever it says, a call
//! ends with an answer, an error, or its timeout.
//!
//! # Which sleepers a signal wakes
//! - *Events and semaphores* wake every sleeper, and each tries its luck: a wake-up of one alone is lost when that one is
//!   killed on its way.
//! - *A lock* wakes one sleeper, which alone can have it. A waiter that goes without the lock passes the wake-up on: its
//!   time was over, or another object that it waited for was to be had. A death in between is found out after a slice of
//!   time, as an owner's is.

pub mod bell;
pub mod event;
pub mod lock;
pub mod newest;
pub mod permits;
pub mod ring;
mod until;

use std::sync::atomic::{AtomicU32, Ordering};

pub use until::Until;

/// A word that processes share.
pub trait Word: Sync {
    /// Reads it; what was written before a release of it is then visible.
    fn load(&self) -> u32;
    /// Replaces `current` by `new`, or tells what it is instead. Acquires and releases.
    ///
    /// # Errors
    /// The word's value, when it is not `current`.
    fn replace(&self, current: u32, new: u32) -> Result<(), u32>;
    /// Puts `new` there and returns what was there before. Acquires and releases.
    fn swap(&self, new: u32) -> u32;
}

impl Word for AtomicU32 {
    #[inline]
    fn load(&self) -> u32 {
        self.load(Ordering::Acquire)
    }

    #[inline]
    fn replace(&self, current: u32, new: u32) -> Result<(), u32> {
        self.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
    }

    #[inline]
    fn swap(&self, new: u32) -> u32 {
        self.swap(new, Ordering::AcqRel)
    }
}

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slept {
    /// Woken, or the word was not as expected, or for no reason at all: look again.
    LookAgain,
    /// A slice of time is over: look again, and see whether somebody died.
    SliceOver,
    /// The deadline has come.
    DeadlineOver,
}

/// Puts callers to sleep until a word changes.
pub trait Sleeper<W: Word> {
    /// How often the taker of a lock looks again before it sleeps. A look costs tens of nanoseconds, a sleep
    /// and its wake-up microseconds.
    const LOOKS: u32 = 40;

    /// Sleeps while `word` is `expected`, for a bounded slice of time at most, and not beyond `until`.
    ///
    /// The slice is what makes a wake-up that was lost with a killed process harmless.
    fn sleep(&self, word: &W, expected: u32, until: Until) -> Slept;
    /// Sleeps while `word` is `expected`, and not beyond `until`: for words that are changed and woken in one step, where
    /// no wake-up is lost with a killed process. It may end after a slice all the same, a long one, for a word that
    /// somebody scribbled over.
    fn sleep_until_woken(&self, word: &W, expected: u32, until: Until) -> Slept;
    /// Wakes one of those who sleep on `word`.
    fn wake_one(&self, word: &W);
    /// Wakes all of those who sleep on `word`.
    fn wake_all(&self, word: &W);
    /// Puts `new` there and wakes all of those who sleep on `word`, in one step: whoever is killed did both or neither.
    fn set_and_wake_all(&self, word: &W, new: u16);
}

/// What was read from shared memory is nothing that the algorithm writes: somebody scribbled over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// How a waiter came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It has what it waited for.
    Got(T),
    /// Its time ran out; it has taken nothing.
    TimedOut,
}
