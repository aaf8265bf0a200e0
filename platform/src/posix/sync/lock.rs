//! Mutexes: a word with the owner's claim, and this process's record of its own threads.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard as StdMutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::claims::Claim;
use super::futex::{Expectation, FutexSleeper, FutexWord as _};
use super::place::PlaceKey;
use super::thread_end;
use super::word::PlaceWord;
use crate::ErrorKind;
use crate::memory::Mapped;
use crate::posix::fork::{self, PerProcess};
use crate::seam::object::{Failure, Reason, Took};
use crate::seam::place::Place;
use crate::words::lock::{self, Found, Giving, OWNER, Taker};
use crate::words::{Outcome, Until, Word as _, tagged};

/// This process's part of a lock: one for each lock in shared memory, shared by all its handles.
pub(crate) struct Core {
    word: PlaceWord<tagged::Lock>,
    claim: Claim,
    key: PlaceKey,
    mark: fork::HolderMark,
    /// The thread of this process that owns the lock, or zero. Only that thread writes its own token here.
    owner: AtomicUsize,
    /// The unusual state of the ownership: [`ABANDONED`], and the number of guards beside the first, times
    /// [`ONE_GUARD`]. Only the owner accesses it.
    unusual: AtomicU32,
    /// The number of handles. It changes under the lock of [`cores`], except for clones.
    handles: AtomicU32,
    /// This core, when the lock is owned and has no handle left.
    kept: StdMutex<Option<Arc<Core>>>,
}

/// The previous owner died.
const ABANDONED: u32 = 1;
/// A guard beside the first.
const ONE_GUARD: u32 = 2;

/// A handle of a core. Dropping the last one leaves an owned lock owned, because its guard was forgotten.
pub(crate) struct LockHandle(Arc<Core>);

impl Clone for LockHandle {
    fn clone(&self) -> Self {
        self.0.handles.fetch_add(1, Ordering::Relaxed);
        LockHandle(Arc::clone(&self.0))
    }
}

impl Deref for LockHandle {
    type Target = Core;

    #[inline]
    fn deref(&self) -> &Core {
        &self.0
    }
}

impl Drop for LockHandle {
    fn drop(&mut self) {
        // Excludes threads that end, and threads that open the lock anew.
        let _cores = cores();
        let is_last = self.0.handles.fetch_sub(1, Ordering::AcqRel) == 1;
        if is_last && self.0.owner.load(Ordering::Relaxed) != 0 && self.0.mark.is_of_this_generation() {
            // A forgotten guard's lock stays owned until its thread ends, so the owner's claim stays, too.
            *self.0.kept() = Some(Arc::clone(&self.0));
        }
    }
}

type Cores = HashMap<PlaceKey, Weak<Core>>;

static CORES: PerProcess<StdMutex<Cores>> = PerProcess::new();

fn cores() -> StdMutexGuard<'static, Cores> {
    CORES.get().lock().unwrap_or_else(PoisonError::into_inner)
}

impl LockHandle {
    /// This process's lock at `place`.
    pub(super) fn at(place: Place, held: &Arc<dyn Mapped>) -> Result<LockHandle, Failure> {
        let key = PlaceKey::of(&place, held);
        let mut cores = cores();
        let mark = fork::HolderMark::current();
        if let Some(core) = cores.get(&key).and_then(Weak::upgrade) {
            core.handles.fetch_add(1, Ordering::Relaxed);
            return Ok(LockHandle(core));
        }
        let core = Arc::new(Core {
            word: PlaceWord::at(place),
            claim: Claim::of(held)?,
            key,
            mark,
            owner: AtomicUsize::new(0),
            unusual: AtomicU32::new(0),
            handles: AtomicU32::new(1),
            kept: StdMutex::new(None),
        });
        cores.insert(key, Arc::downgrade(&core));
        Ok(LockHandle(core))
    }
}

impl Core {
    #[inline]
    pub(super) fn word(&self) -> &PlaceWord<tagged::Lock> {
        &self.word
    }

    fn taker(&self) -> Taker<'_, PlaceWord<tagged::Lock>, FutexSleeper, impl Fn(u32) -> bool> {
        let is_dead = |other| self.claim.is_dead(other);
        Taker { word: self.word(), claim: self.claim.number(), sleeper: &FutexSleeper, is_dead }
    }

    /// Takes the lock, for the first time or once more. Each time needs one give-up.
    #[inline]
    pub(super) fn take(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        let thread = ThisThread::get();
        if !self.mark.is_of_this_generation() {
            return Err(forked());
        }
        // Before the word, which a failed attempt would cost more to look at.
        if self.owner.load(Ordering::Relaxed) == thread.number() {
            return self.count_once_more();
        }
        match lock::take(self.word(), self.claim.number(), || self.take_otherwise(timeout)) {
            Outcome::Got(Found::InOrder) => {
                self.is_owned_by(thread);
                Ok(Took::Signal)
            }
            outcome => self.took(thread, outcome),
        }
    }

    /// Continues an attempt that did not find the lock given up in order.
    #[cold]
    fn took(&self, thread: &ThisThread, outcome: Outcome<Found>) -> Result<Took, Failure> {
        match outcome {
            Outcome::TimedOut => return Ok(Took::Nothing),
            Outcome::Got(Found::Abandoned) => self.unusual.store(ABANDONED, Ordering::Relaxed),
            Outcome::Got(Found::InOrder) => {}
        }
        self.is_owned_by(thread);
        Ok(Took::Signal)
    }

    /// Notes that this thread owns it from now on.
    #[inline]
    fn is_owned_by(&self, thread: &ThisThread) {
        self.owner.store(thread.number(), Ordering::Relaxed);
        thread.owns(1);
    }

    #[cold]
    fn take_otherwise(&self, timeout: Option<Duration>) -> Outcome<Found> {
        let taker = self.taker();
        if self.claim.is_known_dead(self.word().load() & OWNER) {
            // After the wait for a dead process's first lock, its other locks need none.
            let inherited = taker.take_contended(Until::Now);
            if inherited != Outcome::TimedOut {
                return inherited;
            }
        }
        taker.take_contended(Until::after(timeout))
    }

    fn kept(&self) -> StdMutexGuard<'_, Option<Arc<Core>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_once_more(&self) -> Result<Took, Failure> {
        let more = self.unusual.load(Ordering::Relaxed).checked_add(ONE_GUARD).ok_or_else(|| Reason {
            detail: Some(
                "it was locked two thousand million times; give it up as often as it was locked".into(),
            ),
            ..ErrorKind::InvalidArgument.into()
        })?;
        self.unusual.store(more, Ordering::Relaxed);
        Ok(Took::Signal)
    }

    /// Whether this thread owns it.
    #[inline]
    pub(super) fn is_owned(&self) -> bool {
        self.mark.is_of_this_generation() && self.owner.load(Ordering::Relaxed) == ThisThread::get().number()
    }

    /// Whether the previous owner died; for the present owner.
    pub(super) fn is_abandoned(&self) -> bool {
        self.unusual.load(Ordering::Relaxed) & ABANDONED != 0
    }

    /// Gives the lock up once, for one guard.
    #[inline]
    pub(super) fn give_once(&self) {
        if !self.mark.is_of_this_generation() {
            // A forked child's copy.
            return;
        }
        if self.unusual.load(Ordering::Relaxed) == 0 || self.is_last_guard() {
            self.give(Giving::InOrder);
        }
    }

    /// Counts a dropped guard; `true` for the last one, which clears the unusual state.
    #[cold]
    fn is_last_guard(&self) -> bool {
        let unusual = self.unusual.load(Ordering::Relaxed);
        let is_last = unusual < ONE_GUARD;
        self.unusual.store(if is_last { 0 } else { unusual - ONE_GUARD }, Ordering::Relaxed);
        is_last
    }

    /// Gives the lock up; its unusual state is clear.
    #[inline]
    fn give(&self, giving: Giving) {
        self.owner.store(0, Ordering::Relaxed);
        ThisThread::get().owns(-1);
        // Damaged: a peer wrote another owner into the word. Then that one owns the lock.
        let _ = lock::give(self.word(), self.claim.number(), giving, &FutexSleeper);
    }

    /// For a wait on several objects: tries to take the lock after a sleep, while other waiters may be asleep.
    pub(super) fn try_take_after_sleep(&self) -> Result<Took, Failure> {
        if !self.mark.is_of_this_generation() {
            return Err(forked());
        }
        let outcome = self.taker().take_after_sleep();
        self.took(ThisThread::get(), outcome)
    }

    /// Which lock it is.
    pub(super) fn key(&self) -> PlaceKey {
        self.key
    }

    /// The owner's number in the word when this process owns the lock.
    pub(super) fn claim_number(&self) -> u32 {
        self.claim.number()
    }

    /// Whether this thread owns it.
    pub(super) fn is_this_threads(&self) -> Result<bool, Failure> {
        if !self.mark.is_of_this_generation() {
            return Err(forked());
        }
        Ok(self.owner.load(Ordering::Relaxed) == ThisThread::get().number())
    }

    /// Whether another owner is known to be dead; the kernel is asked where `ask` says so, or where the answer is likely.
    pub(super) fn has_died(&self, owner: u32, ask: bool) -> bool {
        (ask || self.claim.is_known_dead(owner)) && self.claim.is_dead(owner)
    }

    /// Notes that a wait for all took it for this thread.
    pub(super) fn was_taken(&self, from_the_dead: bool) {
        if from_the_dead {
            self.unusual.store(ABANDONED, Ordering::Relaxed);
        }
        self.is_owned_by(ThisThread::get());
    }

    /// Announces a sleeper: the value to sleep on, or `None` when the lock is free.
    pub(super) fn announce(&self) -> Option<Expectation<'_>> {
        let value = lock::announce(self.word())?;
        Some(Expectation { word: self.word().futex(), value })
    }

    /// Passes a wake-up on from a waiter that was announced and leaves without the lock.
    pub(super) fn pass_on(&self) {
        lock::pass_on(self.word(), &FutexSleeper);
    }
}

#[cold]
fn forked() -> Failure {
    const DETAIL: &str =
        "this handle belongs to the process that forked this one; open the mutex in this process";
    Reason { detail: Some(DETAIL.into()), ..ErrorKind::Unsupported.into() }.into()
}

impl Drop for Core {
    fn drop(&mut self) {
        let mut cores = cores();
        // Another thread may have made a new core for this place meanwhile.
        if cores.get(&self.key).is_some_and(|core| core.strong_count() == 0) {
            cores.remove(&self.key);
        }
    }
}

/// A thread's number, and whether its locks are given up when it ends.
struct ThisThread {
    /// Zero until its first use.
    number: Cell<usize>,
    has_reaper: Cell<bool>,
    /// The number of its locks. In a forked child they include its parent's, which it never gives up.
    owned: Cell<isize>,
}

/// Not an address, because a new thread soon reuses that of a thread that has ended.
static NEXT_THREAD: AtomicUsize = AtomicUsize::new(1);

impl ThisThread {
    /// This thread's record: looked for once in a call, because in a shared library that takes a call.
    #[inline]
    fn get<'a>() -> &'a ThisThread {
        let record = THIS_THREAD.with(std::ptr::from_ref);
        // SAFETY: it has no destructor, so it is valid until this thread has ended; and no other thread gets the
        // reference, because the cells in it are not `Sync`.
        unsafe { &*record }
    }

    /// A number that no other thread of this process has or had.
    #[inline]
    fn number(&self) -> usize {
        if !self.has_reaper.get() {
            self.set_reaper();
        }
        self.number.get()
    }

    /// Adds to the number of its locks.
    #[inline]
    fn owns(&self, more: isize) {
        self.owned.set(self.owned.get().wrapping_add(more));
    }

    #[cold]
    fn set_reaper(&self) {
        if self.number.get() == 0 {
            self.number.set(NEXT_THREAD.fetch_add(1, Ordering::Relaxed));
        }
        // Where the system has no key left, a forgotten guard's lock stays owned until the process ends.
        self.has_reaper.set(thread_end::call(reap));
    }
}

/// At the end of this thread, gives up its remaining locks, whose guards were forgotten.
///
/// If there are any, it searches all locks of the process, so that locking and unlocking need no list.
fn reap() {
    let (ending, owned) = THIS_THREAD.with(|thread| {
        thread.has_reaper.set(false);
        (thread.number.get(), thread.owned.get())
    });
    if owned == 0 {
        return;
    }
    let living: Vec<Arc<Core>> = cores().values().filter_map(Weak::upgrade).collect();
    for core in living {
        if core.owner.load(Ordering::Relaxed) == ending && core.mark.is_of_this_generation() {
            core.unusual.store(0, Ordering::Relaxed);
            let no_handle_goes = cores();
            core.give(Giving::Abandoning);
            let kept = core.kept().take();
            // Dropping the last reference takes this lock.
            drop(no_handle_goes);
            drop(kept);
        }
    }
}

thread_local! {
    static THIS_THREAD: ThisThread =
        const { ThisThread { number: Cell::new(0), has_reaper: Cell::new(false), owned: Cell::new(0) } };
}
