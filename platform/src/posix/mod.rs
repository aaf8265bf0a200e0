//! The POSIX backend: objects in /dev/shm, or in another directory, with a Win32 lifetime.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `lifetime` | how open-file-description locks hold an object, and how a holder lets go |
//! | `creation`, `opening`, `receiving` | the three ways to become a holder |
//! | `make`, `remove` | making an object before it has its name, and removing it after its last holder |
//! | `candidate`, `belief` | the file or directory at a name, and when its facts are believed |
//! | `facts` | an object's facts, as bytes |
//! | `owner` | users, and which of them is accepted |
//! | `advice`, `errors` | the causes of a refused call and their remedies, and the error made of them |
//! | `base`, `dir`, `names` | the directory of objects, the calls on it, and the names there |
//! | `object` | the plan of a new object, and the errors for foreign ones |
//! | `signature`, `descriptor` | the library's file descriptors, and how it recognises them |
//! | `fork` | what a forked child keeps: only the memory |
//! | `ofd_lock` | open-file-description locks |
//! | `commit`, `disk` | memory and disk space, committed before creation returns |
//! | `system`, `loaded` | the system's other answers; keeping this library loaded |
//! | `mapping` | views |
//! | `region`, `raw_region` | [`Region`], and the seam's traits for it |
//! | `file`, `record`, `opened_file` | regions over files, and the objects that lead to them |
//! | `handover`, `offer`, `courier` | handing over: the descriptors, to a child, through a socket |
//! | `flag` | descriptors for event loops |
//! | `gate` | which process a listener serves: sockets of Linux |
//! | `sync/` | objects to wait for: words in shared memory, and futexes |
//! | `catalog`, `sweep`, `proc_locks` | listing and reclaiming |
//! | `kernel/` | the calls in which Linux and macOS differ: descriptors, memory, sleeping, waiting for a name |

mod advice;
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
mod flag;
mod fork;
#[cfg(target_os = "linux")]
mod gate;
mod handover;
mod kernel;
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
mod threads;

pub use fork::Forks;
pub(crate) use region::Region;
pub(crate) use sync::{Bell, Object, Seat, Watch};
pub(crate) use system::System;

/// The length and the name in the facts behind an object's data, if they are valid: for `fuzz/`.
#[cfg(fuzzing)]
#[must_use]
pub fn facts_say(bytes: &[u8; facts::USED], file_len: u64) -> Option<(u64, String)> {
    facts::Facts::of_trailer(bytes, file_len).ok().map(|facts| (facts.len, facts.name))
}
