//! Objects to wait for, on systems without a backend: none can be made, and the types have no values.

use std::convert::Infallible;
use std::time::Duration;

use super::unsupported;
use crate::seam::place::Place;
use crate::seam::raw::{Failure, Fill, New, Operation, RawBell, RawObject, RawSeat, Signal, Took, calls};
use crate::words::bell;
use crate::{Disposition, ErrorKind, ObjectKind, ObjectName, Result, Sleepers, SyncOptions, Trust};

#[derive(Clone)]
pub(crate) struct Object(Infallible);

impl RawObject for Object {
    fn create(_name: &ObjectName, _sync: &SyncOptions, new: New) -> Result<Self> {
        unsupported(calls(new.kind()).create)
    }

    fn create_or_open(_name: &ObjectName, _sync: &SyncOptions, new: New) -> Result<(Self, Disposition)> {
        unsupported(calls(new.kind()).create_or_open)
    }

    fn open(_name: &ObjectName, kind: ObjectKind, _trust: &Trust) -> Result<Self> {
        unsupported(calls(kind).open)
    }

    fn make_inside(
        _place: &Place,
        _new: New,
        _fill: Fill<'_>,
        operation: Operation,
    ) -> Result<(Self, Disposition)> {
        unsupported(operation)
    }

    fn open_inside(_place: &Place, _kind: ObjectKind, operation: Operation) -> Result<Self> {
        unsupported(operation)
    }

    fn wait(&self, _timeout: Option<Duration>) -> Result<Took, Failure> {
        match self.0 {}
    }

    fn wait_any(_objects: &[&Self], _timeout: Option<Duration>) -> Result<Option<usize>, Failure> {
        Err(ErrorKind::Unsupported.into())
    }

    fn signal(&self, _signal: Signal) -> Result<u32, Failure> {
        match self.0 {}
    }

    fn is_abandoned(&self) -> bool {
        match self.0 {}
    }
}

#[derive(Clone)]
pub(crate) struct Bell(Infallible);

impl RawBell for Bell {
    fn at(_place: &Place, _sleepers: Sleepers, operation: Operation) -> Result<Self> {
        unsupported(operation)
    }
}

impl bell::Bell for Bell {
    fn load(&self) -> u32 {
        match self.0 {}
    }

    fn swap(&self, _new: u32) -> u32 {
        match self.0 {}
    }

    fn replace(&self, _current: u32, _new: u32) {}

    fn fence(&self) {}

    fn compiler_fence(&self) {}

    fn fence_everywhere(&self) {}

    fn can_be_light(&self) -> bool {
        match self.0 {}
    }

    fn announced(&self, _seen: u32) {}

    fn sleep_on_any(_bells: &[&Self], _limit: Duration) {}

    fn wake(&self) {}
}

pub(crate) struct Seat(Infallible);

impl RawSeat for Seat {
    fn take(_place: &Place, operation: Operation) -> Result<Option<Self>> {
        unsupported(operation)
    }

    fn is_ours(&self) -> bool {
        match self.0 {}
    }

    fn is_taken(_place: &Place, operation: Operation) -> Result<bool> {
        unsupported(operation)
    }
}
