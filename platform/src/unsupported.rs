//! POSIX systems other than Linux, which have no backend yet.
//!
//! The crate compiles there, and every call that makes or opens an object returns
//! [`Unsupported`](ErrorKind::Unsupported). So all objects have one type without values, and their methods have no
//! bodies.

use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use crate::contract::context::{Context, Operation};
use crate::contract::region::{Bytes, RegionFacts};
use crate::seam::bell::RawBell;
use crate::seam::flag::RawFlag;
use crate::seam::kind::New;
use crate::seam::object::{AskObject, Failure, Fill, RawObject, Signal, TookAll};
use crate::seam::place::Place;
use crate::seam::region::{AskRegion, Native, Offered, RawRegion, Sent};
use crate::seam::seat::RawSeat;
use crate::seam::system::RawSystem;
use crate::seam::watch::{Beside, RawWatch};
use crate::{
    Access, Disposition, ErrorKind, MapRequest, ObjectKind, ObjectName, Result, Sleepers, Trust, UserId, View,
};

/// A type without values.
#[derive(Clone, Debug)]
pub struct Nothing(Infallible);

pub(crate) use Nothing as Bell;
pub(crate) use Nothing as Flag;
pub use Nothing as Forks;
pub(crate) use Nothing as Object;
pub(crate) use Nothing as Region;
pub(crate) use Nothing as Seat;
pub(crate) use Nothing as Watch;

pub(crate) type Gate = crate::seam::no_gate::NoGate<Nothing>;

#[cold]
fn unsupported<T>(operation: Operation) -> Result<T> {
    Err(System::unsupported(operation))
}

pub(crate) struct System;

impl RawSystem for System {
    const UNSUPPORTED: &'static str = "samemap keeps its rules on Linux and Windows, and has no backend for this system yet; run it on one of those";

    fn current_user() -> UserId {
        // SAFETY: geteuid has no preconditions and cannot fail.
        UserId::new(unsafe { libc::geteuid() }.to_string())
    }
}

// SAFETY: there is no region, and so no view of one.
unsafe impl RawRegion for Nothing {
    fn named(_: &ObjectName, _: AskRegion<'_>, operation: Operation) -> Result<(Self, Disposition)> {
        unsupported(operation)
    }

    fn nameless(_: Bytes<'_>, operation: Operation) -> Result<Self> {
        unsupported(operation)
    }

    fn facts(&self) -> &RegionFacts {
        match self.0 {}
    }

    fn map(&self, _: &MapRequest, _: Context<'_>) -> Result<View> {
        match self.0 {}
    }
}

impl Offered for Nothing {
    type Offer = Nothing;

    fn offer(&self, _: &mut Command, _: Access, _: Context<'_>) -> Result<(String, Nothing)> {
        match self.0 {}
    }

    fn adopt(_: &str, context: Context<'_>) -> Result<Self> {
        unsupported(context.operation)
    }
}

impl Sent for Nothing {
    type Courier = UnixStream;

    fn send(&self, _: &mut UnixStream, _: Access, _: Context<'_>) -> Result<()> {
        match self.0 {}
    }

    fn receive(_: &mut UnixStream, _: &Trust, context: Context<'_>) -> Result<Self> {
        unsupported(context.operation)
    }
}

impl Native for Nothing {
    fn to_handle(&self, _: Context<'_>) -> Result<OwnedFd> {
        match self.0 {}
    }

    fn from_handle(_: OwnedFd, _: Access, context: Context<'_>) -> Result<Self> {
        unsupported(context.operation)
    }
}

impl RawObject for Nothing {
    const KNOWS_TWINS: bool = true;

    fn named(_: &ObjectName, _: AskObject<'_>, operation: Operation) -> Result<(Self, Disposition)> {
        unsupported(operation)
    }

    fn make_inside(_: &Place, _: New, _: Fill<'_>, operation: Operation) -> Result<(Self, Disposition)> {
        unsupported(operation)
    }

    fn open_inside(_: &Place, _: ObjectKind, operation: Operation) -> Result<Self> {
        unsupported(operation)
    }

    fn wait_any(_: &[&Self], _: Option<Duration>) -> Result<Option<usize>, Failure> {
        Err(ErrorKind::Unsupported.into())
    }

    fn wait_all(_: &[&Self], _: Option<Duration>) -> Result<Option<TookAll>, Failure> {
        Err(ErrorKind::Unsupported.into())
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

impl crate::seam::per_process::Forks for Nothing {}

impl RawBell for Nothing {
    fn at(_: &Place, _: Sleepers, operation: Operation) -> Result<Self> {
        unsupported(operation)
    }

    fn word(&self) -> &AtomicU32 {
        match self.0 {}
    }

    fn sleep_on_any(_: &[&Self], _: Duration) {}

    fn wake(&self) {}
}

impl RawSeat for Nothing {
    fn take(_: &Place, operation: Operation) -> Result<Option<Self>> {
        unsupported(operation)
    }

    fn is_ours(&self) -> bool {
        match self.0 {}
    }

    fn is_taken(_: &Place, operation: Operation) -> Result<bool> {
        unsupported(operation)
    }
}

impl RawWatch for Nothing {
    type Object = Nothing;
    type Bell = Nothing;

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

    fn wait_any_beside(
        _: &[&Nothing],
        _: Option<Duration>,
        _: &Beside<'_, Nothing>,
    ) -> Result<Option<usize>, Failure> {
        Err(ErrorKind::Unsupported.into())
    }
}

impl RawFlag for Nothing {
    fn new(context: Context<'_>) -> Result<Self> {
        unsupported(context.operation)
    }

    fn raise(&self) {}

    fn lower(&self) {}
}

impl AsFd for Nothing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self.0 {}
    }
}
