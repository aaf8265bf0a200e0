//! The backend for Windows.
//!
//! The contract's model is the Win32 object manager, so the kernel does most of it: a region is a section backed by the
//! paging file, and its name lies in the session's or the machine's object directory. Both end with the last handle,
//! however that is closed. This backend adds:
//!
//! - The size of an opened section, from the kernel (`NtQuerySection`), because no call of Win32 returns it (rule C7).
//! - View offsets that need no alignment (C10), and views that hold the section's handle, because the name ends with
//!   the last *handle*, not with the last view (C13).
//! - An explicit owner and DACL on created objects, and a check of the owner of opened ones (C19, C20).
//! - Objects to wait for inside a region. They cannot be kernel objects themselves, and waiting on an address
//!   (`WaitOnAddress`) works within one process only; so each has a kernel object, whose name is made from a random
//!   number in the region.
//!
//! No handle is inheritable, and a killed process leaves nothing to clean up (C16 to C18).

mod calls;
mod console;
mod error;
mod file;
mod flag;
mod handles;
mod machine;
mod mapped;
mod names;
mod nt;
mod raw_region;
mod region;
mod rights;
mod section;
mod security;
mod sync;
mod system;
#[cfg(test)]
mod tests;
mod user;
mod view;

pub use crate::seam::per_process::NoForks as Forks;
pub(crate) use region::Region;
pub(crate) use sync::{Bell, Object, Seat, Watch};
pub(crate) use system::System;
