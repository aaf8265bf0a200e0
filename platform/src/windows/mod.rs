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

pub(crate) mod catalog;
pub(crate) mod console;
mod error;
pub(crate) mod file;
pub(crate) mod handles;
mod machine;
mod names;
mod nt;
mod region;
mod rights;
mod section;
mod security;
pub(crate) mod sync;
#[cfg(test)]
mod tests;
mod user;
mod view;

pub use machine::processors;
pub(crate) use names::posix_name;
pub use region::Region;
pub(crate) use region::{has_its_name, hold_again};
pub(crate) use user::current_user;

/// There is no fork.
pub(crate) fn forks() -> u32 {
    0
}

/// Keeps the DLL that this code is in, if it is in one, loaded until the process ends.
pub(crate) fn stay_loaded() {
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };
    let mut module = std::ptr::null_mut();
    let here = (stay_loaded as fn()) as *const u16;
    // SAFETY: with this flag the name is an address in the module, and what is found is written to `module`.
    unsafe {
        GetModuleHandleExW(
            GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
            here,
            &raw mut module,
        );
    }
}
