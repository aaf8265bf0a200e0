//! Calls that make or open a named kernel object of any kind.

use std::io;
use std::os::windows::io::{FromRawHandle as _, OwnedHandle};

use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, GetLastError, HANDLE, SetLastError};

use super::error::{Attempt, from_code, is_denied, is_not_found};
use crate::contract::context::Context;
use crate::seam::ask::Made;
use crate::{ErrorKind, Result, testing};

/// The result of a create call.
pub(super) enum Created<T> {
    New(T),
    /// This object has the name already.
    Existing(T),
}

impl<T> Created<T> {
    pub(super) fn map<U>(self, map: impl FnOnce(T) -> U) -> Created<U> {
        match self {
            Created::New(made) => Created::New(map(made)),
            Created::Existing(there) => Created::Existing(map(there)),
        }
    }
}

/// Creates an object, or opens the one of its kind with the name.
///
/// # Safety
/// The call returns null or a handle that nothing else closes, and leaves its code in the thread's last error.
pub(super) unsafe fn created(call: impl FnOnce() -> HANDLE) -> io::Result<Created<OwnedHandle>> {
    // SAFETY: the thread's own error code. It is cleared before, because a successful call may leave an old one, and
    // read right after.
    let (handle, code) = unsafe {
        SetLastError(0);
        (call(), GetLastError())
    };
    // SAFETY: the caller vouches for the handle.
    let handle = unsafe { owned(handle, code) }?;
    Ok(if code == ERROR_ALREADY_EXISTS { Created::Existing(handle) } else { Created::New(handle) })
}

/// The result of a call that leaves its error in the thread's last error.
pub(super) fn succeeded(answer: i32) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Opens an object.
///
/// # Safety
/// As for [`created`].
pub(super) unsafe fn opened(call: impl FnOnce() -> HANDLE) -> io::Result<OwnedHandle> {
    let handle = call();
    // SAFETY: reads the thread's own error code right after the call; the caller vouches for the handle.
    unsafe { owned(handle, GetLastError()) }
}

/// Opens with the first of these sets of rights, from the most to the fewest, that the object's DACL grants. Where it
/// hides owner and state, the caller's trust decides.
pub(super) fn with_most_rights<T>(rights: &[u32], open: impl Fn(u32) -> io::Result<T>) -> io::Result<T> {
    let (fewest, more) = rights.split_last().expect("some rights");
    for rights in more {
        match open(*rights) {
            Err(cause) if is_denied(&cause) => {}
            answer => return answer,
        }
    }
    open(*fewest)
}

/// # Safety
/// `handle` is null, or a handle that nothing else closes.
unsafe fn owned(handle: HANDLE, code: u32) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(from_code(code));
    }
    // SAFETY: the caller vouches that nothing else owns the handle.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// How often a creator tries again when the kernel refuses a name that turns out to be free.
const TRIES: usize = 64;

/// Makes an object under a name, if no other one has it. `forbidden` is the error text for a free name that this
/// process may not use.
pub(super) fn make<T>(
    attempt: Attempt<'_>,
    create: impl Fn() -> io::Result<Created<T>>,
    open: impl Fn() -> io::Result<T>,
    forbidden: &str,
) -> Result<Made<T, Option<T>>> {
    let mut tries = 1..TRIES;
    loop {
        let denial = match create() {
            Ok(Created::New(made)) => {
                testing::reached("create: made");
                return Ok(Made::New(made));
            }
            Ok(Created::Existing(there)) => return Ok(Made::Taken(Some(there))),
            Err(cause) if is_denied(&cause) => cause,
            Err(cause) => return Err(attempt.failed(cause)),
        };
        // Denied: either by the DACL of the object with the name, or because this process may not use the name.
        match open() {
            Ok(there) => return Ok(Made::Taken(Some(there))),
            Err(cause) if is_denied(&cause) => return Ok(Made::Taken(None)),
            Err(cause) if !is_not_found(&cause) => return Err(attempt.failed(cause)),
            // Free: try again, because that object may have ended between the two calls.
            Err(_) if tries.next().is_some() => {}
            Err(_) => {
                let error = attempt.error(ErrorKind::AccessDenied);
                return Err(error.with_detail(forbidden).with_source(denial));
            }
        }
    }
}

impl<T, L> Made<T, L> {
    pub(super) fn map<U>(self, make: impl FnOnce(T) -> Result<U>) -> Result<Made<U, L>> {
        match self {
            Made::New(made) => make(made).map(Made::New),
            Made::Taken(living) => Ok(Made::Taken(living)),
        }
    }

    /// The object, if it is new; otherwise an error.
    pub(super) fn or_taken(self, context: Context<'_>) -> Result<T> {
        match self {
            Made::New(made) => Ok(made),
            Made::Taken(_) => Err(context.error(ErrorKind::AlreadyExists)),
        }
    }
}
