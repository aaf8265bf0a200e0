//! The POSIX backend: `shm_open` objects with a Win32 lifetime.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `names` | from an object's name to a POSIX name |
//! | `trailer` | an object's own facts, behind its data |
//! | `object` | what both lifetimes share: plans, owners, what to say of strangers |
//! | `ofd_lifetime` | Linux: the lifetime, kept by open-file-description locks |
//! | `gate_lifetime` | the other systems: the lifetime, kept by `flock` on files beside the object (on Linux too with `--cfg samemap_gate_lifetime`, to test it) |
//! | `gate_files` | the lock files of `gate_lifetime` |
//! | `commit` | memory that is there when creation returns |
//! | `machine` | facts of the machine |
//! | `mapping` | views |
//! | `region` | [`Region`] |
//! | `file` | regions over files, and the objects that lead to them |
//! | `handles` | sharing by handle: with a child, through a socket, as a descriptor |
//! | `disk` | disk space for such files, taken in advance |
//! | `fork` | what a forked child keeps of its parent's handles: nothing but the bytes |
//! | `catalog` | listing and reclaiming |

mod commit;
mod disk;
mod errors;
pub(crate) mod file;
mod fork;
pub(crate) mod handles;
mod machine;
mod mapping;
mod names;
mod object;
mod region;
mod trailer;

cfg_if::cfg_if! {
    if #[cfg(all(target_os = "linux", not(samemap_gate_lifetime)))] {
        mod ofd_lock;
        mod ofd_lifetime;
        mod shm_dir;
        pub(crate) mod sync;
        pub(crate) mod catalog;
        use ofd_lifetime as lifetime;
    } else {
        mod gate_files;
        mod gate_lifetime;
        #[path = "catalog_unsupported.rs"]
        pub(crate) mod catalog;
        use gate_lifetime as lifetime;
    }
}

pub(crate) mod console;

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
