//! What the typed form and the byte form have in common.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use samemap_platform::internal::words::Until;
use samemap_platform::internal::words::newest::{self, Reading};
use samemap_platform::internal::{Doorbell, Seat, Sleepers};

use super::layout::{self, BELL, Facts, Form, Place, SEAT, Words};
use super::options::{Awaited, LatestOptions};
use crate::endpoint::seat::{self, OwnSeat, forked};
use crate::endpoint::wait::{Woken, sleep_until};
use crate::{Access, Error, ErrorKind, ObjectName, Region, Result, View};

/// What a forked child does in place of using its copy.
const ADVICE: &str = "open a writer in the child when the parent has ended its own";

/// The one writer.
#[derive(Debug)]
pub(super) struct RawWriter {
    place: Place,
    newest: u64,
    bell: Doorbell,
    seat: OwnSeat,
}

impl RawWriter {
    pub(super) fn create(name: &ObjectName, facts: Facts, options: &LatestOptions) -> Result<RawWriter> {
        let named = |error: Error| error.with_name(name.to_string());
        let bytes = layout::bytes_needed(facts.len).ok_or_else(|| named(too_long(facts.len)))?;
        let (region, _) = Region::create_or_open(name, &options.to_create(bytes))?;
        let view = region.view(.., Access::ReadWrite)?;
        RawWriter::at(&view, 0, facts).map_err(named)
    }

    pub(super) fn at(view: &View, offset: usize, facts: Facts) -> Result<RawWriter> {
        let seat = seat::take(view, offset.saturating_add(SEAT))?.ok_or_else(another_writes)?;
        let place = Place::lay_out(view, offset, facts)?;
        let bell = Doorbell::at(view, offset + BELL, Sleepers::Many)?;
        let newest = layout::carry_on(&place)?;
        Ok(RawWriter { place, newest, bell, seat: OwnSeat::new(seat) })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The number of the newest value.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Writes the next value, which `fill` puts into the slot that it is given.
    #[inline]
    pub(super) fn write(&mut self, fill: impl FnOnce(&Place, u64) -> Result<()>) -> Result<u64> {
        if !self.seat.is_ours() {
            return Err(forked(WRITE, ADVICE));
        }
        // From a number that was checked, one at a time: it does not overflow within centuries.
        let sequence = self.newest + 1;
        newest::write(&self.place, sequence, |slot| fill(&self.place, slot))?;
        self.newest = sequence;
        self.bell.ring();
        Ok(sequence)
    }
}

impl Drop for RawWriter {
    fn drop(&mut self) {
        // First the seat: readers that wake up look whether it is taken.
        self.seat.leave();
        self.bell.ring();
    }
}

/// No written value has this number.
const UNTOLD: u64 = u64::MAX;

/// One of the readers.
#[derive(Debug)]
pub(super) struct RawReader {
    place: Place,
    /// Where the view may be written to.
    bell: Option<Doorbell>,
    /// The number of the newest value when this reader was last told that the writer has gone; or [`UNTOLD`].
    told_gone_at: AtomicU64,
}

impl RawReader {
    pub(super) fn open(
        name: &ObjectName,
        options: &LatestOptions,
        check: impl FnOnce(&View) -> Result<Place>,
    ) -> Result<RawReader> {
        let region = Region::open(name, &options.to_open())?;
        let view = region.view(.., options.access())?;
        check(&view).and_then(RawReader::new).map_err(|error| error.with_name(name.to_string()))
    }

    pub(super) fn new(place: Place) -> Result<RawReader> {
        let writable = place.view().access() == Access::ReadWrite;
        let bell =
            writable.then(|| Doorbell::at(place.view(), place.at() + BELL, Sleepers::Many)).transpose()?;
        let reader = RawReader { place, bell, told_gone_at: AtomicU64::new(UNTOLD) };
        if writable && !reader.has_writer()? {
            // A reader that comes when there is no writer waits for the next one.
            reader.told_gone_at.store(reader.place.newest()?, Relaxed);
        }
        Ok(reader)
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Where the view may be written to.
    pub(super) fn bell(&self) -> Option<&Doorbell> {
        self.bell.as_ref()
    }

    pub(super) fn has_writer(&self) -> Result<bool> {
        Seat::is_taken(self.place.view(), self.place.at() + SEAT)
    }

    /// Copies the newest value, if its number is larger than `than`.
    #[inline]
    pub(super) fn read<R>(
        &self,
        than: u64,
        mut copy: impl FnMut(Words<'_>, u64) -> Result<R>,
    ) -> Result<Option<(u64, R)>> {
        let words = self.place.words();
        match newest::read_once(&words, than, |slot| copy(words, slot)) {
            Ok(Some(Reading::Value { sequence, copied })) => Ok(Some((sequence, copied?))),
            Ok(Some(Reading::Nothing)) => Ok(None),
            Ok(_) => self.read_on(than, copy),
        }
    }

    /// Reads when the writer was faster once. Out of line, so that a read without that is short.
    #[cold]
    #[inline(never)]
    fn read_on<R>(
        &self,
        than: u64,
        mut copy: impl FnMut(Words<'_>, u64) -> Result<R>,
    ) -> Result<Option<(u64, R)>> {
        let words = self.place.words();
        let Ok(reading) = newest::read(&words, than, |slot| copy(words, slot));
        match reading {
            Reading::Value { sequence, copied } => Ok(Some((sequence, copied?))),
            Reading::Nothing => Ok(None),
            Reading::Contended => Err(Error::new(ErrorKind::Contended, READ)),
            Reading::Damaged => Err(Error::new(ErrorKind::Damaged, READ)),
        }
    }

    /// Calls `read` until it finds something, and sleeps while nothing newer than `than` comes. `None` when time ran
    /// out.
    pub(super) fn wait<R>(
        &self,
        than: u64,
        timeout: Option<Duration>,
        mut read: impl FnMut() -> Result<Option<R>>,
    ) -> Result<Option<Awaited<R>>> {
        if let Some(found) = read()? {
            return Ok(Some(Awaited::Newer(found)));
        }
        let Some(bell) = &self.bell else { return Err(never_woken()) };
        let limit = Until::after(timeout);
        // A failed look fails again when it is read, and says why.
        let news = || self.place.newest().map_or(true, |newest| newest > than);
        loop {
            let woken = sleep_until(Some(bell), limit, news, || Ok(!self.writer_has_gone()?))?;
            match (read()?, woken) {
                (Some(found), _) => return Ok(Some(Awaited::Newer(found))),
                (None, Woken::Alone) => return Ok(Some(Awaited::WriterGone)),
                // A peer took a word back.
                (None, Woken::News) if !limit.is_over() => {}
                (None, _) => return Ok(None),
            }
        }
    }

    /// Whether a writer has ended of which this reader was not told.
    pub(super) fn has_writer_gone(&self) -> Result<bool> {
        let newest = self.place.newest()?;
        Ok(!self.has_writer()? && self.told_gone_at.load(Relaxed) != newest)
    }

    /// Whether a writer has ended. True once for each writer that this reader saw, or of which it saw a value.
    pub(super) fn writer_has_gone(&self) -> Result<bool> {
        // Read first: the end of a writer that comes and goes from now on is told the next time.
        let newest = self.place.newest()?;
        if self.has_writer()? {
            self.told_gone_at.store(UNTOLD, Relaxed);
            return Ok(false);
        }
        Ok(self.told_gone_at.swap(newest, Relaxed) != newest)
    }
}

impl Clone for RawReader {
    fn clone(&self) -> Self {
        RawReader {
            place: self.place.clone(),
            bell: self.bell.clone(),
            told_gone_at: AtomicU64::new(self.told_gone_at.load(Relaxed)),
        }
    }
}

/// The facts of a type.
pub(super) fn fixed(len: usize, options: &LatestOptions) -> Facts {
    Facts { form: Form::Fixed, len: len as u64, version: options.version }
}

/// The facts of byte strings.
pub(super) fn bytes(max_len: usize, options: &LatestOptions) -> Facts {
    Facts { form: Form::Bytes, len: max_len as u64, version: options.version }
}

#[cold]
fn another_writes() -> Error {
    Error::new(ErrorKind::Busy, WRITE)
        .with_detail("the value has a writer already; end that writer first, or read")
}

#[cold]
pub(super) fn never_woken() -> Error {
    Error::new(ErrorKind::Unsupported, "wait for a newer value").with_detail(
        "the view is read-only, and a reader that waits must write to the memory; open it for reading and writing, or read now and then",
    )
}

#[cold]
pub(super) fn too_long(len: u64) -> Error {
    Error::new(ErrorKind::InvalidArgument, WRITE).with_detail(format!(
        "several values of up to {len} bytes do not fit in an address space; ask for less"
    ))
}

pub(super) const WRITE: &str = "write the newest value";
const READ: &str = "read the newest value";
