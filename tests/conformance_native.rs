//! The contract, rule by rule, over the system's own regions.
#![cfg(feature = "conformance")]

samemap::conformance_suite!(native, samemap::Region);
