//! A hostile local user against the objects of others (C15, C20): with write access to an object, with read access,
//! with none. The victims are root, an ordinary user, a user who trusts root, and one who accepts another user.
//!
//! Whatever decides which object a name leads to, and what it is, comes from where only its owner writes. So an open by
//! name gives the right object or a clean error: never another file's bytes, never another name's object.
//!
//! Hard links that an attacker may make itself depend on `fs.protected_hardlinks`, which is the whole machine's. What
//! the attacker could do where it is 0 is done by root here: the link is the same one.

#![cfg(target_os = "linux")]

#[path = "support/linux/mod.rs"]
mod linux;

#[path = "linux_trust/attacker.rs"]
mod attacker;
#[path = "linux_trust/facts.rs"]
mod facts;
#[path = "linux_trust/handover.rs"]
mod handover;
#[path = "linux_trust/links.rs"]
mod links;
#[path = "linux_trust/locks.rs"]
mod locks;
#[path = "linux_trust/owners.rs"]
mod owners;
#[path = "linux_trust/victims.rs"]
mod victims;

use linux::child::{Start, play};
use linux::{aside, sandbox, users};

/// Runs a role in which this process is root, may become other users, and has a `/dev/shm` of its own.
#[track_caller]
fn as_users(test: &str, role: &str) {
    if !aside::root_or_aside(test) {
        return;
    }
    if let Some(mut child) = sandbox::start_or_aside(test, Start::role(role)) {
        child.finish();
    }
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    let mut roles = vec![
        (users::ROLE, users::play as fn(&[String])),
        (users::CONTAINED_ROLE, users::play_as_it_is),
        (attacker::ROLE, attacker::play),
    ];
    for more in [&facts::ROLES[..], &links::ROLES, &locks::ROLES, &owners::ROLES, &handover::ROLES] {
        roles.extend_from_slice(more);
    }
    play(&roles);
}
