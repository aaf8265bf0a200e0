//! Objects with names: rights, and who made them (rules C4, C5, C19, C20).

use std::io;
use std::os::windows::io::{FromRawHandle as _, OwnedHandle};

use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, GetLastError, HANDLE, SetLastError};
use windows_sys::Win32::System::Threading::SYNCHRONIZATION_SYNCHRONIZE;

use super::kernel::{self, Class};
use crate::seam::raw::{New, calls};
use crate::windows::error::{Attempt, from_code, is_denied, is_not_found};
use crate::windows::names::WideName;
use crate::windows::region::{ROUNDS, check_owner};
use crate::windows::rights::READ_CONTROL;
use crate::windows::security::Security;
use crate::{Disposition, Error, ErrorKind, ObjectKind, ObjectName, Result, SyncOptions, Trust, testing};

pub(super) fn create(name: &ObjectName, sync: &SyncOptions, new: New) -> Result<OwnedHandle> {
    let attempt = Attempt::new(calls(new.kind()).create, Some(name)).of_kind(new.kind());
    match make(&WideName::new(name), sync, new, attempt)? {
        Made::New(handle) => Ok(handle),
        Made::Taken(_) => Err(attempt.error(ErrorKind::AlreadyExists)),
    }
}

pub(super) fn create_or_open(
    name: &ObjectName,
    sync: &SyncOptions,
    new: New,
) -> Result<(OwnedHandle, Disposition)> {
    let attempt = Attempt::new(calls(new.kind()).create_or_open, Some(name)).of_kind(new.kind());
    let wide = WideName::new(name);
    let mut _living = None;
    for _ in 0..ROUNDS {
        match open_trusted(&wide, new.kind(), sync.accepted(), attempt) {
            Err(error) if *error.kind() == ErrorKind::NotFound => {}
            opened => return Ok((opened?, Disposition::Opened)),
        }
        match make(&wide, sync, new, attempt)? {
            Made::New(handle) => return Ok((handle, Disposition::Created)),
            // Somebody was faster. Held until the next round has opened it.
            Made::Taken(handle) => _living = handle,
        }
    }
    Err(attempt.error(ErrorKind::TimedOut).with_detail("the name changed hands again and again; try again"))
}

pub(super) fn open(name: &ObjectName, kind: ObjectKind, trust: &Trust) -> Result<OwnedHandle> {
    let attempt = Attempt::new(calls(kind).open, Some(name)).of_kind(kind);
    open_trusted(&WideName::new(name), kind, trust, attempt)
}

/// What became of an attempt to make an object under a name.
enum Made {
    New(OwnedHandle),
    /// A living object of the kind has the name; this one, where we may hold it at all.
    Taken(Option<OwnedHandle>),
}

fn make(name: &WideName, sync: &SyncOptions, new: New, attempt: Attempt<'_>) -> Result<Made> {
    let class = Class::of(new.kind());
    let security = Security::with_rights(sync.asked_permissions(), class.share_rights())
        .map_err(|cause| attempt.failed(cause))?;
    let mut rounds = 1..ROUNDS;
    loop {
        let denial = match create_handle(name, &security, new) {
            Ok(Created::New(handle)) => {
                testing::reached("create: made");
                return Ok(Made::New(handle));
            }
            Ok(Created::Existing(handle)) => return Ok(Made::Taken(Some(handle))),
            Err(cause) if is_denied(&cause) => cause,
            Err(cause) => return Err(attempt.failed(cause)),
        };
        // Denied: either by the DACL of an object that has the name, or the name may not be made at all.
        match open_handle(class, name, SYNCHRONIZATION_SYNCHRONIZE) {
            Ok(handle) => return Ok(Made::Taken(Some(handle))),
            Err(cause) if is_denied(&cause) => return Ok(Made::Taken(None)),
            Err(cause) if !is_not_found(&cause) => return Err(attempt.failed(cause)),
            // Free: again, in case that object went between the two calls.
            Err(_) if rounds.next().is_some() => {}
            Err(_) => return Err(may_not_create(attempt).with_source(denial)),
        }
    }
}

/// The error for a name that nobody has and that still may not be made. No privilege is involved: the one
/// that `Global\` regions take is for sections only.
fn may_not_create(attempt: Attempt<'_>) -> Error {
    attempt.error(ErrorKind::AccessDenied).with_detail(
        "this process may not create such a name; run it outside its sandbox or with its user's full token",
    )
}

fn open_trusted(
    name: &WideName,
    kind: ObjectKind,
    trust: &Trust,
    attempt: Attempt<'_>,
) -> Result<OwnedHandle> {
    let handle = open_with_most_rights(Class::of(kind), name).map_err(|cause| attempt.failed(cause))?;
    testing::reached("open: opened");
    check_owner(&handle, trust, attempt)?;
    Ok(handle)
}

/// With the rights to see owner and state, or without them where the object's DACL does not grant them: then
/// the owner stays unknown, and the caller's trust decides.
fn open_with_most_rights(class: &Class, name: &WideName) -> io::Result<OwnedHandle> {
    let mut answer = open_handle(class, name, class.all());
    for rights in [class.needed() | READ_CONTROL, class.needed()] {
        match answer {
            Err(cause) if is_denied(&cause) => answer = open_handle(class, name, rights),
            answer => return answer,
        }
    }
    answer
}

/// What a create call found.
pub(super) enum Created {
    New(OwnedHandle),
    /// The name was taken by this object.
    Existing(OwnedHandle),
}

/// Creates an object, or opens the one of its kind that has the name.
pub(super) fn create_handle(name: &WideName, security: &Security, new: New) -> io::Result<Created> {
    let attributes = security.attributes();
    // SAFETY: about the thread's own error code, which is cleared before, because success need not overwrite
    // an old one, and read right behind.
    let (handle, code) = unsafe {
        SetLastError(0);
        (kernel::create(&attributes, name, new), GetLastError())
    };
    // SAFETY: the call returned this handle, with its code.
    let handle = unsafe { owned(handle, code) }?;
    Ok(if code == ERROR_ALREADY_EXISTS { Created::Existing(handle) } else { Created::New(handle) })
}

pub(super) fn open_handle(class: &Class, name: &WideName, rights: u32) -> io::Result<OwnedHandle> {
    const INHERITABLE: i32 = 0;
    // SAFETY: the name ends in a NUL and outlives the call; the code is read right behind it.
    let (handle, code) = unsafe {
        let handle = (class.open)(rights, INHERITABLE, name.as_ptr());
        (handle, GetLastError())
    };
    // SAFETY: the call returned this handle, with its code.
    unsafe { owned(handle, code) }
}

/// # Safety
/// `handle` is null, or a handle that nobody else closes.
unsafe fn owned(handle: HANDLE, code: u32) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(from_code(code));
    }
    // SAFETY: the caller vouches that the handle is ours alone.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}
