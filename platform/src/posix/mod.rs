//! The POSIX backend: objects in /dev/shm, or in another directory, with a Win32 lifetime.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lifetime` | how open-file-description locks hold an object, and how a holder lets go |
//! | `creation`, `opening`, `receiving` | the three ways to become a holder |
//! | `make`, `remove` | making an object before it has its name, and removing it after its last holder |
//! | `candidate`, `belief` | what lies at a name, and when its facts are believed |
//! | `facts` | an object's own facts, as bytes |
//! | `owner` | users, and which of them is accepted |
//! | `advice`, `errors` | what a refused call means, and what to do about it |
//! | `base`, `dir`, `names` | the directory of the objects, the calls in it, and the names of the files |
//! | `object` | what a creator plans, what an opener wants, and errors about what is no object of samemap |
//! | `signature`, `descriptor` | samemap's own file descriptors, and how it knows them again |
//! | `fork` | what a forked child keeps: nothing but the bytes |
//! | `ofd_lock` | open-file-description locks |
//! | `commit`, `disk` | memory and disk space that are there when creation returns |
//! | `system`, `loaded` | what only the system knows; keeping this library loaded |
//! | `mapping` | views |
//! | `region`, `raw_region` | [`Region`], and what the seam asks of it |
//! | `file`, `record`, `opened_file` | regions over files, and the objects that lead to them |
//! | `handover`, `offer`, `courier` | sharing by handle: what is handed over, to a child, and through a socket |
//! | `sync/` | objects to wait for: words in shared memory, and futexes |
//! | `catalog`, `sweep`, `proc_locks` | listing and reclaiming |
//! | `arrivals` | waiting for a name to appear |

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
