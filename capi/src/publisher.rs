//! The publisher of a topic.

use std::ffi::{c_char, c_void};

use samemap::topic::{Laggard, Publisher, Slot};
use samemap::{Error, ErrorKind, Result};

use crate::arguments::{bytes, invalid, name, place, put, timeout};
use crate::handle::{Handle, InTurn, close, give, in_turn, inside};
use crate::lender::Lender;
use crate::options::samemap_create_options_t;
use crate::status::{SAMEMAP_NOTHING, SAMEMAP_OK, SAMEMAP_TIMED_OUT, border, in_time, samemap_status_t};
use crate::topic::{of, samemap_topic_options_t, to_make};
use crate::view::samemap_view_t;

/// The one publisher of a topic, until it is closed or its process ends. For one thread at a time.
pub struct samemap_publisher_t {
    _private: [u8; 0],
}

/// A publisher, and the room of it that C fills.
pub(crate) struct OpenPublisher {
    lender: Lender<Publisher, Slot<'static>>,
    /// Those that C was told of last.
    laggards: Vec<Laggard>,
}

impl Handle for samemap_publisher_t {
    type Inside = InTurn<OpenPublisher>;
    const WHAT: &'static str = "the publisher";
}

const FILLED: &str = "a message is being filled in place; commit or cancel it first";

impl OpenPublisher {
    pub(crate) fn free(&mut self) -> Result<&mut Publisher> {
        self.lender.owner(FILLED)
    }
}

impl From<Publisher> for InTurn<OpenPublisher> {
    fn from(publisher: Publisher) -> Self {
        InTurn::new(OpenPublisher { lender: Lender::new(publisher), laggards: Vec::new() })
    }
}

/// A subscriber that holds the publisher back.
#[repr(C)]
pub struct samemap_laggard_t {
    /// The number of the message that it needs next, or that is lent to it.
    pub position: u64,
    /// How many messages it has not given back.
    pub behind: u64,
    /// The id of its process, as that process tells it.
    pub process_id: u32,
    /// Whether it was thrown out: then only a message that is still lent to it is in the way.
    pub is_thrown_out: bool,
}

/// Creates the one publisher of the topic with the name: makes the topic, or goes on in the one that readers still
/// hold. SAMEMAP_ERROR_BUSY while there is another publisher.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_create(
    name: *const c_char,
    topic: *const samemap_topic_options_t,
    options: *const samemap_create_options_t,
    publisher: *mut *mut samemap_publisher_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(publisher, || Publisher::create(&self::name(name)?, &to_make(topic, options)?)) }
}

/// Creates the one publisher of the topic in two read-write views: of its data, and of its lobby. They have the
/// sizes that samemap_topic_size() gives, and their bytes must be zero before the first publisher.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_create_in(
    data: *const samemap_view_t,
    lobby: *const samemap_view_t,
    topic: *const samemap_topic_options_t,
    publisher: *mut *mut samemap_publisher_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(publisher, || Publisher::at(inside(data)?, inside(lobby)?, &of(topic)?)) }
}

/// Publishes a copy of `length` bytes; waits for subscribers that still need what it would overwrite.
///
/// SAMEMAP_ERROR_TOO_LONG for more than samemap_publisher_max_message().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_publish(
    publisher: *const samemap_publisher_t,
    data: *const c_void,
    length: usize,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, message) = unsafe { (inside(publisher)?.take()?, bytes(data, length)?) };
        let publisher = open.free()?;
        match self::timeout(timeout) {
            None => publisher.publish(message).map(|()| SAMEMAP_OK),
            Some(time) => publisher.publish_timeout(message, time).map(in_time),
        }
    })
}

/// Gives room for a message of up to `length` bytes in the ring, to be filled in place and published by
/// samemap_publisher_commit(); waits for subscribers that still need what lies there. The bytes begin on a multiple
/// of 64, and are whatever was there before.
///
/// One message is filled at a time; until it is committed or cancelled, other calls with the publisher are refused.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_reserve(
    publisher: *const samemap_publisher_t,
    length: usize,
    timeout: u64,
    data: *mut *mut c_void,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, data) =
            unsafe { (inside(publisher)?.take()?, place(data, "the place for the room")?) };
        // SAFETY: the slot is lent.
        let publisher = unsafe { open.lender.lending(FILLED) }?;
        let slot = match self::timeout(timeout) {
            None => Some(publisher.reserve(length)?),
            Some(time) => publisher.reserve_timeout(length, time)?,
        };
        let Some(slot) = slot else { return Ok(SAMEMAP_TIMED_OUT) };
        *data = slot.bytes().as_ptr().cast();
        open.lender.lend(slot);
        Ok(SAMEMAP_OK)
    })
}

/// Publishes the first `length` bytes of the room that samemap_publisher_reserve() gave; `sequence`, which may be
/// NULL, tells the message's number. SAMEMAP_ERROR_INVALID_ARGUMENT when no room was given,
/// SAMEMAP_ERROR_OUT_OF_RANGE when the room has fewer bytes.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_commit(
    publisher: *const samemap_publisher_t,
    length: usize,
    sequence: *mut u64,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(publisher, |open| {
            let reserved = open.lender.lent().ok_or_else(|| nothing_to("commit"))?.len();
            if length > reserved {
                let (len, region_len) = (length as u64, reserved as u64);
                let kind = ErrorKind::OutOfRange { offset: 0, len, region_len };
                return Err(Error::new(kind, "commit the message"));
            }
            let slot = open.lender.take().expect("it is lent");
            let number = slot.commit_len(length)?;
            put(sequence, number);
            Ok(SAMEMAP_OK)
        })
    }
}

/// Gives up the room that samemap_publisher_reserve() gave: nothing is published.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_cancel(publisher: *const samemap_publisher_t) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(publisher, |open| {
            drop(open.lender.take().ok_or_else(|| nothing_to("cancel"))?);
            Ok(SAMEMAP_OK)
        })
    }
}

#[cold]
fn nothing_to(what: &str) -> Error {
    invalid(format!("there is no message to {what}; samemap_publisher_reserve() begins one"))
}

/// Gives the length of the longest message.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_max_message(
    publisher: *const samemap_publisher_t,
    length: *mut usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, length) = unsafe { (inside(publisher)?.take()?, place(length, "the length")?) };
        *length = open.free()?.max_message();
        Ok(SAMEMAP_OK)
    })
}

/// Gives the numbers of the oldest message that is kept and of the newest one, either of which may be NULL. The newest
/// is 0 before the first.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_kept(
    publisher: *const samemap_publisher_t,
    oldest: *mut u64,
    newest: *mut u64,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(publisher, |open| {
            let publisher = open.free()?;
            put(oldest, publisher.oldest());
            put(newest, publisher.newest());
            Ok(SAMEMAP_OK)
        })
    }
}

/// Gives the subscribers that hold the publisher back: up to `size` of them, and in `count` how many there are.
/// Such a subscriber still needs what the publisher wanted to overwrite when it last found no room, or it was
/// thrown out and has not given its message back.
///
/// # Safety
/// The header's rules of pointers; there is room for `size` laggards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_laggards(
    publisher: *const samemap_publisher_t,
    laggards: *mut samemap_laggard_t,
    size: usize,
    count: *mut usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, count) = unsafe { (inside(publisher)?.take()?, place(count, "the count")?) };
        open.laggards = open.free()?.laggards()?;
        if laggards.is_null() && size > 0 {
            return Err(crate::arguments::null("the place for the laggards"));
        }
        for (index, laggard) in open.laggards.iter().take(size).enumerate() {
            let told = samemap_laggard_t {
                position: laggard.position(),
                behind: laggard.behind(),
                process_id: laggard.process_id(),
                is_thrown_out: laggard.is_thrown_out(),
            };
            // SAFETY: the caller keeps the header's rules.
            unsafe { laggards.add(index).write(told) };
        }
        *count = open.laggards.len();
        Ok(SAMEMAP_OK)
    })
}

/// Stops waiting for a subscriber, by its index among those that samemap_publisher_laggards() gave last. The
/// subscriber's next call is SAMEMAP_ERROR_BUSY, and a message that is lent to it stays as it is until the
/// subscriber releases it. SAMEMAP_NOTHING when the subscriber does not hold the publisher back any more.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_throw_out(
    publisher: *const samemap_publisher_t,
    index: usize,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(publisher, |open| {
            let laggard = open.laggards.get(index).copied();
            let laggard = laggard.ok_or_else(|| invalid("there is no laggard of that index"))?;
            let is_there = open.free()?.throw_out(&laggard);
            Ok(if is_there { SAMEMAP_OK } else { SAMEMAP_NOTHING })
        })
    }
}

/// Ends the publisher, and tells the readers; another one may follow. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_publisher_close(publisher: *mut samemap_publisher_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(publisher) }
}
