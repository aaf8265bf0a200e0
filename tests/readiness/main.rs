//! One descriptor, or handle, for event loops: what it is ready for, and for how long; and one wait for as many kinds.

mod beside;
mod common;
#[cfg(target_os = "linux")]
mod linux;
mod peers;
#[path = "../support/mod.rs"]
mod support;
mod taking;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("waits_with_a_loop", taking::waits_with_a_loop),
        ("is_every_peer", peers::is_every_peer),
        ("reads_nothing", peers::reads_nothing),
        ("signals_and_sends", beside::signals_and_sends),
        ("is_many_peers", beside::is_many_peers),
        #[cfg(target_os = "linux")]
        ("forks", linux::forks),
    ]);
}
