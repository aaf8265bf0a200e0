//! The POSIX backend: `shm_open` objects with a Win32 lifetime.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `names` | from an object's name to a POSIX name |
//! | `trailer` | an object's own facts, behind its data |
//! | `object` | plans, owners, what to say of strangers |
//! | `lifetime` | the lifetime, kept by open-file-description locks |
//! | `commit` | memory that is there when creation returns |
//! | `machine` | facts of the machine |
//! | `mapping` | views |
//! | `region` | [`Region`] |
//! | `file` | regions over files, and the objects that lead to them |
//! | `handles` | sharing by handle: with a child, through a socket, as a descriptor |
//! | `disk` | disk space for such files, taken in advance |
//! | `fork` | what a forked child keeps of its parent's handles: nothing but the bytes |
//! | `catalog` | listing and reclaiming |

pub(crate) mod catalog;
mod commit;
pub(crate) mod console;
mod disk;
mod errors;
pub(crate) mod file;
mod fork;
pub(crate) mod handles;
mod lifetime;
mod machine;
mod mapping;
mod names;
mod object;
mod ofd_lock;
mod region;
mod shm_dir;
pub(crate) mod sync;
mod trailer;

pub use machine::processors;
pub use region::Region;

use crate::{ObjectName, UserId};

pub(crate) fn posix_name(name: &ObjectName) -> Option<String> {
    Some(names::posix_name(name, rustix::process::geteuid().as_raw()))
}

pub(crate) fn current_user() -> UserId {
    user_id(rustix::process::geteuid().as_raw())
}

#[cfg(fuzzing)]
pub(crate) fn trailer_says(bytes: &[u8; trailer::USED], file_len: u64) -> Option<(u64, String)> {
    trailer::decoded(bytes, file_len).ok().map(|facts| (facts.len, facts.name))
}

fn user_id(uid: u32) -> UserId {
    UserId::new(uid.to_string())
}
