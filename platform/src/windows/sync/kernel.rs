//! The kernel's calls, kind by kind.

use std::io;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle};

use windows_sys::Win32::Foundation::{ERROR_TOO_MANY_POSTS, HANDLE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::{
    CREATE_EVENT_INITIAL_SET, CREATE_EVENT_MANUAL_RESET, CREATE_WAITABLE_TIMER_MANUAL_RESET, CreateEventExW,
    CreateMutexExW, CreateSemaphoreExW, CreateWaitableTimerExW, EVENT_MODIFY_STATE, MUTEX_MODIFY_STATE,
    OpenEventW, OpenMutexW, OpenSemaphoreW, OpenWaitableTimerW, ReleaseMutex, ReleaseSemaphore, ResetEvent,
    SEMAPHORE_MODIFY_STATE, SYNCHRONIZATION_SYNCHRONIZE, SetEvent, TIMER_MODIFY_STATE, TIMER_QUERY_STATE,
};

use crate::seam::kind::New;
use crate::windows::calls::succeeded;
use crate::windows::error::from_code;
use crate::windows::names::WideName;
use crate::windows::rights::READ_CONTROL;
use crate::windows::security::ShareRights;
use crate::{ObjectKind, Reset};

/// The rights and the calls of one kind of object.
pub(super) struct Class {
    /// The right to change its state.
    pub(super) modify: u32,
    /// The right to query its state, which a handle may lack.
    query: u32,
    pub(super) open: OpenCall,
}

type OpenCall = unsafe extern "system" fn(rights: u32, inheritable: i32, name: *const u16) -> HANDLE;

// MUTANT_QUERY_STATE, EVENT_QUERY_STATE and SEMAPHORE_QUERY_STATE are 1.
static MUTEX: Class = Class { modify: MUTEX_MODIFY_STATE, query: 1, open: OpenMutexW };
static EVENT: Class = Class { modify: EVENT_MODIFY_STATE, query: 1, open: OpenEventW };
static SEMAPHORE: Class = Class { modify: SEMAPHORE_MODIFY_STATE, query: 1, open: OpenSemaphoreW };
static TIMER: Class =
    Class { modify: TIMER_MODIFY_STATE, query: TIMER_QUERY_STATE, open: OpenWaitableTimerW };

impl Class {
    pub(super) fn of(kind: ObjectKind) -> &'static Class {
        match kind {
            ObjectKind::Mutex => &MUTEX,
            ObjectKind::Event => &EVENT,
            ObjectKind::Semaphore => &SEMAPHORE,
            ObjectKind::Timer => &TIMER,
            ObjectKind::Region => unreachable!("nobody waits for a region"),
        }
    }

    /// The rights of a handle for every call of this backend.
    pub(super) fn all(&self) -> u32 {
        SYNCHRONIZATION_SYNCHRONIZE | self.modify | self.query | READ_CONTROL
    }

    /// The sets of rights to try, until the object's DACL grants one. A handle with the last set can only wait; other
    /// calls on it fail.
    pub(super) fn rights(&self) -> [u32; 5] {
        let use_it = SYNCHRONIZATION_SYNCHRONIZE | self.modify;
        let wait = SYNCHRONIZATION_SYNCHRONIZE;
        [self.all(), use_it | READ_CONTROL, use_it, wait | READ_CONTROL, wait]
    }

    /// A read-only share lets its users only wait.
    pub(super) fn share_rights(&self) -> ShareRights {
        ShareRights {
            read_only: SYNCHRONIZATION_SYNCHRONIZE,
            read_write: SYNCHRONIZATION_SYNCHRONIZE | self.modify | self.query,
        }
    }
}

/// Creates an object, or opens the one of its kind with the name; the thread's last error tells which.
pub(super) fn create(attributes: &SECURITY_ATTRIBUTES, name: &WideName, new: New) -> HANDLE {
    const OWNED_BY_NOBODY: u32 = 0;
    /// No flag is defined.
    const NO_FLAGS: u32 = 0;
    let (name, rights) = (name.as_ptr(), Class::of(new.kind()).all());
    let if_manual = |reset, flag| if reset == Reset::Manual { flag } else { 0 };
    // SAFETY: the attributes' descriptor and the name, which ends in a NUL, outlive the call.
    unsafe {
        match new {
            New::Mutex => CreateMutexExW(attributes, name, OWNED_BY_NOBODY, rights),
            New::Event { reset, is_set } => {
                let set = if is_set { CREATE_EVENT_INITIAL_SET } else { 0 };
                CreateEventExW(attributes, name, if_manual(reset, CREATE_EVENT_MANUAL_RESET) | set, rights)
            }
            New::Semaphore { permits, maximum } => {
                CreateSemaphoreExW(attributes, permits as i32, maximum as i32, name, NO_FLAGS, rights)
            }
            New::Timer { reset } => {
                let flags = if_manual(reset, CREATE_WAITABLE_TIMER_MANUAL_RESET);
                CreateWaitableTimerExW(attributes, name, flags, rights)
            }
        }
    }
}

pub(super) fn set_event(event: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    succeeded(unsafe { SetEvent(event.as_raw_handle()) })
}

pub(super) fn reset_event(event: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    succeeded(unsafe { ResetEvent(event.as_raw_handle()) })
}

/// Gives permits back, all or none, and returns how many there were before. Too many are `ERROR_TOO_MANY_POSTS`.
pub(super) fn release_semaphore(semaphore: BorrowedHandle<'_>, count: u32) -> io::Result<u32> {
    // No semaphore has a larger maximum.
    let count = i32::try_from(count).map_err(|_| from_code(ERROR_TOO_MANY_POSTS))?;
    let mut before = 0;
    // SAFETY: the handle is open; `before` is valid for a write.
    succeeded(unsafe { ReleaseSemaphore(semaphore.as_raw_handle(), count, &mut before) })?;
    Ok(before as u32)
}

/// Gives a mutex up once; fails for a thread that does not own it.
pub(super) fn release_mutex(mutex: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    succeeded(unsafe { ReleaseMutex(mutex.as_raw_handle()) })
}
