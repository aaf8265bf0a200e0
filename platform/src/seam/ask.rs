//! The request of a call by name, and the loop of *create or open*.

use super::kind::Calls;
use crate::contract::context::{Context, Operation};
use crate::{Disposition, ErrorKind, Result};

/// The request of a call by name.
#[derive(Debug)]
pub(crate) enum Ask<N, O> {
    /// A new object, where the name is free.
    Create(N),
    /// The object with the name, or else a new one.
    CreateOrOpen(N),
    /// The object with the name.
    Open(O),
}

impl<N, O> Ask<N, O> {
    /// The operation, for errors.
    pub(crate) fn operation(&self, calls: &Calls) -> Operation {
        match self {
            Ask::Create(_) => calls.create,
            Ask::CreateOrOpen(_) => calls.create_or_open,
            Ask::Open(_) => calls.open,
        }
    }
}

/// The result of an attempt to make a named object.
pub(crate) enum Made<T, L = ()> {
    New(T),
    /// A living object has the name. Where possible it is kept alive until the next attempt to open it.
    Taken(L),
}

/// How often a name may change hands during a call. Each change ends an object of another process, so only a hostile
/// one reaches the bound, which C6 demands. The bound is no time limit: a process that was stopped for a while would
/// fail although the name exists.
const ROUNDS: u32 = 10_000;

/// Opens the object with the name, or makes it. Opening comes first: it takes no memory, and must not fail because of a
/// new object's options.
pub(crate) fn open_or_make<T, L>(
    context: Context<'_>,
    mut open: impl FnMut() -> Result<T>,
    mut make: impl FnMut() -> Result<Made<T, L>>,
) -> Result<(T, Disposition)> {
    let mut _living = None;
    for _ in 0..ROUNDS {
        match open() {
            Err(error) if error.is(ErrorKind::NotFound) => {}
            opened => return Ok((opened?, Disposition::Opened)),
        }
        match make()? {
            Made::New(made) => return Ok((made, Disposition::Created)),
            // Another process was faster.
            Made::Taken(living) => _living = Some(living),
        }
    }
    Err(context.error(ErrorKind::TimedOut).with_detail("the name changed hands again and again; try again"))
}
