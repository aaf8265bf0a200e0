//! The contract's types: without system calls, the same on every system, and independent of every other module.
//! `docs/contract.md` states the rules.

// First, because the macro in it is known from there on.
#[macro_use]
mod sharing;

mod access;
pub(crate) mod catalog;
pub(crate) mod context;
mod error;
pub(crate) mod file;
mod kind;
mod name;
mod name_rule;
mod options;
/// The process at the other end of a channel.
pub(crate) mod peer;
pub(crate) mod range;
pub(crate) mod region;
pub(crate) mod sync_options;
mod waiting;
/// The bytes and texts in which a region is handed over.
pub(crate) mod wire;

pub use access::{Access, Permissions, Share, Trust, UserId};
pub use error::{Error, ErrorKind, Found, Result};
pub use file::{FileOptions, FileSource};
pub use kind::ObjectKind;
pub use name::{NameSpace, ObjectName};
pub use name_rule::{MAX_NAME_UNITS, NameRule};
pub use options::{CreateOptions, Disposition, MapRequest, OpenOptions};
pub use sync_options::{EventOptions, SemaphoreOptions, TimerOptions};
pub use waiting::{Due, LockGuard, Lockable, Permits, Reset, Settable, Sleepers, SyncOptions, Waitable};
