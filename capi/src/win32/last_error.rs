//! The thread's last error, and answers.

use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::codes::{error, wait};
use super::handle::Handle;

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(error::SUCCESS) };
}

/// Makes `code` the thread's last error.
pub(super) fn set(code: u32) {
    LAST.set(code);
}

/// The thread's last error.
pub(super) fn get() -> u32 {
    LAST.get()
}

/// What a call gives back to C, from what it did.
pub(super) trait Answer<T> {
    fn good(value: T) -> Self;

    fn failed() -> Self;
}

/// `BOOL`: true, or false with a last error.
#[repr(transparent)]
pub(super) struct Done(i32);

impl Answer<()> for Done {
    #[inline]
    fn good((): ()) -> Done {
        Done(1)
    }

    fn failed() -> Done {
        Done(0)
    }
}

/// A handle, or null.
#[repr(transparent)]
pub(super) struct HandleOrNull(Handle);

impl Answer<Handle> for HandleOrNull {
    fn good(handle: Handle) -> HandleOrNull {
        HandleOrNull(handle)
    }

    fn failed() -> HandleOrNull {
        HandleOrNull(Handle::NULL)
    }
}

/// A handle, or `INVALID_HANDLE_VALUE`.
#[repr(transparent)]
pub(super) struct HandleOrInvalid(Handle);

impl Answer<Handle> for HandleOrInvalid {
    fn good(handle: Handle) -> HandleOrInvalid {
        HandleOrInvalid(handle)
    }

    fn failed() -> HandleOrInvalid {
        HandleOrInvalid(Handle::INVALID)
    }
}

/// An address, or null.
#[repr(transparent)]
pub(super) struct Address(*mut c_void);

impl Answer<*mut u8> for Address {
    fn good(address: *mut u8) -> Address {
        Address(address.cast())
    }

    fn failed() -> Address {
        Address(ptr::null_mut())
    }
}

/// A number of bytes or characters, or zero.
#[repr(transparent)]
pub(super) struct Count<N>(N);

impl<N: Default> Answer<N> for Count<N> {
    fn good(count: N) -> Count<N> {
        Count(count)
    }

    fn failed() -> Count<N> {
        Count(N::default())
    }
}

/// What a wait answers, or `WAIT_FAILED`. The other calls that fail with all bits set answer it, too.
#[repr(transparent)]
pub(super) struct Waited(u32);

impl Answer<u32> for Waited {
    #[inline]
    fn good(answer: u32) -> Waited {
        Waited(answer)
    }

    fn failed() -> Waited {
        Waited(wait::FAILED)
    }
}

/// Nothing.
impl Answer<()> for () {
    fn good((): ()) {}

    fn failed() {}
}

/// Runs a call, and makes its answer. A panic, which would be a fault of this library's, is `ERROR_GEN_FAILURE`.
#[inline]
pub(super) fn answer<T, A: Answer<T>>(call: impl FnOnce() -> Result<T, u32>) -> A {
    let failed = |code| {
        set(code);
        A::failed()
    };
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => A::good(value),
        Ok(Err(code)) => failed(code),
        Err(_) => failed(error::GEN_FAILURE),
    }
}
