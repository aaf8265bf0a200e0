//! The entries of a listed name space (rule C17).

use std::fmt;

use crate::{ObjectKind, ObjectName, UserId};

/// Whether an entry of the name space lives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A process holds it.
    Live,
    /// All its holders were killed. It cannot be opened and waits for a sweep.
    Dead,
    /// It has a name of this library's form, but another program made it, or its facts were overwritten. It is left
    /// alone. The text says what it is.
    Foreign(String),
    /// This user may not read it.
    Unreadable,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Live => f.write_str("live"),
            State::Dead => f.write_str("dead, waits to be reclaimed"),
            State::Foreign(what) => write!(f, "foreign: {what}"),
            State::Unreadable => f.write_str("not readable by this user"),
        }
    }
}

/// One entry of the name space.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The object's name, where it can be told.
    pub name: Option<ObjectName>,
    /// The name by which the operating system knows it.
    pub system_name: String,
    /// The kind of object, where it can be told.
    pub kind: Option<ObjectKind>,
    /// The size of a region in bytes, the same for every user. A foreign entry has its file's size; a region over a
    /// file has zero for a user that may not open it.
    pub size: u64,
    /// The user that it belongs to.
    pub owner: UserId,
    /// The number of holders, where it was [asked for](crate::catalog::list_counted) and the system tells: all handles of
    /// all processes, where a handle and its clones count once. A process counts once for a mutex, however many handles
    /// it has. What does not live has none.
    pub holders: Option<u64>,
    /// Whether it lives.
    pub state: State,
}

/// What a sweep did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Reclaimed {
    /// The system names of the dead objects that were removed.
    pub removed: Vec<String>,
    /// Bytes of shared memory given back.
    pub bytes: u64,
    /// Dead objects that this user may not remove, by system name, with their owners.
    pub refused: Vec<(String, UserId)>,
}
