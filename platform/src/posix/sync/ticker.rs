//! Sleeps without a timer.
//!
//! A sleeper looks every 80 ms whether its peers live. The timer for that costs the kernel a seventh of a short sleep
//! and its wake-up. So where a thread often sleeps, its process gets a thread, the *ticker*, that wakes all sleepers
//! every 80 ms, and they set no timers. Once no thread sleeps often any more, the sleepers set their timers again, and
//! the ticker rests, and then ends: a process that does little has neither the thread nor its wake-ups.
//!
//! The words are those of `crate::words::ticker`. They are private to the process, and a forked child has its own.
//! Where no thread can be started, the sleepers go on setting timers.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::posix::fork::PerProcess;
use crate::posix::kernel;
use crate::posix::threads;
use crate::words::bell::SLICE;
use crate::words::ticker::{Flag, falls_asleep, may_rest};

/// A thread that sleeps so many times within a slice sleeps often.
const OFTEN: u32 = 64;
/// The ticker is wanted until no thread sleeps so many times within a slice.
const SELDOM: u32 = 16;

/// How long the ticker's thread stays without work.
const REST: Duration = Duration::from_secs(5);

/// Sleeps while the word has this value and is not woken, for a slice or so, and at most for `limit`.
pub(super) fn sleep(word: &AtomicU32, value: u32, limit: Duration) {
    let slept =
        limit == Duration::MAX && OWN.try_with(|own| own.sleep_without_timer(word, value)).unwrap_or(false);
    if !slept {
        // The caller looks again after every sleep.
        let _ = kernel::sleep(word, value, limit.min(SLICE));
    }
}

static TICKER: PerProcess<Ticker> = PerProcess::new();

thread_local! {
    static OWN: Own = const { Own { pace: Cell::new(Pace::NONE), place: RefCell::new(None) } };
}

/// What a thread knows of its sleeps.
struct Own {
    /// How often it sleeps, counted while the ticker is not at work.
    pace: Cell<Pace>,
    /// Where the ticker sees the thread, from its first sleep without a timer.
    place: RefCell<Option<Place>>,
}

/// A number of sleeps, and the time of the first of them.
#[derive(Clone, Copy)]
struct Pace {
    sleeps: u32,
    since: Option<Instant>,
}

struct Place {
    ticker: &'static Ticker,
    sleeper: Arc<Sleeper>,
}

/// What the ticker sees of a thread.
#[derive(Default)]
struct Sleeper {
    /// It is asleep without a timer.
    asleep: AtomicBool,
    /// The word that it sleeps on then.
    word: AtomicPtr<u32>,
    /// How often it has slept so.
    sleeps: AtomicU32,
}

#[derive(Default)]
struct Ticker {
    at_work: AtomicBool,
    state: Mutex<State>,
    wanted: Condvar,
}

#[derive(Default)]
struct State {
    thread: Thread,
    sleepers: Vec<Seen>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Thread {
    #[default]
    None,
    Running,
    /// The system starts no more threads.
    Refused,
}

/// A thread that sleeps, and how often it had slept when the ticker looked last.
struct Seen {
    sleeper: Arc<Sleeper>,
    sleeps: u32,
}

impl Flag for AtomicBool {
    #[inline]
    fn load(&self) -> bool {
        self.load(Ordering::Relaxed)
    }

    #[inline]
    fn store(&self, new: bool) {
        self.store(new, Ordering::Relaxed);
    }

    #[inline]
    fn fence() {
        fence(Ordering::SeqCst);
    }
}

impl Own {
    /// `false` when the thread did not sleep, because the ticker is not at work.
    fn sleep_without_timer(&self, word: &AtomicU32, value: u32) -> bool {
        let ticker = TICKER.get();
        let is_at_work = Flag::load(&ticker.at_work) || self.sleeps_often() && ticker.begins();
        if !is_at_work {
            return false;
        }
        let Ok(mut place) = self.place.try_borrow_mut() else { return false };
        match &mut *place {
            Some(place) if ptr::eq(place.ticker, ticker) => place,
            // The first time in this process: a forked child's thread has its parent's place.
            place => place.insert(ticker.place()),
        }
        .sleeper
        .sleep(word, value, &ticker.at_work)
    }

    /// Counts a sleep.
    fn sleeps_often(&self) -> bool {
        let Pace { sleeps, since } = self.pace.get();
        let is_often = sleeps == OFTEN && since.is_some_and(|since| since.elapsed() <= SLICE);
        self.pace.set(match sleeps {
            OFTEN => Pace::NONE,
            0 => Pace { sleeps: 1, since: Some(Instant::now()) },
            _ => Pace { sleeps: sleeps + 1, since },
        });
        is_often
    }
}

impl Pace {
    const NONE: Pace = Pace { sleeps: 0, since: None };
}

impl Sleeper {
    #[inline]
    fn sleep(&self, word: &AtomicU32, value: u32, at_work: &AtomicBool) -> bool {
        self.word.store(word.as_ptr(), Ordering::Relaxed);
        if !falls_asleep(&self.asleep, at_work) {
            return false;
        }
        // The caller looks again after every sleep.
        let _ = kernel::sleep_until_woken(word, value);
        Flag::store(&self.asleep, false);
        // No other thread stores it.
        self.sleeps.store(self.sleeps.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        true
    }

    /// Wakes the thread. It may be awake by now and its word unmapped; other sleepers on the word wake spuriously.
    fn wake(&self) {
        if Flag::load(&self.asleep) {
            kernel::wake_all_at(self.word.load(Ordering::Relaxed));
        }
    }
}

impl Ticker {
    /// Nothing panics under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new place for the calling thread.
    #[cold]
    fn place(&'static self) -> Place {
        let sleeper = Arc::<Sleeper>::default();
        self.lock().sleepers.push(Seen { sleeper: Arc::clone(&sleeper), sleeps: 0 });
        Place { ticker: self, sleeper }
    }

    /// Sets it to work; `false` where the system starts no thread for it.
    #[cold]
    fn begins(&'static self) -> bool {
        let mut state = self.lock();
        if state.thread == Thread::None {
            let started = threads::start("samemap-ticker", move || self.run());
            state.thread = if started.is_ok() { Thread::Running } else { Thread::Refused };
        }
        let has_thread = state.thread == Thread::Running;
        Flag::store(&self.at_work, has_thread);
        self.wanted.notify_one();
        has_thread
    }

    fn run(&self) {
        loop {
            thread::sleep(SLICE);
            let mut state = self.lock();
            let is_wanted = state.wake_all();
            if !is_wanted && may_rest(&self.at_work, state.flags()) {
                let resting = |_: &mut State| !Flag::load(&self.at_work);
                let rest = self.wanted.wait_timeout_while(state, REST, resting);
                let (mut state, rest) = rest.unwrap_or_else(PoisonError::into_inner);
                if rest.timed_out() {
                    state.thread = Thread::None;
                    return;
                }
            }
        }
    }
}

impl State {
    /// Wakes all that are asleep; whether a thread has slept often since the last time.
    fn wake_all(&mut self) -> bool {
        // The others belong to threads that have ended.
        self.sleepers.retain(|seen| Arc::strong_count(&seen.sleeper) > 1);
        let mut is_often = false;
        for seen in &mut self.sleepers {
            let sleeps = seen.sleeper.sleeps.load(Ordering::Relaxed);
            is_often |= sleeps.wrapping_sub(seen.sleeps) >= SELDOM;
            seen.sleeps = sleeps;
            seen.sleeper.wake();
        }
        is_often
    }

    fn flags(&self) -> impl Iterator<Item = &AtomicBool> {
        self.sleepers.iter().map(|seen| &seen.sleeper.asleep)
    }
}
