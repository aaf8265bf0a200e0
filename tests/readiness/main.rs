//! One descriptor, or handle, for event loops: what it is ready for, and for how long.

mod common;
#[cfg(target_os = "linux")]
mod linux;
#[path = "../support/mod.rs"]
mod support;
mod taking;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("waits_with_a_loop", taking::waits_with_a_loop),
        #[cfg(target_os = "linux")]
        ("forks", linux::forks),
    ]);
}
