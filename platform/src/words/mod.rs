//! The algorithms of locks, events, semaphores and doorbells, each on one value of 32 bits that processes share; of taking
//! several of them at one moment; and of newest values, rings of messages and topics.
//!
//! They are generic over traits, so the same code runs on shared memory with futexes and in a model checker
//! (`models/`), which tries every order of steps.
//!
//! None of them trusts the word, because other processes may write to it. Whatever its value, a call ends with an
//! answer, an error, or its timeout.
//!
//! # Which sleepers a signal wakes
//! - *A manual-reset event and a semaphore* wake every sleeper.
//! - *A lock and an auto-reset event* wake one sleeper, which alone can have it. A waiter that leaves without it passes
//!   the wake-up on: its time is over, or it took another object. When the woken one is killed or stopped on its way,
//!   another one finds out after a slice of time.

pub mod all;
pub mod bell;
pub mod event;
pub mod lock;
pub mod newest;
pub mod permits;
pub mod ring;
pub mod tagged;
pub mod ticker;
pub mod topic;
mod until;

use std::sync::atomic::{AtomicU32, Ordering};

pub use until::Until;

/// A word that processes share.
pub trait Word: Sync {
    /// Reads it; acquires.
    fn load(&self) -> u32;
    /// Replaces `current` by `new`, or tells what it is instead. Acquires and releases.
    ///
    /// # Errors
    /// The word's value, when it is not `current`.
    fn replace(&self, current: u32, new: u32) -> Result<(), u32>;
    /// Reads it in one step, for the usual case of a call: the upper half is the tag that a word may have (see
    /// [`tagged`]), and is settled by the other calls.
    #[inline]
    fn load_once(&self) -> u64 {
        self.load().into()
    }
    /// Replaces `current` by `new` in one step, as [`load_once`](Self::load_once) reads it.
    ///
    /// # Errors
    /// What the word is, with its tag.
    #[inline]
    fn replace_once(&self, current: u32, new: u32) -> Result<(), u64> {
        self.replace(current, new).map_err(u64::from)
    }
    /// Replaces it by `new` and returns the previous value. Acquires and releases.
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
    /// Woken, perhaps spuriously, or the word was not as expected: look again.
    LookAgain,
    /// A slice of time is over: look again, and ask whether the owner died.
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
    /// Sleeps as [`sleep`](Self::sleep) does, but in longer slices: for words that are changed and woken in one step, where
    /// a killed waker has done both or neither. Only a waiter that is killed after it was woken takes a wake-up along.
    fn sleep_until_woken(&self, word: &W, expected: u32, until: Until) -> Slept;
    /// Wakes one sleeper on `word`.
    fn wake_one(&self, word: &W);
    /// Wakes all sleepers on `word`.
    fn wake_all(&self, word: &W);
    /// Stores `new` and wakes one sleeper on `word`, in one step: a killed process has done both or neither.
    fn set_and_wake_one(&self, word: &W, new: u16);
}

/// Shared memory holds a value that the algorithm never writes: a peer overwrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It has what it waited for.
    Got(T),
    /// Its time ran out; it has taken nothing.
    TimedOut,
}
