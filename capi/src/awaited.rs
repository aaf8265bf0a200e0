//! Waits for objects and peers together: for the first of a list, and by a descriptor for event loops.

use std::ffi::c_void;
use std::slice;

use samemap::channel::{Receiver, Sender};
use samemap::latest::Newer;
use samemap::sync::{Awaitable, MAX_OBJECTS, Readiness, WaitAny, wait_any, wait_any_timeout};
use samemap::topic::Viewer;
use samemap::{Listener, Publisher, Result, Subscriber};

use crate::arguments::{invalid, null, place, timeout};
use crate::channel::{OpenChannel, samemap_channel_t, samemap_listener_t};
use crate::handle::{Handle, InTurn, Turn, close, give, in_turn, inside, turn};
use crate::latest::{Reader, samemap_latest_reader_t};
use crate::native;
use crate::object::{OpenObject, samemap_waitable_t, taken};
use crate::publisher::{OpenPublisher, samemap_publisher_t};
use crate::status::{SAMEMAP_NOTHING, SAMEMAP_OK, SAMEMAP_TIMED_OUT, border, samemap_status_t};
use crate::subscriber::{OpenSubscriber, samemap_subscriber_t};
use crate::viewer::samemap_viewer_t;

/// What a samemap_awaited_t waits for: one of SAMEMAP_AWAITED_OBJECT and its kin.
pub type samemap_awaited_kind_t = i32;

/// A handle of an event, a semaphore, a timer or, in samemap_wait_any_of() alone, a mutex: the signal, or the ownership,
/// is taken.
pub const SAMEMAP_AWAITED_OBJECT: i32 = 1;
/// A samemap_channel_t that receives: a message, or the peer's end.
pub const SAMEMAP_AWAITED_MESSAGE: i32 = 2;
/// A samemap_subscriber_t: a message, or the publisher's end.
pub const SAMEMAP_AWAITED_SUBSCRIBER: i32 = 3;
/// A samemap_viewer_t: a message, or the publisher's end.
pub const SAMEMAP_AWAITED_VIEWER: i32 = 4;
/// A samemap_latest_reader_t: a value with a number larger than `newer_than`, or the writer's end.
pub const SAMEMAP_AWAITED_NEWER: i32 = 5;
/// A samemap_listener_t: a peer to accept.
pub const SAMEMAP_AWAITED_PEER: i32 = 6;
/// For a samemap_readiness_t: a samemap_channel_t that sends. There is room again, after a call with a timeout of 0 found
/// none.
pub const SAMEMAP_AWAITED_ROOM: i32 = 7;
/// For a samemap_readiness_t: a samemap_publisher_t. There is room again, after a call with a timeout of 0 found none.
pub const SAMEMAP_AWAITED_PUBLISHER: i32 = 8;

/// An entry in a list to wait for.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct samemap_awaited_t {
    /// What the handle is of, and what the wait is for.
    pub kind: samemap_awaited_kind_t,
    /// The handle, of the type that `kind` says. A handle of another type is undefined behaviour.
    pub handle: *const c_void,
    /// For SAMEMAP_AWAITED_NEWER: the number of the value that was read; 0 waits for any value.
    pub newer_than: u64,
}

/// A handle in use.
enum Open<'a> {
    Object(&'a OpenObject),
    Receiver(Turn<'a, OpenChannel>),
    Subscriber(Turn<'a, OpenSubscriber>),
    Viewer(Turn<'a, Viewer>),
    Latest(Turn<'a, Reader>, u64),
    Listener(Turn<'a, Listener>),
    Sender(Turn<'a, OpenChannel>),
    Publisher(Turn<'a, OpenPublisher>),
}

/// What the wait is for.
enum Wanted<'a> {
    Object(&'a OpenObject),
    Receiver(&'a Receiver),
    Subscriber(&'a Subscriber),
    Viewer(&'a Viewer),
    Newer(Newer<'a>),
    Listener(&'a Listener),
    Sender(&'a Sender),
    Publisher(&'a Publisher),
}

impl samemap_awaited_t {
    /// # Safety
    /// The handle is null, or open and of the kind that is said, and used by this thread alone where its type asks for
    /// that.
    unsafe fn open<'a>(self) -> Result<Open<'a>> {
        let Self { kind, handle, newer_than } = self;
        // SAFETY: as the caller vouches.
        unsafe {
            Ok(match kind {
                SAMEMAP_AWAITED_OBJECT => Open::Object(inside(handle.cast::<samemap_waitable_t>())?),
                SAMEMAP_AWAITED_MESSAGE => Open::Receiver(turn(handle.cast::<samemap_channel_t>())?),
                SAMEMAP_AWAITED_SUBSCRIBER => Open::Subscriber(turn(handle.cast::<samemap_subscriber_t>())?),
                SAMEMAP_AWAITED_VIEWER => Open::Viewer(turn(handle.cast::<samemap_viewer_t>())?),
                SAMEMAP_AWAITED_NEWER => {
                    Open::Latest(turn(handle.cast::<samemap_latest_reader_t>())?, newer_than)
                }
                SAMEMAP_AWAITED_PEER => Open::Listener(turn(handle.cast::<samemap_listener_t>())?),
                SAMEMAP_AWAITED_ROOM => Open::Sender(turn(handle.cast::<samemap_channel_t>())?),
                SAMEMAP_AWAITED_PUBLISHER => Open::Publisher(turn(handle.cast::<samemap_publisher_t>())?),
                _ => {
                    return Err(invalid(format!(
                        "{kind} is no kind of entry; give SAMEMAP_AWAITED_OBJECT or its kin"
                    )));
                }
            })
        }
    }
}

impl Open<'_> {
    fn wanted(&mut self) -> Result<Wanted<'_>> {
        Ok(match self {
            Open::Object(object) => Wanted::Object(object),
            Open::Receiver(channel) => Wanted::Receiver(channel.receiver()?),
            Open::Subscriber(subscriber) => Wanted::Subscriber(subscriber.owner(crate::subscriber::LENT)?),
            Open::Viewer(viewer) => Wanted::Viewer(viewer),
            Open::Latest(reader, than) => Wanted::Newer(reader.latest.newer_than(*than)),
            Open::Listener(listener) => Wanted::Listener(listener),
            Open::Sender(channel) => Wanted::Sender(channel.sender()?),
            Open::Publisher(publisher) => Wanted::Publisher(publisher.free()?),
        })
    }
}

impl Wanted<'_> {
    fn any(&self) -> Result<&dyn WaitAny> {
        Ok(match self {
            Wanted::Object(object) => object.any(),
            Wanted::Receiver(receiver) => *receiver,
            Wanted::Subscriber(subscriber) => *subscriber,
            Wanted::Viewer(viewer) => *viewer,
            Wanted::Newer(newer) => newer,
            Wanted::Listener(listener) => *listener,
            Wanted::Sender(_) | Wanted::Publisher(_) => {
                return Err(invalid(
                    "samemap_wait_any_of() waits for no room; use a samemap_readiness_t, or send with a timeout",
                ));
            }
        })
    }

    fn awaitable(&self) -> Result<&dyn Awaitable> {
        Ok(match self {
            Wanted::Object(object) => object.awaitable()?,
            Wanted::Receiver(receiver) => *receiver,
            Wanted::Subscriber(subscriber) => *subscriber,
            Wanted::Viewer(viewer) => *viewer,
            Wanted::Newer(newer) => newer,
            Wanted::Listener(listener) => *listener,
            Wanted::Sender(sender) => *sender,
            Wanted::Publisher(publisher) => *publisher,
        })
    }
}

/// Waits for the first of 1 to 64 entries of any kinds, as samemap_wait_any() does for objects, and gives its
/// index: the lowest one where there are several. The signal of an object, or its ownership, is taken. Nothing is
/// taken from an entry of another kind: its own call with a timeout of 0 finds what there is, which for a listener
/// may be nothing yet. As long as an entry has something, the wait never reaches those behind it.
///
/// Timeout and answers are those of samemap_wait(). SAMEMAP_ERROR_UNSUPPORTED for a reader that no peer wakes.
///
/// # Safety
/// The header's rules of pointers; `list` has `count` entries, each handle once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_wait_any_of(
    list: *const samemap_awaited_t,
    count: usize,
    timeout: u64,
    index: *mut usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let index = unsafe { place(index, "the index") }?;
        if list.is_null() {
            return Err(null("the list"));
        }
        if count > MAX_OBJECTS {
            return Err(invalid(format!("there are {count} in the list; give 1 to {MAX_OBJECTS}")));
        }
        // SAFETY: it has so many.
        let list = unsafe { slice::from_raw_parts(list, count) };
        // A handle that is there twice is refused as one in use.
        // SAFETY: the caller keeps the header's rules.
        let open = list.iter().map(|awaited| unsafe { awaited.open() });
        let mut open: Vec<Open<'_>> = open.collect::<Result<_>>()?;
        let wanted: Vec<Wanted<'_>> = open.iter_mut().map(Open::wanted).collect::<Result<_>>()?;
        let list: Vec<&dyn WaitAny> = wanted.iter().map(Wanted::any).collect::<Result<_>>()?;
        let woken = match self::timeout(timeout) {
            None => Some(wait_any(&list)?),
            Some(time) => wait_any_timeout(&list, time)?,
        };
        let Some(woken) = woken else { return Ok(SAMEMAP_TIMED_OUT) };
        *index = woken.index();
        Ok(taken(woken.into_guard()))
    })
}

/// One descriptor (on Windows, one handle) that is ready when one of any number of entries may be: for event loops that
/// know nothing of this library. For one thread at a time.
pub struct samemap_readiness_t {
    _private: [u8; 0],
}

impl Handle for samemap_readiness_t {
    type Inside = InTurn<Readiness>;
    const WHAT: &'static str = "the readiness";
}

/// Makes a readiness that waits for nothing yet. Close it with samemap_readiness_close().
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_readiness_create(
    readiness: *mut *mut samemap_readiness_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(readiness, Readiness::new) }
}

/// Gives the descriptor (an eventfd, as a number) or the HANDLE to wait for. It belongs to the readiness: do not
/// read, close or reset it. Register it for reading, level-triggered; when it is ready, call
/// samemap_readiness_take() until the answer is SAMEMAP_NOTHING.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_readiness_descriptor(
    readiness: *const samemap_readiness_t,
    descriptor: *mut isize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (readiness, descriptor) = unsafe { (turn(readiness)?, place(descriptor, "the descriptor")?) };
        *descriptor = native::descriptor_of_readiness(&readiness);
        Ok(SAMEMAP_OK)
    })
}

/// Adds an entry, and gives its index, the lowest that is free. The readiness keeps an object open until the entry
/// is removed or the readiness is closed. Of the other kinds it keeps the memory alone: an entry whose handle is
/// closed before has ended.
///
/// SAMEMAP_ERROR_UNSUPPORTED for a reader that no peer wakes, and for a mutex, which a thread owns.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_readiness_add(
    readiness: *const samemap_readiness_t,
    awaited: *const samemap_awaited_t,
    index: *mut usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut readiness, index) = unsafe { (turn(readiness)?, place(index, "the index")?) };
        // SAFETY: the caller keeps the header's rules.
        let mut open = unsafe { awaited.as_ref().ok_or_else(|| null("what is awaited"))?.open() }?;
        *index = readiness.add(open.wanted()?.awaitable()?)?;
        Ok(SAMEMAP_OK)
    })
}

/// Removes the entry with that index. SAMEMAP_NOTHING when there is none.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_readiness_remove(
    readiness: *const samemap_readiness_t,
    index: usize,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { in_turn(readiness, |open| Ok(if open.remove(index) { SAMEMAP_OK } else { SAMEMAP_NOTHING })) }
}

/// Gives the index of an entry that is ready, and takes the signal of an object. Nothing is taken from an entry of
/// another kind: its own call with a timeout of 0 finds what there is. SAMEMAP_NOTHING when no entry is ready: the
/// descriptor becomes ready when one may be.
///
/// A listener, and an entry that receives, is reported until its own call finds nothing. An entry whose peer has ended
/// is reported until it is removed. A newer value, and room, are reported once.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_readiness_take(
    readiness: *const samemap_readiness_t,
    index: *mut usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut readiness, index) = unsafe { (turn(readiness)?, place(index, "the index")?) };
        let Some(found) = readiness.try_take()? else { return Ok(SAMEMAP_NOTHING) };
        *index = found;
        Ok(SAMEMAP_OK)
    })
}

/// Closes the readiness, and with it the descriptor. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_readiness_close(readiness: *mut samemap_readiness_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(readiness) }
}
