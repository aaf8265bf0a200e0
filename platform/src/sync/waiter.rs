//! The threads that wait on behalf of tasks and event loops.
//!
//! A thread can sleep on 64 doorbells and objects: 63 of tasks and event loops, and one doorbell of its own, which rings
//! when the others change. There are as many threads as the sources need; a thread without work ends after five seconds.
//!
//! # No wake-up is lost
//! A task that finds nothing gives its waker to its source's entry, and then looks once more. Its waiter announces
//! itself at all doorbells, and then looks at all entries that have a waker, before it sleeps. Both happen under one
//! lock, so one of them comes second. If the waiter looks second, it finds what the task missed. If the task looks
//! second, the waiter was announced before: either the task finds the news, or their sender sees the announcement and
//! rings.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::bell::Doorbell;
use super::seat::Seat;
use super::watched::{Alarm, Watched, sleep_on_any};
use crate::machine::PerProcess;
use crate::seam::object::MAX_OBJECTS;
use crate::seam::system::RawSystem as _;
use crate::system::System;
use crate::words::bell::SLICE;
use crate::{Access, CreateOptions, Error, ErrorKind, Region, Result, Sleepers};

/// Something with a doorbell for which a task can wait.
pub trait Source: Send + Sync + 'static {
    /// What is rung when there may be news.
    fn bell(&self) -> &Doorbell;

    /// Whether there is news since the task looked.
    fn is_ready(&self) -> bool;

    /// Whether to wake the task though no peer rang, because its peers have ended. Asked every 80 ms, without a lock.
    fn is_over(&self) -> bool;

    /// Whether there is news to report to an event loop. News that is reported once is reported now.
    fn tell(&self) -> bool {
        self.is_ready()
    }
}

impl<S: Source> Watched for S {
    fn alarm(&self) -> Alarm<'_> {
        Alarm::Bell(self.bell())
    }

    fn is_ready(&self) -> bool {
        Source::is_ready(self)
    }

    fn is_over(&self) -> bool {
        Source::is_over(self)
    }

    fn try_take(&self) -> Result<bool> {
        Ok(self.tell())
    }
}

/// A wait with its place at a waiter, which it has from the first time that it asks to be woken.
#[derive(Default)]
pub struct AtWaiter(Option<Registration>);

impl AtWaiter {
    /// Without a place yet.
    #[must_use]
    pub const fn new() -> Self {
        AtWaiter(None)
    }

    /// Has `waker` woken once there may be news, or when they may be over; `true` when there are some now.
    ///
    /// # Errors
    /// [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub fn ask(&mut self, watched: &Arc<dyn Watched>, waker: &Waker) -> Result<bool> {
        let place = match &self.0 {
            Some(place) if place.waiter.is_ours() => place,
            _ => self.0.insert(Registration::new(Arc::clone(watched))?),
        };
        place.ask(waker)?;
        Ok(watched.is_ready())
    }

    /// Wakes the task no more, until it asks again.
    pub fn ask_no_more(&self) {
        if let Some(place) = self.0.as_ref().filter(|place| place.waiter.is_ours()) {
            place.ask_no_more();
        }
    }
}

impl std::fmt::Debug for AtWaiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AtWaiter").field("has_place", &self.0.is_some()).finish()
    }
}

/// Identifies the process: a forked child has none of its parent's threads.
pub(super) fn this_process() -> usize {
    std::ptr::from_ref(WAITERS.get()).addr()
}

const WAIT: &str = "wait on behalf of a task";

/// How long a thread without work stays.
const REST: Duration = Duration::from_secs(5);

/// For how many wake-ups a doorbell stays in the set after its task was woken: most tasks soon wait again, and find the
/// waiter prepared.
const LINGER: u32 = 2;

/// One doorbell of each set is the waiter's own.
const PLACES: usize = MAX_OBJECTS - 1;

/// The waiters of this process.
static WAITERS: PerProcess<Mutex<Vec<Arc<Waiter>>>> = PerProcess::new();

/// A place at a waiter, until it is dropped.
#[derive(Debug)]
struct Registration {
    waiter: Arc<Waiter>,
    place: usize,
}

/// One thread, and what it waits for.
#[derive(Debug)]
struct Waiter {
    state: Mutex<State>,
    /// There is something to wait for.
    work: Condvar,
    /// The thread has let go of its set.
    let_go: Condvar,
    /// Ends the thread's sleep.
    own_bell: Doorbell,
    /// Tells which process has the thread.
    seat: Seat,
}

/// Where a waiter's own things lie in its region.
const BELL: usize = 0;
const SEAT: usize = Doorbell::SIZE;

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Counts the sets that the thread has let go of.
    round: u64,
    entries: Vec<Option<Entry>>,
}

/// What the thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is none.
    Ended,
    /// Has nothing to wait for.
    Resting,
    /// Looks at its entries, and will look again before it sleeps.
    Awake,
    /// Sleeps, or is about to.
    Asleep,
    /// Was told to get up.
    Leaving,
}

struct Entry {
    source: Arc<dyn Watched>,
    waker: Option<Waker>,
    is_in_set: bool,
    linger: u32,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("waker", &self.waker).finish_non_exhaustive()
    }
}

/// What a thread sleeps on: the places of its entries, and their sources.
type Set = Vec<(usize, Arc<dyn Watched>)>;

impl Registration {
    fn new(source: Arc<dyn Watched>) -> Result<Self> {
        let entry = Entry { source, waker: None, is_in_set: false, linger: 0 };
        let mut waiters = WAITERS.get().lock().unwrap_or_else(PoisonError::into_inner);
        let has_place = |waiter: &&Arc<Waiter>| waiter.is_ours() && waiter.lock().free_place().is_some();
        let waiter = match waiters.iter().find(has_place) {
            Some(waiter) => Arc::clone(waiter),
            None => {
                waiters.push(Arc::new(Waiter::new()?));
                Arc::clone(&waiters[waiters.len() - 1])
            }
        };
        // No other thread takes places meanwhile.
        let mut state = waiter.lock();
        let place = state.free_place().unwrap_or_default();
        state.entries[place] = Some(entry);
        drop(state);
        Ok(Registration { waiter, place })
    }

    /// Has the task woken at the next news.
    fn ask(&self, waker: &Waker) -> Result<()> {
        let mut state = self.waiter.lock();
        let Some(entry) = &mut state.entries[self.place] else { return Ok(()) };
        let before = match &mut entry.waker {
            Some(own) if own.will_wake(waker) => None,
            own => own.replace(waker.clone()),
        };
        let is_in_set = entry.is_in_set;
        let answer = match state.phase {
            Phase::Asleep if !is_in_set => {
                self.waiter.get_up(state);
                Ok(())
            }
            Phase::Resting => {
                self.waiter.work.notify_one();
                Ok(())
            }
            Phase::Ended => self.waiter.start(state),
            _ => {
                drop(state);
                Ok(())
            }
        };
        // A waker's own code runs without the lock.
        drop(before);
        answer
    }

    fn ask_no_more(&self) {
        let waker = self.waiter.lock().entries[self.place].as_mut().and_then(|entry| entry.waker.take());
        drop(waker);
    }
}

impl Drop for Registration {
    /// When this returns the thread holds nothing of the source any more: not its memory, and not its seat.
    fn drop(&mut self) {
        // In a forked child no thread would let go, and nothing is held.
        if !self.waiter.is_ours() {
            return;
        }
        let mut state = self.waiter.lock();
        let entry = state.entries[self.place].take();
        if entry.as_ref().is_some_and(|entry| entry.is_in_set) {
            let round = state.round;
            if state.phase == Phase::Asleep {
                self.waiter.get_up(state);
                state = self.waiter.lock();
            }
            while state.phase == Phase::Leaving && state.round == round {
                state = self.waiter.let_go.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        drop(state);
        drop(entry);
    }
}

impl State {
    fn free_place(&self) -> Option<usize> {
        self.entries.iter().position(Option::is_none)
    }

    fn asking(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().flatten().filter(|entry| entry.waker.is_some())
    }

    fn fill(&mut self, set: &mut Set) {
        for (place, entry) in self.entries.iter_mut().enumerate() {
            let Some(entry) = entry else { continue };
            entry.is_in_set = entry.waker.is_some() || entry.linger > 0;
            if entry.waker.is_none() {
                entry.linger = entry.linger.saturating_sub(1);
            }
            if entry.is_in_set {
                set.push((place, Arc::clone(&entry.source)));
            }
        }
    }
}

impl Waiter {
    fn new() -> Result<Waiter> {
        let region = Region::anonymous(&CreateOptions::new((SEAT + Seat::SIZE) as u64))?;
        let view = region.view(.., Access::ReadWrite)?;
        let own_bell = Doorbell::at(&view, BELL, Sleepers::One)?;
        let seat = Seat::take(&view, SEAT)?.ok_or_else(|| Error::new(ErrorKind::Damaged, WAIT))?;
        let entries = (0..PLACES).map(|_| None).collect();
        let state = Mutex::new(State { phase: Phase::Ended, round: 0, entries });
        Ok(Waiter { state, work: Condvar::new(), let_go: Condvar::new(), own_bell, seat })
    }

    /// Not so in a forked child, which has none of its parent's threads.
    fn is_ours(&self) -> bool {
        self.seat.is_ours()
    }

    /// Nothing that runs under the lock panics, and a state that was left in the middle would be a whole one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get_up(&self, mut state: MutexGuard<'_, State>) {
        state.phase = Phase::Leaving;
        drop(state);
        self.own_bell.ring();
    }

    fn start(self: &Arc<Self>, mut state: MutexGuard<'_, State>) -> Result<()> {
        let waiter = Arc::clone(self);
        match System::start_thread("samemap-waiter", move || waiter.run()) {
            Ok(()) => {
                state.phase = Phase::Awake;
                Ok(())
            }
            Err(error) => Err(Error::new(ErrorKind::Os, WAIT)
                .with_detail("the system starts no more threads; allow more")
                .with_source(error)),
        }
    }

    fn run(&self) {
        let mut set = Set::new();
        let mut last_check = Instant::now();
        while self.prepare(&mut set) {
            self.sleep(&set);
            let is_due = last_check.elapsed() >= SLICE;
            if is_due {
                last_check = Instant::now();
            }
            // Without the lock: it asks the system.
            let over = set.iter().filter(|(_, source)| is_due && source.is_over()).map(|&(place, _)| place);
            let over: Vec<usize> = over.collect();
            set.clear();
            for waker in self.leave(&over) {
                // Whatever an executor does there, the others are woken.
                let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
            }
        }
    }

    /// Fills the set; false when there was nothing to wait for, and the thread shall end.
    fn prepare(&self, set: &mut Set) -> bool {
        let mut state = self.lock();
        loop {
            state.fill(set);
            if !set.is_empty() {
                state.phase = Phase::Asleep;
                return true;
            }
            state.phase = Phase::Resting;
            let (woken, timeout) =
                self.work.wait_timeout(state, REST).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if timeout.timed_out() && state.asking().next().is_none() {
                state.phase = Phase::Ended;
                return false;
            }
        }
    }

    fn sleep(&self, set: &Set) {
        let mut alarms = Vec::with_capacity(set.len() + 1);
        alarms.push(Alarm::Bell(&self.own_bell));
        alarms.extend(set.iter().map(|(_, source)| source.alarm()));
        // Fails for more alarms than there are places.
        let slept = sleep_on_any(&alarms, SLICE, || self.has_news());
        debug_assert!(slept.is_ok());
    }

    fn has_news(&self) -> bool {
        let state = self.lock();
        state.phase != Phase::Asleep || state.asking().any(|entry| entry.source.is_ready())
    }

    /// Lets go of the set, and returns the wakers of the tasks to wake.
    fn leave(&self, over: &[usize]) -> Vec<Waker> {
        let mut state = self.lock();
        state.phase = Phase::Awake;
        state.round += 1;
        let mut wakers = Vec::new();
        for (place, entry) in state.entries.iter_mut().enumerate() {
            let Some(entry) = entry else { continue };
            entry.is_in_set = false;
            if entry.waker.is_some() && (entry.source.is_ready() || over.contains(&place)) {
                wakers.extend(entry.waker.take());
                // Objects do not linger: on Windows the thread would take a signal for which no task waits.
                entry.linger = if matches!(entry.source.alarm(), Alarm::Bell(_)) { LINGER } else { 0 };
            }
        }
        drop(state);
        self.let_go.notify_all();
        wakers
    }
}
