//! The contract, rule by rule, over objects to wait for: those with a name of their own, those inside a region, and
//! what only the system's own objects show.

// As others use it; without the feature, as `cargo test` builds it by itself, from the crate behind.
#[cfg(feature = "conformance")]
use samemap::conformance::{self, native_conformance_suite, sync_conformance_suite};
#[cfg(not(feature = "conformance"))]
use samemap_platform::conformance::{self, native_conformance_suite, sync_conformance_suite};

sync_conformance_suite!(named, conformance::Named);
sync_conformance_suite!(inside, conformance::Inside);
native_conformance_suite!(native);
