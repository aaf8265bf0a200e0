//! Channels, newest values, topics and objects for tasks: order, cancellation, ends, many at once, and how few threads
//! wait for them.
#![cfg(feature = "tokio")]

mod common;
#[cfg(target_os = "linux")]
mod forks;
mod many;
mod newest;
mod objects;
#[path = "../support/mod.rs"]
mod support;
mod topics;
mod waiting;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("echoes", waiting::echoes),
        ("does_nothing", waiting::does_nothing),
        #[cfg(target_os = "linux")]
        ("forks", forks::forks),
        #[cfg(target_os = "linux")]
        ("forks_in_a_storm", forks::forks_in_a_storm),
        ("writes_once", newest::writes_once),
        ("waits_for_an_event", objects::waits_for_an_event),
        ("publishes_once", topics::publishes_once),
    ]);
}
