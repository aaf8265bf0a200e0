//! Byte strings of any length up to a maximum.

use std::time::Duration;

use super::layout::{self, Place};
use super::raw::{RawReader, RawWriter, WRITE, bytes, too_long};
use super::{Awaited, LatestOptions, Snapshot};
use crate::{Error, ErrorKind, ObjectName, Result, View};

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
    /// Those of [`LatestWriter::create`](super::LatestWriter::create).
    pub fn create(name: &ObjectName, max_len: usize, options: &LatestOptions) -> Result<Self> {
        Ok(LatestBytesWriter { raw: RawWriter::create(name, bytes(max_len, options), options)? })
    }

    /// Becomes the writer of [`LatestBytes::bytes_needed`] bytes at `offset` of a read-write view.
    ///
    /// # Errors
    /// Those of [`LatestWriter::at`](super::LatestWriter::at).
    pub fn at(view: &View, offset: usize, max_len: usize, options: &LatestOptions) -> Result<Self> {
        Ok(LatestBytesWriter { raw: RawWriter::at(view, offset, bytes(max_len, options))? })
    }

    /// Writes a byte string, wakes those who wait for it, and returns its number.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) when it is longer than the maximum; then nothing is written.
    /// [`WriterBusy`](ErrorKind::WriterBusy) in a forked child.
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

/// A reader of the newest byte string: see the [module's documentation](crate::latest).
#[derive(Clone, Debug)]
pub struct LatestBytes {
    raw: RawReader,
}

impl LatestBytes {
    /// Bytes of memory that byte strings of at most `max_len` bytes take in a view.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) when no address space holds them.
    pub fn bytes_needed(max_len: usize) -> Result<usize> {
        let bytes = layout::bytes_needed(max_len as u64).ok_or_else(|| too_long(max_len as u64))?;
        // Checked to fit in an isize.
        Ok(bytes as usize)
    }

    /// Opens the region of a writer that lives, or of one that ended while readers hold it. The writer has set the
    /// maximum length.
    ///
    /// # Errors
    /// Those of [`Latest::open`](super::Latest::open).
    pub fn open(name: &ObjectName, options: &LatestOptions) -> Result<Self> {
        let check = |view: &View| Place::open_bytes(view, 0, options.version);
        Ok(LatestBytes { raw: RawReader::open(name, options, check)? })
    }

    /// Opens what a writer laid out at `offset` of a view. Of the options, only the version matters.
    ///
    /// # Errors
    /// Those of [`Latest::at`](super::Latest::at).
    pub fn at(view: &View, offset: usize, options: &LatestOptions) -> Result<Self> {
        Ok(LatestBytes { raw: RawReader::new(Place::open_bytes(view, offset, options.version)?)? })
    }

    /// The newest byte string, or nothing before the first one.
    ///
    /// # Errors
    /// Those of [`Latest::read`](super::Latest::read).
    pub fn read(&self) -> Result<Option<Snapshot<Vec<u8>>>> {
        self.read_if_newer(0)
    }

    /// The newest byte string, if its number is larger than `sequence`.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_if_newer(&self, sequence: u64) -> Result<Option<Snapshot<Vec<u8>>>> {
        let mut value = Vec::new();
        Ok(self.read_into(sequence, &mut value)?.map(|sequence| Snapshot { sequence, value }))
    }

    /// Replaces what is in `into` by the newest byte string, if its number is larger than `sequence`, and returns its
    /// number. Once `into` has the capacity, nothing is allocated.
    ///
    /// Without a newer one `into` stays as it is; after an error it may be a mix of several.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    #[inline]
    pub fn read_into(&self, sequence: u64, into: &mut Vec<u8>) -> Result<Option<u64>> {
        let copy = |place: &Place, slot| {
            let len: u64 = place.view().get(place.length(slot))?;
            // Before anything is allocated: a length that is too large is torn, or a peer's.
            let Some(len) = usize::try_from(len).ok().filter(|&len| len <= place.len()) else {
                return Err(Error::new(ErrorKind::Damaged, "read the newest value"));
            };
            into.resize(len, 0);
            place.view().read(place.value(slot), into)
        };
        Ok(self.raw.read(sequence, copy)?.map(|(sequence, ())| sequence))
    }

    /// Waits as [`Latest::wait_newer`](super::Latest::wait_newer) does.
    ///
    /// # Errors
    /// Those of [`Latest::wait_newer`](super::Latest::wait_newer).
    pub fn wait_newer(&self, sequence: u64, timeout: Option<Duration>) -> Result<Awaited<Snapshot<Vec<u8>>>> {
        self.raw.wait(sequence, timeout, || self.read_if_newer(sequence))
    }

    /// Waits as [`wait_newer`](Self::wait_newer) does, and replaces what is in `into`.
    ///
    /// # Errors
    /// Those of [`wait_newer`](Self::wait_newer).
    pub fn wait_newer_into(
        &self,
        sequence: u64,
        timeout: Option<Duration>,
        into: &mut Vec<u8>,
    ) -> Result<Awaited<u64>> {
        self.raw.wait(sequence, timeout, || self.read_into(sequence, into))
    }

    /// The length of the longest byte string, in bytes, as the writer has set it.
    #[must_use]
    pub fn max_len(&self) -> usize {
        self.raw.place().len()
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
    /// [`AccessDenied`](ErrorKind::AccessDenied) on a read-only view.
    pub fn has_writer(&self) -> Result<bool> {
        self.raw.has_writer()
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn watch(&self) -> Result<super::watch::News> {
        self.raw.watch()
    }
}

#[cold]
fn longer_than_the_maximum(len: usize, max_len: usize) -> Error {
    Error::new(ErrorKind::InvalidArgument, WRITE).with_detail(format!(
        "the value has {len} bytes, and at most {max_len} were agreed on; write less, or set a larger maximum"
    ))
}
