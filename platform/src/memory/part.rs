//! Parts of a view, and words of one: for code that touches the same place again and again.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};

use bytemuck::{AnyBitPattern, NoUninit};

use super::{View, copy};
use crate::{Access, Error, ErrorKind, Result};

/// A range of a view's bytes, which other processes may change at any time: what a [`View`] offers, within the range.
///
/// Offsets are in bytes from the start of the part.
#[derive(Clone, Copy)]
pub struct Part<'view> {
    start: NonNull<u8>,
    len: usize,
    access: Access,
    view: PhantomData<&'view View>,
}

// SAFETY: a part is a shared reference to a view, which is Sync.
unsafe impl Send for Part<'_> {}
// SAFETY: as above.
unsafe impl Sync for Part<'_> {}

impl<'view> Part<'view> {
    /// # Safety
    /// `len` bytes at `start` are mapped, with this access, for as long as the view lives.
    pub(crate) unsafe fn new(_view: &'view View, start: NonNull<u8>, len: usize, access: Access) -> Self {
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

    /// What the view allows.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// A range of it.
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
    /// While the slice lives, nobody writes to these bytes: no other process, no other thread, no call on this or
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
    /// While the slice lives, nobody else reads or writes these bytes: no other process, no other thread, no call on
    /// this or another view of the range, and no other slice of it exists.
    pub unsafe fn as_mut_slice(&self) -> Result<&'view mut [u8]> {
        let start = self.checked_mut(0, self.len)?;
        // SAFETY: mapped and writable while the view lives; the caller vouches that nobody else touches the bytes.
        Ok(unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), self.len) })
    }

    #[inline]
    fn checked(&self, offset: usize, len: usize) -> Result<NonNull<u8>> {
        if offset > self.len || len > self.len - offset {
            return Err(out_of_range(offset, len, self.len));
        }
        // SAFETY: offset is at most len, so the result is inside the mapping or one past its end.
        Ok(unsafe { self.start.add(offset) })
    }

    #[inline]
    fn checked_mut(&self, offset: usize, len: usize) -> Result<NonNull<u8>> {
        let start = self.checked(offset, len)?;
        if self.access.can_write() { Ok(start) } else { Err(super::view::read_only_view()) }
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("start", &self.start).field("len", &self.len).finish()
    }
}

#[cold]
fn out_of_range(offset: usize, len: usize, part_len: usize) -> Error {
    let (offset, len, region_len) = (offset as u64, len as u64, part_len as u64);
    Error::new(ErrorKind::OutOfRange { offset, len, region_len }, "reach a part of the view")
}

/// An atomic word of a view, with the mapping that it lies in: found and checked once, used without a check.
pub struct SharedWord<A> {
    word: NonNull<A>,
    view: View,
}

// SAFETY: the word is an atomic (only those are made), in memory that stays mapped as long as this lives.
unsafe impl<A: Sync> Send for SharedWord<A> {}
// SAFETY: as above.
unsafe impl<A: Sync> Sync for SharedWord<A> {}

impl<A> Clone for SharedWord<A> {
    fn clone(&self) -> Self {
        SharedWord { word: self.word, view: self.view.clone() }
    }
}

impl SharedWord<AtomicU32> {
    /// The word at `offset`; see [`View::atomic_u32`].
    ///
    /// # Errors
    /// Those of [`View::atomic_u32`].
    pub fn at(view: &View, offset: usize) -> Result<Self> {
        let word = NonNull::from(view.atomic_u32(offset)?);
        Ok(SharedWord { word, view: view.clone() })
    }
}

impl SharedWord<AtomicU64> {
    /// The word at `offset`; see [`View::atomic_u64`].
    ///
    /// # Errors
    /// Those of [`View::atomic_u64`].
    pub fn at(view: &View, offset: usize) -> Result<Self> {
        let word = NonNull::from(view.atomic_u64(offset)?);
        Ok(SharedWord { word, view: view.clone() })
    }
}

impl<A> Deref for SharedWord<A> {
    type Target = A;

    #[inline]
    fn deref(&self) -> &A {
        // SAFETY: a word of `view`, which lives as long as this; every access of others is atomic, or a copy of which
        // the documentation of `View` says what is relied on.
        unsafe { self.word.as_ref() }
    }
}

impl<A: fmt::Debug> fmt::Debug for SharedWord<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedWord").field(&**self).field(&self.view).finish()
    }
}
