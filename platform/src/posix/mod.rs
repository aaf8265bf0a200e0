//! The POSIX backend: `shm_open` objects with a Win32 lifetime.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lifetime` | objects, held by open-file-description locks, and how they are let go of |
//! | `creation`, `opening`, `receiving` | the three ways to become a holder |
//! | `make`, `remove` | the making before the name, and the removal after the last holder |
//! | `candidate`, `belief` | what lies at a name, and when its facts are believed |
//! | `facts` | an object's own facts, as bytes |
//! | `owner` | users, and which of them is accepted |
//! | `advice`, `errors` | what a refused call means, and what to do about it |
//! | `base`, `dir`, `names` | where objects lie, what is done there, and what they are called |
//! | `object` | plans, and what to say of strangers |
//! | `signature`, `descriptor`, `fork` | descriptors of ours, and what a forked child keeps of them: nothing but the bytes |
//! | `ofd_lock` | the locks themselves |
//! | `commit`, `disk` | memory, and disk space, that is there when creation returns |
//! | `system`, `loaded` | what only the system tells; a library that must stay loaded |
//! | `mapping` | views |
//! | `region`, `raw_region` | [`Region`], and what the seam asks of it |
//! | `file`, `record`, `opened_file` | regions over files, and the objects that lead to them |
//! | `handover`, `offer`, `courier` | sharing by handle: what is handed over, with a child, through a socket |
//! | `catalog`, `sweep`, `proc_locks`, `arrivals` | listing and reclaiming; being told of names that come |

mod advice;
mod arrivals;
mod base;
mod belief;
mod candidate;
mod catalog;
mod commit;
mod courier;
mod creation;
mod descriptor;
mod dir;
mod disk;
mod errors;
mod facts;
mod file;
mod fork;
mod handover;
mod lifetime;
mod loaded;
mod make;
mod mapping;
mod names;
mod object;
mod ofd_lock;
mod offer;
mod opened_file;
mod opening;
mod owner;
mod proc_locks;
mod raw_region;
mod receiving;
mod record;
mod region;
mod remove;
mod signature;
mod sweep;
mod sync;
mod system;

pub use fork::Forks;
pub(crate) use region::Region;
pub(crate) use sync::{Bell, Object, Seat};
pub(crate) use system::System;

/// What the facts behind an object's data say of its length and name, if they are valid: for `fuzz/`.
#[cfg(fuzzing)]
#[must_use]
pub fn facts_say(bytes: &[u8; facts::USED], file_len: u64) -> Option<(u64, String)> {
    facts::Facts::of_trailer(bytes, file_len).ok().map(|facts| (facts.len, facts.name))
}
