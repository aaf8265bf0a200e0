//! Random numbers, which no other process is likely to have.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A random number. It is unlikely to repeat, and not secret.
pub(crate) fn random() -> u64 {
    // The keys of std are random in each process, and change with each call.
    RandomState::new().build_hasher().finish()
}
