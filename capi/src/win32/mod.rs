//! Win32's own calls on Linux: what the headers in `include/samemap/win32` declare.
//!
//! - A *handle* is a small number with a place in one table of the process ([`handles`]). Every call looks it up anew,
//!   so a stale one is an error and nothing worse.
//! - An *answer* is Win32's: null, zero or `WAIT_FAILED`, with the thread's last error ([`last_error`]). Inside, a call
//!   is a `Result` whose error is that code.
//! - Each function is exported under a name of its own (`samemap_win32_…`), to which the headers bind Win32's.
//!
//! # Safety
//! What a program owes here is what it owes Windows: a pointer that it passes is null where null is allowed, or valid
//! for what the call does with it, and text ends with a zero. [`pointers`] is the only place where they are followed.

mod codes;
mod errors;
mod event;
mod file;
mod handle;
mod handles;
mod last_error;
mod made;
mod mapping;
mod memory;
mod message;
mod mutex;
mod name;
mod open_file;
mod pointers;
mod process;
mod security;
mod semaphore;
mod time;
mod timer;
mod told;
mod view;
mod wait;
mod wide_main;

/// Defines functions that C calls, under `samemap_win32_` and their names. A body is what the call does, as a `Result`;
/// [`Answer`](last_error::Answer) makes Win32's answer of it.
macro_rules! calls {
    ($($(#[$meta:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $answer:ty $body:block)*) => {$(
        $(#[$meta])*
        #[unsafe(export_name = concat!("samemap_win32_", stringify!($name)))]
        #[allow(non_snake_case, reason = "it is Win32's name")]
        extern "C" fn $name($($argument: $type),*) -> $answer {
            crate::win32::last_error::answer(move || -> Result<_, u32> { $body })
        }
    )*};
}

use calls;
