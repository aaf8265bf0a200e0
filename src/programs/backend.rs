//! Which backends are built in.

use clap::ValueEnum;

/// The implementation of shared memory to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// The system's own, which keeps the whole contract
    Native,
    /// The one over the crate `shared_memory`, which keeps less of it
    #[cfg(feature = "shared-memory")]
    SharedMemory,
}
