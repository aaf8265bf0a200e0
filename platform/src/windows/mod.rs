//! The backend for Windows.
//!
//! The contract's model is the Win32 object manager, so most of it is the kernel's doing here: a region is
//! a section backed by the paging file, its name lives in the session's or the machine's object directory,
//! and both go with the last handle, however that ends. What this backend adds:
//!
//! - The size of an opened section (`NtQuerySection`), which Win32 itself does not tell (rule C7).
//! - View offsets that need no alignment (C10), and views that hold the section's handle, because the name
//!   goes with the last *handle*, not with the last view (C13).
//! - An explicit owner and DACL on what is created, and a check of the owner of what is opened (C19, C20).
//! - Objects to wait for inside a region. They cannot be kernel objects themselves, and waiting on an address
//!   (`WaitOnAddress`) works within one process only; so kernel objects stand beside them, under names made from a random
//!   number in the region.
//!
//! Nothing is inheritable, nothing needs a clean-up, and nothing can be left behind (C16 to C18).

mod calls;
mod console;
mod error;
mod file;
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

pub(crate) use region::Region;
pub(crate) use sync::{Bell, Object, Seat};
pub use system::Forks;
pub(crate) use system::System;
