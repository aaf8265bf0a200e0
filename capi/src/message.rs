//! Messages through a channel: copied, or in place.

use std::ffi::c_void;
use std::time::Duration;

use samemap::channel::{Received, Receiver, Sender, Slot};
use samemap::{Error, ErrorKind, Result};

use crate::arguments::{buffer, bytes, invalid, null, place, put, timeout};
use crate::channel::{OpenChannel, samemap_channel_t};
use crate::handle::{Turn, inside};
use crate::status::{SAMEMAP_OK, SAMEMAP_TIMED_OUT, border, in_time, samemap_status_t};

/// Sends a copy of `length` bytes; waits while the ring is full.
///
/// SAMEMAP_ERROR_TOO_LONG for more than samemap_channel_max_message(), SAMEMAP_ERROR_CLOSED when the peer has
/// closed, SAMEMAP_ERROR_PEER_DIED when the peer's process has ended without closing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_send(
    channel: *const samemap_channel_t,
    data: *const c_void,
    length: usize,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, message) = unsafe { (inside(channel)?.take()?, bytes(data, length)?) };
        let sender = free_to_send(&mut open)?;
        if sender.try_send(message)? { Ok(SAMEMAP_OK) } else { send_later(sender, message, timeout) }
    })
}

/// Copies the next message to `buffer`; waits until there is one. `length` tells its length.
///
/// SAMEMAP_ERROR_TOO_LONG when the message is longer than `size`: `length` tells its length, and the next call
/// receives it again. When no message is left: SAMEMAP_ERROR_CLOSED if the peer has closed, SAMEMAP_ERROR_PEER_DIED
/// if its process has ended without closing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_receive(
    channel: *const samemap_channel_t,
    buffer: *mut c_void,
    size: usize,
    length: *mut usize,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, into) = unsafe { (inside(channel)?.take()?, self::buffer(buffer, size)?) };
        let receiver = free_to_receive(&mut open)?;
        // One that is there is taken at once: a value of either path would be moved through memory.
        if let Some(received) = receiver.try_recv()? {
            // SAFETY: the caller keeps the header's rules.
            return unsafe { take(received, into, length) };
        }
        match wait_for_next(receiver, timeout)? {
            // SAFETY: the caller keeps the header's rules.
            Some(received) => unsafe { take(received, into, length) },
            None => Ok(SAMEMAP_TIMED_OUT),
        }
    })
}

/// Gives room for a message of up to `length` bytes in the ring, to be filled in place and sent by
/// samemap_channel_commit(); waits while the ring is full. The bytes are whatever was there before.
///
/// One message is filled at a time; until it is committed or cancelled, other calls that send are refused.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_reserve(
    channel: *const samemap_channel_t,
    length: usize,
    timeout: u64,
    data: *mut *mut c_void,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, data) = unsafe { (inside(channel)?.take()?, place(data, "the place for the room")?) };
        let Some(slot) = room(free_to_send(&mut open)?, length, self::timeout(timeout))? else {
            return Ok(SAMEMAP_TIMED_OUT);
        };
        // A slot that goes leaves the room as it is, and it is had again where it is committed.
        let at = slot.bytes().as_ptr();
        *data = at.cast();
        open.reserved = Some((at as usize, length));
        Ok(SAMEMAP_OK)
    })
}

/// Sends the first `length` bytes of the room that samemap_channel_reserve() gave. SAMEMAP_ERROR_INVALID_ARGUMENT
/// when no room was given, SAMEMAP_ERROR_OUT_OF_RANGE when the room has fewer bytes.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_commit(
    channel: *const samemap_channel_t,
    length: usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let mut open = unsafe { inside(channel)?.take() }?;
        let Some((at, reserved)) = open.reserved else {
            return Err(invalid("there is no message to commit; samemap_channel_reserve() begins one"));
        };
        if length > reserved {
            let (len, region_len) = (length as u64, reserved as u64);
            return Err(Error::new(
                ErrorKind::OutOfRange { offset: 0, len, region_len },
                "commit the message",
            ));
        }
        open.reserved = None;
        let slot = open.sender()?.try_reserve(reserved)?;
        let slot = slot.filter(|slot| slot.bytes().as_ptr() as usize == at);
        slot.expect("the same room, because nothing was sent meanwhile").commit_len(length)?;
        Ok(SAMEMAP_OK)
    })
}

/// Gives up the room that samemap_channel_reserve() gave: nothing is sent.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_cancel(channel: *const samemap_channel_t) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let mut open = unsafe { inside(channel)?.take() }?;
        match open.reserved.take() {
            Some(_) => Ok(SAMEMAP_OK),
            None => Err(invalid("there is no message to cancel; samemap_channel_reserve() begins one")),
        }
    })
}

/// Lends the next message in place; waits until there is one. Its room stays taken until samemap_channel_release().
///
/// A peer that breaks the protocol can still change the bytes: copy what is to be checked before it is checked. One
/// message is lent at a time; until it is released, other calls that receive are refused.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_borrow(
    channel: *const samemap_channel_t,
    data: *mut *const c_void,
    length: *mut usize,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, data, length) = unsafe {
            (inside(channel)?.take()?, place(data, "the place for the data")?, place(length, "the length")?)
        };
        let Some(received) = wait_for_next(free_to_receive(&mut open)?, timeout)? else {
            return Ok(SAMEMAP_TIMED_OUT);
        };
        (*data, *length) = (received.bytes().as_ptr().cast_const().cast(), received.len());
        // One that is forgotten is received again, where it is released.
        std::mem::forget(received);
        open.is_lent = true;
        Ok(SAMEMAP_OK)
    })
}

/// Gives the room of the message that samemap_channel_borrow() lent back to the sender.
/// SAMEMAP_ERROR_INVALID_ARGUMENT when no message is lent.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_release(channel: *const samemap_channel_t) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let mut open = unsafe { inside(channel)?.take() }?;
        if !std::mem::take(&mut open.is_lent) {
            return Err(invalid("no message is lent; samemap_channel_borrow() lends one"));
        }
        drop(open.receiver()?.try_recv()?);
        Ok(SAMEMAP_OK)
    })
}

/// Gives the length of the longest message.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_max_message(
    channel: *const samemap_channel_t,
    length: *mut usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, length) = unsafe { (inside(channel)?.take()?, place(length, "the length")?) };
        *length = match open.sender() {
            Ok(sender) => sender.max_message(),
            Err(_) => open.receiver()?.max_message(),
        };
        Ok(SAMEMAP_OK)
    })
}

/// Waits until one of 1 to 64 channels has a message, or its peer has ended, and gives the lowest index of those.
/// It takes nothing: receive then with a timeout of 0.
///
/// # Safety
/// The header's rules of pointers; `channels` has `count` handles, each of them once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_channel_wait_any(
    channels: *const *const samemap_channel_t,
    count: usize,
    timeout: u64,
    index: *mut usize,
) -> samemap_status_t {
    border(|| {
        if channels.is_null() {
            return Err(null("the array of channels"));
        }
        if count > samemap::sync::MAX_OBJECTS {
            return Err(invalid(format!("there are {count} channels; give 1 to 64")));
        }
        // SAFETY: it has so many handles.
        let handles = unsafe { std::slice::from_raw_parts(channels, count) };
        // A handle that is there twice is refused as one in use.
        // SAFETY: the caller keeps the header's rules.
        let turns = handles.iter().map(|&handle| unsafe { inside(handle)?.take() });
        let mut open: Vec<Turn<'_, OpenChannel>> = turns.collect::<Result<_>>()?;
        let mut receivers = open.iter_mut().map(|open| open.receiver()).collect::<Result<Vec<_>>>()?;
        let found = match self::timeout(timeout) {
            None => Some(Receiver::wait_any(&mut receivers)?),
            Some(time) => Receiver::wait_any_timeout(&mut receivers, time)?,
        };
        let Some(found) = found else { return Ok(SAMEMAP_TIMED_OUT) };
        // SAFETY: the caller keeps the header's rules.
        *unsafe { place(index, "the index") }? = found;
        Ok(SAMEMAP_OK)
    })
}

#[inline]
fn free_to_send(open: &mut OpenChannel) -> Result<&mut Sender> {
    if open.reserved.is_some() {
        return Err(invalid("a message is being filled in place; commit or cancel it first"));
    }
    open.sender()
}

#[inline]
fn free_to_receive(open: &mut OpenChannel) -> Result<&mut Receiver> {
    if open.is_lent {
        return Err(invalid("a message is lent in place; release it first"));
    }
    open.receiver()
}

/// Sends when there is room.
#[cold]
fn send_later(sender: &mut Sender, message: &[u8], timeout: u64) -> Result<samemap_status_t> {
    match self::timeout(timeout) {
        None => sender.send(message).map(|()| SAMEMAP_OK),
        Some(time) => sender.send_timeout(message, time).map(in_time),
    }
}

fn wait_for_next(receiver: &mut Receiver, timeout: u64) -> Result<Option<Received<'_>>> {
    match self::timeout(timeout) {
        None => receiver.recv().map(Some),
        Some(time) => receiver.recv_timeout(time),
    }
}

/// Copies a message out, and tells its length.
///
/// # Safety
/// The pointer is null or valid for a write.
#[inline(always)]
unsafe fn take(received: Received<'_>, into: &mut [u8], length: *mut usize) -> Result<samemap_status_t> {
    // SAFETY: as the caller vouches.
    unsafe { put(length, received.len()) };
    received.take_into(into)?;
    Ok(SAMEMAP_OK)
}

fn room(sender: &mut Sender, length: usize, timeout: Option<Duration>) -> Result<Option<Slot<'_>>> {
    match timeout {
        None => sender.reserve(length).map(Some),
        Some(time) => sender.reserve_timeout(length, time),
    }
}
