//! The seam under the objects to wait for: what a system offers, and the public types of this folder are built on.
//!
//! The public types own the names, the options, the documentation, `Debug`, and what errors say. A backend has three
//! types, which `crate::system` chooses: one for [`RawObject`], one for [`RawBell`] and one for [`RawSeat`].

use std::io;
use std::time::Duration;

pub(crate) use super::kind::{New, Operation, calls};
use super::place::Place;
use crate::words::bell::Bell;
use crate::words::{Damaged, Outcome};
use crate::{
    Disposition, Due, Error, ErrorKind, ObjectKind, ObjectName, Result, Sleepers, SyncOptions, Trust,
};

/// The most objects that one wait takes, on every system.
pub const MAX_OBJECTS: usize = 64;

/// An object of one of the four kinds that can be waited for, open in this process. A clone is the same object.
///
/// What each kind does is the contract's (rules C22 to C27). Beside that:
///
/// - The object lives while a process has it open, and a killed process has nothing open (C15, C16). One that lies
///   in a region lives while its region does, and keeps its signal when no process has it open.
/// - Half-made objects are never met: those that come while one is being made wait for that, for a bounded time,
///   and make it themselves where its maker died (C6).
/// - What lies in memory that others may write to is not believed: it may make an object useless
///   ([`ErrorKind::Damaged`]), a wait late by a bounded time, and nothing worse.
/// - A mutex is owned by a thread, which may take it again through any handle; it counts that itself, so that each
///   [`GiveUp`](Signal::GiveUp) undoes one [`wait`](Self::wait). Handles that go leave an owned mutex owned.
/// - In a forked child a copy of a mutex refuses to be taken, and to be given up does nothing.
pub(crate) trait RawObject: Clone + Send + Sync + Sized + 'static {
    /// Creates an object under a name that is free. The errors are whole, with the words of [`calls`].
    fn create(name: &ObjectName, sync: &SyncOptions, new: New) -> Result<Self>;

    /// Creates an object, or opens the one of that kind which has the name, if it is one to be trusted.
    fn create_or_open(name: &ObjectName, sync: &SyncOptions, new: New) -> Result<(Self, Disposition)>;

    /// Opens the object of that kind which has the name, if it is one to be trusted.
    fn open(name: &ObjectName, kind: ObjectKind, trust: &Trust) -> Result<Self>;

    /// Makes what lies at a place an object, or opens the one of that kind that lies there: one of those that come
    /// together makes it. The maker calls `fill`, for what lies behind the header, before anybody can open it.
    fn make_inside(
        place: &Place,
        new: New,
        fill: Fill<'_>,
        operation: Operation,
    ) -> Result<(Self, Disposition)>;

    /// Opens the object of that kind that lies at a place.
    fn open_inside(place: &Place, kind: ObjectKind, operation: Operation) -> Result<Self>;

    /// Waits until the object is signalled, or can be owned, and takes what it has to give. Time does not run out early. A
    /// timeout of `None`, or one that no clock can tell, is for ever.
    fn wait(&self, timeout: Option<Duration>) -> Result<Took, Failure>;

    /// The same for a mutex alone. Its own call, so that a free one can be taken where the caller is.
    #[inline]
    fn lock(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        self.wait(timeout)
    }

    /// The same for the first of one to [`MAX_OBJECTS`] objects, of mixed kinds: the index of
    /// the one that was taken, or `None`. Nothing of the others was taken.
    fn wait_any(objects: &[&Self], timeout: Option<Duration>) -> Result<Option<usize>, Failure>;

    /// Does to the object what only its kind knows. Answers with the permits before a [`Release`](Signal::Release), and
    /// otherwise zero.
    fn signal(&self, signal: Signal) -> Result<u32, Failure>;

    /// Whether the owner before this thread, which owns the mutex, died without giving it up.
    fn is_abandoned(&self) -> bool;
}

/// A doorbell, at a place that was zero before its first use.
pub(crate) trait RawBell: Bell + Clone + Send + Sync {
    /// The doorbell there, made if nobody made it yet.
    fn at(place: &Place, sleepers: Sleepers, operation: Operation) -> Result<Self>;
}

/// A role that one holder at a time has. Dropping it leaves it, and so does the end of the process.
///
/// Nothing in memory that others may write to decides who has it.
pub(crate) trait RawSeat: Send + Sync + Sized {
    /// Takes the seat there; `None` when it is taken, by this process or another one.
    fn take(place: &Place, operation: Operation) -> Result<Option<Self>>;

    /// Whether this process holds it: not so in a child that was forked since it was taken.
    fn is_ours(&self) -> bool;

    /// Whether the seat there is taken, by this process or another one.
    fn is_taken(place: &Place, operation: Operation) -> Result<bool>;
}

/// Fills what lies behind the header of a new object.
pub(crate) type Fill<'a> = &'a dyn Fn(&Place) -> Result<()>;

/// What a wait took. As large as a pointer, so that an answer comes back in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Took {
    /// Time ran out first.
    Nothing,
    /// What the object had to give.
    Signal,
}

impl From<Outcome<()>> for Took {
    #[inline]
    fn from(outcome: Outcome<()>) -> Took {
        match outcome {
            Outcome::Got(()) => Took::Signal,
            Outcome::TimedOut => Took::Nothing,
        }
    }
}

/// What is done to an object, which is of the kind for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    /// Sets an event.
    Set,
    /// Unsets an event.
    Reset,
    /// Gives one or more permits of a semaphore back, all or none.
    Release(u32),
    /// Gives a mutex up once, which this thread owns.
    GiveUp,
    /// Sets a timer. The period is in milliseconds; zero is none.
    Start { due: Due, period: i32 },
    /// Stops a timer.
    Cancel,
}

/// Why a call on an object that is open failed. The public types add what was tried, and on which object. In a box, so
/// that the answer of a call that succeeds is small.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Box<Reason>);

#[derive(Debug)]
pub(crate) struct Reason {
    pub(crate) kind: ErrorKind,
    /// Words of its own, in place of the kind's.
    pub(crate) detail: Option<&'static str>,
    pub(crate) cause: Option<io::Error>,
    /// Which of several objects it is about, where that is known.
    pub(crate) index: Option<usize>,
}

impl Failure {
    /// The whole error.
    #[cold]
    pub(crate) fn in_call(self, operation: Operation, name: Option<&ObjectName>) -> Error {
        let Reason { kind, detail, cause, .. } = *self.0;
        let mut error = Error::new(kind, operation);
        if let Some(name) = name {
            error = error.with_name(name.to_string());
        }
        if let Some(detail) = detail {
            error = error.with_detail(detail);
        }
        if let Some(cause) = cause {
            error = error.with_source(cause);
        }
        error
    }
}

impl<R: Into<Reason>> From<R> for Failure {
    #[cold]
    fn from(reason: R) -> Failure {
        Failure(Box::new(reason.into()))
    }
}

impl From<ErrorKind> for Reason {
    fn from(kind: ErrorKind) -> Reason {
        Reason { kind, detail: None, cause: None, index: None }
    }
}

impl From<io::Error> for Reason {
    fn from(cause: io::Error) -> Reason {
        Reason { cause: Some(cause), ..ErrorKind::Os.into() }
    }
}

impl From<Damaged> for Reason {
    fn from(Damaged: Damaged) -> Reason {
        ErrorKind::Damaged.into()
    }
}
