//! The contract, rule by rule, over the system's own regions.

// As others use it; without the feature, as `cargo test` builds it by itself, from the crate behind.
#[cfg(feature = "conformance")]
use samemap::conformance_suite;
#[cfg(not(feature = "conformance"))]
use samemap_platform::conformance_suite;

conformance_suite!(native, samemap::Region);
