//! Slots of a view, for readers that look at them often.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use super::part::out_of_range;
use super::{AtomicReader, View, copy};
use crate::{Error, ErrorKind, Result};

/// A 64-bit word of a view, to be loaded atomically, which keeps the view mapped; on read-only views too. The place is
/// checked once, and used without further checks.
#[derive(Clone)]
pub struct SharedReader {
    word: NonNull<AtomicU64>,
    view: View,
}

// SAFETY: the word is an atomic, in memory that stays mapped as long as this lives.
unsafe impl Send for SharedReader {}
// SAFETY: as above.
unsafe impl Sync for SharedReader {}

impl SharedReader {
    /// The word at `offset`; see [`View::atomic_u64_reader`].
    ///
    /// # Errors
    /// Those of [`View::atomic_u64_reader`].
    pub fn at(view: &View, offset: usize) -> Result<Self> {
        let word = view.atomic_u64_reader(offset)?.as_non_null();
        Ok(SharedReader { word, view: view.clone() })
    }

    /// The word.
    #[inline]
    #[must_use]
    pub fn reader(&self) -> AtomicReader<'_, AtomicU64> {
        // SAFETY: a word of `view` that was checked, and the view lives as long as this.
        unsafe { AtomicReader::of(self.word) }
    }
}

impl fmt::Debug for SharedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedReader").field("view", &self.view).finish_non_exhaustive()
    }
}

/// Slots of one length that lie side by side in a view, each a 64-bit word and bytes behind it, for reading. They keep the
/// view mapped, and their place is checked once.
#[derive(Clone)]
pub struct SharedSlots {
    slots: SlotsReader<'static>,
    view: View,
}

impl SharedSlots {
    /// `count` slots, a power of two, of `stride` bytes, a multiple of eight, from `offset` on.
    ///
    /// # Errors
    /// Those of [`View::atomic_u64_reader`], and [`InvalidArgument`](ErrorKind::InvalidArgument) for other numbers.
    pub fn at(view: &View, offset: usize, count: usize, stride: usize) -> Result<Self> {
        if !count.is_power_of_two() || stride == 0 || stride % size_of::<u64>() != 0 {
            return Err(Error::new(ErrorKind::InvalidArgument, "use slots of the view").with_detail(format!(
                "{count} slots of {stride} bytes were asked for; ask for a power of two, of a multiple of 8 bytes"
            )));
        }
        let first = view.whole().checked(offset, count.saturating_mul(stride))?;
        // Aligned, and can be loaded; and so are the words of the others.
        view.atomic_u64_reader(offset)?;
        let slots = SlotsReader { first, mask: count - 1, stride, view: PhantomData };
        Ok(SharedSlots { slots, view: view.clone() })
    }

    /// The slots. A reader keeps this while it copies, so that the compiler keeps it in registers.
    #[inline]
    #[must_use]
    pub fn reader(&self) -> SlotsReader<'_> {
        self.slots
    }
}

impl fmt::Debug for SharedSlots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSlots").field("slots", &self.slots).field("view", &self.view).finish()
    }
}

/// Slots of a view that stays mapped for the lifetime.
#[derive(Clone, Copy, Debug)]
pub struct SlotsReader<'view> {
    first: NonNull<u8>,
    /// One less than the number of slots, which is a power of two.
    mask: usize,
    stride: usize,
    view: PhantomData<&'view View>,
}

// SAFETY: the words are loaded atomically, and the bytes are copied as those of a view, which may be shared.
unsafe impl Send for SlotsReader<'_> {}
// SAFETY: as above.
unsafe impl Sync for SlotsReader<'_> {}

impl<'view> SlotsReader<'view> {
    /// The number of slots.
    #[inline]
    #[must_use]
    pub fn count(&self) -> usize {
        self.mask + 1
    }

    /// Where a slot begins, from the first one on; indices begin anew after the last one.
    #[inline]
    #[must_use]
    pub fn offset(&self, index: u64) -> usize {
        (index as usize & self.mask) * self.stride
    }

    #[inline]
    fn slot(&self, index: u64) -> NonNull<u8> {
        // SAFETY: so many slots were found to lie inside the view, and the offset is that of one of them.
        unsafe { self.first.add(self.offset(index)) }
    }

    /// The word of a slot.
    #[inline]
    #[must_use]
    pub fn word(&self, index: u64) -> AtomicReader<'view, AtomicU64> {
        // SAFETY: an aligned word of the view, which stays mapped for the lifetime.
        unsafe { AtomicReader::of(self.slot(index).cast()) }
    }

    /// Copies `into.len()` bytes at `offset` in a slot.
    ///
    /// # Errors
    /// [`OutOfRange`](ErrorKind::OutOfRange) for bytes outside the slot; then nothing is copied.
    #[inline]
    pub fn read(&self, index: u64, offset: usize, into: &mut [u8]) -> Result<()> {
        if offset > self.stride || into.len() > self.stride - offset {
            return Err(out_of_range(offset, into.len(), self.stride));
        }
        let slot = self.slot(index);
        // SAFETY: the bytes lie in the slot, and so in the view; the destination is a private slice of that length.
        unsafe { copy::copy_from_shared(slot.as_ptr().add(offset), into.as_mut_ptr(), into.len()) };
        Ok(())
    }
}
