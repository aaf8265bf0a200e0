//! The readers of a newest value, of one type or of byte strings.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::layout;
use super::newer::Newer;
use super::options::{Awaited, LatestOptions, Snapshot};
use super::raw::{RawReader, too_long};
use super::value::Value;
use crate::bytemuck::Pod;
use crate::{ObjectName, Result, View};

/// A reader of the newest value, of plain-data type `V`, or of byte strings where that is `[u8]`: see the
/// [module's documentation](crate::latest).
///
/// Threads may share it or have clones of it.
pub struct Latest<V: Value + ?Sized> {
    raw: RawReader,
    _values: PhantomData<fn(&V)>,
}

/// A reader of the newest byte string: a value is a `Vec<u8>`. Once the one that is read into has the capacity, nothing
/// is allocated.
pub type LatestBytes = Latest<[u8]>;

impl<V: Value + ?Sized> Latest<V> {
    /// Opens the region of a writer that lives, or of one that ended while readers hold it. Of byte strings, the writer
    /// has set the maximum length.
    ///
    /// # Errors
    /// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) when it is for another type, and the text says which two
    /// met; [`NotFound`](crate::ErrorKind::NotFound) when no writer was there,
    /// [`OutOfRange`](crate::ErrorKind::OutOfRange) or [`Damaged`](crate::ErrorKind::Damaged) when the region holds
    /// something else, and the errors of [`Region::open`](crate::Region::open).
    pub fn open(name: &ObjectName, options: &LatestOptions) -> Result<Self> {
        let check = |view: &View| V::open(view, 0, options.version);
        Ok(Latest { raw: RawReader::open(name, options, check)?, _values: PhantomData })
    }

    /// Opens what a writer laid out at `offset` of a view. Of the options, only the version matters.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an offset that is not
    /// aligned.
    pub fn at(view: &View, offset: usize, options: &LatestOptions) -> Result<Self> {
        let place = V::open(view, offset, options.version)?;
        Ok(Latest { raw: RawReader::new(place)?, _values: PhantomData })
    }

    /// The newest value, or nothing before the first one. For large ones, [`read_into`](Self::read_into) needs no room
    /// on the stack.
    ///
    /// # Errors
    /// [`Contended`](crate::ErrorKind::Contended) when the writer overwrote it 256 times while it was copied;
    /// [`Damaged`](crate::ErrorKind::Damaged) when a process other than the writer wrote to the memory.
    #[inline]
    pub fn read(&self) -> Result<Option<Snapshot<V::Owned>>> {
        self.read_if_newer(0)
    }

    /// The newest value, if its number is larger than `sequence`.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    #[inline]
    pub fn read_if_newer(&self, sequence: u64) -> Result<Option<Snapshot<V::Owned>>> {
        let mut value = V::empty();
        Ok(self.read_into(sequence, &mut value)?.map(|sequence| Snapshot { sequence, value }))
    }

    /// Copies the newest value to `into`, if its number is larger than `sequence`, and returns its number.
    ///
    /// Without a newer value `into` stays as it is; after an error it may be a mix of several.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    #[inline]
    pub fn read_into(&self, sequence: u64, into: &mut V::Owned) -> Result<Option<u64>> {
        let found = self.raw.read(sequence, |place, slot| V::copy(place, slot, into))?;
        Ok(found.map(|(sequence, ())| sequence))
    }

    /// Waits until there is a value with a number larger than `sequence`. [`read_if_newer`](Self::read_if_newer) is the
    /// same without waiting.
    ///
    /// It sleeps, and the writer wakes it. When the writer ends meanwhile, the answer says so within 100 ms.
    ///
    /// # Errors
    /// Those of [`read`](Self::read); [`Unsupported`](crate::ErrorKind::Unsupported) on a read-only view, when there is
    /// nothing newer at once.
    pub fn wait_newer(&self, sequence: u64) -> Result<Awaited<Snapshot<V::Owned>>> {
        loop {
            if let Some(awaited) = self.raw.wait(sequence, None, || self.read_if_newer(sequence))? {
                return Ok(awaited);
            }
        }
    }

    /// Waits as [`wait_newer`](Self::wait_newer) does, for at most `timeout`; `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`wait_newer`](Self::wait_newer).
    pub fn wait_newer_timeout(
        &self,
        sequence: u64,
        timeout: Duration,
    ) -> Result<Option<Awaited<Snapshot<V::Owned>>>> {
        self.raw.wait(sequence, Some(timeout), || self.read_if_newer(sequence))
    }

    /// Waits as [`wait_newer`](Self::wait_newer) does, and copies the value to `into`.
    ///
    /// # Errors
    /// Those of [`wait_newer`](Self::wait_newer).
    pub fn wait_newer_into(&self, sequence: u64, into: &mut V::Owned) -> Result<Awaited<u64>> {
        loop {
            if let Some(awaited) = self.raw.wait(sequence, None, || self.read_into(sequence, into))? {
                return Ok(awaited);
            }
        }
    }

    /// Waits as [`wait_newer_into`](Self::wait_newer_into) does, for at most `timeout`; `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`wait_newer`](Self::wait_newer).
    pub fn wait_newer_into_timeout(
        &self,
        sequence: u64,
        into: &mut V::Owned,
        timeout: Duration,
    ) -> Result<Option<Awaited<u64>>> {
        self.raw.wait(sequence, Some(timeout), || self.read_into(sequence, into))
    }

    /// The number of the newest value; zero before the first.
    ///
    /// # Errors
    /// None: the memory stays mapped.
    pub fn newest(&self) -> Result<u64> {
        self.raw.place().newest()
    }

    /// Whether there is a writer now, in this process or another one.
    ///
    /// # Errors
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) on a read-only view.
    pub fn has_writer(&self) -> Result<bool> {
        self.raw.has_writer()
    }

    /// What [`wait_any`](crate::wait_any) and [`Readiness`](crate::sync::Readiness) wait for: a value with a number larger
    /// than `sequence`, or the writer's end. [`read_if_newer`](Self::read_if_newer) then finds the value, and
    /// [`wait_newer_timeout`](Self::wait_newer_timeout) without time either of them. They refuse a reader of a read-only
    /// view ([`Unsupported`](crate::ErrorKind::Unsupported)).
    #[must_use]
    pub fn newer_than(&self, sequence: u64) -> Newer<'_> {
        Newer::new(&self.raw, sequence)
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn watch(&self) -> Result<super::watch::News> {
        super::watch::News::new(&self.raw)
    }
}

impl<T: Pod> Latest<T> {
    /// Bytes of memory that it takes in a view.
    pub const SIZE: usize = match layout::bytes_needed(size_of::<T>() as u64) {
        // Checked to fit in an isize.
        Some(bytes) => bytes as usize,
        None => panic!("several values of this type do not fit in an address space"),
    };
}

impl LatestBytes {
    /// Bytes of memory that byte strings of at most `max_len` bytes take in a view.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when no address space holds them.
    pub fn bytes_needed(max_len: usize) -> Result<usize> {
        let bytes = layout::bytes_needed(max_len as u64).ok_or_else(|| too_long(max_len as u64))?;
        // Checked to fit in an isize.
        Ok(bytes as usize)
    }

    /// The length of the longest byte string, in bytes, as the writer has set it.
    #[must_use]
    pub fn max_len(&self) -> usize {
        self.raw.place().len()
    }
}

impl<V: Value + ?Sized> Clone for Latest<V> {
    fn clone(&self) -> Self {
        Latest { raw: self.raw.clone(), _values: PhantomData }
    }
}

impl<V: Value + ?Sized> fmt::Debug for Latest<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latest").field("raw", &self.raw).finish_non_exhaustive()
    }
}
