//! Handles belong to the process that made them (C15): a forked child keeps the bytes and holds nothing, whatever it may
//! no longer open, unless it says that it holds again; a child that runs another program gets nothing at all (C18).

#![cfg(target_os = "linux")]

mod background;
mod common;
mod copies;
mod deprived;
mod descriptors;
mod locks;
mod moments;
mod programs;
#[path = "../support/mod.rs"]
mod support;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    let mut parts = copies::PARTS.to_vec();
    parts.extend(moments::PARTS);
    parts.extend(background::PARTS);
    parts.extend(descriptors::PARTS);
    parts.extend(deprived::PARTS);
    parts.extend(locks::PARTS);
    support::part::play(&parts);
}
