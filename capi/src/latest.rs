//! The newest value of one writer for many readers.

use std::ffi::{c_char, c_void};

use samemap::latest::{Awaited, LatestBytes, LatestBytesWriter, LatestOptions};
use samemap::{Access, Error, ErrorKind, Result};

use crate::arguments::{buffer, bytes, name, place, put, timeout};
use crate::handle::{Handle, InTurn, close, give, inside};
use crate::options::{Options, options, samemap_create_options_t, samemap_open_options_t};
use crate::status::{
    SAMEMAP_NOTHING, SAMEMAP_OK, SAMEMAP_TIMED_OUT, SAMEMAP_WRITER_GONE, border, samemap_status_t,
};
use crate::view::samemap_view_t;

/// The one writer of a newest value, until it is closed or its process ends. A value is bytes of any length up to a
/// maximum, which readers never see half-written. For one thread at a time.
///
/// In Rust the values are those of samemap::latest::LatestBytes.
pub struct samemap_latest_writer_t {
    _private: [u8; 0],
}

/// A reader of a newest value. For one thread at a time.
pub struct samemap_latest_reader_t {
    _private: [u8; 0],
}

impl Handle for samemap_latest_writer_t {
    type Inside = InTurn<LatestBytesWriter>;
    const WHAT: &'static str = "the writer";
}

impl Handle for samemap_latest_reader_t {
    type Inside = InTurn<Reader>;
    const WHAT: &'static str = "the reader";
}

/// A reader, and what it has read last.
pub(crate) struct Reader {
    pub(crate) latest: LatestBytes,
    value: Vec<u8>,
}

impl From<LatestBytes> for InTurn<Reader> {
    fn from(latest: LatestBytes) -> Self {
        InTurn::new(Reader { latest, value: Vec::new() })
    }
}

/// What writer and readers agree on. Begin with SAMEMAP_LATEST_OPTIONS_INIT; NULL stands for that: version 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct samemap_latest_options_t {
    /// sizeof(samemap_latest_options_t).
    pub struct_size: usize,
    /// The version that the program gives to the meaning of the bytes. A program with another version gets
    /// SAMEMAP_ERROR_LAYOUT_MISMATCH.
    pub version: u32,
}

// SAFETY: a number behind a size.
unsafe impl Options for samemap_latest_options_t {}

/// # Safety
/// The pointer is null or leads to options.
unsafe fn of(given: *const samemap_latest_options_t) -> Result<LatestOptions> {
    // SAFETY: as the caller vouches.
    Ok(LatestOptions::new().version(unsafe { options(given) }?.version))
}

/// Gives the number of bytes that values of at most `max_length` bytes take in a view.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_size(max_length: usize, size: *mut usize) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        *unsafe { place(size, "the size") }? = LatestBytes::bytes_needed(max_length)?;
        Ok(SAMEMAP_OK)
    })
}

/// Creates the one writer of the newest value with the name, for values of at most `max_length` bytes: makes the
/// region, or goes on in the one that readers still hold. SAMEMAP_ERROR_BUSY while there is another writer.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_writer_create(
    name: *const c_char,
    max_length: usize,
    latest: *const samemap_latest_options_t,
    options: *const samemap_create_options_t,
    writer: *mut *mut samemap_latest_writer_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(writer, || {
            let sharing = samemap_create_options_t::sync(options)?;
            let latest =
                of(latest)?.permissions(sharing.asked_permissions()).trust(sharing.accepted().clone());
            LatestBytesWriter::create(&self::name(name)?, max_length, &latest)
        })
    }
}

/// Creates the one writer of the newest value at `offset` of a read-write view. It takes samemap_latest_size()
/// bytes, aligned to 8, and to 64 at best, which must be zero before the first writer.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_writer_create_in(
    view: *const samemap_view_t,
    offset: usize,
    max_length: usize,
    latest: *const samemap_latest_options_t,
    writer: *mut *mut samemap_latest_writer_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(writer, || LatestBytesWriter::at(inside(view)?, offset, max_length, &of(latest)?)) }
}

/// Writes a value and wakes the readers that wait for it; `sequence`, which may be NULL, tells its number.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_write(
    writer: *const samemap_latest_writer_t,
    data: *const c_void,
    length: usize,
    sequence: *mut u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut writer, value) = unsafe { (inside(writer)?.take()?, bytes(data, length)?) };
        let number = writer.write(value)?;
        // SAFETY: the caller keeps the header's rules.
        unsafe { put(sequence, number) };
        Ok(SAMEMAP_OK)
    })
}

/// Ends the writer, and tells the readers. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_writer_close(writer: *mut samemap_latest_writer_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(writer) }
}

/// Opens the newest value with the name, for reading. A reader with the access SAMEMAP_READ_ONLY cannot wait.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_reader_open(
    name: *const c_char,
    latest: *const samemap_latest_options_t,
    options: *const samemap_open_options_t,
    reader: *mut *mut samemap_latest_reader_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(reader, || {
            let open = samemap_open_options_t::read(options)?;
            let latest = of(latest)?.trust(open.accepted().clone()).patience(open.asked_patience());
            let latest = if open.access() == Access::ReadOnly { latest.read_only() } else { latest };
            LatestBytes::open(&self::name(name)?, &latest)
        })
    }
}

/// Opens the newest value at `offset` of a view, for reading.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_reader_open_in(
    view: *const samemap_view_t,
    offset: usize,
    latest: *const samemap_latest_options_t,
    reader: *mut *mut samemap_latest_reader_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(reader, || LatestBytes::at(inside(view)?, offset, &of(latest)?)) }
}

/// Copies the newest value to `buffer` if its number is larger than `newer_than`; 0 takes any value. `length` tells
/// the value's length, and `sequence` its number; either may be NULL. SAMEMAP_NOTHING when there is no such value:
/// the call does not wait.
///
/// SAMEMAP_ERROR_TOO_LONG when the value is longer than `size`: `length` tells its length. No value is longer than
/// samemap_latest_max_length().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_read(
    reader: *const samemap_latest_reader_t,
    newer_than: u64,
    buffer: *mut c_void,
    size: usize,
    length: *mut usize,
    sequence: *mut u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut reader, to) = unsafe { (inside(reader)?.take()?, To::at(buffer, size, length, sequence)?) };
        let Reader { latest, value } = &mut *reader;
        match latest.read_into(newer_than, value)? {
            Some(number) => to.copy(value, number),
            None => Ok(SAMEMAP_NOTHING),
        }
    })
}

/// Waits until there is a value whose number is larger than `newer_than`, and copies it as samemap_latest_read()
/// does.
///
/// SAMEMAP_TIMED_OUT when no such value came in time. SAMEMAP_WRITER_GONE when the writer has ended without one:
/// each reader is told once, and its next call waits for the next writer.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_wait(
    reader: *const samemap_latest_reader_t,
    newer_than: u64,
    timeout: u64,
    buffer: *mut c_void,
    size: usize,
    length: *mut usize,
    sequence: *mut u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut reader, to) = unsafe { (inside(reader)?.take()?, To::at(buffer, size, length, sequence)?) };
        let Reader { latest, value } = &mut *reader;
        let awaited = match self::timeout(timeout) {
            None => Some(latest.wait_newer_into(newer_than, value)?),
            Some(time) => latest.wait_newer_into_timeout(newer_than, value, time)?,
        };
        match awaited {
            None => Ok(SAMEMAP_TIMED_OUT),
            Some(Awaited::WriterGone) => Ok(SAMEMAP_WRITER_GONE),
            Some(Awaited::Newer(number)) => to.copy(value, number),
        }
    })
}

/// Gives the length of the longest value, as the writer has set it.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_max_length(
    reader: *const samemap_latest_reader_t,
    max_length: *mut usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (reader, length) = unsafe { (inside(reader)?.take()?, place(max_length, "the length")?) };
        *length = reader.latest.max_len();
        Ok(SAMEMAP_OK)
    })
}

/// Closes the reader. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_latest_reader_close(reader: *mut samemap_latest_reader_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(reader) }
}

/// Where a value goes.
struct To<'a> {
    buffer: &'a mut [u8],
    length: *mut usize,
    sequence: *mut u64,
}

impl To<'_> {
    /// # Safety
    /// The pointers are null or valid for writes.
    unsafe fn at<'a>(
        data: *mut c_void,
        size: usize,
        length: *mut usize,
        sequence: *mut u64,
    ) -> Result<To<'a>> {
        // SAFETY: as the caller vouches.
        Ok(To { buffer: unsafe { buffer(data, size) }?, length, sequence })
    }

    fn copy(self, value: &[u8], number: u64) -> Result<samemap_status_t> {
        // SAFETY: it is null or valid, as the maker vouches.
        unsafe { put(self.length, value.len()) };
        let Some(to) = self.buffer.get_mut(..value.len()) else {
            let kind = ErrorKind::TooLong { len: value.len() as u64, maximum: self.buffer.len() as u64 };
            return Err(Error::new(kind, "copy the newest value"));
        };
        to.copy_from_slice(value);
        // SAFETY: it is null or valid, as the maker vouches.
        unsafe { put(self.sequence, number) };
        Ok(SAMEMAP_OK)
    }
}
