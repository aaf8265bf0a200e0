//! Words of a view that processes share, as atomics.

use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use super::{View, load, prefetch};
use crate::{Error, ErrorKind, Result};

impl View {
    /// The 32-bit word at `offset` as an atomic.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`InvalidArgument`](ErrorKind::InvalidArgument) when the
    /// word is not aligned in memory; [`AccessDenied`](ErrorKind::AccessDenied) on a read-only view,
    /// where [`atomic_u32_reader`](Self::atomic_u32_reader) serves.
    #[inline]
    pub fn atomic_u32(&self, offset: usize) -> Result<&AtomicU32> {
        let word = aligned::<AtomicU32>(self.whole().checked_mut(offset, size_of::<u32>())?, offset)?;
        // SAFETY: inside the view, aligned, writable and mapped as long as `self` lives; every bit
        // pattern is an AtomicU32. Other accesses are atomics or copies, under the rules in the type's documentation.
        Ok(unsafe { word.as_ref() })
    }

    /// The 64-bit word at `offset` as an atomic.
    ///
    /// # Errors
    /// As for [`atomic_u32`](Self::atomic_u32).
    #[inline]
    pub fn atomic_u64(&self, offset: usize) -> Result<&AtomicU64> {
        let word = aligned::<AtomicU64>(self.whole().checked_mut(offset, size_of::<u64>())?, offset)?;
        // SAFETY: as for atomic_u32.
        Ok(unsafe { word.as_ref() })
    }

    /// The 32-bit word at `offset`, to be loaded atomically; on read-only views too.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange); [`InvalidArgument`](ErrorKind::InvalidArgument) when the
    /// word is not aligned in memory.
    #[inline]
    pub fn atomic_u32_reader(&self, offset: usize) -> Result<AtomicReader<'_, AtomicU32>> {
        let word = aligned::<AtomicU32>(self.whole().checked(offset, size_of::<u32>())?, offset)?;
        // SAFETY: as for atomic_u32; the reader only loads, which read-only memory allows for words of
        // up to pointer size.
        Ok(AtomicReader(unsafe { word.as_ref() }))
    }

    /// The 64-bit word at `offset`, to be loaded atomically; on read-only views too.
    ///
    /// # Errors
    /// As for [`atomic_u32_reader`](Self::atomic_u32_reader), and
    /// [`Unsupported`](ErrorKind::Unsupported) on a read-only view of a 32-bit process, where a 64-bit load may use
    /// instructions that write. On x86 there is a load that does not write.
    #[inline]
    pub fn atomic_u64_reader(&self, offset: usize) -> Result<AtomicReader<'_, AtomicU64>> {
        let word = aligned::<AtomicU64>(self.whole().checked(offset, size_of::<u64>())?, offset)?;
        if !load::ARE_THERE && !self.access().can_write() {
            return Err(Error::new(ErrorKind::Unsupported, "load a word of the view").with_detail(
                "a 32-bit process cannot load 64 bits atomically from read-only memory; open for writing, or use 32-bit words",
            ));
        }
        // SAFETY: as for atomic_u32_reader; where such a load may write, the memory is writable.
        Ok(AtomicReader(unsafe { word.as_ref() }))
    }
}

#[inline]
fn aligned<A>(word: NonNull<u8>, offset: usize) -> Result<NonNull<A>> {
    let word = word.cast::<A>();
    if word.is_aligned() { Ok(word) } else { Err(misaligned(offset, align_of::<A>())) }
}

#[cold]
fn misaligned(offset: usize, align: usize) -> Error {
    Error::new(ErrorKind::InvalidArgument, "use a word of the view as an atomic").with_detail(format!(
        "offset {offset} of this view is not aligned to {align} bytes in memory; move the word, or the view's start"
    ))
}

/// An atomic word that can only be loaded, as a read-only view allows.
///
/// On read-only memory Rust defines relaxed loads alone, so an `Acquire` is a relaxed load and a fence behind it, and a
/// `SeqCst` one between two fences: each orders at least as much as the load that it stands for.
#[derive(Debug)]
pub struct AtomicReader<'view, A>(&'view A);

impl<A> Clone for AtomicReader<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for AtomicReader<'_, A> {}

impl<'view, A> AtomicReader<'view, A> {
    /// # Safety
    /// An aligned atomic in memory that stays mapped for the lifetime.
    #[inline]
    pub(super) unsafe fn of(word: NonNull<A>) -> AtomicReader<'view, A> {
        // SAFETY: as this function asks.
        AtomicReader(unsafe { word.as_ref() })
    }

    pub(super) fn as_non_null(&self) -> NonNull<A> {
        NonNull::from(self.0)
    }
}

impl AtomicReader<'_, AtomicU32> {
    /// Loads the word.
    ///
    /// # Panics
    /// For an ordering that loads cannot have, as [`AtomicU32::load`] does.
    #[inline]
    #[must_use]
    pub fn load(&self, order: Ordering) -> u32 {
        with_fences(order, |relaxed| self.0.load(relaxed))
    }
}

impl AtomicReader<'_, AtomicU64> {
    /// Loads the word.
    ///
    /// # Panics
    /// For an ordering that loads cannot have, as [`AtomicU64::load`] does.
    #[inline]
    #[must_use]
    pub fn load(&self, order: Ordering) -> u64 {
        with_fences(order, |relaxed| load::load(self.0, relaxed))
    }
}

/// A load with that ordering, of memory that may be read-only.
#[inline]
fn with_fences<T>(order: Ordering, load: impl FnOnce(Ordering) -> T) -> T {
    if order == Ordering::SeqCst {
        fence(Ordering::SeqCst);
    }
    match order {
        Ordering::Relaxed => load(Ordering::Relaxed),
        Ordering::Acquire | Ordering::SeqCst => {
            let value = load(Ordering::Relaxed);
            fence(Ordering::Acquire);
            value
        }
        // Not an ordering of loads: the load panics.
        order => load(order),
    }
}

/// An atomic word of a view, which keeps the view mapped. The place is checked once, and used without further checks.
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
        // SAFETY: a word of `view`, which lives as long as this; other accesses are atomics or copies, under the rules
        // in the documentation of `View`.
        unsafe { self.word.as_ref() }
    }
}

impl<A: fmt::Debug> fmt::Debug for SharedWord<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedWord").field(&**self).field(&self.view).finish()
    }
}

/// Atomic 64-bit words of a view that lie side by side, and keep the view mapped. The place is checked once.
#[derive(Clone)]
pub struct SharedWords {
    first: NonNull<AtomicU64>,
    len: usize,
    view: View,
}

// SAFETY: the words are atomics, in memory that stays mapped as long as this lives.
unsafe impl Send for SharedWords {}
// SAFETY: as above.
unsafe impl Sync for SharedWords {}

impl SharedWords {
    /// `len` words from `offset` on; see [`View::atomic_u64`].
    ///
    /// # Errors
    /// Those of [`View::atomic_u64`].
    pub fn at(view: &View, offset: usize, len: usize) -> Result<Self> {
        let bytes = len.saturating_mul(size_of::<u64>());
        let first = aligned::<AtomicU64>(view.whole().checked_mut(offset, bytes)?, offset)?;
        Ok(SharedWords { first, len, view: view.clone() })
    }

    /// Has the processor fetch the cache line of the word with this index, which this thread writes to soon. Only time
    /// depends on it, and an index outside is no fault.
    #[inline]
    pub fn prefetch(&self, index: usize) {
        if let Some(word) = self.get(index) {
            prefetch::for_writing(word);
        }
    }
}

impl Deref for SharedWords {
    type Target = [AtomicU64];

    #[inline]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: words of `view`, as for SharedWord: so many lie inside, aligned.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.len) }
    }
}

impl fmt::Debug for SharedWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedWords").field("len", &self.len).field("view", &self.view).finish()
    }
}
