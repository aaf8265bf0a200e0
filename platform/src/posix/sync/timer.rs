//! Timers: a due time that waiters compute. No thread fires them.
//!
//! After the header, a timer's page has two settings, one of which is in force. A setter fills the other one and puts
//! it in force with one store, so a killed setter leaves the old setting whole. Setters take turns by a lock that
//! notices its owner's death; waiters need no lock.

use std::mem::offset_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use super::claims::Claim;
use super::futex::{Expectation, FutexSleeper};
use super::table;
use crate::memory::Mapped;
use crate::seam::header::{HEADER_LEN, reset_of};
use crate::seam::object::{Failure, Took};
use crate::seam::place::Place;
use crate::testing::reached;
use crate::words::all::{put_tag, take_tag_off};
use crate::words::lock::{self, Giving, Taker};
use crate::words::tagged::{Kind, Tagged, Verdict};
use crate::words::{Damaged, Outcome, Sleeper, Slept, Until, Word as _};
use crate::{Due, ErrorKind, Reset};

/// How long a setter waits for another one that was stopped.
const SETTER_PATIENCE: Duration = Duration::from_millis(500);

/// How often a setting may change while it is read.
const READS: u32 = 1000;

/// The bytes after the header.
#[repr(C, align(8))]
struct Dial {
    /// Its lowest bit tells which setting is in force. It changes with every setting, and waiters sleep on it.
    turn: AtomicU32,
    /// The setters' lock.
    guard: AtomicU32,
    settings: [Setting; 2],
}

/// Times in nanoseconds.
#[repr(C)]
struct Setting {
    /// When it fires first; [`NEVER`] when it is not set.
    due: AtomicU64,
    /// The clock of `due`: 0 the monotonic one, 1 the time of day.
    clock: AtomicU64,
    /// Zero: it fires once.
    period: AtomicU64,
    /// A word with a tag (see `crate::words::tagged`). The value is the turn's lower bits, so that a delayed waiter takes
    /// no signal of a later setting, and the lower 20 bits of the number of signals when waiters of an auto-reset timer
    /// took one last. The next turn's bits say that the signal moved into the next setting.
    taken: AtomicU64,
}

const _: () = {
    assert!(size_of::<Dial>() == 72);
    assert!(offset_of!(Dial, guard) == 4);
    assert!(offset_of!(Dial, settings) == 8);
    assert!(size_of::<Setting>() == 32);
    assert!(offset_of!(Setting, clock) == 8);
    assert!(offset_of!(Setting, period) == 16);
    assert!(offset_of!(Setting, taken) == 24);
};

/// Signals are counted up to this: one a millisecond for thirty years.
const MOST_FIRED: u64 = (1 << 40) - 1;

/// The bits of a count in the word for taken signals.
const COUNT: u32 = (1 << TURN_AT) - 1;
const TURN_AT: u32 = 20;

/// The value of that word when this many signals were given in a turn.
fn taken_in(turn: u32, fired: u64) -> u32 {
    // Never all ones, which is what is seen of a word that cannot be settled.
    turn << TURN_AT & !(1 << 31) | fired as u32 & COUNT
}

/// The next turn. Zero means never set.
fn turn_after(turn: u32) -> u32 {
    match turn.wrapping_add(1) {
        0 => 2,
        next => next,
    }
}

/// Whether that word of this turn says that the signal moved into the next turn's setting.
fn is_moved(turn: u32, taken: u32) -> bool {
    taken == taken_in(turn_after(turn), 0)
}

const NEVER: u64 = u64::MAX;
const STEADY: u64 = 0;
const TIME_OF_DAY: u64 = 1;

/// A setting as it was read.
#[derive(Clone, Copy)]
struct Reading {
    turn: u32,
    due: u64,
    clock: u64,
    period: u64,
    taken: u32,
}

impl Reading {
    /// Whether its last signal was taken. One that comes a million periods after the last taken one is passed over.
    fn is_taken(&self, fired: u64) -> bool {
        self.taken & COUNT == fired as u32 & COUNT
    }

    /// The number of times it has fired.
    fn fired(&self) -> u64 {
        let now = now(self.clock);
        if self.due == NEVER || now < self.due {
            return 0;
        }
        match self.period {
            0 => 1,
            period => ((now - self.due) / period).min(MOST_FIRED - 1) + 1,
        }
    }

    /// When it fires next, in nanoseconds from now; `None` when never.
    fn next(&self) -> Option<Duration> {
        if self.due == NEVER {
            return None;
        }
        let now = now(self.clock);
        if now < self.due {
            return Some(Duration::from_nanos(self.due - now));
        }
        let period = (self.period != 0).then_some(self.period)?;
        Some(Duration::from_nanos(period - (now - self.due) % period))
    }
}

fn now(clock: u64) -> u64 {
    let id = if clock == TIME_OF_DAY { ClockId::Realtime } else { ClockId::Monotonic };
    let time = clock_gettime(id);
    nanoseconds(Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec as u32))
}

/// Saturates in the year 2554.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER - 1).min(NEVER - 1)
}

#[derive(Clone)]
pub(crate) struct Timer {
    pub(super) place: Place,
    pub(super) held: Arc<dyn Mapped>,
}

impl Timer {
    /// Sets it anew. The period is in milliseconds; zero is none.
    pub(super) fn start(&self, due: Due, period: i32) -> Result<(), Failure> {
        let period = u64::from(period.unsigned_abs()) * 1_000_000;
        let (due, clock) = match due {
            Due::After(delay) => (now(STEADY).saturating_add(nanoseconds(delay)).min(NEVER - 1), STEADY),
            Due::At(time) => (since_epoch(time), TIME_OF_DAY),
        };
        self.by_one_setter(|| {
            let next = self.fill(self.read()?.turn, (due, clock, period));
            self.put_in_force(next);
            Ok(())
        })
    }

    /// Stops it; a signal that it has given stays.
    pub(super) fn cancel(&self) -> Result<(), Failure> {
        let reset = self.mode()?;
        self.by_one_setter(|| {
            for _ in 0..READS {
                let old = self.read()?;
                let stays = is_signalled(&old, reset);
                let next = self.fill(old.turn, (if stays { 0 } else { NEVER }, STEADY, 0));
                // In one step, since a waiter may take the signal at this moment: it is taken, or moves into the new
                // setting.
                let moved = || self.taken_word(old.turn).replace(old.taken, taken_in(next, 0)).is_ok();
                if !stays || reset == Reset::Manual || moved() {
                    reached("timer: cancelled");
                    self.put_in_force(next);
                    return Ok(());
                }
            }
            Err(Damaged)
        })
    }

    fn mode(&self) -> Result<Reset, Damaged> {
        reset_of(self.place.header().setting()).ok_or(Damaged)
    }

    fn dial(&self) -> &Dial {
        let start = self.place.start().wrapping_add(HEADER_LEN);
        // SAFETY: a named object's place is a whole mapped page, aligned, and the dial is made of atomics.
        unsafe { &*start.cast::<Dial>() }
    }

    fn read(&self) -> Result<Reading, Damaged> {
        let dial = self.dial();
        for _ in 0..READS {
            let turn = dial.turn.load(Ordering::Acquire);
            let setting = &dial.settings[turn as usize & 1];
            let mut reading = Reading {
                turn,
                due: setting.due.load(Ordering::Acquire),
                clock: setting.clock.load(Ordering::Acquire),
                period: setting.period.load(Ordering::Acquire),
                taken: self.taken_word(turn).load(),
            };
            if reading.taken == Timed::UNSETTLED {
                return Err(Damaged);
            }
            if is_moved(turn, reading.taken) {
                // The setter that moved the signal has not put the next setting in force yet, or was killed.
                self.move_on(turn);
                continue;
            }
            if turn == 0 {
                // It was never set.
                reading.due = NEVER;
            }
            if dial.turn.load(Ordering::Acquire) == turn {
                return Ok(reading);
            }
        }
        Err(Damaged)
    }

    /// Calls `change` while no other process sets the timer.
    fn by_one_setter(&self, change: impl FnOnce() -> Result<(), Damaged>) -> Result<(), Failure> {
        let claim = Claim::of(&self.held)?;
        let guard = &self.dial().guard;
        let is_dead = |other| claim.is_dead(other);
        let taker = Taker { word: guard, claim: claim.number(), sleeper: &FutexSleeper, is_dead };
        if taker.take(Until::after(Some(SETTER_PATIENCE))) == Outcome::TimedOut {
            return Err(ErrorKind::TimedOut.into());
        }
        let done = change();
        // Damaged: a peer overwrote the lock; the setting is in place.
        let _ = lock::give(guard, claim.number(), Giving::InOrder, &FutexSleeper);
        Ok(done?)
    }

    /// Fills the setting that is not in force, and returns its turn.
    fn fill(&self, turn: u32, (due, clock, period): (u64, u64, u64)) -> u32 {
        let next = turn_after(turn);
        let setting = &self.dial().settings[next as usize & 1];
        setting.due.store(due, Ordering::Release);
        setting.clock.store(clock, Ordering::Release);
        setting.period.store(period, Ordering::Release);
        setting.taken.store(taken_in(next, 0).into(), Ordering::Release);
        reached("timer: filled");
        next
    }

    fn put_in_force(&self, next: u32) {
        self.dial().turn.store(next, Ordering::Release);
        FutexSleeper.wake_all(&self.dial().turn);
    }

    /// Puts the next setting in force, for a setter that has moved the signal of this turn there.
    #[cold]
    fn move_on(&self, turn: u32) {
        let next = turn_after(turn);
        if self.dial().turn.compare_exchange(turn, next, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            FutexSleeper.wake_all(&self.dial().turn);
        }
    }

    /// Takes the signal, if there is one.
    pub(super) fn try_take(&self) -> Result<bool, Damaged> {
        let reset = self.mode()?;
        for _ in 0..READS {
            let reading = self.read()?;
            let fired = reading.fired();
            if !is_signalled(&reading, reset) {
                return Ok(false);
            }
            if reset == Reset::Manual {
                return Ok(true);
            }
            // A setting that was replaced meanwhile was signalled before.
            let new = taken_in(reading.turn, fired);
            reached("timer: about to take");
            if self.taken_word(reading.turn).replace(reading.taken, new).is_ok() {
                return Ok(true);
            }
        }
        Err(Damaged)
    }

    fn taken_word(&self, turn: u32) -> TakenWord<'_> {
        TakenWord { taken: &self.dial().settings[turn as usize & 1].taken, place: &self.place }
    }

    /// Whether it is signalled, for a wait for all.
    pub(super) fn is_signalled(&self) -> Result<bool, Damaged> {
        Ok(is_signalled(&self.read()?, self.mode()?))
    }

    /// Puts a tag on it if it is signalled, and returns the turn. A manual-reset timer is signalled until it is set anew,
    /// so it gets none.
    pub(super) fn tag(&self, tag: u32) -> Result<Option<u64>, Damaged> {
        let (reading, reset) = (self.read()?, self.mode()?);
        if !is_signalled(&reading, reset) {
            return Ok(None);
        }
        let turn = Some(reading.turn.into());
        if reset == Reset::Manual {
            return Ok(turn);
        }
        let new = taken_in(reading.turn, reading.fired());
        let hold = |seen| (seen == reading.taken).then_some(new);
        Ok(put_tag(&self.taken_word(reading.turn), tag, hold).and(turn))
    }

    /// Whether it was not set anew since it was tagged.
    pub(super) fn is_still(&self, turn: u64) -> bool {
        u64::from(self.dial().turn.load(Ordering::Acquire)) == turn
    }

    /// Settles it if it has the tag, in whichever setting.
    pub(super) fn settle(&self, tag: u32, verdict: Verdict) {
        take_tag_off(&self.taken_word(0), tag, verdict);
        take_tag_off(&self.taken_word(1), tag, verdict);
    }

    pub(super) fn wait(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        let until = Until::after(timeout);
        loop {
            if self.try_take()? {
                return Ok(Took::Signal);
            }
            if until == Until::Now {
                return Ok(Took::Nothing);
            }
            let Some((expectation, next)) = self.announce() else { continue };
            let (sleep_until, is_last) = until.or_after(next);
            let slept = FutexSleeper.sleep(expectation.word, expectation.value, sleep_until);
            if slept == Slept::DeadlineOver && is_last {
                return Ok(if self.try_take()? { Took::Signal } else { Took::Nothing });
            }
        }
    }

    /// Announces a sleeper: the value to sleep on and the longest time, or `None` when the timer may be signalled.
    pub(super) fn announce(&self) -> Option<(Expectation<'_>, Option<Duration>)> {
        let reading = self.read().ok()?;
        if is_signalled(&reading, self.mode().ok()?) {
            return None;
        }
        Some((Expectation { word: &self.dial().turn, value: reading.turn }, reading.next()))
    }
}

/// The word for taken signals of a setting.
struct TakenWord<'a> {
    taken: &'a AtomicU64,
    place: &'a Place,
}

impl Tagged for TakenWord<'_> {
    type Kind = Timed;

    fn load_both(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    fn replace_both(&self, current: u64, new: u64) -> Result<(), u64> {
        self.taken.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
    }

    fn swap_both(&self, new: u64) -> u64 {
        self.taken.swap(new, Ordering::AcqRel)
    }

    fn verdict(&self, tag: u32) -> Verdict {
        table::verdict(self.place, tag)
    }

    fn wake_one(&self) {}
}

/// An auto-reset timer. Its tagged value is that after the taking.
enum Timed {}

impl Kind for Timed {
    const UNSETTLED: u32 = u32::MAX;

    fn taken(tagged: u32) -> u32 {
        tagged
    }

    fn left(tagged: u32) -> u32 {
        // Any other count says that the signal is there, and this one does not come again soon.
        tagged & !COUNT | tagged.wrapping_sub(1) & COUNT
    }
}

fn is_signalled(reading: &Reading, reset: Reset) -> bool {
    let fired = reading.fired();
    match reset {
        Reset::Manual => fired > 0,
        Reset::Auto => fired > 0 && !reading.is_taken(fired),
    }
}

fn since_epoch(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, nanoseconds)
}
