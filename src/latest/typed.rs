//! Values of one type.

use std::marker::PhantomData;
use std::time::Duration;

use super::layout::{self, Place};
use super::raw::{RawReader, RawWriter, fixed};
use super::{Awaited, LatestOptions, Snapshot};
use crate::bytemuck::{self, Pod};
use crate::{ObjectName, Result, View};

/// The one writer of a newest value, of plain-data type `T`: see the [module's documentation](crate::latest).
///
/// It is the writer until it is dropped, or until its process ends. In a forked child its copy writes nothing.
#[derive(Debug)]
pub struct LatestWriter<T: Pod> {
    raw: RawWriter,
    _values: PhantomData<fn(T)>,
}

impl<T: Pod> LatestWriter<T> {
    /// Becomes the writer of the named region: makes the region, or carries on in the one that readers, or the writer
    /// before, still hold.
    ///
    /// # Errors
    /// [`WriterBusy`](crate::ErrorKind::WriterBusy) while there is another one,
    /// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) when it was for another type,
    /// [`OutOfRange`](crate::ErrorKind::OutOfRange) or [`Damaged`](crate::ErrorKind::Damaged) when the region is there
    /// and holds something else, and the errors of [`Region::create_or_open`](crate::SharedRegion::create_or_open).
    pub fn create(name: &ObjectName, options: &LatestOptions) -> Result<Self> {
        Ok(Self::from_raw(RawWriter::create(name, fixed(size_of::<T>(), options), options)?))
    }

    /// Becomes the writer of [`Latest::<T>::SIZE`](Latest::SIZE) bytes at `offset` of a read-write view, which are zero
    /// at first and aligned to 8 in memory; 64 is better. Of the options, only the version matters.
    ///
    /// # Errors
    /// As for [`create`](Self::create); [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an offset that is not
    /// aligned, [`AccessDenied`](crate::ErrorKind::AccessDenied) for a view that is not read-write.
    pub fn at(view: &View, offset: usize, options: &LatestOptions) -> Result<Self> {
        Ok(Self::from_raw(RawWriter::at(view, offset, fixed(size_of::<T>(), options))?))
    }

    fn from_raw(raw: RawWriter) -> Self {
        LatestWriter { raw, _values: PhantomData }
    }

    /// Writes a value, wakes those who wait for it, and returns its number.
    ///
    /// # Errors
    /// [`WriterBusy`](crate::ErrorKind::WriterBusy) in a forked child.
    #[inline]
    pub fn write(&mut self, value: &T) -> Result<u64> {
        self.raw.write(|place, slot| place.view().put(place.value(slot), value))
    }

    /// The number of the newest value, also of the writer before; zero before the first.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.raw.newest()
    }
}

/// A reader of the newest value, of plain-data type `T`: see the [module's documentation](crate::latest).
///
/// Threads may share it or have clones of it.
#[derive(Clone, Debug)]
pub struct Latest<T: Pod> {
    raw: RawReader,
    _values: PhantomData<fn() -> T>,
}

impl<T: Pod> Latest<T> {
    /// Bytes of memory that it takes in a view.
    pub const SIZE: usize = match layout::bytes_needed(size_of::<T>() as u64) {
        // Checked to fit in an isize.
        Some(bytes) => bytes as usize,
        None => panic!("several values of this type do not fit in an address space"),
    };

    /// Opens the region of a writer that lives, or of one that ended while readers hold it.
    ///
    /// # Errors
    /// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) when it is for another type, and the text says which two
    /// met; [`NotFound`](crate::ErrorKind::NotFound) when no writer was there, [`OutOfRange`](crate::ErrorKind::OutOfRange)
    /// or [`Damaged`](crate::ErrorKind::Damaged) when the region holds something else, and the errors of
    /// [`Region::open`](crate::SharedRegion::open).
    pub fn open(name: &ObjectName, options: &LatestOptions) -> Result<Self> {
        let facts = fixed(size_of::<T>(), options);
        Ok(Self::from_raw(RawReader::open(name, options, |view| Place::open(view, 0, facts))?))
    }

    /// Opens what a writer laid out at `offset` of a view. Of the options, only the version matters.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an offset that is not
    /// aligned.
    pub fn at(view: &View, offset: usize, options: &LatestOptions) -> Result<Self> {
        let place = Place::open(view, offset, fixed(size_of::<T>(), options))?;
        Ok(Self::from_raw(RawReader::new(place)?))
    }

    fn from_raw(raw: RawReader) -> Self {
        Latest { raw, _values: PhantomData }
    }

    /// The newest value, or nothing before the first one. For large ones, [`read_into`](Self::read_into) needs no room
    /// on the stack.
    ///
    /// # Errors
    /// [`Contended`](crate::ErrorKind::Contended) when the writer overwrote it 256 times while it was copied;
    /// [`Damaged`](crate::ErrorKind::Damaged) when somebody else wrote to the memory.
    #[inline]
    pub fn read(&self) -> Result<Option<Snapshot<T>>> {
        self.read_if_newer(0)
    }

    /// The newest value, if its number is larger than `sequence`.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    #[inline]
    pub fn read_if_newer(&self, sequence: u64) -> Result<Option<Snapshot<T>>> {
        let mut value = T::zeroed();
        Ok(self.read_into(sequence, &mut value)?.map(|sequence| Snapshot { sequence, value }))
    }

    /// Copies the newest value to `into`, if its number is larger than `sequence`, and returns its number.
    ///
    /// Without a newer value `into` stays as it is; after an error it may be a mix of several.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    #[inline]
    pub fn read_into(&self, sequence: u64, into: &mut T) -> Result<Option<u64>> {
        let copy = |place: &Place, slot| place.view().read(place.value(slot), bytemuck::bytes_of_mut(into));
        Ok(self.raw.read(sequence, copy)?.map(|(sequence, ())| sequence))
    }

    /// Waits until there is a value with a number larger than `sequence`, for at most `timeout`; `None` is for ever.
    ///
    /// It sleeps, and is woken by the writer. Where the writer ends meanwhile, it says so within 100 ms.
    ///
    /// # Errors
    /// Those of [`read`](Self::read); [`Unsupported`](crate::ErrorKind::Unsupported) on a read-only view, when there is
    /// nothing newer at once.
    pub fn wait_newer(&self, sequence: u64, timeout: Option<Duration>) -> Result<Awaited<Snapshot<T>>> {
        self.raw.wait(sequence, timeout, || self.read_if_newer(sequence))
    }

    /// Waits as [`wait_newer`](Self::wait_newer) does, and copies the value to `into`.
    ///
    /// # Errors
    /// Those of [`wait_newer`](Self::wait_newer).
    pub fn wait_newer_into(
        &self,
        sequence: u64,
        timeout: Option<Duration>,
        into: &mut T,
    ) -> Result<Awaited<u64>> {
        self.raw.wait(sequence, timeout, || self.read_into(sequence, into))
    }

    /// The number of the newest value; zero before the first.
    ///
    /// # Errors
    /// None for memory that stays mapped, as it does.
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

    #[cfg(feature = "tokio")]
    pub(crate) fn watch(&self) -> Result<super::watch::News> {
        self.raw.watch()
    }
}
