//! The objects of a wait for all, as its attempts see them.

use std::cell::Cell;

use super::event::Event;
use super::lock::LockHandle;
use super::object::Object;
use super::semaphore::Semaphore;
use super::timer::Timer;
use crate::Reset;
use crate::seam::object::Failure;
use crate::words::all::{
    self, LockTaker, look, looks_available, looks_set, tag_event, tag_permits, take_tag_off,
};
use crate::words::event::ManualWaiter;
use crate::words::lock::{Found, OWNER};
use crate::words::tagged::Verdict;
use crate::words::{Damaged, event};

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

const NO_NOTE: u64 = 0;
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
            What::Auto(event) => looks_set(event.word()),
            What::Manual { event, begun, pulsed } => {
                let is_set = event::is_set_manual(look(event.word()))?;
                if !is_set {
                    let was_set = ManualWaiter::begun(event.word(), begun.get()).is_through()?;
                    pulsed.set(self.has_slept.take() && was_set);
                    begun.set(ManualWaiter::begin(event.word()).sets_at_first());
                }
                Ok(is_set || pulsed.get())
            }
            What::Semaphore(semaphore) => looks_available(semaphore.word(), semaphore.maximum()),
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
    pub(super) fn note_sleep(&self) {
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
                let (claim, dead, has_slept) = (lock.claim_number(), dead.get(), self.has_slept.get());
                let found = LockTaker { claim, dead, has_slept }.tag(lock.word(), tag);
                Ok(found.map(|found| if found == Found::Abandoned { DIED } else { NO_NOTE }))
            }
            What::Auto(event) => Ok(tag_event(event.word(), tag)?.then_some(NO_NOTE)),
            What::Manual { event, pulsed, .. } => {
                let seen = look(event.word());
                Ok(if event::is_set_manual(seen)? {
                    Some(seen.into())
                } else {
                    pulsed.get().then_some(PULSED)
                })
            }
            What::Semaphore(semaphore) => {
                Ok(tag_permits(semaphore.word(), semaphore.maximum(), tag)?.then_some(NO_NOTE))
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
