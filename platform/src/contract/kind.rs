//! The kinds of object that share the name space (rule C4).

use std::fmt;

/// A kind of named object. All kinds share one name space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// Shared memory.
    Region,
    /// A lock owned by a thread.
    Mutex,
    /// A flag to wait for.
    Event,
    /// A counter of permits.
    Semaphore,
    /// A due time to wait for.
    Timer,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [ObjectKind; 5] =
        [ObjectKind::Region, ObjectKind::Mutex, ObjectKind::Event, ObjectKind::Semaphore, ObjectKind::Timer];

    /// The number of the kind in shared memory, and in an object's facts.
    pub(crate) const fn code(self) -> u16 {
        match self {
            ObjectKind::Region => 1,
            ObjectKind::Mutex => 2,
            ObjectKind::Event => 3,
            ObjectKind::Semaphore => 4,
            ObjectKind::Timer => 5,
        }
    }

    /// The kind with this number.
    pub(crate) fn of_code(code: u32) -> Option<ObjectKind> {
        ObjectKind::ALL.into_iter().find(|&kind| u32::from(kind.code()) == code)
    }

    /// "a" or "an", for messages.
    pub(crate) const fn article(self) -> &'static str {
        match self {
            ObjectKind::Event => "an",
            _ => "a",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ObjectKind::Region => "region",
            ObjectKind::Mutex => "mutex",
            ObjectKind::Event => "event",
            ObjectKind::Semaphore => "semaphore",
            ObjectKind::Timer => "timer",
        })
    }
}
