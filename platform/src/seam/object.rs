//! What a backend owes for the objects to wait for.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use super::ask::Ask;
use super::kind::New;
use super::place::Place;
use crate::contract::context::{Context, Operation};
use crate::words::{Damaged, Outcome};
use crate::{Disposition, Due, Error, ErrorKind, ObjectKind, ObjectName, Result, SyncOptions, Trust};

/// The most objects of one wait, on every system.
pub const MAX_OBJECTS: usize = 64;

/// What a call asks for: a new object, or an existing one of a kind.
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
/// The contract states what each kind does (rules C22 to C27). Beside that:
///
/// - The object lives while a process has it open, and a killed process has nothing open (C15, C16). One that lies
///   in a region lives while its region does, and keeps its signal when no process has it open.
/// - No caller sees a half-made object: it waits for a bounded time until the object is made, and makes it itself where
///   the maker died (C6).
/// - Shared memory is not trusted: it may make an object useless ([`ErrorKind::Damaged`]) or a wait late by a bounded
///   time, and nothing worse.
/// - A mutex is owned by a thread, which may take it again through any handle. The mutex counts this: each
///   [`GiveUp`](Signal::GiveUp) undoes one [`wait`](Self::wait). Dropping a handle leaves an owned mutex owned.
/// - In a forked child taking the copy of a mutex fails, and giving it up does nothing.
pub(crate) trait RawObject: Clone + Send + Sync + Sized + 'static {
    /// Whether a wait for all notices an object that stands in its list by two handles. Otherwise the caller compares
    /// the names.
    const KNOWS_TWINS: bool = false;

    /// Opens or makes the object with that name. An opened one has the kind, and a trusted owner.
    fn named(name: &ObjectName, ask: AskObject<'_>, operation: Operation) -> Result<(Self, Disposition)>;

    /// Makes an object at a place, or opens the one of that kind there: of several concurrent callers one makes it. The
    /// maker calls `fill`, for the bytes after the header, before others can open it.
    fn make_inside(
        place: &Place,
        new: New,
        fill: Fill<'_>,
        operation: Operation,
    ) -> Result<(Self, Disposition)>;

    /// Opens the object of that kind that lies at a place.
    fn open_inside(place: &Place, kind: ObjectKind, operation: Operation) -> Result<Self>;

    /// Waits until the object is signalled or can be owned, and takes the signal or the ownership. It never times out
    /// early. A timeout of `None`, or one that no clock can express, is for ever.
    fn wait(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        Ok(Self::wait_any(&[self], timeout)?.map_or(Took::Nothing, |_| Took::Signal))
    }

    /// [`wait`](Self::wait) for a mutex: a call of its own, so that taking a free mutex can be inlined.
    #[inline]
    fn lock(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        self.wait(timeout)
    }

    /// Waits for the first of one to [`MAX_OBJECTS`] objects of mixed kinds, and returns its index, or `None` when time
    /// ran out. It takes nothing from the others.
    fn wait_any(objects: &[&Self], timeout: Option<Duration>) -> Result<Option<usize>, Failure>;

    /// Waits until all of one to [`MAX_OBJECTS`] different objects of mixed kinds are signalled or can be owned at one
    /// moment, and takes them then, or `None` when time ran out. Until then it takes nothing.
    ///
    /// Fails with [`ErrorKind::InvalidArgument`] for an object that stands there twice, as far as the system
    /// [knows that](Self::KNOWS_TWINS), and with
    /// [`ErrorKind::Unsupported`] where the system cannot take these together; then nothing was changed.
    fn wait_all(_objects: &[&Self], _timeout: Option<Duration>) -> Result<Option<TookAll>, Failure> {
        Err(ErrorKind::Unsupported.into())
    }

    /// Applies an operation to this object and then waits for the other one. When the operation fails, it does not wait,
    /// and the failure has the index 0.
    fn signal_and_wait(
        &self,
        signal: Signal,
        other: &Self,
        timeout: Option<Duration>,
    ) -> Result<Took, Failure> {
        self.signal(signal).map_err(|failure| failure.of_object(0))?;
        other.wait(timeout).map_err(|failure| failure.of_object(1))
    }

    /// Applies an operation of the object's kind. Returns the permits before a [`Release`](Signal::Release), and
    /// otherwise zero.
    fn signal(&self, signal: Signal) -> Result<u32, Failure>;

    /// Whether the calling thread owns the mutex.
    fn is_owned(&self) -> bool;

    /// Whether the previous owner died without giving the mutex up. The calling thread owns it.
    fn is_abandoned(&self) -> bool;
}

/// Fills the bytes after the header of a new object.
pub(crate) type Fill<'a> = &'a dyn Fn(&Place) -> Result<()>;

/// What a wait took. As large as a pointer, so that a result fits in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Took {
    /// Time ran out first.
    Nothing,
    /// The signal, or the ownership.
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

/// What a wait for all took, by the state of the mutexes among its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TookAll {
    /// Each was given up, or was the caller's own.
    InOrder,
    /// The owner of one of them died.
    Abandoned,
}

/// An operation on an object of the right kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    /// Sets an event.
    Set,
    /// Unsets an event.
    Reset,
    /// Gives one or more permits of a semaphore back, all or none.
    Release(u32),
    /// Gives up once a mutex that this thread owns.
    GiveUp,
    /// Sets a timer. The period is in milliseconds; zero is none.
    Start { due: Due, period: i32 },
    /// Stops a timer.
    Cancel,
}

/// Why a call on an open object failed. The public types add the operation and the object. It is boxed, so that the
/// result of a successful call is small.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Box<Reason>);

#[derive(Debug)]
pub(crate) struct Reason {
    pub(crate) kind: ErrorKind,
    /// A text in place of the kind's.
    pub(crate) detail: Option<Cow<'static, str>>,
    pub(crate) cause: Option<io::Error>,
    /// The index of the object that failed, where it is known.
    pub(crate) index: Option<usize>,
}

impl Failure {
    /// The failure of the object with this index.
    #[cold]
    pub(crate) fn of_object(mut self, index: usize) -> Failure {
        self.0.index = Some(index);
        self
    }

    /// An object stands in a list for the second time, at this index.
    #[cold]
    pub(crate) fn twice(index: usize) -> Failure {
        const DETAIL: &str = "this object stands in the list twice; name each object once";
        Failure::from(Reason { detail: Some(DETAIL.into()), ..ErrorKind::InvalidArgument.into() })
            .of_object(index)
    }

    /// The complete error.
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
