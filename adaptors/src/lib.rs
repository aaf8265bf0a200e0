//! The traits of [samemap](https://crates.io/crates/samemap) over the crates `shared_memory` and `raw_sync`, for
//! programs that move from them.
//!
//! - [`shared_memory`]: a [`SharedRegion`](samemap::traits::SharedRegion) over a `Shmem`.
//! - [`raw_sync`]: a [`Lockable`](samemap::traits::Lockable) and a [`Settable`](samemap::traits::Settable) over its
//!   `Mutex` and `Event`.
//!
//! Each module says which rules of samemap's contract it breaks.

#[cfg(feature = "raw_sync")]
pub mod raw_sync;
#[cfg(feature = "shared_memory")]
pub mod shared_memory;

/// The example of README.md, compiled and run.
#[cfg(all(doctest, feature = "shared_memory"))]
#[doc = include_str!("../README.md")]
struct Readme;
