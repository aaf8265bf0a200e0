//! Channels and newest values for tasks: order, cancellation, ends, many at once, and how few threads wait for them.
#![cfg(feature = "tokio")]

mod common;
mod many;
mod newest;
#[path = "../support/mod.rs"]
mod support;
mod waiting;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("echoes", waiting::echoes),
        ("does_nothing", waiting::does_nothing),
        #[cfg(target_os = "linux")]
        ("forks", many::forks),
        ("writes_once", newest::writes_once),
    ]);
}
