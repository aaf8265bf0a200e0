//! What functions answer: a code, and a thread's last message.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use samemap::{Error, ErrorKind, Result};

/// What a function answers. The numbers never change, and more may come.
///
/// SAMEMAP_OK is zero, answers that are not errors are below 100, and errors are 100 and above: see SAMEMAP_IS_ERROR.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum samemap_status_t {
    /// It was done.
    SAMEMAP_OK = 0,
    /// Time ran out first; nothing was taken, and nothing has changed.
    SAMEMAP_TIMED_OUT = 1,
    /// This thread owns the mutex now, and its previous owner ended without unlocking it: what the mutex protects
    /// may be half-changed.
    SAMEMAP_ABANDONED = 2,
    /// There is no value, or no newer one.
    SAMEMAP_NOTHING = 3,
    /// The writer has ended, and there is no newer value.
    SAMEMAP_WRITER_GONE = 4,
    /// The call met a fault of this library.
    SAMEMAP_ERROR_INTERNAL = 100,
    /// The text is not a valid name, or not UTF-8.
    SAMEMAP_ERROR_INVALID_NAME = 101,
    /// An argument is invalid: NULL, a size of zero, an unknown number, options of an unknown size, a call out of
    /// turn.
    SAMEMAP_ERROR_INVALID_ARGUMENT = 102,
    /// The name is taken by a living object of the same kind.
    SAMEMAP_ERROR_ALREADY_EXISTS = 103,
    /// No living object has this name.
    SAMEMAP_ERROR_NOT_FOUND = 104,
    /// An object of another kind has the name.
    SAMEMAP_ERROR_KIND_MISMATCH = 105,
    /// There is not enough memory.
    SAMEMAP_ERROR_OUT_OF_MEMORY = 106,
    /// A range reaches past the end.
    SAMEMAP_ERROR_OUT_OF_RANGE = 107,
    /// A message or a value is longer than the buffer, or than was agreed.
    SAMEMAP_ERROR_TOO_LONG = 108,
    /// The address asked for cannot be had.
    SAMEMAP_ERROR_ADDRESS_IN_USE = 109,
    /// The object belongs to another user that the caller does not trust.
    SAMEMAP_ERROR_UNTRUSTED_OWNER = 110,
    /// A semaphore would get more permits than its maximum.
    SAMEMAP_ERROR_LIMIT_EXCEEDED = 111,
    /// The object's memory holds no valid state.
    SAMEMAP_ERROR_DAMAGED = 112,
    /// The memory was laid out for other values, or by another version.
    SAMEMAP_ERROR_LAYOUT_MISMATCH = 113,
    /// The value was overwritten during each attempt to copy it.
    SAMEMAP_ERROR_CONTENDED = 114,
    /// Another process or handle has a role that only one has at a time, or another thread is in a call with this
    /// handle.
    SAMEMAP_ERROR_BUSY = 115,
    /// The peer has closed, and no message is left.
    SAMEMAP_ERROR_CLOSED = 116,
    /// The peer's process ended without closing, and no message is left.
    SAMEMAP_ERROR_PEER_DIED = 117,
    /// The system refused the access.
    SAMEMAP_ERROR_ACCESS_DENIED = 118,
    /// The calling thread does not own the mutex.
    SAMEMAP_ERROR_NOT_OWNER = 119,
    /// This system cannot do it.
    SAMEMAP_ERROR_UNSUPPORTED = 120,
    /// Any other failure of the system; samemap_last_os_error() tells which.
    SAMEMAP_ERROR_OS = 121,
}

pub(crate) use samemap_status_t::*;

/// The names of all codes, which are stated above.
macro_rules! names {
    ($($status:ident)*) => {
        impl samemap_status_t {
            const ALL: &[samemap_status_t] = &[$($status),*];

            /// Its name, with a zero byte at the end.
            fn name(self) -> &'static str {
                match self {
                    $($status => concat!(stringify!($status), "\0")),*
                }
            }
        }
    };
}

names! {
    SAMEMAP_OK SAMEMAP_TIMED_OUT SAMEMAP_ABANDONED SAMEMAP_NOTHING SAMEMAP_WRITER_GONE
    SAMEMAP_ERROR_INTERNAL SAMEMAP_ERROR_INVALID_NAME SAMEMAP_ERROR_INVALID_ARGUMENT SAMEMAP_ERROR_ALREADY_EXISTS
    SAMEMAP_ERROR_NOT_FOUND SAMEMAP_ERROR_KIND_MISMATCH SAMEMAP_ERROR_OUT_OF_MEMORY SAMEMAP_ERROR_OUT_OF_RANGE
    SAMEMAP_ERROR_TOO_LONG SAMEMAP_ERROR_ADDRESS_IN_USE SAMEMAP_ERROR_UNTRUSTED_OWNER SAMEMAP_ERROR_LIMIT_EXCEEDED
    SAMEMAP_ERROR_DAMAGED SAMEMAP_ERROR_LAYOUT_MISMATCH SAMEMAP_ERROR_CONTENDED SAMEMAP_ERROR_BUSY
    SAMEMAP_ERROR_CLOSED SAMEMAP_ERROR_PEER_DIED SAMEMAP_ERROR_ACCESS_DENIED SAMEMAP_ERROR_NOT_OWNER
    SAMEMAP_ERROR_UNSUPPORTED SAMEMAP_ERROR_OS
}

impl From<&ErrorKind> for samemap_status_t {
    fn from(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidName(_) => SAMEMAP_ERROR_INVALID_NAME,
            ErrorKind::InvalidArgument => SAMEMAP_ERROR_INVALID_ARGUMENT,
            ErrorKind::AlreadyExists => SAMEMAP_ERROR_ALREADY_EXISTS,
            ErrorKind::NotFound => SAMEMAP_ERROR_NOT_FOUND,
            ErrorKind::KindMismatch { .. } => SAMEMAP_ERROR_KIND_MISMATCH,
            ErrorKind::OutOfMemory { .. } => SAMEMAP_ERROR_OUT_OF_MEMORY,
            ErrorKind::OutOfRange { .. } => SAMEMAP_ERROR_OUT_OF_RANGE,
            ErrorKind::TooLong { .. } => SAMEMAP_ERROR_TOO_LONG,
            ErrorKind::AddressInUse => SAMEMAP_ERROR_ADDRESS_IN_USE,
            ErrorKind::UntrustedOwner { .. } => SAMEMAP_ERROR_UNTRUSTED_OWNER,
            ErrorKind::LimitExceeded { .. } => SAMEMAP_ERROR_LIMIT_EXCEEDED,
            ErrorKind::Damaged => SAMEMAP_ERROR_DAMAGED,
            ErrorKind::LayoutMismatch => SAMEMAP_ERROR_LAYOUT_MISMATCH,
            ErrorKind::Contended => SAMEMAP_ERROR_CONTENDED,
            ErrorKind::Busy => SAMEMAP_ERROR_BUSY,
            ErrorKind::Closed => SAMEMAP_ERROR_CLOSED,
            ErrorKind::PeerDied => SAMEMAP_ERROR_PEER_DIED,
            ErrorKind::AccessDenied => SAMEMAP_ERROR_ACCESS_DENIED,
            ErrorKind::NotOwner => SAMEMAP_ERROR_NOT_OWNER,
            ErrorKind::TimedOut => SAMEMAP_TIMED_OUT,
            ErrorKind::Unsupported => SAMEMAP_ERROR_UNSUPPORTED,
            ErrorKind::Os => SAMEMAP_ERROR_OS,
            // It has kinds that this crate does not know yet.
            _ => SAMEMAP_ERROR_INTERNAL,
        }
    }
}

/// The last failure of a thread.
struct Last {
    status: samemap_status_t,
    os: i32,
    message: CString,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// Runs the body of a function of C: the one place where errors become codes, and where panics end.
#[inline]
pub(crate) fn border(body: impl FnOnce() -> Result<samemap_status_t>) -> samemap_status_t {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => failed(&error),
        Err(panic) => panicked(&*panic),
    }
}

/// The border for a function without an answer.
pub(crate) fn silently(body: impl FnOnce()) {
    border(|| {
        body();
        Ok(SAMEMAP_OK)
    });
}

/// What a call that has nothing to give tells C.
pub(crate) fn done((): ()) -> samemap_status_t {
    SAMEMAP_OK
}

/// What a call that answers whether there was time tells C.
pub(crate) fn in_time(answer: bool) -> samemap_status_t {
    if answer { SAMEMAP_OK } else { SAMEMAP_TIMED_OUT }
}

#[cold]
fn failed(error: &Error) -> samemap_status_t {
    let text = match std::error::Error::source(error) {
        Some(source) => format!("{error} ({source})"),
        None => error.to_string(),
    };
    remember(error.kind().into(), error.os_code().unwrap_or(0), text)
}

#[cold]
fn panicked(panic: &(dyn Any + Send)) -> samemap_status_t {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = format!("a fault of samemap, please report it: {}", said.unwrap_or("it said nothing"));
    remember(SAMEMAP_ERROR_INTERNAL, 0, text)
}

fn remember(status: samemap_status_t, os: i32, text: String) -> samemap_status_t {
    // The text of an error holds no zero byte, unless it quotes one.
    let message = CString::new(text.replace('\0', "\\0")).unwrap_or_default();
    // A thread that is at its end remembers nothing.
    let _ = LAST.try_with(|last| last.replace(Some(Last { status, os, message })));
    status
}

fn of_last<T>(absent: T, take: impl FnOnce(&Last) -> T) -> T {
    LAST.try_with(|last| last.borrow().as_ref().map(take)).ok().flatten().unwrap_or(absent)
}

/// What the last failed function of this thread says: one line of UTF-8 that states what happened and what to do;
/// empty before the first. The text is valid until another function fails in this thread. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn samemap_last_error_message() -> *const c_char {
    of_last(c"".as_ptr(), |last| last.message.as_ptr())
}

/// The code of the last failed function of this thread; SAMEMAP_OK before the first. Functions that succeed do not
/// change it.
#[unsafe(no_mangle)]
pub extern "C" fn samemap_last_error() -> samemap_status_t {
    of_last(SAMEMAP_OK, |last| last.status)
}

/// The system's own number for the last failure of this thread: an errno, or a Win32 error; 0 where there was none.
#[unsafe(no_mangle)]
pub extern "C" fn samemap_last_os_error() -> i32 {
    of_last(0, |last| last.os)
}

/// The name of a code, such as "SAMEMAP_TIMED_OUT"; "SAMEMAP_UNKNOWN" for any other number. The text is
/// always valid.
#[unsafe(no_mangle)]
pub extern "C" fn samemap_error_name(status: i32) -> *const c_char {
    let known = samemap_status_t::ALL.iter().find(|&&known| known as i32 == status);
    known.map_or("SAMEMAP_UNKNOWN\0", |known| known.name()).as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn last_message() -> String {
        // SAFETY: a message of this thread, which has not failed again.
        unsafe { CStr::from_ptr(samemap_last_error_message()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_panic_ends_at_the_border() {
        assert_eq!(border(|| panic!("on purpose")), SAMEMAP_ERROR_INTERNAL);
        assert!(last_message().ends_with("on purpose"));
        assert_eq!(samemap_last_error(), SAMEMAP_ERROR_INTERNAL);
    }

    #[test]
    fn an_error_leaves_its_message_until_the_next_one() {
        let fail = |kind| border(|| Err(Error::new(kind, "try")));
        assert_eq!(fail(ErrorKind::Busy), SAMEMAP_ERROR_BUSY);
        assert_eq!(border(|| Ok(SAMEMAP_OK)), SAMEMAP_OK);
        assert!(last_message().starts_with("cannot try: "));
        assert_eq!(samemap_last_error(), SAMEMAP_ERROR_BUSY);
        assert_eq!(fail(ErrorKind::TimedOut), SAMEMAP_TIMED_OUT);
    }
}
