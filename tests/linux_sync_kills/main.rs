//! Owners, waiters, setters and initialisers of synchronization objects are killed, at random moments and at the
//! chosen ones, and nobody else is left asleep, let in twice, or told wrong (C22, C25 to C27).
//!
//! 1,000 kills of each kind on demand: `SAMEMAP_SYNC_ROUNDS=1000 cargo test --release --test linux_sync_kills`.
//! The times of the waiters that are let in are printed; only generous bounds are asserted.

#![cfg(target_os = "linux")]

mod common;
mod makers;
mod owners;
mod setters;
mod single;
#[path = "../support/mod.rs"]
mod support;
mod waiters;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("owner_killed", owners::owner_killed),
        ("owner_thread_ends", owners::owner_thread_ends),
        ("setter_killed", setters::setter_killed),
        ("waiter_killed", waiters::waiter_killed),
        ("woken_fails", waiters::woken_fails),
        ("timer_setter_killed", setters::timer_setter_killed),
        ("taker_held_up", setters::taker_held_up),
        ("makers_killed", makers::makers_killed),
        ("early_openers", makers::early_openers),
        ("threads_make", makers::threads_make),
        ("namespaced", single::namespaced),
        ("forgetful", single::forgetful),
    ]);
}
