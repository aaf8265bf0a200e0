//! Events inside a region.

use std::fmt;
use std::os::windows::io::BorrowedHandle;
use std::time::Duration;

use super::event::{self, new_event, reset_event, set_event};
use super::header::{HEADER_LEN, State};
use super::mutex::{Before, MutexGuard};
use super::place::{Inside, New, Place, Recipe};
use super::query::event_signal;
use super::wait_any::WaitAny;
use super::wait_any::sealed::Sealed;
use crate::{Disposition, Error, ErrorKind, EventOptions, Reset, Result, Settable, View, Waitable, Waited};

const AUTO: u32 = 0;
const MANUAL: u32 = 1;

pub(super) const RECIPE: Recipe = Recipe {
    class: &event::CLASS,
    makes_sense: |state| state.setting <= MANUAL && state.signal <= 1,
    create: |order, setting| new_event(order, event::reset_flag(reset_of(setting))),
    restore: |event, signal| if signal == 0 { Ok(()) } else { set_event(event) },
};

/// An event inside a region: 64 bytes at an offset that is aligned to 8 in memory, zero before they are
/// initialised.
///
/// # Platform-specific behavior
/// On Windows it is a kernel object whose name is made from an id in the region. Its state is kept in the
/// region while no process has it open.
#[derive(Clone)]
pub struct SharedEvent(Inside);

impl SharedEvent {
    /// Bytes of memory that it takes.
    pub const SIZE: usize = HEADER_LEN;

    /// Initialises the memory at `offset`. Permissions are the region's.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create`](crate::SharedMutex::create).
    pub fn create(view: &View, offset: usize, options: &EventOptions) -> Result<Self> {
        Inside::create(Place::inside(view, offset, 0)?, &RECIPE, &new(options)).map(SharedEvent)
    }

    /// Initialises the memory, or opens what somebody else initialised; then the options are ignored.
    ///
    /// # Errors
    /// Those of [`SharedMutex::create_or_open`](crate::SharedMutex::create_or_open).
    pub fn create_or_open(view: &View, offset: usize, options: &EventOptions) -> Result<(Self, Disposition)> {
        Inside::create_or_open(Place::inside(view, offset, 0)?, &RECIPE, &new(options))
            .map(|(inside, disposition)| (SharedEvent(inside), disposition))
    }

    /// Opens what somebody initialised.
    ///
    /// # Errors
    /// Those of [`SharedMutex::open`](crate::SharedMutex::open).
    pub fn open(view: &View, offset: usize) -> Result<Self> {
        Inside::open(Place::inside(view, offset, 0)?, &RECIPE).map(SharedEvent)
    }

    fn record(&self) {
        self.0.place().header().record(|| event_signal(self.0.handle()));
    }
}

impl Waitable for SharedEvent {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        if self.0.wait(timeout, "wait for the event")?.is_none() {
            return Ok(Waited::TimedOut);
        }
        self.record();
        Ok(Waited::Signalled)
    }
}

impl Settable for SharedEvent {
    fn set(&self) -> Result<()> {
        set_event(self.0.handle()).map_err(|cause| failed("set the event", cause))?;
        self.record();
        Ok(())
    }

    fn reset(&self) -> Result<()> {
        reset_event(self.0.handle()).map_err(|cause| failed("reset the event", cause))?;
        self.record();
        Ok(())
    }
}

impl Sealed for SharedEvent {
    fn handle(&self) -> BorrowedHandle<'_> {
        self.0.handle()
    }

    fn taken(&self, _owner_before: Before) -> Option<MutexGuard<'_>> {
        self.record();
        None
    }
}

impl WaitAny for SharedEvent {}

impl fmt::Debug for SharedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("SharedEvent", f)
    }
}

fn new(options: &EventOptions) -> New<'static> {
    let setting = if options.reset() == Reset::Manual { MANUAL } else { AUTO };
    let signal = u32::from(options.is_set_at_first());
    New { state: State { setting, signal }, fill: &|_| Ok(()) }
}

fn reset_of(setting: u32) -> Reset {
    if setting == MANUAL { Reset::Manual } else { Reset::Auto }
}

#[cold]
fn failed(operation: &'static str, cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Os, operation).with_source(cause)
}
