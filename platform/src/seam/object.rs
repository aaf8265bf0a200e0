//! What a system owes of the objects to wait for.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use super::ask::Ask;
use super::kind::New;
use super::place::Place;
use crate::contract::context::{Context, Operation};
use crate::words::{Damaged, Outcome};
use crate::{Disposition, Due, Error, ErrorKind, ObjectKind, ObjectName, Result, SyncOptions, Trust};

/// The most objects that one wait takes, on every system.
pub const MAX_OBJECTS: usize = 64;

/// What is asked for: a new object, or one of a kind to open.
pub(crate) type AskObject<'a> = Ask<(New, &'a SyncOptions), (ObjectKind, &'a Trust)>;

impl AskObject<'_> {
    pub(crate) fn kind(&self) -> ObjectKind {
        match self {
            Ask::Create((new, _)) | Ask::CreateOrOpen((new, _)) => new.kind(),
            Ask::Open((kind, _)) => *kind,
        }
    }
}

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
    /// The object of that name, as it is asked for. One that is opened is of the kind, and to be trusted.
    fn named(name: &ObjectName, ask: AskObject<'_>, operation: Operation) -> Result<(Self, Disposition)>;

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
    fn wait(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        Ok(Self::wait_any(&[self], timeout)?.map_or(Took::Nothing, |_| Took::Signal))
    }

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
    pub(crate) detail: Option<Cow<'static, str>>,
    pub(crate) cause: Option<io::Error>,
    /// Which of several objects it is about, where that is known.
    pub(crate) index: Option<usize>,
}

impl Failure {
    /// The whole error.
    #[cold]
    pub(crate) fn in_call(self, context: Context<'_>) -> Error {
        let Reason { kind, detail, cause, .. } = *self.0;
        let mut error = context.error(kind);
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
