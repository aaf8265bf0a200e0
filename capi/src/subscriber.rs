//! Subscribers of a topic.

use std::ffi::{c_char, c_void};

use samemap::Result;
use samemap::topic::{Received, Subscriber, Waits, wait_any, wait_any_timeout};

use crate::arguments::{buffer, invalid, name, null, place, put, timeout};
use crate::handle::{Handle, InTurn, Turn, close, give, inside};
use crate::lender::Lender;
use crate::options::samemap_open_options_t;
use crate::status::{SAMEMAP_OK, SAMEMAP_TIMED_OUT, border, in_time, samemap_status_t};
use crate::topic::{of, samemap_topic_options_t, to_open};
use crate::view::samemap_view_t;

/// A reader of a topic that gets every message; the publisher waits for it. For one thread at a time.
pub struct samemap_subscriber_t {
    _private: [u8; 0],
}

/// A subscriber, and the message of it that C reads in place.
pub(crate) type OpenSubscriber = Lender<Subscriber, Received<'static>>;

impl From<Subscriber> for InTurn<OpenSubscriber> {
    fn from(subscriber: Subscriber) -> Self {
        InTurn::new(Lender::new(subscriber))
    }
}

impl Handle for samemap_subscriber_t {
    type Inside = InTurn<OpenSubscriber>;
    const WHAT: &'static str = "the subscriber";
}

pub(crate) const LENT: &str = "a message is lent in place; release it first";

/// Subscribes to the topic with the name. The process needs the right to write to the topic's lobby; the access of
/// `options` is ignored. SAMEMAP_ERROR_BUSY when there are as many subscribers as the topic takes.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_subscriber_open(
    name: *const c_char,
    topic: *const samemap_topic_options_t,
    options: *const samemap_open_options_t,
    subscriber: *mut *mut samemap_subscriber_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(subscriber, || Subscriber::open(&self::name(name)?, &to_open(topic, options)?)) }
}

/// Subscribes to the topic in two views: of its data, which may be read-only, and of its lobby.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_subscriber_open_in(
    data: *const samemap_view_t,
    lobby: *const samemap_view_t,
    topic: *const samemap_topic_options_t,
    subscriber: *mut *mut samemap_subscriber_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(subscriber, || Subscriber::at(inside(data)?, inside(lobby)?, &of(topic)?)) }
}

fn next<'a>(subscriber: &'a mut Subscriber, timeout: u64) -> Result<Option<Received<'a>>> {
    match self::timeout(timeout) {
        None => subscriber.recv().map(Some),
        Some(time) => subscriber.recv_timeout(time),
    }
}

/// Copies the next message to `buffer`; waits until there is one. `length` tells its length, and `sequence` its
/// number; either may be NULL.
///
/// SAMEMAP_ERROR_TOO_LONG when the message is longer than `size`: `length` tells its length, and the next call
/// receives it again. When no message is left: SAMEMAP_ERROR_CLOSED if the publisher has closed,
/// SAMEMAP_ERROR_PEER_DIED if its process has ended without closing. Each end is told once, and the next call waits
/// for the next publisher. SAMEMAP_ERROR_BUSY when the publisher has thrown this subscriber out.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_subscriber_receive(
    subscriber: *const samemap_subscriber_t,
    buffer: *mut c_void,
    size: usize,
    length: *mut usize,
    sequence: *mut u64,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, into) = unsafe { (inside(subscriber)?.take()?, self::buffer(buffer, size)?) };
        let Some(received) = next(open.owner(LENT)?, timeout)? else { return Ok(SAMEMAP_TIMED_OUT) };
        let number = received.sequence();
        // SAFETY: the caller keeps the header's rules.
        unsafe { put(length, received.len()) };
        received.take_into(into)?;
        // SAFETY: the caller keeps the header's rules.
        unsafe { put(sequence, number) };
        Ok(SAMEMAP_OK)
    })
}

/// Lends the next message in place; waits until there is one. Its bytes begin on a multiple of 64, and `sequence`,
/// which may be NULL, tells its number. The publisher does not overwrite it until samemap_subscriber_release().
///
/// One message is lent at a time; until it is released, other calls with the subscriber are refused. The errors are
/// those of samemap_subscriber_receive(), without SAMEMAP_ERROR_TOO_LONG.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_subscriber_borrow(
    subscriber: *const samemap_subscriber_t,
    data: *mut *const c_void,
    length: *mut usize,
    sequence: *mut u64,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, data, length) = unsafe {
            (
                inside(subscriber)?.take()?,
                place(data, "the place for the data")?,
                place(length, "the length")?,
            )
        };
        // SAFETY: the message is lent.
        let subscriber = unsafe { open.lending(LENT) }?;
        let Some(received) = next(subscriber, timeout)? else { return Ok(SAMEMAP_TIMED_OUT) };
        (*data, *length) = (received.bytes().as_ptr().cast_const().cast(), received.len());
        // SAFETY: the caller keeps the header's rules.
        unsafe { put(sequence, received.sequence()) };
        open.lend(received);
        Ok(SAMEMAP_OK)
    })
}

/// Gives back the message that samemap_subscriber_borrow() lent, whatever the call answers.
/// SAMEMAP_ERROR_INVALID_ARGUMENT when no message is lent.
///
/// SAMEMAP_ERROR_DAMAGED when the message may have changed while it was lent, because another process wrote over
/// this subscriber's place. A subscriber that does not trust the others looks at this answer before it uses what it
/// read.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_subscriber_release(
    subscriber: *const samemap_subscriber_t,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let mut open = unsafe { inside(subscriber)?.take() }?;
        let lent = open.take();
        lent.ok_or_else(|| invalid("no message is lent; samemap_subscriber_borrow() lends one"))?.finish()?;
        Ok(SAMEMAP_OK)
    })
}

/// Waits until there is a message, or an end of a publisher to be told of. It takes nothing: receive then with a
/// timeout of 0.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_subscriber_wait(
    subscriber: *const samemap_subscriber_t,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let mut open = unsafe { inside(subscriber)?.take() }?;
        match self::timeout(timeout) {
            None => open.owner(LENT)?.wait().map(|()| SAMEMAP_OK),
            Some(time) => open.owner(LENT)?.wait_timeout(time).map(in_time),
        }
    })
}

/// Waits until one of 1 to 64 subscribers, of any topics, has a message, or an end of a publisher to be told of,
/// and gives the lowest index of those. It takes nothing: receive then with a timeout of 0.
///
/// # Safety
/// The header's rules of pointers; `subscribers` has `count` handles, each of them once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_subscriber_wait_any(
    subscribers: *const *const samemap_subscriber_t,
    count: usize,
    timeout: u64,
    index: *mut usize,
) -> samemap_status_t {
    border(|| {
        if subscribers.is_null() {
            return Err(null("the array of subscribers"));
        }
        if count > samemap::sync::MAX_OBJECTS {
            return Err(invalid(format!("there are {count} subscribers; give 1 to 64")));
        }
        // SAFETY: it has so many handles.
        let handles = unsafe { std::slice::from_raw_parts(subscribers, count) };
        // A handle that is there twice is refused as one in use.
        // SAFETY: the caller keeps the header's rules.
        let turns = handles.iter().map(|&handle| unsafe { inside(handle)?.take() });
        let mut open: Vec<Turn<'_, OpenSubscriber>> = turns.collect::<Result<_>>()?;
        let readers = open.iter_mut().map(|open| Ok(&*open.owner(LENT)? as &dyn Waits));
        let readers = readers.collect::<Result<Vec<_>>>()?;
        let found = match self::timeout(timeout) {
            None => Some(wait_any(&readers)?),
            Some(time) => wait_any_timeout(&readers, time)?,
        };
        let Some(found) = found else { return Ok(SAMEMAP_TIMED_OUT) };
        // SAFETY: the caller keeps the header's rules.
        *unsafe { place(index, "the index") }? = found;
        Ok(SAMEMAP_OK)
    })
}

/// Gives the length of the longest message that can come.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_subscriber_max_message(
    subscriber: *const samemap_subscriber_t,
    length: *mut usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, length) = unsafe { (inside(subscriber)?.take()?, place(length, "the length")?) };
        *length = open.owner(LENT)?.max_message();
        Ok(SAMEMAP_OK)
    })
}

/// Ends the subscriber, also while a message is lent: the publisher waits for it no more. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_subscriber_close(subscriber: *mut samemap_subscriber_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(subscriber) }
}
