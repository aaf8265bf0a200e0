//! Waiters for all of several objects are stopped and killed at each step, and at random moments, beside others that wait
//! for overlapping sets; and peers scribble over the table where such waits are decided (C31).
//!
//! Longer on demand: `SAMEMAP_SYNC_ROUNDS=1000 cargo test --release --test linux_wait_all`.

#![cfg(target_os = "linux")]

mod common;
mod hostile;
mod points;
mod reach;
mod storm;
#[path = "../support/mod.rs"]
mod support;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("waiter", points::waiter),
        ("worker", storm::worker),
        ("victim", hostile::victim),
        ("linked", hostile::linked),
        ("adopter", hostile::adopter),
        ("stranger", reach::stranger),
        ("table_gone", reach::table_gone),
        ("late", reach::late),
    ]);
}
