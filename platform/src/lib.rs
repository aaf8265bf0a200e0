//! The contract of [samemap](https://crates.io/crates/samemap) and its backends: one named shared
//! memory, with one set of rules, on Windows and on POSIX.
//!
//! Use the crate `samemap`, which re-exports all of this. This crate contains everything that differs between systems:
//! every `cfg` on the target and every unsafe system call lives here.
//!
//! The rules are those of the Win32 object manager: an object lives as long as a process holds it, whichever process
//! created it, and ends with its last holder, also when holders are killed. `docs/contract.md` in the repository states
//! them one by one (C1, C2, …), and the conformance suite (feature `conformance`) is that page as code.
#![cfg_attr(
    not(any(target_os = "linux", windows)),
    allow(
        dead_code,
        unused_imports,
        reason = "where there is no backend, or no whole one, nothing is done with some of what a caller asks for"
    )
)]

mod console;
mod contract;
mod file_region;
mod gate;
mod handles;
mod holding;
mod machine;
mod memory;
mod native;
mod region;
mod seam;
mod system;
mod testing;
mod words;

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod posix;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod unsupported;
#[cfg(windows)]
mod windows;

pub mod catalog;
#[cfg(feature = "conformance")]
pub mod conformance;
#[doc(hidden)]
pub mod internal;
pub mod sync;

pub use contract::{
    Access, CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Permissions, Result,
    Share, Trust,
};
pub use memory::View;
pub use region::Region;
pub use sync::{Event, Mutex, Semaphore, Timer, wait_all, wait_any};

/// Names, their rules, and the kinds of named objects.
pub mod names {
    pub use crate::contract::{Found, MAX_NAME_UNITS, NameRule, NameSpace, ObjectKind, UserId};
}

/// More about a [`Region`]: views at an address, parts of views, files, and handing over to other processes.
pub mod regions {
    pub use crate::contract::{FileOptions, FileSource, MapRequest};
    pub use crate::handles::{Courier, Offer};
    pub use crate::memory::{AtomicReader, Part};
    pub use crate::region::BASE_GRANULARITY;
}

/// The traits of regions and objects, for generic code. Other code does not need them, because each call is also an
/// inherent method.
pub mod traits {
    pub use crate::contract::{LockGuard, Lockable, Permits, Settable, Waitable};
    pub use crate::region::SharedRegion;
}

/// For your own [`traits::SharedRegion`]: the checks that all systems share, and [`View::from_mapped`]'s argument.
pub mod backend {
    pub use crate::memory::{Keeper, MappedRange};
    pub use crate::region::check_map_request;
}

// Inside this crate, each item has one short name.
pub(crate) use contract::{
    Due, EventOptions, FileOptions, FileSource, Found, LockGuard, Lockable, MAX_NAME_UNITS, MapRequest,
    NameRule, NameSpace, ObjectKind, Permits, Reset, SemaphoreOptions, Settable, Sleepers, SyncOptions,
    TimerOptions, UserId, Waitable,
};
pub(crate) use machine::PerProcess;
pub(crate) use memory::MappedRange;
#[cfg(any(test, feature = "conformance"))]
#[cfg_attr(
    not(feature = "conformance"),
    allow(unused_imports, reason = "a system's tests use some of them")
)]
pub(crate) use {
    handles::Courier,
    region::{BASE_GRANULARITY, SharedRegion},
    sync::{
        MAX_OBJECTS, MutexGuard, SharedEvent, SharedMutex, SharedSemaphore, SignalFirst, WaitAny,
        signal_and_wait_timeout, try_wait_all, try_wait_any, wait_all_timeout, wait_any_timeout,
    },
};

/// The plain-data traits that [`View::get`] and [`View::put`] ask for.
pub use bytemuck;
