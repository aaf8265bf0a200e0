//! POSIX systems other than Linux, which have no backend yet.
//!
//! The crate compiles there, and every call that makes or opens an object returns
//! [`Unsupported`](crate::ErrorKind::Unsupported). So all objects have one type without values, and their methods have
//! no bodies. There are no gates and no flags: the seam's defaults say so.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use crate::contract::context::{Context, Operation};
use crate::contract::region::{Bytes, RegionFacts};
use crate::seam::bell::RawBell;
use crate::seam::kind::New;
use crate::seam::object::{AskObject, Failure, Fill, RawObject, Signal};
use crate::seam::place::Place;
use crate::seam::region::{AskRegion, Kept, Native, Offered, RawRegion, Sent};
use crate::seam::seat::RawSeat;
use crate::seam::system::RawSystem;
use crate::seam::watch::RawWatch;
use crate::{Access, Disposition, MapRequest, ObjectKind, ObjectName, Result, Sleepers, Trust, UserId, View};

/// A type without values. Its field is private, so that the compiler does not take the code in front of it for unreachable.
#[derive(Clone, Debug)]
pub(crate) struct Nothing(std::convert::Infallible);

pub(crate) use self::{
    Nothing as Bell, Nothing as Object, Nothing as Region, Nothing as Seat, Nothing as Watch,
};
pub use crate::seam::per_process::NoForks as Forks;

pub(crate) struct System;

impl RawSystem for System {
    fn current_user() -> UserId {
        // SAFETY: geteuid has no preconditions and cannot fail.
        UserId::new(unsafe { libc::geteuid() }.to_string())
    }
}

// SAFETY: there is no region, and so no view of one.
unsafe impl RawRegion for Nothing {
    fn named(_: &ObjectName, _: AskRegion<'_>, operation: Operation) -> Result<(Self, Disposition)> {
        Err(System::unsupported(operation))
    }

    fn nameless(_: Bytes<'_>, operation: Operation) -> Result<Self> {
        Err(System::unsupported(operation))
    }

    fn facts(&self) -> &RegionFacts {
        match self.0 {}
    }

    fn map(&self, _: &MapRequest, _: Context<'_>) -> Result<View> {
        match self.0 {}
    }
}

impl Offered for Nothing {
    fn offer(&self, _: &mut Command, _: Access, _: Context<'_>) -> Result<(String, Kept)> {
        match self.0 {}
    }

    fn adopt(_: &str, context: Context<'_>) -> Result<Self> {
        Err(System::unsupported(context.operation))
    }
}

impl Sent for Nothing {
    type Courier = UnixStream;

    fn send(&self, _: &mut UnixStream, _: Access, _: Context<'_>) -> Result<()> {
        match self.0 {}
    }

    fn receive(_: &mut UnixStream, _: &Trust, context: Context<'_>) -> Result<Self> {
        Err(System::unsupported(context.operation))
    }
}

impl Native for Nothing {
    fn to_handle(&self, _: Context<'_>) -> Result<OwnedFd> {
        match self.0 {}
    }

    fn from_handle(_: OwnedFd, _: Access, context: Context<'_>) -> Result<Self> {
        Err(System::unsupported(context.operation))
    }
}

impl RawObject for Nothing {
    fn named(_: &ObjectName, _: AskObject<'_>, operation: Operation) -> Result<(Self, Disposition)> {
        Err(System::unsupported(operation))
    }

    fn make_inside(_: &Place, _: New, _: Fill<'_>, operation: Operation) -> Result<(Self, Disposition)> {
        Err(System::unsupported(operation))
    }

    fn open_inside(_: &Place, _: ObjectKind, operation: Operation) -> Result<Self> {
        Err(System::unsupported(operation))
    }

    fn wait_any(objects: &[&Self], _: Option<Duration>) -> Result<Option<usize>, Failure> {
        match objects[0].0 {}
    }

    fn signal(&self, _: Signal) -> Result<u32, Failure> {
        match self.0 {}
    }

    fn is_owned(&self) -> bool {
        match self.0 {}
    }

    fn is_abandoned(&self) -> bool {
        match self.0 {}
    }
}

impl RawBell for Nothing {
    fn at(_: &Place, _: Sleepers, operation: Operation) -> Result<Self> {
        Err(System::unsupported(operation))
    }

    fn place(&self) -> &Place {
        match self.0 {}
    }

    fn sleep_on_any(_: &[&Self], _: Duration) {}

    fn wake(&self) {}
}

impl RawSeat for Nothing {
    fn take(_: &Place, operation: Operation) -> Result<Option<Self>> {
        Err(System::unsupported(operation))
    }

    fn is_taken(_: &Place, operation: Operation) -> Result<bool> {
        Err(System::unsupported(operation))
    }
}

impl RawWatch<Nothing, Nothing> for Nothing {
    fn begin(object: &Nothing) -> Self {
        match object.0 {}
    }

    fn try_take(&self) -> Result<bool, Failure> {
        match self.0 {}
    }

    fn is_ready(&self) -> bool {
        match self.0 {}
    }

    fn sleep_on_any(_: &[&Nothing], _: &[&Self], _: Duration) {}
}
