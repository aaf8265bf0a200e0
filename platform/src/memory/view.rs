//! Mapped memory, and the safe ways to touch it (rules C10 to C14).

use std::fmt;
use std::ops::RangeBounds;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytemuck::{AnyBitPattern, NoUninit};

use super::{Keeper, Origin, Part, copy};
use crate::range::resolve;
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
/// # What the soundness of this rests on
/// Copies run in inline assembly on x86-64, x86 and AArch64, so the compiler cannot draw conclusions from
/// the bytes it moves, and the processor defines what a race between them and an atomic word gives: bytes
/// that were stored, old or new. Rust's memory model itself gives no meaning to accesses of different
/// sizes that race on the same bytes. Between processes that model says nothing in any case; *within* one
/// process, code that races a copy against an [atomic word](Self::atomic_u32) on the same bytes relies on
/// the processor, not on the model, and on an architecture other than these three it should not.
///
/// # What can still go wrong
/// Memory is committed at creation, so touching it raises no signal, but for what no library can
/// promise: a memory cgroup's limit, private copies of copy-on-write pages when memory runs out, or
/// somebody who truncates the object's file behind our back (SIGBUS on POSIX).
///
/// A clone is the same mapping at the same address; it is unmapped when the last clone goes.
#[derive(Clone)]
pub struct View {
    base: NonNull<u8>,
    len: usize,
    access: Access,
    // Dropped with the view: unmaps, then lets go of the object.
    keeper: Arc<dyn Keeper>,
}

// SAFETY: a view is an address range that stays mapped until it is dropped, wherever that happens; the
// keeper is Send itself.
unsafe impl Send for View {}
// SAFETY: every safe access is sound against concurrent access from anywhere (see `copy`, and atomics),
// so also against other threads of this process.
unsafe impl Sync for View {}

/// What a backend knows of memory that it has mapped.
pub struct MappedRange {
    /// The first byte of the view.
    pub base: NonNull<u8>,
    /// Length of the view in bytes; at least one, at most `isize::MAX`.
    pub len: usize,
    /// What the mapping allows.
    pub access: Access,
    /// Dropped when the view is: unmaps the memory and then lets go of the object.
    pub keeper: Arc<dyn Keeper>,
}

impl View {
    /// Makes a view over memory that a backend has mapped.
    ///
    /// # Safety
    /// `base..base + len` is mapped, readable, and writable where `access` says so, until `keeper` is
    /// dropped, and no Rust reference to plain bytes of it exists or will be made by safe code.
    #[must_use]
    pub unsafe fn from_mapped(range: MappedRange) -> View {
        let MappedRange { base, len, access, keeper } = range;
        View { base, len, access, keeper }
    }

    /// The view's length in bytes, as it was asked for.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a view is never empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// What the view allows.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Copies `into.len()` bytes at `offset` out of the view.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); then nothing is copied.
    #[inline]
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<()> {
        let from = self.checked(offset, into.len())?;
        // SAFETY: the source range was checked to lie inside the view; the destination is a private
        // slice of that length.
        unsafe { copy::copy_from_shared(from, into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    /// Copies `from` into the view at `offset`.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`AccessDenied`](ErrorKind::AccessDenied) on a read-only
    /// view. Then nothing is copied.
    #[inline]
    pub fn write(&self, offset: usize, from: &[u8]) -> Result<()> {
        let to = self.checked_mut(offset, from.len())?;
        // SAFETY: the destination range was checked to lie inside the view, which is writable; the
        // source is a private slice of that length.
        unsafe { copy::copy_to_shared(from.as_ptr(), to, from.len()) };
        Ok(())
    }

    /// A range of the view, for code that touches the same place again and again.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange).
    #[inline]
    pub fn part(&self, offset: usize, len: usize) -> Result<Part<'_>> {
        let start = self.checked(offset, len)?;
        // SAFETY: the range was checked to lie inside the view; a pointer into a mapping is not null.
        Ok(unsafe { Part::new(self, NonNull::new_unchecked(start.cast_mut()), len, self.access) })
    }

    /// Sets `len` bytes at `offset` to `byte`.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn fill(&self, offset: usize, len: usize, byte: u8) -> Result<()> {
        let to = self.checked_mut(offset, len)?;
        // SAFETY: the range was checked to lie inside the view, which is writable.
        unsafe { copy::fill_shared(to, byte, len) };
        Ok(())
    }

    /// Copies a plain-data value out of the view. `offset` need not be aligned.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange).
    #[inline]
    pub fn get<T: AnyBitPattern>(&self, offset: usize) -> Result<T> {
        let from = self.checked(offset, size_of::<T>())?;
        let mut value = std::mem::MaybeUninit::<T>::zeroed();
        // SAFETY: the source range was checked; the destination has the size of a T, and every bit
        // pattern, zeroed padding included, is a T.
        unsafe {
            copy::copy_from_shared(from, value.as_mut_ptr().cast(), size_of::<T>());
            Ok(value.assume_init())
        }
    }

    /// Copies a plain-data value into the view. `offset` need not be aligned.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    #[inline]
    pub fn put<T: NoUninit>(&self, offset: usize, value: &T) -> Result<()> {
        self.write(offset, bytemuck::bytes_of(value))
    }

    /// The 32-bit word at `offset` as an atomic.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`InvalidArgument`](ErrorKind::InvalidArgument) when the
    /// word is not aligned in memory; [`AccessDenied`](ErrorKind::AccessDenied) on a read-only view,
    /// where [`atomic_u32_reader`](Self::atomic_u32_reader) serves.
    #[inline]
    pub fn atomic_u32(&self, offset: usize) -> Result<&AtomicU32> {
        let word = self.checked_mut(offset, size_of::<AtomicU32>())?;
        self.check_aligned(word, offset, size_of::<AtomicU32>())?;
        // SAFETY: inside the view, aligned, writable and mapped as long as `self` lives; every bit
        // pattern is an AtomicU32. Others touch it by atomics, or by copies, of which the type's
        // documentation says what is relied on.
        Ok(unsafe { AtomicU32::from_ptr(word.cast()) })
    }

    /// The 64-bit word at `offset` as an atomic.
    ///
    /// # Errors
    /// As for [`atomic_u32`](Self::atomic_u32).
    #[inline]
    pub fn atomic_u64(&self, offset: usize) -> Result<&AtomicU64> {
        let word = self.checked_mut(offset, size_of::<AtomicU64>())?;
        self.check_aligned(word, offset, size_of::<AtomicU64>())?;
        // SAFETY: as for atomic_u32.
        Ok(unsafe { AtomicU64::from_ptr(word.cast()) })
    }

    /// The 32-bit word at `offset`, to be loaded atomically; on read-only views too.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`InvalidArgument`](ErrorKind::InvalidArgument) when the
    /// word is not aligned in memory.
    #[inline]
    pub fn atomic_u32_reader(&self, offset: usize) -> Result<AtomicReader<'_, AtomicU32>> {
        let word = self.checked(offset, size_of::<AtomicU32>())?;
        self.check_aligned(word, offset, size_of::<AtomicU32>())?;
        // SAFETY: as for atomic_u32; the reader only loads, which read-only memory allows for words of
        // up to pointer size.
        Ok(AtomicReader(unsafe { AtomicU32::from_ptr(word.cast_mut().cast()) }))
    }

    /// The 64-bit word at `offset`, to be loaded atomically; on read-only views too.
    ///
    /// # Errors
    /// As for [`atomic_u32_reader`](Self::atomic_u32_reader), and
    /// [`Unsupported`](ErrorKind::Unsupported) on a read-only view of a 32-bit process, where a 64-bit
    /// load may be made of instructions that write.
    #[inline]
    pub fn atomic_u64_reader(&self, offset: usize) -> Result<AtomicReader<'_, AtomicU64>> {
        let word = self.checked(offset, size_of::<AtomicU64>())?;
        self.check_aligned(word, offset, size_of::<AtomicU64>())?;
        if size_of::<usize>() < size_of::<u64>() && !self.access.can_write() {
            return Err(Error::new(ErrorKind::Unsupported, LOAD).with_detail(
                "a 32-bit process cannot load 64 bits atomically from read-only memory; open for writing, or use 32-bit words",
            ));
        }
        // SAFETY: as for atomic_u32_reader; on 32-bit systems the memory is writable.
        Ok(AtomicReader(unsafe { AtomicU64::from_ptr(word.cast_mut().cast()) }))
    }

    /// Writes `text` as UTF-16LE with a NUL behind it, at `offset`, on every system.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange) when text and NUL do not fit; then nothing is written.
    /// [`AccessDenied`](ErrorKind::AccessDenied) on a read-only view.
    pub fn write_utf16(&self, offset: usize, text: &str) -> Result<()> {
        let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        self.write(offset, &bytes)
    }

    /// Reads UTF-16LE text at `offset` up to its NUL, or to the end of the view where there is none.
    /// What is no valid UTF-16 becomes U+FFFD. Never reads past the view.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange) when `offset` lies outside the view.
    pub fn read_utf16(&self, offset: usize) -> Result<String> {
        Ok(String::from_utf16_lossy(&self.read_utf16_units(offset)?))
    }

    /// Like [`read_utf16`](Self::read_utf16), but the units themselves, without the NUL.
    ///
    /// # Errors
    /// As for [`read_utf16`](Self::read_utf16).
    pub fn read_utf16_units(&self, offset: usize) -> Result<Vec<u16>> {
        const CHUNK: usize = 256;
        self.checked(offset, 1)?;
        let mut units = Vec::new();
        let mut at = offset;
        // In pieces, so that a short text at the start of a large view costs little.
        while self.len - at >= 2 {
            let mut bytes = [0; CHUNK];
            let piece = &mut bytes[..CHUNK.min((self.len - at) & !1)];
            self.read(at, piece)?;
            for pair in piece.chunks_exact(2) {
                match u16::from_le_bytes([pair[0], pair[1]]) {
                    0 => return Ok(units),
                    unit => units.push(unit),
                }
            }
            at += piece.len();
        }
        Ok(units)
    }

    /// Waits until what was written to a range of the view has reached the disk: of a region over a file, the
    /// file's data and size. Other memory has no disk to reach, and so nothing happens.
    ///
    /// What other views and processes wrote to these bytes before is flushed with them.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`AccessDenied`](ErrorKind::AccessDenied) on a view that does
    /// not write to the file: a read-only one, or a copy-on-write one, whose writes reach nobody;
    /// [`Os`](ErrorKind::Os) when the disk fails. What it failed to write may be lost, also when a later
    /// flush succeeds.
    ///
    /// # Platform-specific behavior
    /// `msync` and `fsync` (`F_FULLFSYNC` on macOS); `FlushViewOfFile` and `FlushFileBuffers`.
    pub fn flush(&self, range: impl RangeBounds<usize>) -> Result<()> {
        let bounds = (range.start_bound().map(|&at| at as u64), range.end_bound().map(|&at| at as u64));
        let (offset, len) = resolve(bounds, self.len() as u64, "reach a part of the view")?;
        // What does not fit in an address is out of range.
        let [offset, len] = [offset, len].map(|value| usize::try_from(value).unwrap_or(usize::MAX));
        let start = self.checked(offset, len)?;
        if !self.access.writes_object() {
            return Err(Error::new(ErrorKind::AccessDenied, "flush the view").with_detail(format!(
                "the view is {}, so nothing written to it can reach a file; map it with Access::ReadWrite",
                self.access
            )));
        }
        if len == 0 {
            return Ok(());
        }
        self.keeper.flush(start, len)
    }

    /// Where the byte at `offset` lies in the system's own object, if the view is of one.
    #[cfg_attr(
        not(any(windows, all(target_os = "linux", not(samemap_gate_lifetime)))),
        allow(dead_code, reason = "for objects inside regions")
    )]
    pub(crate) fn origin(&self, offset: usize) -> Option<Origin> {
        self.keeper.origin(self.as_ptr().wrapping_add(offset))
    }

    /// The address of the view's first byte.
    ///
    /// Reading or writing through it is as `unsafe` as any pointer's, with the duty that
    /// [`as_slice`](Self::as_slice) states: other processes may touch the bytes at the same time.
    #[must_use]
    pub fn as_ptr(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// The view's bytes as a slice.
    ///
    /// # Safety
    /// While the slice lives, nobody writes to these bytes: no other process, no other thread, no call
    /// on this or another view of the range. A lock that every writer honours is one way to know that.
    #[must_use]
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: mapped and readable for `len` bytes while `self` lives; the caller vouches that the
        // bytes do not change.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }

    /// The view's bytes as a slice to write to.
    ///
    /// # Errors
    /// [`AccessDenied`](ErrorKind::AccessDenied) on a read-only view.
    ///
    /// # Safety
    /// While the slice lives, nobody else reads or writes these bytes: no other process, no other
    /// thread, no call on this or another view of the range, and no other slice of it exists.
    #[expect(clippy::mut_from_ref, reason = "the caller vouches that the bytes are its own")]
    pub unsafe fn as_mut_slice(&self) -> Result<&mut [u8]> {
        let start = self.checked_mut(0, self.len)?;
        // SAFETY: mapped and writable for `len` bytes while `self` lives; the caller vouches that nobody
        // else touches the bytes.
        Ok(unsafe { std::slice::from_raw_parts_mut(start, self.len) })
    }

    #[inline]
    fn checked(&self, offset: usize, len: usize) -> Result<*const u8> {
        if offset > self.len || len > self.len - offset {
            return Err(self.out_of_range(offset, len));
        }
        // SAFETY: offset is at most len, so the result is inside the mapping or one past its end.
        Ok(unsafe { self.base.as_ptr().add(offset) })
    }

    #[inline]
    fn checked_mut(&self, offset: usize, len: usize) -> Result<*mut u8> {
        let start = self.checked(offset, len)?;
        if !self.access.can_write() {
            return Err(read_only_view());
        }
        Ok(start.cast_mut())
    }

    #[inline]
    fn check_aligned(&self, word: *const u8, offset: usize, align: usize) -> Result<()> {
        if word.addr() % align == 0 { Ok(()) } else { Err(misaligned(offset, align)) }
    }

    #[cold]
    fn out_of_range(&self, offset: usize, len: usize) -> Error {
        let kind =
            ErrorKind::OutOfRange { offset: offset as u64, len: len as u64, region_len: self.len as u64 };
        Error::new(kind, "reach a part of the view")
    }
}

const LOAD: &str = "load a word of the view";

#[cold]
pub(crate) fn read_only_view() -> Error {
    Error::new(ErrorKind::AccessDenied, "write to the view")
        .with_detail("the view is read-only; map it with Access::ReadWrite or Access::CopyOnWrite")
}

#[cold]
fn misaligned(offset: usize, align: usize) -> Error {
    Error::new(ErrorKind::InvalidArgument, "use a word of the view as an atomic").with_detail(format!(
        "offset {offset} of this view is not aligned to {align} bytes in memory; move the word, or the view's start"
    ))
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("base", &self.base)
            .field("len", &self.len)
            .field("access", &self.access)
            .finish()
    }
}

/// An atomic word that may only be loaded: all that a read-only view allows.
#[derive(Clone, Copy, Debug)]
pub struct AtomicReader<'view, A>(&'view A);

impl AtomicReader<'_, AtomicU32> {
    /// Loads the word.
    ///
    /// # Panics
    /// For an ordering that is none of a load, as [`AtomicU32::load`] does.
    #[inline]
    #[must_use]
    pub fn load(&self, order: Ordering) -> u32 {
        self.0.load(order)
    }
}

impl AtomicReader<'_, AtomicU64> {
    /// Loads the word.
    ///
    /// # Panics
    /// For an ordering that is none of a load, as [`AtomicU64::load`] does.
    #[inline]
    #[must_use]
    pub fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Leaked;
    impl Keeper for Leaked {}

    /// A view over private memory: what is tested here does not depend on a system.
    fn view_of(words: usize, access: Access) -> View {
        let memory: &'static mut [u64] = Box::leak(vec![0u64; words].into_boxed_slice());
        let base = NonNull::new(memory.as_mut_ptr().cast()).expect("not null");
        // SAFETY: the memory was leaked, so it stays, and nobody else has it.
        unsafe { View::from_mapped(MappedRange { base, len: words * 8, access, keeper: Arc::new(Leaked) }) }
    }

    #[test]
    fn text_stops_at_nul_and_at_the_end() {
        let view = view_of(4, Access::ReadWrite);
        view.write_utf16(0, "smörgås").expect("16 bytes fit");
        assert_eq!(view.read_utf16(0).unwrap(), "smörgås");
        let error = view.write_utf16(18, "smörgås").expect_err("no room for the NUL");
        assert!(matches!(error.kind(), ErrorKind::OutOfRange { offset: 18, len: 16, region_len: 32 }));
        view.fill(0, 32, b'a').unwrap();
        assert_eq!(view.read_utf16(0).unwrap().chars().count(), 16);
        assert_eq!(view.read_utf16(1).unwrap().chars().count(), 15);
        assert_eq!(view.read_utf16(31).unwrap(), "");
        assert!(view.read_utf16(32).is_err());
        view.put(0, &0xD800u16).unwrap();
        assert!(view.read_utf16(0).unwrap().starts_with('\u{FFFD}'));
    }

    #[test]
    fn ranges_are_checked_without_overflow() {
        let view = view_of(2, Access::ReadWrite);
        let mut byte = [0];
        assert!(view.read(15, &mut byte).is_ok());
        assert!(view.read(16, &mut []).is_ok());
        for offset in [16, 17, usize::MAX] {
            assert!(view.read(offset, &mut byte).is_err());
            assert!(view.write(offset, &byte).is_err());
        }
        assert!(view.get::<[u8; 17]>(0).is_err());
        assert!(view.fill(1, usize::MAX, 0).is_err());
    }

    #[test]
    fn atomics_want_alignment_and_write_access() {
        let view = view_of(2, Access::ReadWrite);
        view.atomic_u64(8).unwrap().store(7, Ordering::Relaxed);
        assert_eq!(view.atomic_u64_reader(8).unwrap().load(Ordering::Acquire), 7);
        assert_eq!(*view.atomic_u32(2).unwrap_err().kind(), ErrorKind::InvalidArgument);
        let view = view_of(2, Access::ReadOnly);
        assert_eq!(*view.atomic_u32(0).unwrap_err().kind(), ErrorKind::AccessDenied);
        assert_eq!(*view.put(0, &1u8).unwrap_err().kind(), ErrorKind::AccessDenied);
        assert_eq!(view.atomic_u32_reader(4).unwrap().load(Ordering::Relaxed), 0);
    }
}
