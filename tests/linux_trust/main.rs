//! A hostile local user against the objects of others (C15, C20): with write access to an object, with read access,
//! with none. The victims are root, an ordinary user, a user who trusts root, and one who accepts another user.
//!
//! Whatever decides which object a name leads to, and what it is, comes from where only its owner writes. So an open by
//! name gives the right object or a clean error: never another file's bytes, never another name's object.
//!
//! Hard links that an attacker may make itself depend on `fs.protected_hardlinks`, which is the whole machine's. What
//! the attacker could do where it is 0 is done by root here: the link is the same one.

#![cfg(target_os = "linux")]

mod attacker;
mod facts;
mod handover;
mod links;
mod locks;
mod owners;
mod peers;
#[path = "../support/mod.rs"]
mod support;
mod victims;

use support::linux::users;
use support::part::{Part, play};

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    let mut roles: Vec<Part> = vec![
        (users::ROLE, users::play),
        (users::CONTAINED_ROLE, users::play_as_it_is),
        (attacker::ROLE, attacker::play),
    ];
    for more in
        [&facts::ROLES[..], &links::ROLES, &locks::ROLES, &owners::ROLES, &handover::ROLES, &peers::ROLES]
    {
        roles.extend_from_slice(more);
    }
    play(&roles);
}
