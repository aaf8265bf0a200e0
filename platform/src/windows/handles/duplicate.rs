//! Handles as numbers, and their copies in other processes.

use std::os::windows::io::{
    AsHandle as _, AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle, RawHandle,
};
use std::{io, ptr};

use windows_sys::Win32::Foundation::{DUPLICATE_CLOSE_SOURCE, DUPLICATE_SAME_ACCESS, DuplicateHandle};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcess};

use crate::Access;
use crate::windows::calls::{opened, succeeded, with_most_rights};
use crate::windows::rights::section_rights;
use crate::windows::section::Section;

/// Whether the number can be a handle's, and not a pseudo handle's, which stands for another object in every process.
/// Handles are multiples of four of at most 32 bits, also in 64-bit processes.
pub(super) fn is_number(handle: u64) -> bool {
    handle != 0 && handle % 4 == 0 && handle < u64::from(u32::MAX - 16)
}

pub(super) fn number_of(handle: RawHandle) -> u64 {
    handle.addr() as u64
}

pub(super) fn raw(number: u64) -> RawHandle {
    ptr::without_provenance_mut(number as usize)
}

pub(super) fn this_process() -> BorrowedHandle<'static> {
    // SAFETY: the pseudo handle of this process, which is never closed.
    unsafe { BorrowedHandle::borrow_raw(GetCurrentProcess()) }
}

pub(super) fn open_process(id: u32, rights: u32) -> io::Result<OwnedHandle> {
    const INHERITABLE: i32 = 0;
    // SAFETY: takes no pointers; an invalid id is an error. The call returns null or a new handle.
    unsafe { opened(|| OpenProcess(rights, INHERITABLE, id)) }
}

/// Duplicates a handle with these rights, or with its own, and returns the copy's number in `to`.
pub(super) fn duplicate(
    from: BorrowedHandle<'_>,
    handle: RawHandle,
    to: BorrowedHandle<'_>,
    rights: Option<u32>,
) -> io::Result<RawHandle> {
    const INHERITABLE: i32 = 0;
    let mut copy = ptr::null_mut();
    let options = if rights.is_none() { DUPLICATE_SAME_ACCESS } else { 0 };
    // SAFETY: both processes' handles are open, an invalid number is an error, and `copy` is valid for a write.
    let made = unsafe {
        DuplicateHandle(
            from.as_raw_handle(),
            handle,
            to.as_raw_handle(),
            &mut copy,
            rights.unwrap_or(0),
            INHERITABLE,
            options,
        )
    };
    succeeded(made).map(|()| copy)
}

/// Copies the handle with this number in another process into this one.
pub(super) fn copy_out_of(process: BorrowedHandle<'_>, number: u64) -> io::Result<OwnedHandle> {
    let copy = duplicate(process, raw(number), this_process(), None)?;
    // SAFETY: made for this process just now, and nothing else closes it.
    Ok(unsafe { OwnedHandle::from_raw_handle(copy) })
}

/// Closes a handle of another process.
///
/// # Safety
/// The number is that of a handle that this process made there, and that nothing there owns.
pub(super) unsafe fn close_in(process: BorrowedHandle<'_>, number: u64) {
    // SAFETY: the process's handle is open; the caller vouches for the number.
    unsafe {
        DuplicateHandle(
            process.as_raw_handle(),
            raw(number),
            ptr::null_mut(),
            ptr::null_mut(),
            0,
            0,
            DUPLICATE_CLOSE_SOURCE,
        );
    }
}

/// Duplicates a section's handle into `to`, with the rights of the access, as far as this process has them.
pub(super) fn duplicate_section(
    section: &Section,
    to: BorrowedHandle<'_>,
    access: Access,
) -> io::Result<RawHandle> {
    let handle = section.as_handle().as_raw_handle();
    with_most_rights(&section_rights(access), |rights| duplicate(this_process(), handle, to, Some(rights)))
}

/// A handle of a section for this process, with the rights of the access, as far as it has them.
pub(super) fn own_copy(section: &Section, access: Access) -> io::Result<OwnedHandle> {
    let copy = duplicate_section(section, this_process(), access)?;
    // SAFETY: made for this process just now, and nothing else closes it.
    Ok(unsafe { OwnedHandle::from_raw_handle(copy) })
}

/// Duplicates the file's handle for flushing, if the receiver may write to it.
pub(super) fn duplicate_file(
    section: &Section,
    to: BorrowedHandle<'_>,
    access: Access,
) -> io::Result<Option<RawHandle>> {
    match section.file() {
        Some(file) if access.writes_object() => {
            duplicate(this_process(), file.as_raw_handle(), to, None).map(Some)
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudo_handles_are_no_numbers() {
        for number in [0, 1, 6, u64::MAX, u64::MAX - 3, 0xFFFF_FFFC, 1 << 40] {
            assert!(!is_number(number), "{number}");
        }
        for number in [4, 0x1234, 0xFFFF_0000] {
            assert!(is_number(number), "{number}");
        }
    }
}
