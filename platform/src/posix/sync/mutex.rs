//! Mutexes: named, and the lock of a [`SharedMutex`](super::SharedMutex).

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard as StdMutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::claims::Claim;
use super::futex::{self, FutexSleeper, SharedWord};
use super::header::Initial;
use super::place::{Place, PlaceKey};
use super::thread_end;
use crate::posix::fork;
use crate::words::lock::{self, Found, Giving, Taker};
use crate::words::{Outcome, Word as _};
use crate::{
    Disposition, ErrorKind, LockGuard, Lockable, ObjectKind, ObjectName, PerProcess, Result, SyncOptions,
    Trust,
};

pub(super) const NEW_MUTEX: Initial = Initial { kind: ObjectKind::Mutex, word: 0, setting: 0 };

/// A lock that processes share, owned by a thread.
///
/// The thread that owns it may lock it again, through this handle or another one of the same mutex; it is
/// free when the last guard goes. No fairness is promised. A guard that is forgotten is a lock held: until
/// its thread ends, and then the next owner learns that it was abandoned.
///
/// # Platform-specific behavior
/// On Windows the kernel's own mutex of that name, which a C program may share. On Linux a word in the
/// object's page, which waiters sleep on; an owner's death is noticed by asking the kernel whether its
/// claim is still held, every 20 ms, and by the next call that comes. In a forked child (without exec) the
/// copies of a mutex refuse to work: open it there.
#[derive(Clone)]
pub struct Mutex {
    core: CoreHandle,
}

impl Mutex {
    /// Creates a mutex that nobody owns.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`](crate::SharedRegion::create).
    pub fn create(name: &ObjectName, options: &SyncOptions) -> Result<Mutex> {
        Ok(Mutex { core: Core::at(Place::create(name, options, NEW_MUTEX)?)? })
    }

    /// Creates it, or opens it where the name is taken.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create_or_open`](crate::SharedRegion::create_or_open).
    pub fn create_or_open(name: &ObjectName, options: &SyncOptions) -> Result<(Mutex, Disposition)> {
        let (place, disposition) = Place::create_or_open(name, options, NEW_MUTEX)?;
        Ok((Mutex { core: Core::at(place)? }, disposition))
    }

    /// Opens a mutex that somebody holds open.
    ///
    /// # Errors
    /// Those of [`SharedRegion::open`](crate::SharedRegion::open).
    pub fn open(name: &ObjectName, trust: &Trust) -> Result<Mutex> {
        Ok(Mutex { core: Core::at(Place::open(name, ObjectKind::Mutex, trust)?)? })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        self.core.place.name().expect("a named mutex has a name")
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core.0
    }
}

impl Lockable for Mutex {
    type Guard<'a> = MutexGuard<'a>;

    #[inline]
    fn lock_for(&self, timeout: Option<Duration>) -> Result<Option<MutexGuard<'_>>> {
        self.core.0.lock_for(timeout)
    }
}

impl fmt::Debug for Mutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").field("name", &self.name().to_string()).finish()
    }
}

/// Ownership of a [`Mutex`]: given up when dropped, also in a panic. Stays in its thread.
#[derive(Debug)]
#[must_use = "the mutex is given up when the guard is dropped"]
pub struct MutexGuard<'a> {
    core: &'a Arc<Core>,
    _stays_in_its_thread: PhantomData<*const ()>,
}

impl LockGuard for MutexGuard<'_> {
    fn abandoned(&self) -> bool {
        self.core.unusual.load(Ordering::Relaxed) & ABANDONED != 0
    }
}

impl Drop for MutexGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.core.give_once();
    }
}

/// A lock of this process: one for each lock in shared memory, however many handles there are.
#[derive(Debug)]
pub(super) struct Core {
    place: Place,
    claim: Claim,
    key: PlaceKey,
    mark: fork::Generation,
    /// The thread of this process that owns the lock, or zero. Only that thread writes its own token here.
    owner: AtomicUsize,
    /// What is unusual about the ownership: [`ABANDONED`], and how many guards the owner has beside the first, times
    /// [`ONE_GUARD`]. Only the owner touches it.
    unusual: AtomicU32,
    /// How many handles there are; changes under the lock of [`cores`], but for clones.
    handles: AtomicU32,
    /// Itself, when no handle is left and the lock is owned all the same.
    kept: StdMutex<Option<Arc<Core>>>,
}

/// The owner before died.
const ABANDONED: u32 = 1;
/// A guard beside the first.
const ONE_GUARD: u32 = 2;

/// Handles of a core. The last one that goes leaves an owned lock owned: a guard was forgotten.
#[derive(Debug)]
pub(super) struct CoreHandle(pub(super) Arc<Core>);

impl Clone for CoreHandle {
    fn clone(&self) -> Self {
        self.0.handles.fetch_add(1, Ordering::Relaxed);
        CoreHandle(Arc::clone(&self.0))
    }
}

impl std::ops::Deref for CoreHandle {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.0
    }
}

impl Drop for CoreHandle {
    fn drop(&mut self) {
        // Neither a thread that ends nor one that opens the lock anew comes in between.
        let _cores = cores();
        let is_last = self.0.handles.fetch_sub(1, Ordering::AcqRel) == 1;
        if is_last && self.0.owner.load(Ordering::Relaxed) != 0 && self.0.mark.is_current() {
            // A forgotten guard's lock stays owned until its thread ends, and so does what says that its
            // owner lives.
            *self.0.kept() = Some(Arc::clone(&self.0));
        }
    }
}

type Cores = HashMap<PlaceKey, Weak<Core>>;

static CORES: PerProcess<StdMutex<Cores>> = PerProcess::new();

fn cores() -> StdMutexGuard<'static, Cores> {
    CORES.get().lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    /// This process's core for the lock at `place`.
    pub(super) fn at(place: Place) -> Result<CoreHandle> {
        let key = place.key()?;
        let mut cores = cores();
        let mark = fork::Generation::current();
        if let Some(core) = cores.get(&key).and_then(Weak::upgrade) {
            core.handles.fetch_add(1, Ordering::Relaxed);
            return Ok(CoreHandle(core));
        }
        let claim =
            Claim::new(place.held()).map_err(|errno| place.error(ErrorKind::Os).with_source(errno.into()))?;
        let core = Arc::new(Core {
            place,
            claim,
            key,
            mark,
            owner: AtomicUsize::new(0),
            unusual: AtomicU32::new(0),
            handles: AtomicU32::new(1),
            kept: StdMutex::new(None),
        });
        cores.insert(key, Arc::downgrade(&core));
        Ok(CoreHandle(core))
    }

    #[inline]
    fn word(&self) -> &SharedWord {
        SharedWord::of(&self.place.header().word)
    }

    #[inline]
    pub(super) fn lock_for(self: &Arc<Self>, timeout: Option<Duration>) -> Result<Option<MutexGuard<'_>>> {
        if self.take(timeout)? { Ok(Some(self.guard())) } else { Ok(None) }
    }

    /// The guard of a lock that this thread has just taken.
    pub(super) fn guard(self: &Arc<Self>) -> MutexGuard<'_> {
        MutexGuard { core: self, _stays_in_its_thread: PhantomData }
    }

    /// Takes the lock, for the first time or once more; whoever does owes a guard.
    #[inline]
    pub(super) fn take(&self, timeout: Option<Duration>) -> Result<bool> {
        let this_thread = ThisThread::token();
        if !self.mark.is_current() {
            return Err(self.forked());
        }
        if self.word().replace(0, self.claim.number()).is_err()
            && !self.take_contended(this_thread, |taker| taker.take_contended(futex::until(timeout)))?
        {
            return Ok(false);
        }
        self.owner.store(this_thread, Ordering::Relaxed);
        Ok(true)
    }

    /// Takes the lock, which is not free, or was abandoned: once more, or as `take` does; `false` when time ran out.
    #[cold]
    fn take_contended(
        &self,
        this_thread: usize,
        take: impl FnOnce(&Taker<'_, SharedWord, FutexSleeper>) -> Outcome<Found>,
    ) -> Result<bool> {
        if self.owner.load(Ordering::Relaxed) == this_thread {
            return self.take_once_more();
        }
        let taker = Taker {
            word: self.word(),
            claim: self.claim.number(),
            sleeper: &FutexSleeper,
            is_dead: &|other| self.claim.is_dead(other),
        };
        match take(&taker) {
            Outcome::Got(found) => {
                self.unusual.store(u32::from(found == Found::Abandoned) * ABANDONED, Ordering::Relaxed);
                Ok(true)
            }
            Outcome::TimedOut => Ok(false),
        }
    }

    fn kept(&self) -> StdMutexGuard<'_, Option<Arc<Core>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_once_more(&self) -> Result<bool> {
        let more = self.unusual.load(Ordering::Relaxed).checked_add(ONE_GUARD).ok_or_else(|| {
            self.place
                .error(ErrorKind::InvalidArgument)
                .with_detail("it was locked two thousand million times")
        })?;
        self.unusual.store(more, Ordering::Relaxed);
        Ok(true)
    }

    /// Gives up what one guard stands for.
    #[inline]
    fn give_once(&self) {
        if !self.mark.is_current() {
            // A forked child's copy.
            return;
        }
        if self.unusual.load(Ordering::Relaxed) == 0 || self.is_last_guard() {
            self.give(Giving::InOrder);
        }
    }

    /// Counts a guard that goes; `true` for the last one, after which nothing is unusual any more.
    #[cold]
    fn is_last_guard(&self) -> bool {
        let unusual = self.unusual.load(Ordering::Relaxed);
        let is_last = unusual < ONE_GUARD;
        self.unusual.store(if is_last { 0 } else { unusual - ONE_GUARD }, Ordering::Relaxed);
        is_last
    }

    /// Gives the lock up, of which nothing unusual is known any more.
    #[inline]
    fn give(&self, giving: Giving) {
        self.owner.store(0, Ordering::Relaxed);
        // Damaged: somebody scribbled over the word, and says that another one owns it. Then that one does.
        let _ = lock::give(self.word(), self.claim.number(), giving, &FutexSleeper);
    }

    #[cold]
    fn forked(&self) -> crate::Error {
        self.place.error(ErrorKind::Unsupported).with_detail(
            "this handle belongs to the process that forked this one; open the mutex in this process",
        )
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// For a wait on several objects: takes what can be had at once.
    pub(super) fn try_take(&self) -> Result<bool> {
        self.take(Some(Duration::ZERO))
    }

    /// The same after a sleep, when others may be asleep still.
    pub(super) fn try_take_after_sleep(&self) -> Result<bool> {
        let this_thread = ThisThread::token();
        if !self.mark.is_current() {
            return Err(self.forked());
        }
        let took = self.take_contended(this_thread, |taker| taker.take_after_sleep())?;
        if took {
            self.owner.store(this_thread, Ordering::Relaxed);
        }
        Ok(took)
    }

    /// The value to sleep on, after saying that somebody sleeps; `None` when it is free.
    pub(super) fn announce(&self) -> Option<u32> {
        lock::announce(self.word())
    }

    /// Passes on the wake-up that may have come to somebody who announced himself, and goes without the lock.
    pub(super) fn pass_on(&self) {
        lock::pass_on(self.word(), &FutexSleeper);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        let mut cores = cores();
        // Somebody may have made a new one for the same place meanwhile.
        if cores.get(&self.key).is_some_and(|core| core.strong_count() == 0) {
            cores.remove(&self.key);
        }
    }
}

/// What a thread is known by, and whether anything looks after what it leaves behind.
struct ThisThread {
    /// Zero until it is asked for.
    number: Cell<usize>,
    has_reaper: Cell<bool>,
}

/// Not an address: that of a thread that has ended is soon another thread's.
static NEXT_THREAD: AtomicUsize = AtomicUsize::new(1);

impl ThisThread {
    /// A number that no other thread of this process has, or had.
    #[inline]
    fn token() -> usize {
        THIS_THREAD.with(|thread| {
            if !thread.has_reaper.get() {
                thread.set_reaper();
            }
            thread.number.get()
        })
    }

    #[cold]
    fn set_reaper(&self) {
        if self.number.get() == 0 {
            self.number.set(NEXT_THREAD.fetch_add(1, Ordering::Relaxed));
        }
        // Where the system has no room for that, a forgotten guard's lock is owned until the process ends.
        self.has_reaper.set(thread_end::ask());
    }
}

/// Gives up, when this thread ends, what it still owns: locks whose guards were forgotten.
///
/// It looks through all locks of the process, so that locking and unlocking need not keep a list.
pub(super) fn reap() {
    let ending = THIS_THREAD.with(|thread| {
        thread.has_reaper.set(false);
        thread.number.get()
    });
    let living: Vec<Arc<Core>> = cores().values().filter_map(Weak::upgrade).collect();
    for core in living {
        if core.owner.load(Ordering::Relaxed) == ending && core.mark.is_current() {
            core.unusual.store(0, Ordering::Relaxed);
            let no_handle_goes = cores();
            core.give(Giving::Abandoning);
            let kept = core.kept().take();
            // What goes with the last reference needs that lock itself.
            drop(no_handle_goes);
            drop(kept);
        }
    }
}

thread_local! {
    static THIS_THREAD: ThisThread = const { ThisThread { number: Cell::new(0), has_reaper: Cell::new(false) } };
}
