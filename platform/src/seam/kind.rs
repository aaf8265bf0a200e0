//! The kinds of objects: the initial state of those to wait for, and the names of each kind's calls in errors.

use crate::contract::context::{Context, Operation};
use crate::{EventOptions, ObjectKind, Reset, Result, SemaphoreOptions, TimerOptions};

/// The operations that every kind has, for errors.
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

/// The operations of a kind, for errors.
pub(crate) const fn calls(kind: ObjectKind) -> Calls {
    match kind {
        ObjectKind::Region => calls!("region", "wait for"),
        ObjectKind::Mutex => calls!("mutex", "lock"),
        ObjectKind::Event => calls!("event", "wait for"),
        ObjectKind::Semaphore => calls!("semaphore", "wait for"),
        ObjectKind::Timer => calls!("timer", "wait for"),
    }
}

/// The kind and the initial state of a new object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum New {
    /// Without an owner.
    Mutex,
    Event {
        reset: Reset,
        is_set: bool,
    },
    /// With valid numbers.
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
    /// A new semaphore; checks its numbers.
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
