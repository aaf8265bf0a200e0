//! The objects of a wait for all, as its attempts see them.

use std::cell::Cell;

use super::event::Event;
use super::lock::LockHandle;
use super::object::Object;
use super::semaphore::Semaphore;
use super::timer::Timer;
use crate::Reset;
use crate::seam::object::Failure;
use crate::words::all::{self, look, put_tag, take_tag_off};
use crate::words::event::ManualWaiter;
use crate::words::lock::{ABANDONED, OWNER, WAITERS};
use crate::words::tagged::Verdict;
use crate::words::{Damaged, event, permits};

/// A member of a set, and what the wait knows of it.
pub(super) struct Member<'a> {
    /// Its place in the caller's list.
    pub(super) index: usize,
    what: What<'a>,
    /// Whether the wait slept on it.
    has_slept: Cell<bool>,
}

enum What<'a> {
    Mutex {
        lock: &'a LockHandle,
        /// The owner that was found dead.
        dead: Cell<u32>,
    },
    Auto(&'a Event),
    Manual {
        event: &'a Event,
        /// The count of sets when it was last seen unset.
        begun: Cell<u32>,
        /// It was set while the wait slept on it, which is good for one attempt, even when a reset followed.
        pulsed: Cell<bool>,
    },
    Semaphore(&'a Semaphore),
    Timer(&'a Timer),
}

/// The note of a mutex whose owner died.
const DIED: u64 = 1;
/// The note of a manual-reset event that need not be set any more.
const PULSED: u64 = u64::MAX;

impl<'a> Member<'a> {
    /// `None` for a mutex that this thread owns.
    pub(super) fn of(object: &'a Object, index: usize) -> Result<Option<Self>, Failure> {
        let what = match object {
            Object::Mutex(lock) => {
                if lock.is_this_threads()? {
                    return Ok(None);
                }
                What::Mutex { lock, dead: Cell::new(0) }
            }
            Object::Event(event) => match event.mode()? {
                Reset::Auto => What::Auto(event),
                Reset::Manual => {
                    let begun = Cell::new(ManualWaiter::begin(event.word()).sets_at_first());
                    What::Manual { event, begun, pulsed: Cell::new(false) }
                }
            },
            Object::Semaphore(semaphore) => What::Semaphore(semaphore),
            Object::Timer(timer) => What::Timer(timer),
        };
        Ok(Some(Member { index, what, has_slept: Cell::new(false) }))
    }

    /// Whether it can be had. Changes nothing.
    pub(super) fn looks_signalled(&self, ask: bool) -> Result<bool, Damaged> {
        match &self.what {
            What::Mutex { lock, dead } => {
                let owner = look(lock.word()) & OWNER;
                if owner != 0 && lock.has_died(owner, ask) {
                    dead.set(owner);
                }
                Ok(owner == 0 || owner == dead.get())
            }
            What::Auto(event) => match look(event.word()) {
                event::SET => Ok(true),
                event::UNSET | event::AWAITED => Ok(false),
                _ => Err(Damaged),
            },
            What::Manual { event, begun, pulsed } => {
                let is_set = event::is_set_manual(look(event.word()))?;
                if !is_set {
                    let was_set = ManualWaiter::begun(event.word(), begun.get()).is_through()?;
                    pulsed.set(self.has_slept.take() && was_set);
                    begun.set(ManualWaiter::begin(event.word()).sets_at_first());
                }
                Ok(is_set || pulsed.get())
            }
            What::Semaphore(semaphore) => match look(semaphore.word()) {
                permits::AWAITED => Ok(false),
                count if count <= semaphore.maximum() => Ok(count > 0),
                _ => Err(Damaged),
            },
            What::Timer(timer) => timer.is_signalled(),
        }
    }

    /// The count of sets to sleep with.
    pub(super) fn begun(&self) -> u32 {
        match &self.what {
            What::Manual { begun, .. } => begun.get(),
            _ => 0,
        }
    }

    /// The wait slept on it.
    pub(super) fn has_slept(&self) {
        self.has_slept.set(true);
    }

    /// An attempt was made.
    pub(super) fn forget_pulse(&self) {
        if let What::Manual { pulsed, .. } = &self.what {
            pulsed.set(false);
        }
    }

    /// It was taken, with this note. Returns whether it is a mutex whose owner died.
    pub(super) fn take_over(&self, note: u64) -> bool {
        let What::Mutex { lock, .. } = &self.what else { return false };
        lock.was_taken(note == DIED);
        note == DIED
    }
}

impl all::Member for Member<'_> {
    fn tag(&self, tag: u32) -> Result<Option<u64>, Damaged> {
        match &self.what {
            What::Mutex { lock, dead } => {
                // Sleepers do not know each other, so one that slept keeps the mark for the others.
                let mark = if self.has_slept.get() { WAITERS } else { 0 };
                let is_dead = |seen: u32| seen & OWNER == dead.get();
                let died = |seen: u32| seen & ABANDONED != 0 || seen & OWNER != 0;
                let before = put_tag(lock.word(), tag, |seen| {
                    let is_free = seen & OWNER == 0 || is_dead(seen);
                    let how = if died(seen) { ABANDONED } else { 0 };
                    is_free.then_some(lock.claim_number() | seen & WAITERS | mark | how)
                });
                Ok(before.map(|seen| if died(seen) { DIED } else { 0 }))
            }
            What::Auto(event) => {
                let is_set = |seen| (seen == event::SET).then_some(event::HELD);
                Ok(put_tag(event.word(), tag, is_set).map(u64::from))
            }
            What::Manual { event, pulsed, .. } => {
                let seen = look(event.word());
                Ok(if event::is_set_manual(seen)? {
                    Some(seen.into())
                } else {
                    pulsed.get().then_some(PULSED)
                })
            }
            What::Semaphore(semaphore) => {
                let maximum = semaphore.maximum();
                let has_one = |seen| (1..=maximum).contains(&seen).then_some(seen);
                Ok(put_tag(semaphore.word(), tag, has_one).map(u64::from))
            }
            What::Timer(timer) => timer.tag(tag),
        }
    }

    fn is_still_signalled(&self, note: u64) -> bool {
        match &self.what {
            What::Manual { event, .. } => note == PULSED || note == u64::from(look(event.word())),
            What::Timer(timer) => timer.is_still(note),
            _ => true,
        }
    }

    fn settle(&self, tag: u32, verdict: Verdict) {
        match &self.what {
            What::Mutex { lock, .. } => take_tag_off(lock.word(), tag, verdict),
            What::Auto(event) => take_tag_off(event.word(), tag, verdict),
            What::Manual { .. } => {}
            What::Semaphore(semaphore) => take_tag_off(semaphore.word(), tag, verdict),
            What::Timer(timer) => timer.settle(tag, verdict),
        }
    }
}
