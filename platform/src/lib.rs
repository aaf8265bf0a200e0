//! The contract of [samemap](https://crates.io/crates/samemap) and its backends: one named shared
//! memory, with one set of rules, on Windows and on POSIX.
//!
//! Use the crate `samemap`, which re-exports all of this. This crate is the room for everything that
//! differs between systems: every `cfg` on the target and every unsafe system call lives here.
//!
//! The rules are those of the Win32 object manager: an object lives while somebody holds it, whichever
//! process created it, and never longer, also when its holders are killed. `docs/contract.md` in the repository
//! states them one by one (C1, C2, …), and the conformance suite (feature `conformance`) is that page
//! as code.
#![cfg_attr(
    not(any(target_os = "linux", windows)),
    allow(
        dead_code,
        unused_imports,
        reason = "where there is no backend, nothing is done with what a caller asks for"
    )
)]

mod contract;
mod file_region;
mod handles;
mod holding;
mod machine;
mod memory;
mod native;
mod region;
mod seam;
mod sync;
mod system;
#[doc(hidden)]
pub mod words;

#[cfg(target_os = "linux")]
mod posix;
#[cfg(not(any(target_os = "linux", windows)))]
mod unsupported;
#[cfg(windows)]
mod windows;

pub mod catalog;
#[cfg(feature = "conformance")]
pub mod conformance;
#[doc(hidden)]
pub mod console;
#[doc(hidden)]
pub mod testing;

pub use contract::{
    Access, CreateOptions, Disposition, Due, Error, ErrorKind, EventOptions, FileOptions, FileSource, Found,
    LockGuard, Lockable, MAX_NAME_UNITS, MapRequest, NameRule, NameSpace, ObjectKind, ObjectName,
    OpenOptions, Permissions, Permits, Reset, Result, SemaphoreOptions, Settable, Share, Sleepers,
    SyncOptions, TimerOptions, Trust, UserId, Waitable,
};
pub use handles::{Courier, Offer};
#[doc(hidden)]
pub use machine::PerProcess;
pub use machine::processors;
#[doc(hidden)]
pub use machine::stay_loaded;
pub use memory::{AtomicReader, Keeper, MappedRange, Part, SharedWord, View};
#[cfg(all(fuzzing, target_os = "linux"))]
#[doc(hidden)]
pub use posix::facts_say;
pub use region::{BASE_GRANULARITY, Region, SharedRegion, check_map_request};
#[doc(hidden)]
pub use seam::per_process::Fact;
pub use sync::{
    Doorbell, Event, MAX_OBJECTS, Mutex, MutexGuard, Seat, Semaphore, SharedEvent, SharedMutex,
    SharedMutexGuard, SharedSemaphore, Timer, WaitAny, Woken, try_wait_any, wait_any, wait_any_timeout,
};

/// The plain-data traits that [`View::get`] and [`View::put`] ask for.
pub use bytemuck;
