//! Viewers of a topic.

use std::ffi::{c_char, c_void};

use samemap::regions::Part;
use samemap::topic::{Viewed, Viewer};
use samemap::{Error, ErrorKind, Result};

use crate::arguments::{buffer, name, place, put, timeout};
use crate::handle::{Handle, InTurn, close, give, inside};
use crate::options::samemap_open_options_t;
use crate::status::{SAMEMAP_OK, SAMEMAP_TIMED_OUT, border, in_time, samemap_status_t};
use crate::topic::{of, samemap_topic_options_t, to_open};
use crate::view::samemap_view_t;

/// A reader of a topic that never delays the publisher and may miss messages. The right to read the topic's data
/// suffices. For one thread at a time.
pub struct samemap_viewer_t {
    _private: [u8; 0],
}

impl Handle for samemap_viewer_t {
    type Inside = InTurn<Viewer>;
    const WHAT: &'static str = "the viewer";
}

/// Views the topic with the name; the access of `options` is ignored. Where this process may write to the topic's
/// lobby, the publisher wakes the viewer. Elsewhere a wait looks each millisecond, and does not learn that a
/// publisher was killed.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_viewer_open(
    name: *const c_char,
    topic: *const samemap_topic_options_t,
    options: *const samemap_open_options_t,
    viewer: *mut *mut samemap_viewer_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(viewer, || Viewer::open(&self::name(name)?, &to_open(topic, options)?)) }
}

/// Views the topic in two views: of its data, which may be read-only, and of its lobby, which may be NULL.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_viewer_open_in(
    data: *const samemap_view_t,
    lobby: *const samemap_view_t,
    topic: *const samemap_topic_options_t,
    viewer: *mut *mut samemap_viewer_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(viewer, || Viewer::at(inside(data)?, inside(lobby).ok(), &of(topic)?)) }
}

/// Copies the next message that is kept to `buffer`; waits until there is one. `length` tells its length,
/// `sequence` its number, and `missed` how many messages were overwritten since the last one that this viewer read;
/// each may be NULL. After an error the buffer may hold parts of messages.
///
/// SAMEMAP_ERROR_TOO_LONG when the message is longer than `size`: `length` tells its length, and the message is
/// missed. No message is longer than samemap_viewer_max_message(). The ends of publishers are told as by
/// samemap_subscriber_receive(). SAMEMAP_ERROR_CONTENDED when 256 messages were overwritten, each while it was
/// read.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_viewer_receive(
    viewer: *const samemap_viewer_t,
    buffer: *mut c_void,
    size: usize,
    length: *mut usize,
    sequence: *mut u64,
    missed: *mut u64,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut viewer, into) = unsafe { (inside(viewer)?.take()?, self::buffer(buffer, size)?) };
        let viewed = match self::timeout(timeout) {
            None => Some(viewer.recv_with(|bytes| copy(bytes, into))?),
            Some(time) => viewer.recv_with_timeout(time, |bytes| copy(bytes, into))?,
        };
        let Some(Viewed { sequence: number, missed: count, value: len }) = viewed else {
            return Ok(SAMEMAP_TIMED_OUT);
        };
        // SAFETY: the caller keeps the header's rules.
        unsafe { put(length, len) };
        if len > size {
            return Err(too_long(len, size));
        }
        // SAFETY: the caller keeps the header's rules.
        unsafe {
            put(sequence, number);
            put(missed, count);
        }
        Ok(SAMEMAP_OK)
    })
}

/// Copies a message when it fits, and tells its length.
fn copy(bytes: Part<'_>, into: &mut [u8]) -> usize {
    let len = bytes.len();
    if let Some(into) = into.get_mut(..len) {
        bytes.read(0, into).expect("the same length");
    }
    len
}

#[cold]
fn too_long(len: usize, room: usize) -> Error {
    Error::new(ErrorKind::TooLong { len: len as u64, maximum: room as u64 }, "copy the message")
        .with_detail("samemap_viewer_max_message() gives the length of the longest one")
}

/// Waits until there is a message, or an end of a publisher to be told of. It takes nothing: receive then with a
/// timeout of 0.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_viewer_wait(
    viewer: *const samemap_viewer_t,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let mut viewer = unsafe { inside(viewer)?.take() }?;
        match self::timeout(timeout) {
            None => viewer.wait().map(|()| SAMEMAP_OK),
            Some(time) => viewer.wait_timeout(time).map(in_time),
        }
    })
}

/// Gives the length of the longest message that can come.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_viewer_max_message(
    viewer: *const samemap_viewer_t,
    length: *mut usize,
) -> samemap_status_t {
    border(|| -> Result<samemap_status_t> {
        // SAFETY: the caller keeps the header's rules.
        let (viewer, length) = unsafe { (inside(viewer)?.take()?, place(length, "the length")?) };
        *length = viewer.max_message();
        Ok(SAMEMAP_OK)
    })
}

/// Ends the viewer. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_viewer_close(viewer: *mut samemap_viewer_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(viewer) }
}
