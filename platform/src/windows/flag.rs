//! Handles for event loops: signalled while they are raised.

use std::os::windows::io::{AsHandle as _, AsRawHandle as _, BorrowedHandle, OwnedHandle};
use std::{io, ptr};

use windows_sys::Win32::System::Threading::{CreateEventW, ResetEvent, SetEvent};

use super::calls::opened;
use crate::seam::flag::RawFlag;

pub(super) struct Flag(OwnedHandle);

impl Flag {
    pub(super) fn lowered() -> io::Result<Flag> {
        const MANUAL: i32 = 1;
        const UNSET: i32 = 0;
        // SAFETY: an event without attributes and without a name; the call returns null or a new handle.
        unsafe { opened(|| CreateEventW(ptr::null(), MANUAL, UNSET, ptr::null())) }.map(Flag)
    }
}

impl RawFlag for Flag {
    fn raise(&self) {
        // SAFETY: the handle is open. Nothing else makes the call fail.
        unsafe { SetEvent(self.0.as_raw_handle()) };
    }

    fn lower(&self) {
        // SAFETY: as in `raise`.
        unsafe { ResetEvent(self.0.as_raw_handle()) };
    }

    fn handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}
