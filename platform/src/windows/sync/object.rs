//! What all kinds have in common: a handle, a name, and three calls that make one (rules C4, C5, C19, C20).

use std::os::windows::io::{AsHandle, BorrowedHandle, FromRawHandle as _, OwnedHandle};
use std::{fmt, io};

use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, GetLastError, HANDLE, SetLastError};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Threading::SYNCHRONIZATION_SYNCHRONIZE;

use crate::windows::error::{Attempt, from_code, is_denied, is_not_found};
use crate::windows::names::WideName;
use crate::windows::region::{ROUNDS, check_owner};
use crate::windows::section::READ_CONTROL;
use crate::windows::security::{Security, ShareRights};
use crate::{Disposition, Error, ErrorKind, ObjectKind, ObjectName, Result, SyncOptions, Trust, testing};

/// What sets one kind of object apart.
pub(super) struct Class {
    pub(super) kind: ObjectKind,
    /// The three calls, in words that complete "cannot …".
    pub(super) calls: Calls,
    /// The right to change its state.
    pub(super) modify: u32,
    /// The right to ask for its state, which may be missing.
    pub(super) query: u32,
    pub(super) open: OpenCall,
}

pub(super) struct Calls {
    pub(super) create: &'static str,
    pub(super) create_or_open: &'static str,
    pub(super) open: &'static str,
}

type OpenCall = unsafe extern "system" fn(rights: u32, inheritable: i32, name: *const u16) -> HANDLE;

impl Class {
    /// The rights that using the object takes.
    fn needed(&self) -> u32 {
        SYNCHRONIZATION_SYNCHRONIZE | self.modify
    }

    /// The rights of a handle that can do all that this backend ever does with it.
    pub(super) fn all(&self) -> u32 {
        self.needed() | self.query | READ_CONTROL
    }

    /// Whom a read-only share lets in may wait and no more: a plain Win32 program can do that, a handle of
    /// this crate takes more.
    fn share_rights(&self) -> ShareRights {
        ShareRights { read_only: SYNCHRONIZATION_SYNCHRONIZE, read_write: self.needed() | self.query }
    }
}

/// What a create call takes beside what is its kind's own.
pub(super) struct Order<'a> {
    pub(super) attributes: &'a SECURITY_ATTRIBUTES,
    pub(super) name: &'a WideName,
    pub(super) rights: u32,
}

/// A create call of one kind, with the arguments that are this kind's own.
pub(super) type CreateCall<'a> = &'a dyn Fn(&Order<'_>) -> HANDLE;

/// A kernel object with its name.
pub(super) struct Named {
    handle: OwnedHandle,
    name: ObjectName,
}

impl Named {
    pub(super) fn create(
        class: &Class,
        name: &ObjectName,
        sync: &SyncOptions,
        call: CreateCall<'_>,
    ) -> Result<Self> {
        let attempt = Attempt::new(class.calls.create, Some(name)).of_kind(class.kind);
        match make(class, &WideName::new(name), sync, call, attempt)? {
            Made::New(handle) => Ok(Named { handle, name: name.clone() }),
            Made::Taken(_) => Err(attempt.error(ErrorKind::AlreadyExists)),
        }
    }

    pub(super) fn create_or_open(
        class: &Class,
        name: &ObjectName,
        sync: &SyncOptions,
        call: CreateCall<'_>,
    ) -> Result<(Self, Disposition)> {
        let attempt = Attempt::new(class.calls.create_or_open, Some(name)).of_kind(class.kind);
        let wide = WideName::new(name);
        let made = |handle, disposition| Ok((Named { handle, name: name.clone() }, disposition));
        let mut _living = None;
        for _ in 0..ROUNDS {
            match open(class, &wide, sync.accepted(), attempt) {
                Err(error) if *error.kind() == ErrorKind::NotFound => {}
                opened => return made(opened?, Disposition::Opened),
            }
            match make(class, &wide, sync, call, attempt)? {
                Made::New(handle) => return made(handle, Disposition::Created),
                // Somebody was faster. Held until the next round has opened it.
                Made::Taken(handle) => _living = handle,
            }
        }
        Err(attempt
            .error(ErrorKind::TimedOut)
            .with_detail("the name changed hands again and again; try again"))
    }

    pub(super) fn open(class: &Class, name: &ObjectName, trust: &Trust) -> Result<Self> {
        let attempt = Attempt::new(class.calls.open, Some(name)).of_kind(class.kind);
        let handle = open(class, &WideName::new(name), trust, attempt)?;
        Ok(Named { handle, name: name.clone() })
    }

    pub(super) fn name(&self) -> &ObjectName {
        &self.name
    }

    pub(super) fn fmt_as(&self, kind: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(kind).field("name", &self.name.to_string()).finish_non_exhaustive()
    }

    /// The error of a call on this object.
    #[cold]
    pub(super) fn failed(&self, operation: &'static str, cause: io::Error) -> Error {
        self.error(operation, ErrorKind::Os).with_source(cause)
    }

    #[cold]
    pub(super) fn error(&self, operation: &'static str, kind: ErrorKind) -> Error {
        Attempt::new(operation, Some(&self.name)).error(kind)
    }
}

impl AsHandle for Named {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

/// What became of an attempt to make an object under a name.
enum Made {
    New(OwnedHandle),
    /// A living object of the kind has the name; this one, where we may hold it at all.
    Taken(Option<OwnedHandle>),
}

fn make(
    class: &Class,
    name: &WideName,
    sync: &SyncOptions,
    call: CreateCall<'_>,
    attempt: Attempt<'_>,
) -> Result<Made> {
    let security = Security::with_rights(sync.asked_permissions(), class.share_rights())
        .map_err(|cause| attempt.failed(cause))?;
    let mut rounds = 1..ROUNDS;
    loop {
        let denial = match create_handle(class, name, &security, call) {
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

fn open(class: &Class, name: &WideName, trust: &Trust, attempt: Attempt<'_>) -> Result<OwnedHandle> {
    let handle = open_with_most_rights(class, name).map_err(|cause| attempt.failed(cause))?;
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
pub(super) fn create_handle(
    class: &Class,
    name: &WideName,
    security: &Security,
    call: CreateCall<'_>,
) -> io::Result<Created> {
    let attributes = security.attributes();
    let order = Order { attributes: &attributes, name, rights: class.all() };
    // SAFETY: about the thread's own error code, which is cleared before, because success need not overwrite
    // an old one, and read right behind.
    let (handle, code) = unsafe {
        SetLastError(0);
        (call(&order), GetLastError())
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
