//! What is asked for by name, and the loop of *create or open*.

use super::kind::Calls;
use crate::contract::context::{Context, Operation};
use crate::{Disposition, ErrorKind, Result};

/// What is to be had at a name.
#[derive(Debug)]
pub(crate) enum Ask<N, O> {
    /// A new object, where the name is free.
    Create(N),
    /// What lies there, or else a new object.
    CreateOrOpen(N),
    /// What lies there.
    Open(O),
}

impl<N, O> Ask<N, O> {
    /// The same in words.
    pub(crate) fn operation(&self, calls: &Calls) -> Operation {
        match self {
            Ask::Create(_) => calls.create,
            Ask::CreateOrOpen(_) => calls.create_or_open,
            Ask::Open(_) => calls.open,
        }
    }
}

/// What became of an attempt to make a named object.
pub(crate) enum Made<T, L = ()> {
    New(T),
    /// A living object has the name. It is kept alive until the next attempt to open it, where that can be done.
    Taken(L),
}

/// How often a name may change hands under a caller. Each time is the end of another process's object, so only a hostile
/// one gets here; but no caller waits without a bound (C6). It is no time: a process that was stopped meanwhile would
/// give up on a name that is there.
const ROUNDS: u32 = 10_000;

/// Opens what has the name, or makes it. Opening comes first: it takes no memory, and what is asked of a new object must
/// not be in its way.
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
