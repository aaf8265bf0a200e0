//! The programs and the examples, run as a person runs them.
#![cfg(feature = "cli")]

mod duplex;
mod endings;
mod errors;
mod examples;
#[path = "../support/mod.rs"]
mod support;
mod tool;
mod transcripts;
mod trust;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("sends_nothing", duplex::sends_nothing),
        #[cfg(target_os = "linux")]
        (support::linux::users::ROLE, support::linux::users::play),
    ]);
}
