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
