//! Parts of a view: every plain access to mapped memory is made here.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use bytemuck::{AnyBitPattern, NoUninit};

use super::copy;
use crate::{Access, Error, ErrorKind, Result};

/// A range of a view's bytes, which other processes may change at any time: the calls of a [`View`](crate::View),
/// within the range.
///
/// Offsets are in bytes from the start of the part.
#[derive(Clone, Copy)]
pub struct Part<'view> {
    start: NonNull<u8>,
    len: usize,
    access: Access,
    view: PhantomData<&'view ()>,
}

// SAFETY: an address range that stays mapped while the view lives, on whichever thread that is.
unsafe impl Send for Part<'_> {}
// SAFETY: every safe access is sound against concurrent access from anywhere (see `copy`, and atomics), so also
// against other threads of this process.
unsafe impl Sync for Part<'_> {}

impl<'view> Part<'view> {
    /// # Safety
    /// `len` bytes at `start` are mapped, readable, and writable where `access` says so, while `'view` lasts. No Rust
    /// reference to plain bytes of them exists or will be made by safe code.
    pub(super) unsafe fn new(start: NonNull<u8>, len: usize, access: Access) -> Self {
        Part { start, len, access, view: PhantomData }
    }

    /// Its length in bytes.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no bytes.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The access of the view.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// A range of the part.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange).
    #[inline]
    pub fn part(&self, offset: usize, len: usize) -> Result<Part<'view>> {
        let start = self.checked(offset, len)?;
        Ok(Part { start, len, ..*self })
    }

    /// Copies `into.len()` bytes at `offset` out.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); then nothing is copied.
    #[inline]
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<()> {
        let from = self.checked(offset, into.len())?;
        // SAFETY: the source range was checked; the destination is a private slice of that length.
        unsafe { copy::copy_from_shared(from.as_ptr(), into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    /// Copies `from` in at `offset`.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`AccessDenied`](ErrorKind::AccessDenied) on a read-only view. Then nothing
    /// is copied.
    #[inline]
    pub fn write(&self, offset: usize, from: &[u8]) -> Result<()> {
        let to = self.checked_mut(offset, from.len())?;
        // SAFETY: the destination range was checked, and is writable; the source is a private slice.
        unsafe { copy::copy_to_shared(from.as_ptr(), to.as_ptr(), from.len()) };
        Ok(())
    }

    /// Sets `len` bytes at `offset` to `byte`.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn fill(&self, offset: usize, len: usize, byte: u8) -> Result<()> {
        let to = self.checked_mut(offset, len)?;
        // SAFETY: the range was checked, and is writable.
        unsafe { copy::fill_shared(to.as_ptr(), byte, len) };
        Ok(())
    }

    /// Copies a plain-data value out. `offset` need not be aligned.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange).
    #[inline]
    pub fn get<T: AnyBitPattern>(&self, offset: usize) -> Result<T> {
        let from = self.checked(offset, size_of::<T>())?;
        let mut value = std::mem::MaybeUninit::<T>::zeroed();
        // SAFETY: the source range was checked; the destination has the size of a T, and every bit pattern,
        // zeroed padding included, is a T.
        unsafe {
            copy::copy_from_shared(from.as_ptr(), value.as_mut_ptr().cast(), size_of::<T>());
            Ok(value.assume_init())
        }
    }

    /// Copies a plain-data value in. `offset` need not be aligned.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    #[inline]
    pub fn put<T: NoUninit>(&self, offset: usize, value: &T) -> Result<()> {
        self.write(offset, bytemuck::bytes_of(value))
    }

    /// The address of its first byte. Using it is as `unsafe` as any pointer, with the duty that
    /// [`as_slice`](Self::as_slice) states.
    #[must_use]
    pub fn as_ptr(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Its bytes as a slice.
    ///
    /// # Safety
    /// While the slice lives, these bytes are not written to: by no other process, no other thread, no call on this or
    /// another view of the range.
    #[must_use]
    pub unsafe fn as_slice(&self) -> &'view [u8] {
        // SAFETY: mapped and readable while the view lives; the caller vouches that the bytes do not change.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    /// Its bytes as a slice to write to.
    ///
    /// # Errors
    /// [`AccessDenied`](ErrorKind::AccessDenied) on a read-only view.
    ///
    /// # Safety
    /// While the slice lives, these bytes are neither read nor written otherwise: by no other process, no other thread,
    /// no call on this or another view of the range. No other slice of them exists.
    pub unsafe fn as_mut_slice(&self) -> Result<&'view mut [u8]> {
        let start = self.checked_mut(0, self.len)?;
        // SAFETY: mapped and writable while the view lives; the caller vouches that nothing else accesses the bytes.
        Ok(unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), self.len) })
    }

    /// The first byte of a range that lies inside.
    #[inline]
    pub(super) fn checked(&self, offset: usize, len: usize) -> Result<NonNull<u8>> {
        if offset > self.len || len > self.len - offset {
            return Err(out_of_range(offset, len, self.len));
        }
        // SAFETY: offset is at most len, so the result is inside the mapping or one past its end.
        Ok(unsafe { self.start.add(offset) })
    }

    /// The first byte of a range that lies inside and is writable.
    #[inline]
    pub(super) fn checked_mut(&self, offset: usize, len: usize) -> Result<NonNull<u8>> {
        let start = self.checked(offset, len)?;
        if self.access.can_write() { Ok(start) } else { Err(read_only()) }
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("start", &self.start).field("len", &self.len).finish()
    }
}

/// The operation of the errors for a range outside.
pub(super) const REACH: &str = "reach a part of the view";

#[cold]
pub(super) fn out_of_range(offset: usize, len: usize, part_len: usize) -> Error {
    let (offset, len, region_len) = (offset as u64, len as u64, part_len as u64);
    Error::new(ErrorKind::OutOfRange { offset, len, region_len }, REACH)
}

#[cold]
fn read_only() -> Error {
    Error::new(ErrorKind::AccessDenied, "write to the view")
        .with_detail("the view is read-only; map it with Access::ReadWrite or Access::CopyOnWrite")
}
