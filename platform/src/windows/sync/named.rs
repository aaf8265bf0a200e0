//! Named objects: their rights and owners (rules C4, C5, C19, C20).

use std::io;
use std::os::windows::io::OwnedHandle;

use windows_sys::Win32::System::Threading::SYNCHRONIZATION_SYNCHRONIZE;

use super::kernel::{self, Class};
use crate::contract::context::Operation;
use crate::seam::ask::{Ask, Made, open_or_make};
use crate::seam::kind::New;
use crate::seam::object::AskObject;
use crate::windows::calls::{self, Created, created, opened, with_most_rights};
use crate::windows::error::Attempt;
use crate::windows::names::WideName;
use crate::windows::security::{Security, check_owner};
use crate::{Disposition, ObjectKind, ObjectName, Result, SyncOptions, Trust, testing};

pub(super) fn get(
    name: &ObjectName,
    ask: AskObject<'_>,
    operation: Operation,
) -> Result<(OwnedHandle, Disposition)> {
    let wide = WideName::new(name);
    let attempt = Attempt::new(operation, Some(name)).of_kind(ask.kind());
    match ask {
        Ask::Create((new, sync)) => {
            Ok((make(&wide, sync, new, attempt)?.or_taken(attempt.context)?, Disposition::Created))
        }
        Ask::CreateOrOpen((new, sync)) => open_or_make(
            attempt.context,
            || open_trusted(&wide, new.kind(), sync.accepted(), attempt),
            || make(&wide, sync, new, attempt),
        ),
        Ask::Open((kind, trust)) => Ok((open_trusted(&wide, kind, trust, attempt)?, Disposition::Opened)),
    }
}

fn make(
    name: &WideName,
    sync: &SyncOptions,
    new: New,
    attempt: Attempt<'_>,
) -> Result<Made<OwnedHandle, Option<OwnedHandle>>> {
    let class = Class::of(new.kind());
    let security = Security::with_rights(sync.asked_permissions(), class.share_rights())
        .map_err(|cause| attempt.failed(cause))?;
    calls::make(
        attempt,
        || create_handle(name, &security, new),
        || open_handle(class, name, SYNCHRONIZATION_SYNCHRONIZE),
        // Only sections need a privilege for `Global\` names.
        "this process may not create such a name; run it outside its sandbox or with its user's full token",
    )
}

fn open_trusted(
    name: &WideName,
    kind: ObjectKind,
    trust: &Trust,
    attempt: Attempt<'_>,
) -> Result<OwnedHandle> {
    let class = Class::of(kind);
    let handle = with_most_rights(&class.rights(), |rights| open_handle(class, name, rights))
        .map_err(|cause| attempt.failed(cause))?;
    testing::reached("open: opened");
    check_owner(&handle, trust, attempt)?;
    Ok(handle)
}

/// Creates an object, or opens the one of its kind with the name.
pub(super) fn create_handle(
    name: &WideName,
    security: &Security,
    new: New,
) -> io::Result<Created<OwnedHandle>> {
    let attributes = security.attributes();
    // SAFETY: the kernel's create calls return null or a new handle.
    unsafe { created(|| kernel::create(&attributes, name, new)) }
}

pub(super) fn open_handle(class: &Class, name: &WideName, rights: u32) -> io::Result<OwnedHandle> {
    const INHERITABLE: i32 = 0;
    // SAFETY: the name ends in a NUL and outlives the call.
    unsafe { opened(|| (class.open)(rights, INHERITABLE, name.as_ptr())) }
}
