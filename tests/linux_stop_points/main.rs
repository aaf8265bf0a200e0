//! A process is killed, or stopped, between any two system calls with which it creates, opens, closes or
//! sweeps (C6, C16, C17): the others get the contract's answers within a second, and a holder of the name
//! meanwhile is not harmed when it goes on.

#![cfg(target_os = "linux")]

mod child;
mod common;
mod killed;
mod races;
mod single;
mod stopped;
#[path = "../support/mod.rs"]
mod support;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    let mut parts: Vec<support::part::Part> = vec![
        ("create", child::create),
        ("open", child::open),
        ("create_or_open", child::create_or_open),
        ("sweep", child::sweep),
        ("hand_over", child::hand_over),
    ];
    parts.extend(races::PARTS);
    support::part::play(&parts);
}
