//! The POSIX backend: `shm_open` objects with a Win32 lifetime.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lifetime` | objects, held by open-file-description locks: create, open, close |
//! | `make`, `remove` | the making before the name, and the removal after the last holder |
//! | `candidate` | what lies at a name, and when its facts are believed |
//! | `facts` | an object's own facts, as bytes |
//! | `owner` | users, and which of them is accepted |
//! | `dir`, `names` | where objects lie, and what they are called there |
//! | `object` | plans, and what to say of strangers |
//! | `descriptor`, `fork` | descriptors of ours, and what a forked child keeps of them: nothing but the bytes |
//! | `ofd_lock` | the locks themselves |
//! | `commit`, `disk` | memory, and disk space, that is there when creation returns |
//! | `machine`, `loaded` | facts of the machine; a library that must stay loaded |
//! | `mapping` | views |
//! | `region`, `shared_region` | [`Region`], and its calls |
//! | `file`, `record`, `opened_file` | regions over files, and the objects that lead to them |
//! | `handover`, `offer`, `courier` | sharing by handle: what is handed over, with a child, through a socket |
//! | `catalog` | listing and reclaiming |

mod candidate;
pub(crate) mod catalog;
mod commit;
pub(crate) mod console;
mod courier;
mod descriptor;
mod dir;
mod disk;
mod errors;
mod facts;
pub(crate) mod file;

mod fork;
mod handover;
mod lifetime;
mod loaded;
mod machine;
mod make;
mod mapping;
mod names;
mod object;
mod ofd_lock;
mod offer;
mod opened_file;
mod owner;
mod record;
mod region;
mod remove;
mod shared_region;
pub(crate) mod sync;

/// Sharing by handle.
pub(crate) mod handles {
    pub(crate) use super::courier::{Courier, receive, send};
    pub(crate) use super::offer::{Offer, adopt, offer};
}

pub(crate) use fork::forks;
pub(crate) use loaded::stay_loaded;
pub use machine::processors;
pub use region::Region;
pub(crate) use shared_region::{has_its_name, hold_again};

use crate::{ObjectName, UserId};

pub(crate) fn posix_name(name: &ObjectName) -> Option<String> {
    Some(format!("/{}", names::system_name(name)))
}

pub(crate) fn current_user() -> UserId {
    user_id(rustix::process::geteuid().as_raw())
}

/// What the facts behind an object's data say of its length and name, if they are valid: for `fuzz/`.
#[cfg(fuzzing)]
#[must_use]
pub fn facts_say(bytes: &[u8; facts::USED], file_len: u64) -> Option<(u64, String)> {
    facts::Facts::of_trailer(bytes, file_len).ok().map(|facts| (facts.len, facts.name))
}

fn user_id(uid: u32) -> UserId {
    UserId::new(uid.to_string())
}
