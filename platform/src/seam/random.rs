//! Numbers that no other process is likely to have.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// Unlikely to come twice, and not secret.
pub(crate) fn random() -> u64 {
    // std's keys are random a process, and others with each call.
    RandomState::new().build_hasher().finish()
}
