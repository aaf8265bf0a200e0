//! Views: mapped memory and its keeper.

use std::fmt;
use std::ops::RangeBounds;
use std::ptr::NonNull;
use std::sync::Arc;

use bytemuck::{AnyBitPattern, NoUninit};

use super::part::REACH;
use super::{Keeper, Origin, Part};
use crate::contract::range::resolve;
use crate::{Access, Error, ErrorKind, Result};

/// A mapped range of a region.
///
/// Other processes may change the bytes at any time, so no safe call gives out a reference to them
/// (rule C14). Safe access copies, whole and bounds-checked, or goes through atomics:
///
/// - [`read`](Self::read) and [`write`](Self::write) copy bytes, [`get`](Self::get) and
///   [`put`](Self::put) plain-data values. A copy that races with a writer may be a mix of old and new
///   bytes; use a lock, or a sequence of your own, where that matters.
/// - [`atomic_u32`](Self::atomic_u32) and its kin are for words that processes share.
///
/// Offsets are in bytes from the start of the view. The view keeps its object alive (C13).
///
/// # What safe calls can do to each other
/// Other processes lie outside of Rust's memory model: their stores appear here as stored bytes, and the processor
/// defines the rest. Safe calls of *one* process on the same bytes at the same time have these results:
///
/// | | a copy | an atomic of the same word | an atomic of the other size |
/// | --- | --- | --- | --- |
/// | **a copy** | each byte is an old or a new one | each byte is an old or a new one | the same |
/// | **an atomic word** | each byte is an old or a new one | as Rust defines it | each byte is an old or a new one |
///
/// Copies run in inline assembly on x86-64, x86 and AArch64, so the compiler cannot draw conclusions from the bytes that
/// they move. Rust itself defines neither a copy that races with an atomic wider than a byte, nor atomics of two sizes
/// that overlap and race: there the table says what those three processors do, and the compiler leaves it to them
/// because it knows nothing of a mapping's bytes. Code for another architecture, or for Miri, gives each word one size
/// and copies no word that may change meanwhile. No reference to bytes is ever made, so a race can neither make a value
/// that its type forbids nor reach outside of the view. Rust defines the loads of read-only memory, as
/// [`AtomicReader`](crate::regions::AtomicReader) makes them.
///
/// # What can still go wrong
/// Memory is committed at creation, so an access raises no signal, with exceptions that no library can prevent: a
/// memory cgroup's limit, private copies of copy-on-write pages when memory runs out, and another process that
/// truncates the object's file (SIGBUS on POSIX).
///
/// A clone is the same mapping at the same address; it is unmapped when the last clone goes.
#[derive(Clone)]
pub struct View {
    /// All of the memory. It is mapped while the keeper lives, so no borrow of it outlives the view.
    whole: Part<'static>,
    // Dropped with the view: unmaps the memory, then releases the object.
    keeper: Arc<dyn Keeper>,
}

/// Memory that a backend has mapped.
pub struct MappedRange {
    /// The first byte of the view.
    pub base: NonNull<u8>,
    /// Length of the view in bytes; at least one, at most `isize::MAX`.
    pub len: usize,
    /// The access of the mapping.
    pub access: Access,
    /// Dropped with the view: unmaps the memory, then releases the object.
    pub keeper: Arc<dyn Keeper>,
}

impl View {
    /// Makes a view of memory that a backend has mapped.
    ///
    /// # Safety
    /// `base..base + len` is mapped, readable, and writable where `access` says so, until `keeper` is
    /// dropped, and no Rust reference to plain bytes of it exists or will be made by safe code.
    #[must_use]
    pub unsafe fn from_mapped(range: MappedRange) -> View {
        let MappedRange { base, len, access, keeper } = range;
        // SAFETY: the caller vouches for it while the keeper lives, and no borrow of `whole` outlives the view.
        View { whole: unsafe { Part::new(base, len, access) }, keeper }
    }

    #[inline]
    pub(super) fn whole(&self) -> &Part<'_> {
        &self.whole
    }

    /// The view's length in bytes, as it was asked for.
    #[inline]
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a view is never empty")]
    pub fn len(&self) -> usize {
        self.whole().len()
    }

    /// The access of the view.
    #[must_use]
    pub fn access(&self) -> Access {
        self.whole().access()
    }

    /// A range of the view, for code that uses one place repeatedly.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange).
    #[inline]
    pub fn part(&self, offset: usize, len: usize) -> Result<Part<'_>> {
        self.whole().part(offset, len)
    }

    /// Copies `into.len()` bytes at `offset` out of the view.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); then nothing is copied.
    #[inline]
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<()> {
        self.whole().read(offset, into)
    }

    /// Copies `from` into the view at `offset`.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`AccessDenied`](ErrorKind::AccessDenied) on a read-only
    /// view. Then nothing is copied.
    #[inline]
    pub fn write(&self, offset: usize, from: &[u8]) -> Result<()> {
        self.whole().write(offset, from)
    }

    /// Sets `len` bytes at `offset` to `byte`.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn fill(&self, offset: usize, len: usize, byte: u8) -> Result<()> {
        self.whole().fill(offset, len, byte)
    }

    /// Copies a plain-data value out of the view. `offset` need not be aligned.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange).
    #[inline]
    pub fn get<T: AnyBitPattern>(&self, offset: usize) -> Result<T> {
        self.whole().get(offset)
    }

    /// Copies a plain-data value into the view. `offset` need not be aligned.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    #[inline]
    pub fn put<T: NoUninit>(&self, offset: usize, value: &T) -> Result<()> {
        self.whole().put(offset, value)
    }

    /// The address of the view's first byte.
    ///
    /// Reading or writing through it is as `unsafe` as any pointer's, with the duty that
    /// [`as_slice`](Self::as_slice) states: other processes may access the bytes at the same time.
    #[inline]
    #[must_use]
    pub fn as_ptr(&self) -> *mut u8 {
        self.whole().as_ptr()
    }

    /// The view's bytes as a slice.
    ///
    /// # Safety
    /// While the slice lives, these bytes are not written to: by no other process, no other thread, no call on this or
    /// another view of the range. A lock that every writer takes ensures that.
    #[must_use]
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: this function's contract is that of the call.
        unsafe { self.whole().as_slice() }
    }

    /// The view's bytes as a slice to write to.
    ///
    /// # Errors
    /// [`AccessDenied`](ErrorKind::AccessDenied) on a read-only view.
    ///
    /// # Safety
    /// While the slice lives, these bytes are neither read nor written otherwise: by no other process, no other thread,
    /// no call on this or another view of the range. No other slice of them exists.
    #[expect(clippy::mut_from_ref, reason = "the caller vouches that the bytes are its own")]
    pub unsafe fn as_mut_slice(&self) -> Result<&mut [u8]> {
        // SAFETY: this function's contract is that of the call.
        unsafe { self.whole().as_mut_slice() }
    }

    /// Waits until the contents of a range have reached the disk: for a region over a file, the file's data and size.
    /// For other memory it does nothing.
    ///
    /// Earlier writes of other views and processes to these bytes are flushed, too.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`AccessDenied`](ErrorKind::AccessDenied) on a view that does
    /// not write to the file: a read-only one, or a copy-on-write one, whose writes stay private;
    /// [`Os`](ErrorKind::Os) when the disk fails. The unwritten data may be lost even when a later flush succeeds.
    ///
    /// # Platform-specific behavior
    /// `msync` and `fsync` (`F_FULLFSYNC` on macOS); `FlushViewOfFile` and `FlushFileBuffers`.
    pub fn flush(&self, range: impl RangeBounds<usize>) -> Result<()> {
        let bounds = (range.start_bound().map(|&at| at as u64), range.end_bound().map(|&at| at as u64));
        let (offset, len) = resolve(bounds, self.len() as u64, REACH)?;
        // A number that does not fit in an address is out of range.
        let [offset, len] = [offset, len].map(|value| usize::try_from(value).unwrap_or(usize::MAX));
        let start = self.whole().checked(offset, len)?;
        if !self.access().writes_object() {
            return Err(Error::new(ErrorKind::AccessDenied, "flush the view").with_detail(format!(
                "the view is {}, so nothing written to it can reach a file; map it with Access::ReadWrite",
                self.access()
            )));
        }
        if len == 0 {
            return Ok(());
        }
        self.keeper.flush(start.as_ptr(), len)
    }

    /// Where the byte at `offset` lies in the system's object, if the view has one.
    pub(crate) fn origin(&self, offset: usize) -> Option<Origin> {
        self.keeper.origin(self.as_ptr().wrapping_add(offset))
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("base", &self.as_ptr())
            .field("len", &self.len())
            .field("access", &self.access())
            .finish()
    }
}
