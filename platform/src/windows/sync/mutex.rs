//! Mutexes (rule C22).

use std::cell::Cell;
use std::marker::PhantomData;
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, BorrowedHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use std::{fmt, io};

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Threading::{CreateMutexExW, MUTEX_MODIFY_STATE, OpenMutexW, ReleaseMutex};

use super::event::succeeded;
use super::object::{Calls, Class, Named, Order};
use super::wait::{Outcome, wait};
use super::wait_any::WaitAny;
use super::wait_any::sealed::Sealed;
use crate::{Disposition, LockGuard, Lockable, ObjectKind, ObjectName, Result, SyncOptions, Trust};

pub(super) const CLASS: Class = Class {
    kind: ObjectKind::Mutex,
    calls: Calls {
        create: "create the mutex",
        create_or_open: "create or open the mutex",
        open: "open the mutex",
    },
    modify: MUTEX_MODIFY_STATE,
    query: 1, // MUTANT_QUERY_STATE
    open: OpenMutexW,
};

/// A lock owned by a thread, which may take it again and again (rule C22).
///
/// When its owner dies, the process or only the thread, the next one to lock it is let in and told that it
/// was abandoned.
///
/// On Windows it is the kernel's own mutex, which C programs share by its name.
#[derive(Clone)]
pub struct Mutex(Arc<Core>);

struct Core {
    named: Named,
    ownership: Ownership,
}

impl Mutex {
    /// Creates a mutex that nobody owns; the name must be free.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists), [`KindMismatch`](crate::ErrorKind::KindMismatch),
    /// and what the system says.
    pub fn create(name: &ObjectName, options: &SyncOptions) -> Result<Self> {
        Named::create(&CLASS, name, options, &new_mutex).map(Self::from)
    }

    /// Opens the mutex that has the name, or creates one; says which of the two happened.
    ///
    /// # Errors
    /// [`KindMismatch`](crate::ErrorKind::KindMismatch), [`UntrustedOwner`](crate::ErrorKind::UntrustedOwner),
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied), and what the system says.
    pub fn create_or_open(name: &ObjectName, options: &SyncOptions) -> Result<(Self, Disposition)> {
        Named::create_or_open(&CLASS, name, options, &new_mutex)
            .map(|(named, disposition)| (Self::from(named), disposition))
    }

    /// Opens the mutex that has the name.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), and those of [`create_or_open`](Self::create_or_open).
    pub fn open(name: &ObjectName, trust: &Trust) -> Result<Self> {
        Named::open(&CLASS, name, trust).map(Self::from)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        self.0.named.name()
    }

    /// The guard of this thread, which a wait has just made the owner.
    fn owned(&self, owner_before: Before) -> MutexGuard<'_> {
        self.0.ownership.taken(owner_before);
        MutexGuard { core: &self.0, stays_in_its_thread: PhantomData }
    }
}

impl From<Named> for Mutex {
    fn from(named: Named) -> Self {
        Mutex(Arc::new(Core { named, ownership: Ownership::default() }))
    }
}

impl fmt::Debug for Mutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.named.fmt_as("Mutex", f)
    }
}

impl Lockable for Mutex {
    type Guard<'a> = MutexGuard<'a>;

    fn lock_for(&self, timeout: Option<Duration>) -> Result<Option<MutexGuard<'_>>> {
        match wait(&[self.handle()], timeout) {
            Ok(Outcome::TimedOut) => Ok(None),
            Ok(Outcome::Signalled(_)) => Ok(Some(self.owned(Before::InOrder))),
            Ok(Outcome::Abandoned(_)) => Ok(Some(self.owned(Before::Died))),
            Err(cause) => Err(self.0.named.failed("lock the mutex", cause)),
        }
    }
}

impl Sealed for Mutex {
    fn handle(&self) -> BorrowedHandle<'_> {
        self.0.named.as_handle()
    }

    fn taken(&self, owner_before: Before) -> Option<MutexGuard<'_>> {
        Some(self.owned(owner_before))
    }
}

impl WaitAny for Mutex {}

/// Ownership of a [`Mutex`], given up when dropped, also in a panic.
///
/// It belongs to the thread that locked, so it cannot be sent to another one. A guard that is forgotten is a
/// lock held until the thread ends, and then abandoned.
///
/// Guards that a thread has of one mutex through the same handle, or clones of it, all tell whether it was
/// [`abandoned`](LockGuard::abandoned); guards through a handle that was opened meanwhile do not.
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct MutexGuard<'a> {
    core: &'a Core,
    stays_in_its_thread: PhantomData<*const ()>,
}

impl fmt::Debug for MutexGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutexGuard").field("abandoned", &self.abandoned()).finish_non_exhaustive()
    }
}

impl LockGuard for MutexGuard<'_> {
    fn abandoned(&self) -> bool {
        self.core.ownership.abandoned.load(Ordering::Relaxed)
    }
}

impl Drop for MutexGuard<'_> {
    fn drop(&mut self) {
        self.core.ownership.before_release();
        // It fails for a thread that does not own it, and this one does; so there is nothing to tell anybody.
        let _ = release(self.core.named.as_handle());
    }
}

/// How the owner before gave a mutex up, as the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    InOrder,
    Died,
}

/// What a handle remembers of the thread of this process that owns the mutex through it: how often, and whether
/// the owner before died. Written by the owner only, so what the kernel's mutex orders is order enough.
#[derive(Debug, Default)]
struct Ownership {
    owner: AtomicU64,
    depth: AtomicU32,
    abandoned: AtomicBool,
}

impl Ownership {
    /// This thread owns the mutex, for the first time or once more.
    fn taken(&self, owner_before: Before) {
        let me = thread_number();
        // What another thread left there it left when it ended: it owned the mutex, and now we do.
        if owner_before == Before::Died || self.owner.load(Ordering::Relaxed) != me {
            self.owner.store(me, Ordering::Relaxed);
            self.depth.store(0, Ordering::Relaxed);
            self.abandoned.store(owner_before == Before::Died, Ordering::Relaxed);
        }
        self.depth.fetch_add(1, Ordering::Relaxed);
    }

    /// This thread is about to give up one of the times that it owns the mutex.
    fn before_release(&self) {
        if self.depth.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.owner.store(NOBODY, Ordering::Relaxed);
        }
    }
}

const NOBODY: u64 = 0;

/// A number of this thread that no other thread of the process has or will have, unlike the system's.
fn thread_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(NOBODY);
    thread_local! {
        static MINE: Cell<u64> = const { Cell::new(NOBODY) };
    }
    MINE.with(|mine| {
        if mine.get() == NOBODY {
            mine.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
        }
        mine.get()
    })
}

pub(super) fn new_mutex(order: &Order<'_>) -> HANDLE {
    const OWNED_BY_NOBODY: u32 = 0;
    // SAFETY: the attributes' descriptor and the name, which ends in a NUL, live as long as the order.
    unsafe { CreateMutexExW(order.attributes, order.name.as_ptr(), OWNED_BY_NOBODY, order.rights) }
}

pub(super) fn release(mutex: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    succeeded(unsafe { ReleaseMutex(mutex.as_raw_handle()) })
}
