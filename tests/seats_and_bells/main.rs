//! Doorbells and seats between processes, on every system that has them: nobody sleeps through a ring, and a role
//! ends with its holder, however that ends.

#![cfg(any(target_os = "linux", windows))]

mod bells;
mod common;
mod damage;
mod seats;
#[path = "../support/mod.rs"]
mod support;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("holder", seats::holder),
        ("player", seats::player),
        ("echo", bells::echo),
        ("listener", bells::listener),
        #[cfg(target_os = "linux")]
        ("forking", seats::forking),
        #[cfg(target_os = "linux")]
        ("orphan_maker", seats::orphan_maker),
        #[cfg(target_os = "linux")]
        ("ringer", bells::ringer),
    ]);
}
