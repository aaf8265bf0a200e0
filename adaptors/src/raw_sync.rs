//! The waiting traits over the crate `raw_sync` 0.1: its `Mutex` and its `Event` at an offset of a [`View`], for
//! memory that programs of that crate laid out.
//!
//! A program that lays out its memory anew takes [`SharedMutex`](samemap::sync::SharedMutex) and
//! [`SharedEvent`](samemap::sync::SharedEvent): same traits, any process may be killed, and no `unsafe`.
//! **These here do not keep the contract.** `docs/adaptors.md` in the repository lists the rules that they break,
//! as the conformance suite finds them. In plain words, on POSIX:
//!
//! - **Dead owners** (C22). The next owner is not told. A lock whose owner was killed, or whose owning thread ended
//!   with it, stays taken for good.
//! - **Recursion** (C22). A thread that locks again waits for itself.
//! - **Kills** (C27). A process that is killed in [`set`](Settable::set), or while it waits, can leave an event
//!   unusable: then `set` and [`reset`](Settable::reset), which take no timeout, may block for ever.
//! - **Many objects** (C26). [`wait_any`](samemap::wait_any) takes neither.
//! - **Making** (C5, C6). Memory that is not zero counts as made, and memory that is zero as free; nothing else is
//!   looked at. Of two processes that create at once on the same bytes both may succeed, with half an object each.
//! - **Clock** (C26). Waits end by the time of day: one that is set back lengthens them.
//! - **Errors.** `raw_sync` says the same of a timeout and of a failure, so a wait that cannot succeed ends with its
//!   timeout.
//!
//! `raw_sync`'s `RwLock` and `BusyEvent` are not adapted: the contract has no such objects.
//!
//! # Why `unsafe`
//! A [`View`] writes any of its bytes in safe code, and bytes that the C library takes for its own lock must not be
//! written so. [`RawMutex::create`] and its kin ask the caller to vouch for that, for all processes. One thing no
//! caller can vouch for: several threads inside `raw_sync` hold `&mut` references to an event's bytes at a time,
//! which Rust forbids, and which today's compilers happen to leave alone.
//!
//! # Platform-specific behavior
//! On POSIX the bytes are the C library's own: no layout for processes of another C library, pointer width or
//! compiler. On Windows they are the number in the name of a kernel object, which lives while a process has it open.
//! There a thread may lock again, and the first guard of the next owner is told that the owner before died, after the
//! panic of `raw_sync` that tells it was caught: its message appears on standard error, and a program with
//! `panic = "abort"` ends.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ::raw_sync::Timeout;
use ::raw_sync::events::{Event, EventImpl, EventInit, EventState};
use ::raw_sync::locks::{LockImpl, LockInit, Mutex};
use samemap::sync::{EventOptions, Reset};
use samemap::traits::{LockGuard, Lockable, Settable, Waitable};
use samemap::{Access, Error, ErrorKind, Result, View};

const OPERATION: &str = "use an object of raw_sync";

/// The alignment in memory that an object needs, in bytes. `raw_sync` would move it up to the next such address.
pub const ALIGN: usize = if cfg!(windows) { size_of::<u32>() } else { size_of::<usize>() };

/// A lock of `raw_sync` inside a region. See the [module](self) for what it does not do.
///
/// It has no value of its own: what it protects is read and written through the [`View`], wherever it lies.
pub struct RawMutex {
    lock: Box<dyn LockImpl>,
    view: View,
}

// SAFETY: the lock is a pointer into memory that the view keeps mapped, or a handle of the process; neither is bound
// to a thread.
unsafe impl Send for RawMutex {}
// SAFETY: threads may lock at once, which is what a lock is for, and only the owner unlocks: its guard stays in it.
unsafe impl Sync for RawMutex {}

impl RawMutex {
    /// Bytes of memory that it takes.
    #[must_use]
    pub fn size() -> usize {
        Mutex::size_of(None)
    }

    /// Makes a lock at `offset`, free.
    ///
    /// # Errors
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) when the memory is not zero;
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`InvalidArgument`](ErrorKind::InvalidArgument) for an offset that is
    /// not [aligned](ALIGN); [`AccessDenied`](ErrorKind::AccessDenied) when the view is not read-write;
    /// [`Os`](ErrorKind::Os) when `raw_sync` fails.
    ///
    /// # Safety
    /// As long as any process uses the lock, `raw_sync` alone touches its bytes, in every process. No other thread or
    /// process makes an object there at the same time.
    pub unsafe fn create(view: &View, offset: usize) -> Result<Self> {
        let start = free_place(view, offset, Self::size())?;
        // SAFETY: in range, aligned, writable, and mapped as long as the view, which the lock keeps; the caller
        // vouches that nothing else uses the bytes. The null pointer is for data, and nothing follows it.
        let made = unsafe { Mutex::new(start, ptr::null_mut()) };
        let (lock, _) = made.map_err(|cause| refused(ErrorKind::Os, &*cause))?;
        Ok(RawMutex { lock, view: view.clone() })
    }

    /// Opens the lock at `offset`.
    ///
    /// # Errors
    /// Those of [`create`](Self::create), but for [`AlreadyExists`](ErrorKind::AlreadyExists);
    /// [`Damaged`](ErrorKind::Damaged) when there is no lock or, on Windows, no process has it open.
    ///
    /// # Safety
    /// `raw_sync` made a `Mutex` there, on this system, and as long as any process uses it, `raw_sync` alone touches
    /// its bytes, in every process.
    pub unsafe fn open(view: &View, offset: usize) -> Result<Self> {
        let start = made_place(view, offset, Self::size())?;
        // SAFETY: as for create; the caller vouches that raw_sync made what lies there.
        let opened = unsafe { Mutex::from_existing(start, ptr::null_mut()) };
        let (lock, _) = opened.map_err(|cause| refused(ErrorKind::Damaged, &*cause))?;
        Ok(RawMutex { lock, view: view.clone() })
    }

    /// Takes the lock within `timeout`, and says whether the owner before died.
    fn take(&self, timeout: Timeout) -> Option<bool> {
        // Its guard panics where it cannot unlock; ours does not.
        let attempt = || self.lock.try_lock(timeout).map(mem::forget);
        match catch_unwind(AssertUnwindSafe(attempt)) {
            Ok(taken) => taken.ok().map(|()| false),
            // On Windows it took the lock of a dead owner, and panics over that.
            Err(_) => Some(true),
        }
    }
}

impl Lockable for RawMutex {
    type Guard<'a> = RawMutexGuard<'a>;

    fn lock_for(&self, timeout: Option<Duration>) -> Result<Option<RawMutexGuard<'_>>> {
        let taken = in_pieces(timeout, |piece| self.take(piece));
        Ok(taken.map(|abandoned| RawMutexGuard { mutex: self, abandoned, _stays_in_its_thread: PhantomData }))
    }
}

impl fmt::Debug for RawMutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMutex").field("view", &self.view).finish_non_exhaustive()
    }
}

/// Ownership of a [`RawMutex`], by one thread.
#[derive(Debug)]
#[must_use = "the lock is given up when the guard is dropped"]
pub struct RawMutexGuard<'a> {
    mutex: &'a RawMutex,
    abandoned: bool,
    _stays_in_its_thread: PhantomData<*const ()>,
}

impl LockGuard for RawMutexGuard<'_> {
    /// Whether the owner before died: always `false` on POSIX, where `raw_sync` cannot tell.
    fn abandoned(&self) -> bool {
        self.abandoned
    }
}

impl Drop for RawMutexGuard<'_> {
    fn drop(&mut self) {
        // It fails over bytes that another process wrote to, and then there is nothing to do.
        let _ = self.mutex.lock.release();
    }
}

/// An event of `raw_sync` inside a region. See the [module](self) for what it does not do.
///
/// Its creator chose whether it is auto- or manual-reset.
pub struct RawEvent {
    event: Box<dyn EventImpl>,
    view: View,
}

// SAFETY: as for RawMutex.
unsafe impl Send for RawEvent {}
// SAFETY: threads may wait and set at once, which is what an event is for; the caller that made it was told (see "Why
// `unsafe`" above) how raw_sync does that.
unsafe impl Sync for RawEvent {}

impl RawEvent {
    /// Bytes of memory that it takes.
    #[must_use]
    pub fn size() -> usize {
        Event::size_of(None)
    }

    /// Makes an event at `offset`. Permissions are the region's.
    ///
    /// # Errors
    /// Those of [`RawMutex::create`].
    ///
    /// # Safety
    /// As for [`RawMutex::create`].
    pub unsafe fn create(view: &View, offset: usize, options: &EventOptions) -> Result<Self> {
        let start = free_place(view, offset, Self::size())?;
        // SAFETY: as for RawMutex::create.
        let made = unsafe { Event::new(start, options.reset() == Reset::Auto) };
        let (event, _) = made.map_err(|cause| refused(ErrorKind::Os, &*cause))?;
        let event = RawEvent { event, view: view.clone() };
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
    /// As for [`RawMutex::open`], with an `Event` of `raw_sync`.
    pub unsafe fn open(view: &View, offset: usize) -> Result<Self> {
        let start = made_place(view, offset, Self::size())?;
        // SAFETY: as for RawMutex::open.
        let opened = unsafe { Event::from_existing(start) };
        let (event, _) = opened.map_err(|cause| refused(ErrorKind::Damaged, &*cause))?;
        Ok(RawEvent { event, view: view.clone() })
    }
}

impl Waitable for RawEvent {
    /// A timeout shorter than a millisecond is one: the event has a lock inside, which others hold for moments.
    fn wait_for(&self, timeout: Option<Duration>) -> Result<bool> {
        let timeout = timeout.map(|timeout| timeout.max(Duration::from_millis(1)));
        let taken = in_pieces(timeout, |piece| self.event.wait(piece).ok());
        Ok(taken.is_some())
    }
}

impl Settable for RawEvent {
    fn set(&self) -> Result<()> {
        self.event.set(EventState::Signaled).map_err(|cause| refused(ErrorKind::Os, &*cause))
    }

    fn reset(&self) -> Result<()> {
        self.event.set(EventState::Clear).map_err(|cause| refused(ErrorKind::Os, &*cause))
    }
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawEvent").field("view", &self.view).finish_non_exhaustive()
    }
}

/// Waits in pieces until `attempt` gives something or time is up.
///
/// `raw_sync` adds a timeout to the time of day, seconds to seconds and nanoseconds to nanoseconds, and the C library
/// refuses a sum of nanoseconds that makes a second. So no piece reaches into the next second of the clock.
fn in_pieces<R>(timeout: Option<Duration>, mut attempt: impl FnMut(Timeout) -> Option<R>) -> Option<R> {
    /// Between two pieces, because one that was refused took no time.
    const PAUSE: Duration = Duration::from_micros(100);
    // A timeout too long for the system is none.
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        let time_of_day = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let this_second = Duration::from_nanos(u64::from(999_999_999 - time_of_day.subsec_nanos()));
        let got = attempt(Timeout::Val(left.min(this_second)));
        if got.is_some() || left.is_zero() {
            return got;
        }
        thread::sleep(PAUSE.min(left));
    }
}

/// Where a new object goes: memory as a new region has it.
fn free_place(view: &View, at: usize, len: usize) -> Result<*mut u8> {
    let (start, is_zero) = place(view, at, len)?;
    is_zero.then_some(start).ok_or_else(|| {
        Error::new(ErrorKind::AlreadyExists, OPERATION)
            .with_detail("the memory there is not zero; open the object, or choose another offset")
    })
}

/// Where an object is said to lie.
fn made_place(view: &View, at: usize, len: usize) -> Result<*mut u8> {
    let (start, is_zero) = place(view, at, len)?;
    (!is_zero).then_some(start).ok_or_else(|| {
        Error::new(ErrorKind::Damaged, OPERATION)
            .with_detail("the memory there is zero, so nobody made an object; create it first")
    })
}

/// The address of a place that an object can have, and whether its bytes are all zero.
fn place(view: &View, at: usize, len: usize) -> Result<(*mut u8, bool)> {
    if view.access() != Access::ReadWrite {
        return Err(Error::new(ErrorKind::AccessDenied, OPERATION)
            .with_detail("the view does not write to the object; map it with Access::ReadWrite"));
    }
    let mut bytes = vec![0; len];
    view.read(at, &mut bytes)?;
    let start = view.as_ptr().wrapping_add(at);
    if start.addr() % ALIGN != 0 {
        return Err(Error::new(ErrorKind::InvalidArgument, OPERATION).with_detail(format!(
            "offset {at} of this view is not aligned to {ALIGN} bytes in memory; move it, or the view's start"
        )));
    }
    Ok((start, bytes.iter().all(|&byte| byte == 0)))
}

#[cold]
fn refused(kind: ErrorKind, cause: &dyn std::error::Error) -> Error {
    Error::new(kind, OPERATION).with_detail(format!("raw_sync says: {cause}"))
}
