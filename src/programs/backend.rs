//! Which backends are built in.

use clap::ValueEnum;

use crate::Access;

/// The implementation of shared memory to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// The system's own, which keeps the whole contract
    Native,
    /// The one over the crate `shared_memory`, which keeps less of it
    #[cfg(feature = "shared-memory")]
    SharedMemory,
}

impl Backend {
    /// The least access that it reads with.
    pub(crate) fn access_to_read(self) -> Access {
        match self {
            Backend::Native => Access::ReadOnly,
            #[cfg(feature = "shared-memory")]
            Backend::SharedMemory => Access::ReadWrite,
        }
    }
}
