//! What a rule must know of the system that it runs on. Each system's file offers the same items:
//!
//! | item | what it is |
//! | --- | --- |
//! | `page_size` | size of a page, in bytes |
//! | `no_crash_dialogs` | keeps dialogs and debuggers away when a child crashes as it was told |
//! | `set_umask` | sets the process's file mode creation mask, where there is one |
//! | `under_wine` | whether this runs under Wine and not on Windows |
//! | `local_is_global` | whether `Local\` and `Global\` are one: in Windows' session 0 |
//! | `died_of_a_fault` | whether the system ended a process because it touched memory that it may not touch so |
//! | `file_mode`, `set_aside` | the mode bits of an object's file, and the bytes that the system has set aside for it, where objects are files |
//! | [`Meeting`] | a place where another process connects to this one, to hand a region over |
//! | [`Squatter`] | holds a name without being an object of the contract, until it is dropped |

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as imp;
#[cfg(windows)]
use windows as imp;

pub use imp::{Meeting, Squatter};
pub(super) use imp::{
    died_of_a_fault, file_mode, local_is_global, no_crash_dialogs, page_size, set_aside, set_umask,
    under_wine,
};
