//! Doorbells: what rings and channels sleep on while nothing comes.
//!
//! Who rings has stored something just before, and must not miss a sleeper; who goes to sleep says so, and must
//! not miss what was stored. Between a store and a load that follows it a processor needs a full fence, which
//! costs a stream of small messages more than all the rest. So the sleeper pays for both: while the bell is
//! *light*, nobody sleeps and who rings makes one plain load; the sleeper, before it relies on being seen, has
//! the kernel run a fence on every processor (membarrier(2), `GLOBAL_EXPEDITED`, Linux 4.16). A bell becomes
//! light when its sleeper asks for it, after many messages without a sleep.

use std::sync::atomic::{Ordering, compiler_fence, fence};
use std::time::{Duration, Instant};

use rustix::thread::{MembarrierCommand, futex, membarrier};

use super::futex::{SLICE_OF_BELLS, timespec};
use super::header::Initial;
use super::place::Place;
use crate::testing::reached;
use crate::{Fact, ObjectKind, Result, Sleepers, View};

/// Nobody sleeps, but somebody may be about to: who rings makes a fence before it looks.
const ALERT: u32 = 0;
/// Somebody sleeps, or is about to.
const ASLEEP: u32 = 1;
/// Nobody sleeps, and who wants to has the kernel make the fence.
const LIGHT: u32 = 2;

/// Wakes those who wait for something to appear in shared memory: what rings and channels are built with.
///
/// A doorbell carries no state of its own: whoever changes something in shared memory [rings](Self::ring), and
/// whoever waits [sleeps](Self::sleep) unless the change is there already. Ringing while nobody sleeps costs a few
/// nanoseconds and makes no system call. It takes [`SIZE`](Self::SIZE) bytes of a read-write view at an offset
/// that is aligned to 8 in memory, zero before their first use.
///
/// # Platform-specific behavior
/// A futex on Linux, a kernel event on Windows.
#[derive(Clone, Debug)]
pub struct Doorbell {
    place: Place,
    sleepers: Sleepers,
    /// Whether this process takes part in the kernel's fences.
    takes_part: bool,
}

impl Doorbell {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = super::header::HEADER_LEN;

    /// The doorbell at `offset`, made if nobody made it yet. All who use one must say the same of its sleepers.
    ///
    /// # Errors
    /// Those of [`SharedEvent::create_or_open`](crate::SharedEvent::create_or_open).
    pub fn at(view: &View, offset: usize, sleepers: Sleepers) -> Result<Doorbell> {
        let place = Place::inside(view, offset, 0)?;
        place.initialise(Initial { kind: ObjectKind::Event, word: ALERT, setting: 0 }, |_| Ok(()))?;
        Ok(Doorbell { place, sleepers, takes_part: takes_part_in_fences() })
    }

    /// Wakes whoever sleeps. What was stored before, with at least release ordering, is seen by whom it wakes.
    #[inline]
    pub fn ring(&self) {
        // The load must not be compiled to before the store that it follows; what the processor does with
        // them is the sleeper's care.
        compiler_fence(Ordering::SeqCst);
        let word = &self.place.header().word;
        if self.takes_part && word.load(Ordering::Relaxed) == LIGHT {
            return;
        }
        fence(Ordering::SeqCst);
        if word.load(Ordering::Relaxed) == ASLEEP {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        let word = &self.place.header().word;
        if word.swap(ALERT, Ordering::AcqRel) == ASLEEP {
            reached("bell: about to wake");
            // Fails only for memory that is not mapped, and this is.
            let _ = futex::wake(word, futex::Flags::empty(), i32::MAX as u32);
        }
    }

    /// Sleeps until somebody rings, for at most `limit`, and for 80 ms at most: then the caller looks whether those
    /// live for whom it waits. Returns at once when `changed` says that there is something already.
    ///
    /// May return for no reason at all.
    pub fn sleep(&self, limit: Duration, changed: impl FnOnce() -> bool) {
        let word = &self.place.header().word;
        let seen = word.swap(ASLEEP, Ordering::SeqCst);
        if seen == LIGHT && self.takes_part {
            let _ = membarrier(MembarrierCommand::GlobalExpedited);
        }
        fence(Ordering::SeqCst);
        reached("bell: announced");
        if changed() {
            if self.sleepers == Sleepers::One {
                // Nobody else can be asleep. Whoever rang meanwhile has put it to this already.
                let _ = word.compare_exchange(ASLEEP, ALERT, Ordering::Relaxed, Ordering::Relaxed);
            }
            return;
        }
        let slice = limit.min(SLICE_OF_BELLS);
        // However it ends, the caller looks again.
        let _ = futex::wait(word, futex::Flags::empty(), ASLEEP, Some(&timespec(slice)));
    }

    /// Makes ringing cheaper, and the next sleep dearer. For a sleeper that has not slept for long: many times, at
    /// the cost of a load each, it has found what it waits for already there. Only where one sleeps.
    #[inline]
    pub fn relax(&self) {
        if self.takes_part && self.sleepers == Sleepers::One {
            let word = &self.place.header().word;
            let _ = word.compare_exchange(ALERT, LIGHT, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Sleeps until somebody rings one of up to 64 doorbells, as [`sleep`](Self::sleep) does.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for none or for more than 64.
    pub fn sleep_on_any(bells: &[&Doorbell], limit: Duration, changed: impl FnOnce() -> bool) -> Result<()> {
        super::wait_any::check_count(bells.len())?;
        let mut light = false;
        for bell in bells {
            light |= bell.place.header().word.swap(ASLEEP, Ordering::SeqCst) == LIGHT && bell.takes_part;
        }
        if light {
            let _ = membarrier(MembarrierCommand::GlobalExpedited);
        }
        fence(Ordering::SeqCst);
        if !changed() {
            let until = crate::words::Until::Deadline(Instant::now() + limit.min(SLICE_OF_BELLS));
            let words = bells
                .iter()
                .map(|bell| super::futex::Expectation { word: &bell.place.header().word, value: ASLEEP });
            let _ = super::futex::sleep_on_any(&words.collect::<Vec<_>>(), until);
        }
        Ok(())
    }
}

/// Registers this process, once, for the fences that others ask of it.
fn takes_part_in_fences() -> bool {
    static ANSWER: Fact = Fact::unknown();
    ANSWER.get(|| membarrier(MembarrierCommand::RegisterGlobalExpedited).is_ok())
}
