//! Handles for event loops: signalled while they are raised.

use std::os::windows::io::{AsHandle, AsRawHandle as _, BorrowedHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::System::Threading::{CreateEventW, ResetEvent, SetEvent};

use super::calls::opened;
use super::error::Attempt;
use crate::Result;
use crate::contract::context::Context;
use crate::seam::flag::RawFlag;

#[derive(Debug)]
pub(crate) struct Flag(OwnedHandle);

impl RawFlag for Flag {
    fn new(context: Context<'_>) -> Result<Self> {
        const MANUAL: i32 = 1;
        const UNSET: i32 = 0;
        // SAFETY: an event without attributes and without a name; the call returns null or a new handle.
        let made = unsafe { opened(|| CreateEventW(ptr::null(), MANUAL, UNSET, ptr::null())) };
        made.map(Flag).map_err(|cause| Attempt::of(context).failed(cause))
    }

    fn raise(&self) {
        // SAFETY: the handle is open. Nothing else makes the call fail.
        unsafe { SetEvent(self.0.as_raw_handle()) };
    }

    fn lower(&self) {
        // SAFETY: as in `raise`.
        unsafe { ResetEvent(self.0.as_raw_handle()) };
    }
}

impl AsHandle for Flag {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}
