//! The traits of [samemap](https://crates.io/crates/samemap) over the crates `shared_memory` and `raw_sync`, for
//! programs that move from them.

#[cfg(feature = "raw_sync")]
pub mod raw_sync;
#[cfg(feature = "shared_memory")]
pub mod shared_memory;
