//! The kinds of objects: what those to wait for are when they are new, and the calls of each in words.

use crate::contract::context::{Context, Operation};
use crate::{EventOptions, ObjectKind, Reset, Result, SemaphoreOptions, TimerOptions};

/// The calls that every kind has, in words.
pub(crate) struct Calls {
    pub(crate) create: Operation,
    pub(crate) create_or_open: Operation,
    pub(crate) open: Operation,
    pub(crate) wait: Operation,
}

macro_rules! calls {
    ($kind:literal, $wait:literal) => {
        Calls {
            create: concat!("create the ", $kind),
            create_or_open: concat!("create or open the ", $kind),
            open: concat!("open the ", $kind),
            wait: concat!($wait, " the ", $kind),
        }
    };
}

/// The calls of a kind, in words.
pub(crate) const fn calls(kind: ObjectKind) -> Calls {
    match kind {
        ObjectKind::Region => calls!("region", "wait for"),
        ObjectKind::Mutex => calls!("mutex", "lock"),
        ObjectKind::Event => calls!("event", "wait for"),
        ObjectKind::Semaphore => calls!("semaphore", "wait for"),
        ObjectKind::Timer => calls!("timer", "wait for"),
    }
}

/// What an object is when it is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum New {
    /// Owned by nobody.
    Mutex,
    Event {
        reset: Reset,
        is_set: bool,
    },
    /// With numbers that make a semaphore.
    Semaphore {
        permits: u32,
        maximum: u32,
    },
    /// Not set.
    Timer {
        reset: Reset,
    },
}

impl New {
    /// A semaphore with numbers that were asked for.
    pub(crate) fn semaphore(options: &SemaphoreOptions, context: Context<'_>) -> Result<New> {
        options.check(context)?;
        Ok(New::Semaphore { permits: options.initial(), maximum: options.maximum() })
    }

    pub(crate) fn kind(self) -> ObjectKind {
        match self {
            New::Mutex => ObjectKind::Mutex,
            New::Event { .. } => ObjectKind::Event,
            New::Semaphore { .. } => ObjectKind::Semaphore,
            New::Timer { .. } => ObjectKind::Timer,
        }
    }
}

impl From<&EventOptions> for New {
    fn from(options: &EventOptions) -> New {
        New::Event { reset: options.reset(), is_set: options.is_set_at_first() }
    }
}

impl From<&TimerOptions> for New {
    fn from(options: &TimerOptions) -> New {
        New::Timer { reset: options.reset() }
    }
}
