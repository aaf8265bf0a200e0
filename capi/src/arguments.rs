//! What C hands in, checked: text, names, numbers, buffers and times.

use std::ffi::{CStr, c_char, c_void};
use std::time::Duration;

use samemap::{Access, Disposition, Error, ErrorKind, ObjectName, Result};

/// What a call failed at before it began.
const CALL: &str = "use the arguments of the call";

#[cold]
pub(crate) fn invalid(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, CALL).with_detail(detail)
}

#[cold]
pub(crate) fn null(what: &str) -> Error {
    invalid(format!("{what} is NULL"))
}

/// A text of C.
///
/// # Safety
/// The pointer is null, or leads to bytes with a zero at their end.
pub(crate) unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a str> {
    if text.is_null() {
        return Err(null(what));
    }
    // SAFETY: its bytes end with a zero.
    unsafe { CStr::from_ptr(text) }.to_str().map_err(|_| invalid(format!("{what} is not UTF-8")))
}

/// A name.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn name(name: *const c_char) -> Result<ObjectName> {
    // SAFETY: as the caller vouches.
    ObjectName::new(unsafe { text(name, "the name") }?)
}

/// Where a result goes that C may leave out.
///
/// # Safety
/// The pointer is null or valid for a write.
#[inline]
pub(crate) unsafe fn put<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: it is valid for a write.
        unsafe { place.write(value) };
    }
}

/// Where a result goes that C must take.
///
/// # Safety
/// The pointer is null or valid for reads and writes.
#[inline]
pub(crate) unsafe fn place<'a, T>(place: *mut T, what: &str) -> Result<&'a mut T> {
    // SAFETY: it is valid, and C's alone for the call.
    unsafe { place.as_mut() }.ok_or_else(|| null(what))
}

/// Bytes to read from. None may lie anywhere.
///
/// # Safety
/// The pointer is null or valid for reads of `len` bytes.
#[inline]
pub(crate) unsafe fn bytes<'a>(data: *const c_void, len: usize) -> Result<&'a [u8]> {
    match (len, data.is_null()) {
        (0, _) => Ok(&[]),
        (_, true) => Err(null("the data")),
        // SAFETY: as the caller vouches.
        _ => Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) }),
    }
}

/// A buffer to write to. One without length may lie anywhere.
///
/// # Safety
/// The pointer is null or valid for writes of `size` bytes.
#[inline]
pub(crate) unsafe fn buffer<'a>(data: *mut c_void, size: usize) -> Result<&'a mut [u8]> {
    match (size, data.is_null()) {
        (0, _) => Ok(&mut []),
        (_, true) => Err(null("the buffer")),
        // SAFETY: as the caller vouches; any bytes are bytes.
        _ => Ok(unsafe { std::slice::from_raw_parts_mut(data.cast(), size) }),
    }
}

/// A timeout that never comes.
pub const SAMEMAP_FOREVER: u64 = u64::MAX;

/// A timeout in nanoseconds.
#[inline]
pub(crate) fn timeout(nanoseconds: u64) -> Option<Duration> {
    (nanoseconds != SAMEMAP_FOREVER).then(|| Duration::from_nanos(nanoseconds))
}

/// What may be done with the bytes of a region or a view: one of SAMEMAP_READ_ONLY, SAMEMAP_READ_WRITE and
/// SAMEMAP_COPY_ON_WRITE. Zero stands for SAMEMAP_READ_WRITE.
pub type samemap_access_t = i32;

/// Reading.
pub const SAMEMAP_READ_ONLY: i32 = 1;
/// Reading and writing.
pub const SAMEMAP_READ_WRITE: i32 = 2;
/// Reading, and writing to a copy that no other process sees.
pub const SAMEMAP_COPY_ON_WRITE: i32 = 3;

pub(crate) fn access(access: samemap_access_t) -> Result<Access> {
    match access {
        0 | SAMEMAP_READ_WRITE => Ok(Access::ReadWrite),
        SAMEMAP_READ_ONLY => Ok(Access::ReadOnly),
        SAMEMAP_COPY_ON_WRITE => Ok(Access::CopyOnWrite),
        other => Err(invalid(format!(
            "{other} is no access; take SAMEMAP_READ_ONLY, SAMEMAP_READ_WRITE or SAMEMAP_COPY_ON_WRITE"
        ))),
    }
}

pub(crate) fn access_number(access: Access) -> samemap_access_t {
    match access {
        Access::ReadOnly => SAMEMAP_READ_ONLY,
        Access::ReadWrite => SAMEMAP_READ_WRITE,
        Access::CopyOnWrite => SAMEMAP_COPY_ON_WRITE,
    }
}

/// Whether a call that creates or opens created.
///
/// # Safety
/// The pointer is null or valid for a write.
pub(crate) unsafe fn put_disposition(created: *mut bool, disposition: Disposition) {
    // SAFETY: as the caller vouches.
    unsafe { put(created, disposition == Disposition::Created) };
}
