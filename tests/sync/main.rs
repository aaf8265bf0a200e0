//! What is counted between processes: each set of an auto-reset event lets one through, permits stay within
//! their maximum, and of many that wait for many objects each takes one (C22 to C26). And what a guard and a timeout
//! owe to their own process. What one object shows alone is in the conformance suite (`tests/conformance_sync.rs`).
//!
//! A million sets on demand: `SAMEMAP_SYNC_SETS=1000000 cargo test --release --test sync`.
//! Children of another build (32 bits): `SAMEMAP_TEST_PROGRAM=path-to-that-sync`.

mod common;
mod events;
mod inside;
mod many;
mod opening;
mod patience;
mod semaphores;
#[path = "../support/mod.rs"]
mod support;
mod thousands;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("pass", events::pass_gates),
        ("wait", events::wait_for_set),
        ("permits", semaphores::use_permits),
        ("any", many::take_any),
        ("thousands", thousands::open_thousands),
    ]);
}
