//! What the calls that make or open an object have in common.

use samemap::{Disposition, Error, ErrorKind, Result as Made};

use super::codes::{error, right};
use super::errors::code_of;
use super::handle::Handle;
use super::handles::{self, Object, Opened};
use super::last_error;

/// A handle of an object that was made or opened. The last error says which of the two: `ERROR_ALREADY_EXISTS`, or none.
pub(super) fn made<T>(
    made: Made<(T, Disposition)>,
    as_object: impl FnOnce(T) -> Object,
    rights: u32,
) -> Result<(Handle, Disposition), u32> {
    let (object, disposition) = made.map_err(|cause| code_of(&cause))?;
    let handle = handles::open(Opened::new(as_object(object), rights))?;
    last_error::set(match disposition {
        Disposition::Created => error::SUCCESS,
        Disposition::Opened => error::ALREADY_EXISTS,
    });
    Ok((handle, disposition))
}

/// A handle of an object that was opened.
pub(super) fn opened<T>(
    opened: Made<T>,
    as_object: impl FnOnce(T) -> Object,
    rights: u32,
) -> Result<Handle, u32> {
    let object = opened.map_err(|cause| code_of(&cause))?;
    handles::open(Opened::new(as_object(object), rights))
}

/// What an `Ex` call asks for: flags that it knows, and no others.
pub(super) fn check_flags(flags: u32, known: u32) -> Result<(), u32> {
    if flags & !known == 0 { Ok(()) } else { Err(error::INVALID_PARAMETER) }
}

/// Runs a call on an object of one kind, whose handle has the right.
#[inline]
pub(super) fn with_kind<T, R>(
    handle: Handle,
    right: u32,
    of_kind: impl FnOnce(&Object) -> Option<&T>,
    call: impl FnOnce(&T) -> Made<R>,
) -> Result<R, u32> {
    handles::with(handle, |opened| {
        let object = of_kind(&opened.object).ok_or(error::INVALID_HANDLE)?;
        opened.check(right)?;
        call(object).map_err(|cause| code_of(&cause))
    })
}

/// The answer where nobody has the name.
pub(super) fn is_free(cause: &Error) -> bool {
    cause.is(ErrorKind::NotFound)
}

/// Changes an event, a semaphore or a timer.
#[inline]
pub(super) fn change<T, R>(
    handle: Handle,
    of_kind: impl FnOnce(&Object) -> Option<&T>,
    call: impl FnOnce(&T) -> Made<R>,
) -> Result<R, u32> {
    with_kind(handle, right::MODIFY_STATE, of_kind, call)
}
