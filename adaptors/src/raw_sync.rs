//! The contract's traits over the crate `raw_sync` 0.1: its `Mutex` and its `Event` at an offset of a
//! [`View`], for those whose memory is laid out so by programs that use `raw_sync` themselves.
//!
//! Whoever lays out memory anew takes [`SharedMutex`](samemap::SharedMutex) and
//! [`SharedEvent`](samemap::SharedEvent) instead: same traits, any process may be killed, and no `unsafe`.
//! **These here do not keep the contract.** `tests/raw_sync.rs` tries them with real processes, and
//! `docs/adaptors.md` in the repository lists what failed there. In plain words, on POSIX:
//!
//! - **Dead owners** (C22). Nobody is told. A lock whose owner was killed, or whose owning thread ended
//!   with it, stays taken for good: waits run into their timeouts, and those without one never end.
//! - **Recursion** (C22) is kept among all handles of one mapping (a [`View`] and its clones). Through a
//!   *second* view of the same bytes, a thread waits for itself.
//! - **Kills** (C27). An event is a lock and a condition variable of the C library. A process killed in
//!   [`set`](Settable::set), or while it waits, can leave either unusable: then `set` and
//!   [`reset`](Settable::reset), which take no timeout, may block for ever, and waits run into theirs.
//! - **Many objects** (C26). [`wait_any`](samemap::wait_any) takes neither.
//! - **Foreign bytes** (C21). The C library trusts what lies there, so a peer that scribbles over it can
//!   hang or crash everybody. Every call first looks whether the bytes that never change are those of such
//!   an object ([`Damaged`](ErrorKind::Damaged) otherwise), which is a help and no promise.
//! - **Making** (C5, C6). Of two processes that create at once on the same bytes both may succeed, with two
//!   halves of an object each. A creator that is killed on the way can leave an event that opens, and
//!   is manual-reset whatever was asked.
//! - **Clock** (C26). Waits end by the time of day. A clock set forward does no harm; one set back lengthens
//!   a wait by that much.
//!
//! What the adaptor mends, because it can be mended from outside: a timeout of `raw_sync` whose nanoseconds
//! add up to more than a second fails at once (waits are cut into slices that cannot), a wake-up that got
//! lost is noticed within a second (an endless wait looks once a second), memory that nobody initialised
//! is refused and initialised memory is not initialised again (on Linux and Windows), the same thread may
//! lock again, and unlocking never panics. No references are given out (C14).
//!
//! `raw_sync`'s `RwLock` and `BusyEvent` are not adapted: the contract has no such objects.
//!
//! # Why `unsafe`
//! A [`View`] writes any of its bytes in safe code. Bytes that the C library takes for its own lock must not
//! be written so: [`RawMutex::create`] and its kin ask the caller to vouch for that, for all processes.
//! One thing nobody can vouch for: inside `raw_sync` several threads hold `&mut` references to an event's
//! bytes at a time, which Rust forbids, and which today's compilers happen to leave alone.
//!
//! # Platform-specific behavior
//! On POSIX the bytes are the C library's own (`pthread_mutex_t`, `pthread_cond_t`, and two flags in an
//! order that Rust chooses): no layout for processes of another C library, pointer width or compiler.
//! On Windows there are four bytes, the number in the name of a kernel object. There dead owners *are* told,
//! and of the list above only C21 (as errors), C5, C6 and `wait_any` remain; but the object lives only as
//! long as somebody holds it, not as long as the bytes.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use ::raw_sync::Timeout;
use ::raw_sync::events::{Event as EventOfRawSync, EventImpl, EventInit, EventState};
use ::raw_sync::locks::{LockImpl, LockInit, Mutex as MutexOfRawSync};
use samemap::bytemuck::Pod;

use samemap::{
    Access, Error, ErrorKind, EventOptions, LockGuard, Lockable, Reset, Result, Settable, View, Waitable,
    Waited,
};

const OPERATION: &str = "use an object of raw_sync";

// ---- the lock -------------------------------------------------------------------------------------------

/// A plain-data value inside a region, with the lock of `raw_sync` that protects it. See the [module](self)
/// for what it does not do.
///
/// The lock is [`lock_size`](Self::lock_size) bytes at an offset that is aligned to
/// [`ALIGN`](Self::ALIGN) in memory. The value lies behind it, where the examples of `raw_sync` have it, or
/// wherever else the program has it.
///
/// It belongs to a thread, which may lock it again through any handle of the same mapping.
pub struct RawMutex<T: Pod> {
    lock: Lock,
    place: Place,
    value_at: usize,
    key: usize,
    _value: PhantomData<fn() -> T>,
}

impl<T: Pod> RawMutex<T> {
    /// The alignment in memory of the lock, in bytes.
    pub const ALIGN: usize = ALIGN;

    /// Bytes of memory that the lock takes, without the value.
    #[must_use]
    pub fn lock_size() -> usize {
        MutexOfRawSync::size_of(None)
    }

    /// Makes a lock at `offset`, free, with `value` behind it.
    ///
    /// # Errors
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) when there is one already,
    /// [`Damaged`](ErrorKind::Damaged) when the memory is neither zero nor a lock,
    /// [`OutOfRange`](ErrorKind::OutOfRange), [`InvalidArgument`](ErrorKind::InvalidArgument) for an offset
    /// that is not aligned, [`AccessDenied`](ErrorKind::AccessDenied) when the view is not read-write,
    /// [`Os`](ErrorKind::Os) when `raw_sync` fails.
    ///
    /// # Safety
    /// From now on, and for as long as anybody uses the lock, its bytes are touched by `raw_sync` alone, in
    /// every process; calls of a [`View`] count. Nobody else makes an object there at the same time.
    pub unsafe fn create(view: &View, offset: usize, value: &T) -> Result<Self> {
        let value_at = offset.saturating_add(Self::lock_size());
        // SAFETY: the caller vouches for the same.
        unsafe { Self::create_with_value_at(view, offset, value_at, value) }
    }

    /// Like [`create`](Self::create), with the value at an offset of its own, which need not be aligned.
    ///
    /// # Errors
    /// Those of [`create`](Self::create); [`InvalidArgument`](ErrorKind::InvalidArgument) also for a value
    /// that overlaps the lock.
    ///
    /// # Safety
    /// As for [`create`](Self::create).
    pub unsafe fn create_with_value_at(
        view: &View,
        offset: usize,
        value_at: usize,
        value: &T,
    ) -> Result<Self> {
        let place = Place::inside(view, offset, Self::lock_size())?;
        check_value::<T>(view, offset, value_at)?;
        place.check_free(Kind::Mutex)?;
        view.put(value_at, value)?;
        // SAFETY: in range, aligned, writable, and mapped until the place is dropped, which the mutex keeps;
        // the caller vouches that nobody else uses the bytes. No data pointer: nobody dereferences it.
        let (lock, _) = unsafe { MutexOfRawSync::new(place.start(), ptr::null_mut()) }
            .map_err(|cause| refused(&*cause))?;
        Self::over(Lock(lock), place, value_at)
    }

    /// Opens the lock at `offset`, with the value behind it.
    ///
    /// # Errors
    /// Those of [`create`](Self::create), but for [`AlreadyExists`](ErrorKind::AlreadyExists);
    /// [`Damaged`](ErrorKind::Damaged) when nobody made a lock there or, on Windows, nobody holds it any
    /// more.
    ///
    /// # Safety
    /// What lies there was made by `raw_sync`'s `Mutex`, on this system, and for as long as anybody uses
    /// it, its bytes are touched by `raw_sync` alone, in every process; calls of a [`View`] count.
    pub unsafe fn open(view: &View, offset: usize) -> Result<Self> {
        let value_at = offset.saturating_add(Self::lock_size());
        // SAFETY: the caller vouches for the same.
        unsafe { Self::open_with_value_at(view, offset, value_at) }
    }

    /// Like [`open`](Self::open), with the value at an offset of its own, which need not be aligned.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); [`InvalidArgument`](ErrorKind::InvalidArgument) also for a value that
    /// overlaps the lock.
    ///
    /// # Safety
    /// As for [`open`](Self::open).
    pub unsafe fn open_with_value_at(view: &View, offset: usize, value_at: usize) -> Result<Self> {
        let place = Place::inside(view, offset, Self::lock_size())?;
        check_value::<T>(view, offset, value_at)?;
        place.check(Kind::Mutex)?;
        // SAFETY: as for create_with_value_at; the caller vouches that raw_sync made what lies there.
        let (lock, _) = unsafe { MutexOfRawSync::from_existing(place.start(), ptr::null_mut()) }
            .map_err(|cause| damaged(&*cause))?;
        Self::over(Lock(lock), place, value_at)
    }

    fn over(lock: Lock, place: Place, value_at: usize) -> Result<Self> {
        let key = system::key(&place)?;
        Ok(RawMutex { lock, place, value_at, key, _value: PhantomData })
    }
}

impl<T: Pod> Lockable for RawMutex<T> {
    type Guard<'a> = RawMutexGuard<'a, T>;

    fn lock_for(&self, timeout: Option<Duration>) -> Result<Option<RawMutexGuard<'_, T>>> {
        let guard = |abandoned| RawMutexGuard { mutex: self, abandoned, _stays_in_its_thread: PhantomData };
        if let Some(abandoned) = held::take_once_more(self.key)? {
            return Ok(Some(guard(abandoned)));
        }
        let taken = in_slices(timeout, |slice| {
            self.place.check(Kind::Mutex)?;
            system::take(&self.lock, slice)
        })?;
        Ok(taken.map(|abandoned| {
            held::note(self.key, &self.place.view, abandoned);
            guard(abandoned)
        }))
    }
}

impl<T: Pod> fmt::Debug for RawMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMutex").field("at", &self.place.at).finish_non_exhaustive()
    }
}

/// Ownership of a [`RawMutex`]. It loads and stores the value by copy: a process that does not honour the
/// lock can change the value under it, so no reference to it is given out (rule C14).
#[must_use = "the lock is given up when the guard is dropped"]
pub struct RawMutexGuard<'a, T: Pod> {
    mutex: &'a RawMutex<T>,
    abandoned: bool,
    _stays_in_its_thread: PhantomData<*const ()>,
}

impl<T: Pod> RawMutexGuard<'_, T> {
    /// A copy of the value.
    ///
    /// # Errors
    /// None today; the place was checked when the lock was opened.
    pub fn load(&self) -> Result<T> {
        self.mutex.place.view.get(self.mutex.value_at)
    }

    /// Replaces the value.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn store(&self, value: &T) -> Result<()> {
        self.mutex.place.view.put(self.mutex.value_at, value)
    }

    /// Replaces the value by what `change` makes of it, and returns that.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn update(&self, change: impl FnOnce(T) -> T) -> Result<T> {
        let value = change(self.load()?);
        self.store(&value)?;
        Ok(value)
    }
}

impl<T: Pod> LockGuard for RawMutexGuard<'_, T> {
    /// Whether the owner before died: always `false` on POSIX, where `raw_sync` cannot tell.
    fn abandoned(&self) -> bool {
        self.abandoned
    }
}

impl<T: Pod> Drop for RawMutexGuard<'_, T> {
    fn drop(&mut self) {
        if held::give_back(self.mutex.key) {
            // It fails only over bytes that somebody scribbled on, and then there is nothing to do.
            let _ = self.mutex.lock.0.release();
        }
    }
}

impl<T: Pod> fmt::Debug for RawMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMutexGuard").field("abandoned", &self.abandoned).finish_non_exhaustive()
    }
}

struct Lock(Box<dyn LockImpl>);

// SAFETY: a pointer into memory that the owner of this keeps mapped, or a handle of the process, and a null
// data pointer that nobody dereferences. Neither is bound to a thread.
unsafe impl Send for Lock {}
// SAFETY: locking and unlocking from several threads at once is what it is for; only the owning thread
// unlocks, because the guard stays in it.
unsafe impl Sync for Lock {}

/// The value lies inside the view and beside the lock: a store must not change that.
fn check_value<T: Pod>(view: &View, lock_at: usize, value_at: usize) -> Result<()> {
    check_range(view, value_at, size_of::<T>())?;
    let lock_end = lock_at + RawMutex::<T>::lock_size();
    let overlaps = value_at < lock_end && lock_at < value_at + size_of::<T>();
    if overlaps {
        return Err(Error::new(ErrorKind::InvalidArgument, OPERATION).with_detail(format!(
            "the value at offset {value_at} overlaps the lock, which ends at {lock_end}; move the value"
        )));
    }
    Ok(())
}

// ---- the event ------------------------------------------------------------------------------------------

/// An event of `raw_sync` inside a region. See the [module](self) for what it does not do.
///
/// It is [`size`](Self::size) bytes at an offset that is aligned to [`ALIGN`](Self::ALIGN) in memory.
/// Whether it is auto- or manual-reset is a matter of who made it.
pub struct RawEvent {
    event: EventBox,
    place: Place,
}

impl RawEvent {
    /// The alignment in memory, in bytes.
    pub const ALIGN: usize = ALIGN;

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn size() -> usize {
        EventOfRawSync::size_of(None)
    }

    /// Makes an event at `offset`. Permissions are the region's.
    ///
    /// # Errors
    /// Those of [`RawMutex::create`].
    ///
    /// # Safety
    /// As for [`RawMutex::create`].
    pub unsafe fn create(view: &View, offset: usize, options: &EventOptions) -> Result<Self> {
        let place = Place::inside(view, offset, Self::size())?;
        place.check_free(Kind::Event)?;
        // SAFETY: in range, aligned, writable, and mapped until the place is dropped, which the event keeps;
        // the caller vouches that nobody else uses the bytes.
        let (event, _) = unsafe { EventOfRawSync::new(place.start(), options.reset() == Reset::Auto) }
            .map_err(|cause| refused(&*cause))?;
        let event = RawEvent { event: EventBox(event), place };
        if options.is_set_at_first() {
            event.set()?;
        }
        Ok(event)
    }

    /// Opens the event at `offset`.
    ///
    /// # Errors
    /// Those of [`RawMutex::open`].
    ///
    /// # Safety
    /// What lies there was made by `raw_sync`'s `Event`, on this system, and for as long as anybody uses
    /// it, its bytes are touched by `raw_sync` alone, in every process; calls of a [`View`] count.
    pub unsafe fn open(view: &View, offset: usize) -> Result<Self> {
        let place = Place::inside(view, offset, Self::size())?;
        place.check(Kind::Event)?;
        // SAFETY: as for create; the caller vouches that raw_sync made what lies there.
        let (event, _) =
            unsafe { EventOfRawSync::from_existing(place.start()) }.map_err(|cause| damaged(&*cause))?;
        Ok(RawEvent { event: EventBox(event), place })
    }

    fn change(&self, state: EventState) -> Result<()> {
        self.place.check(Kind::Event)?;
        calmly(|| self.event.0.set(state))?.map_err(|cause| refused(&*cause))
    }

    /// `Some` when it was signalled within `slice`.
    fn take(&self, slice: Duration) -> Result<Option<()>> {
        /// How long a poll waits for the lock inside the event, which others hold for moments.
        const A_MOMENT: Duration = Duration::from_millis(1);
        self.place.check(Kind::Event)?;
        let attempt = |timeout| calmly(|| self.event.0.wait(Timeout::Val(timeout)));
        match attempt(slice)? {
            Ok(()) => Ok(Some(())),
            // Of a timeout and a failure raw_sync says the same.
            Err(cause) if slice.is_zero() && cause.to_string().starts_with("Failed to acquire") => {
                Ok(attempt(A_MOMENT)?.ok())
            }
            Err(_) => Ok(None),
        }
    }
}

impl Waitable for RawEvent {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        let taken = in_slices(timeout, |slice| self.take(slice))?;
        Ok(taken.map_or(Waited::TimedOut, |()| Waited::Signalled))
    }
}

/// Neither call takes a timeout, and `raw_sync` has none for them: both may block for ever when a process
/// was killed in the middle of one.
impl Settable for RawEvent {
    fn set(&self) -> Result<()> {
        self.change(EventState::Signaled)
    }

    fn reset(&self) -> Result<()> {
        self.change(EventState::Clear)
    }
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawEvent").field("at", &self.place.at).finish_non_exhaustive()
    }
}

struct EventBox(Box<dyn EventImpl>);

// SAFETY: pointers into memory that the owner of this keeps mapped, or a handle of the process; neither is
// bound to a thread.
unsafe impl Send for EventBox {}
// SAFETY: waiting and setting from several threads at once is what it is for, and whoever made the event was
// told (see "Why `unsafe`" above) how raw_sync does that.
unsafe impl Sync for EventBox {}

/// Calls into raw_sync, whose guards panic when they cannot unlock what somebody scribbled on.
fn calmly<R>(call: impl FnOnce() -> R) -> Result<R> {
    panic::catch_unwind(AssertUnwindSafe(call)).map_err(|_| {
        Error::new(ErrorKind::Damaged, OPERATION)
            .with_detail("raw_sync panicked over what lies there; nothing else may write there")
    })
}

// ---- the memory -----------------------------------------------------------------------------------------

/// `raw_sync` aligns by itself, and so would use bytes that nobody checked.
const ALIGN: usize = if cfg!(windows) { size_of::<u32>() } else { size_of::<usize>() };

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mutex,
    Event,
}

/// Memory that an object of raw_sync lies in, or will, kept mapped.
struct Place {
    view: View,
    at: usize,
    len: usize,
}

impl Place {
    fn inside(view: &View, at: usize, len: usize) -> Result<Place> {
        if view.access() != Access::ReadWrite {
            return Err(Error::new(ErrorKind::AccessDenied, OPERATION)
                .with_detail("the view does not write to the object; map it with Access::ReadWrite"));
        }
        check_range(view, at, len)?;
        let place = Place { view: view.clone(), at, len };
        if place.start().addr() % ALIGN != 0 {
            return Err(Error::new(ErrorKind::InvalidArgument, OPERATION).with_detail(format!(
                "offset {at} of this view is not aligned to {ALIGN} bytes in memory; move it, or the view's start"
            )));
        }
        Ok(place)
    }

    fn start(&self) -> *mut u8 {
        // Inside the view: checked when the place was made.
        self.view.as_ptr().wrapping_add(self.at)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.len];
        self.view.read(self.at, &mut bytes)?;
        Ok(bytes)
    }

    /// Nothing was made here: the memory is as a new region's.
    fn check_free(&self, kind: Kind) -> Result<()> {
        if self.bytes()?.iter().all(|&byte| byte == 0) {
            return Ok(());
        }
        if self.check(kind).is_ok() && system::is_made(self, kind) {
            return Err(Error::new(ErrorKind::AlreadyExists, OPERATION)
                .with_detail("the memory there is initialised already; open it, or choose another offset"));
        }
        Err(Error::new(ErrorKind::Damaged, OPERATION)
            .with_detail("the memory is neither zero nor such an object; choose another offset, or clear it"))
    }

    /// What lies here looks like an object of this kind, as far as the system can tell without using it.
    fn check(&self, kind: Kind) -> Result<()> {
        if system::looks_made(&self.bytes()?, kind) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Damaged, OPERATION))
    }
}

fn check_range(view: &View, at: usize, len: usize) -> Result<()> {
    if len > view.len() || at > view.len() - len {
        let (offset, len, region_len) = (at as u64, len as u64, view.len() as u64);
        return Err(Error::new(ErrorKind::OutOfRange { offset, len, region_len }, OPERATION));
    }
    Ok(())
}

#[cold]
fn refused(cause: &dyn std::error::Error) -> Error {
    Error::new(ErrorKind::Os, OPERATION).with_detail(format!("raw_sync says: {cause}; see raw_sync"))
}

#[cold]
fn damaged(cause: &dyn std::error::Error) -> Error {
    Error::new(ErrorKind::Damaged, OPERATION).with_detail(format!(
        "raw_sync says: {cause}; whoever lays out the memory must make the object first"
    ))
}

// ---- waiting --------------------------------------------------------------------------------------------

/// The longest that one call into raw_sync waits, so that a lost wake-up is noticed.
const LONGEST_SLICE: Duration = Duration::from_secs(1);

/// Tries until `attempt` gives something or time is up; each attempt may wait for the slice it is given.
fn in_slices<R>(
    timeout: Option<Duration>,
    mut attempt: impl FnMut(Duration) -> Result<Option<R>>,
) -> Result<Option<R>> {
    /// So many attempts in a row that did not wait: it is no matter of clocks.
    const TOO_MANY: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(1);
    // A timeout too long for the system is none.
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut refusals = 0;
    loop {
        let began = Instant::now();
        let left = end.map_or(LONGEST_SLICE, |end| end.saturating_duration_since(began));
        let slice = system::slice_within(left.min(LONGEST_SLICE));
        if let Some(got) = attempt(slice)? {
            return Ok(Some(got));
        }
        let now = Instant::now();
        if end.is_some_and(|end| now >= end) {
            return Ok(None);
        }
        if now - began >= slice / 2 {
            refusals = 0;
        } else {
            refusals += 1;
        }
        if refusals > TOO_MANY {
            return Err(Error::new(ErrorKind::Os, OPERATION)
                .with_detail("raw_sync refuses to wait for it and does not say why; see raw_sync"));
        }
        if slice.is_zero() || refusals > 0 {
            thread::sleep(PAUSE.min(left));
        }
    }
}

/// Which locks this thread owns, and how many times over.
mod held {
    use super::{Error, ErrorKind, OPERATION, RefCell, Result, View};

    struct Entry {
        key: usize,
        /// A forked child owns nothing of what its parent owns.
        process: u32,
        guards: usize,
        abandoned: bool,
        /// While there is an entry, no other lock gets its address; also when all its guards were forgotten.
        _view: View,
    }

    thread_local! {
        static HELD: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
    }

    fn position(entries: &[Entry], key: usize) -> Option<usize> {
        let process = std::process::id();
        entries.iter().position(|entry| entry.key == key && entry.process == process)
    }

    /// Where the thread owns the lock already: counts one guard more, and says whether it was abandoned.
    pub(super) fn take_once_more(key: usize) -> Result<Option<bool>> {
        HELD.try_with(|held| {
            let mut entries = held.borrow_mut();
            let at = position(&entries, key)?;
            entries[at].guards += 1;
            Some(entries[at].abandoned)
        })
        .map_err(|_| {
            Error::new(ErrorKind::Unsupported, OPERATION)
                .with_detail("the thread is ending and cannot own a lock any more; lock earlier")
        })
    }

    /// The thread has just become the owner.
    pub(super) fn note(key: usize, view: &View, abandoned: bool) {
        let view = view.clone();
        let entry = Entry { key, process: std::process::id(), guards: 1, abandoned, _view: view };
        HELD.with_borrow_mut(|entries| entries.push(entry));
    }

    /// Takes back one guard; true when it was the last. In a thread that is ending, the lock stays taken.
    pub(super) fn give_back(key: usize) -> bool {
        let last = HELD.try_with(|held| {
            let mut entries = held.borrow_mut();
            let at = position(&entries, key)?;
            entries[at].guards -= 1;
            (entries[at].guards == 0).then(|| entries.swap_remove(at))
        });
        // The view goes here, after the borrow.
        matches!(last, Ok(Some(_)))
    }
}

#[cfg(unix)]
mod system {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use ::raw_sync::Timeout;

    use super::{Kind, Lock, Place, Result};

    /// A lock is known by its address.
    #[expect(clippy::unnecessary_wraps, reason = "where it is known by its bytes, reading them may fail")]
    pub(super) fn key(place: &Place) -> Result<usize> {
        Ok(place.start().addr())
    }

    /// `Some(abandoned)` when the lock was taken within `slice`.
    #[expect(clippy::unnecessary_wraps, reason = "other systems tell a failure from a timeout")]
    pub(super) fn take(lock: &Lock, slice: Duration) -> Result<Option<bool>> {
        // Of a timeout and a failure raw_sync says the same.
        let Ok(guard) = lock.0.try_lock(Timeout::Val(slice)) else { return Ok(None) };
        // Its guard panics where it cannot unlock; ours unlocks instead.
        std::mem::forget(guard);
        Ok(Some(false))
    }

    /// A timeout that raw_sync can add to the time of day. It adds seconds to seconds and nanoseconds to
    /// nanoseconds, and where these come to a second or more, the C library refuses them. So: a whole
    /// second, or less than is left of the present one.
    pub(super) fn slice_within(left: Duration) -> Duration {
        /// Between our look at the clock and raw_sync's.
        const MARGIN: Duration = Duration::from_micros(500);
        if left >= Duration::from_secs(1) {
            return Duration::from_secs(1);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let room = Duration::from_nanos(u64::from(999_999_999 - now.subsec_nanos())).saturating_sub(MARGIN);
        left.min(room)
    }

    /// On Linux, what the C library writes into a new object and never changes.
    #[cfg(target_os = "linux")]
    pub(super) fn looks_made(bytes: &[u8], kind: Kind) -> bool {
        let fresh = fresh::bytes(kind);
        let lock = super::MutexOfRawSync::size_of(None);
        let marks = fresh.iter().zip(bytes).enumerate().filter(|(_, (fresh, _))| **fresh != 0);
        // In a lock, the kind. In a condition variable, a flag beside a count that changes.
        let mut kept =
            marks.map(|(at, (fresh, byte))| if at < lock { byte == fresh } else { byte & fresh == *fresh });
        kept.all(|kept| kept)
    }

    /// Elsewhere nobody has tried what the bytes mean.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn looks_made(_bytes: &[u8], _kind: Kind) -> bool {
        true
    }

    /// Whether an object that looks made is there.
    pub(super) fn is_made(_place: &Place, _kind: Kind) -> bool {
        true
    }

    #[cfg(target_os = "linux")]
    use ::raw_sync::locks::LockInit as _;

    /// New objects in private memory, to compare others with.
    #[cfg(target_os = "linux")]
    mod fresh {
        use std::ptr;
        use std::sync::OnceLock;

        use super::super::{EventInit, EventOfRawSync, Kind, LockInit, MutexOfRawSync};

        pub(super) fn bytes(kind: Kind) -> &'static [u8] {
            static MUTEX: OnceLock<Vec<u8>> = OnceLock::new();
            static EVENT: OnceLock<Vec<u8>> = OnceLock::new();
            match kind {
                Kind::Mutex => MUTEX.get_or_init(|| {
                    made(MutexOfRawSync::size_of(None), |memory| {
                        // SAFETY: writable, zeroed, aligned and large enough; nobody uses the lock.
                        unsafe { MutexOfRawSync::new(memory, ptr::null_mut()) }.is_ok()
                    })
                }),
                Kind::Event => EVENT.get_or_init(|| {
                    made(EventOfRawSync::size_of(None), |memory| {
                        // SAFETY: as above.
                        unsafe { EventOfRawSync::new(memory, false) }.is_ok()
                    })
                }),
            }
        }

        fn made(len: usize, make: impl FnOnce(*mut u8) -> bool) -> Vec<u8> {
            let mut memory = vec![0_u64; len.div_ceil(size_of::<u64>())];
            let done = make(memory.as_mut_ptr().cast());
            // Without one there is nothing to compare with, and raw_sync fails by itself soon enough.
            if done { samemap::bytemuck::cast_slice(&memory)[..len].to_vec() } else { vec![0; len] }
        }
    }
}

#[cfg(windows)]
mod system {
    use std::io;
    use std::ptr;
    use std::time::Duration;

    use windows_sys::Win32::Foundation::{WAIT_ABANDONED, WAIT_OBJECT_0, WAIT_TIMEOUT};
    use windows_sys::Win32::System::Threading::WaitForSingleObject;

    use super::{
        Error, ErrorKind, EventInit, EventOfRawSync, Kind, Lock, LockInit, MutexOfRawSync, OPERATION, Place,
        Result,
    };

    /// A lock is known by the number in its name, wherever the bytes that hold it are mapped.
    pub(super) fn key(place: &Place) -> Result<usize> {
        Ok(place.view.get::<u32>(place.at)? as usize)
    }

    /// `Some(abandoned)` when the lock was taken within `slice`. By the kernel's call and not by raw_sync's,
    /// which panics over an abandoned lock, and keeps it then.
    pub(super) fn take(lock: &Lock, slice: Duration) -> Result<Option<bool>> {
        // SAFETY: the handle of a mutex that `lock` keeps open.
        match unsafe { WaitForSingleObject(lock.0.as_raw(), slice.as_millis() as u32) } {
            WAIT_OBJECT_0 => Ok(Some(false)),
            WAIT_ABANDONED => Ok(Some(true)),
            WAIT_TIMEOUT => Ok(None),
            _ => {
                let source = io::Error::last_os_error();
                Err(Error::new(ErrorKind::Os, OPERATION).with_source(source))
            }
        }
    }

    /// Whole milliseconds: raw_sync drops what is less.
    pub(super) fn slice_within(left: Duration) -> Duration {
        Duration::from_millis(left.as_nanos().div_ceil(1_000_000) as u64)
    }

    /// The bytes are a number, and any but zero, which a new region has, may be one.
    pub(super) fn looks_made(bytes: &[u8], _kind: Kind) -> bool {
        bytes.iter().any(|&byte| byte != 0)
    }

    /// Whether somebody holds an object of that number.
    pub(super) fn is_made(place: &Place, kind: Kind) -> bool {
        match kind {
            // SAFETY: in range, aligned and mapped: a number is read, and an object of that name is opened.
            Kind::Mutex => unsafe { MutexOfRawSync::from_existing(place.start(), ptr::null_mut()) }.is_ok(),
            // SAFETY: as above.
            Kind::Event => unsafe { EventOfRawSync::from_existing(place.start()) }.is_ok(),
        }
    }
}
