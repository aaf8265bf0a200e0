//! The writer of a newest value, of one type or of byte strings.

use std::marker::PhantomData;

use super::options::LatestOptions;
use super::raw::{RawWriter, WRITE, bytes, fixed};
use crate::bytemuck::Pod;
use crate::{Error, ErrorKind, ObjectName, Result, View};

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
    /// [`Busy`](crate::ErrorKind::Busy) while there is another one,
    /// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) when it was for another type,
    /// [`OutOfRange`](crate::ErrorKind::OutOfRange) or [`Damaged`](crate::ErrorKind::Damaged) when the region is there
    /// and holds something else, and the errors of [`Region::create_or_open`](crate::Region::create_or_open).
    pub fn create(name: &ObjectName, options: &LatestOptions) -> Result<Self> {
        Ok(Self::from_raw(RawWriter::create(name, fixed(size_of::<T>(), options), options)?))
    }

    /// Becomes the writer of [`Latest::<T>::SIZE`](super::Latest::SIZE) bytes at `offset` of a read-write view, which
    /// are zero at first and aligned to 8 in memory; 64 is better. Of the options, only the version matters.
    ///
    /// # Errors
    /// As for [`create`](Self::create); [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for an offset that is
    /// not aligned, [`AccessDenied`](crate::ErrorKind::AccessDenied) for a view that is not read-write.
    pub fn at(view: &View, offset: usize, options: &LatestOptions) -> Result<Self> {
        Ok(Self::from_raw(RawWriter::at(view, offset, fixed(size_of::<T>(), options))?))
    }

    fn from_raw(raw: RawWriter) -> Self {
        LatestWriter { raw, _values: PhantomData }
    }

    /// Writes a value, wakes the readers that wait for it, and returns its number.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) in a forked child.
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

/// The one writer of a newest byte string: see the [module's documentation](crate::latest).
///
/// It is the writer until it is dropped, or until its process ends. In a forked child its copy writes nothing.
#[derive(Debug)]
pub struct LatestBytesWriter {
    raw: RawWriter,
}

impl LatestBytesWriter {
    /// Becomes the writer of the named region, of byte strings of at most `max_len` bytes.
    ///
    /// # Errors
    /// Those of [`LatestWriter::create`](LatestWriter::create).
    pub fn create(name: &ObjectName, max_len: usize, options: &LatestOptions) -> Result<Self> {
        Ok(LatestBytesWriter { raw: RawWriter::create(name, bytes(max_len, options), options)? })
    }

    /// Becomes the writer of [`LatestBytes::bytes_needed`](super::LatestBytes::bytes_needed) bytes at `offset` of a
    /// read-write view.
    ///
    /// # Errors
    /// Those of [`LatestWriter::at`](LatestWriter::at).
    pub fn at(view: &View, offset: usize, max_len: usize, options: &LatestOptions) -> Result<Self> {
        Ok(LatestBytesWriter { raw: RawWriter::at(view, offset, bytes(max_len, options))? })
    }

    /// Writes a byte string, wakes the readers that wait for it, and returns its number.
    ///
    /// # Errors
    /// [`TooLong`](ErrorKind::TooLong) when it is longer than the maximum; then nothing is written.
    /// [`Unsupported`](ErrorKind::Unsupported) in a forked child.
    #[inline]
    pub fn write(&mut self, value: &[u8]) -> Result<u64> {
        if value.len() > self.max_len() {
            return Err(longer_than_the_maximum(value.len(), self.max_len()));
        }
        self.raw.write(|place, slot| {
            place.view().put(place.length(slot), &(value.len() as u64))?;
            place.view().write(place.value(slot), value)
        })
    }

    /// The length of the longest byte string, in bytes.
    #[must_use]
    pub fn max_len(&self) -> usize {
        self.raw.place().len()
    }

    /// The number of the newest value, also of the writer before; zero before the first.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.raw.newest()
    }
}

#[cold]
fn longer_than_the_maximum(len: usize, max_len: usize) -> Error {
    Error::new(ErrorKind::TooLong { len: len as u64, maximum: max_len as u64 }, WRITE).with_detail(format!(
        "the value has {len} bytes, and at most {max_len} were agreed on; write less, or set a larger maximum"
    ))
}
