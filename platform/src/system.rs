//! The one place where a system is chosen. Everything else names `crate::system`.
//!
//! A backend offers: `Region`, which implements [`SharedRegion`](crate::SharedRegion) and keeps the
//! whole contract; `catalog`, which lists and reclaims what lies in the name space; `posix_name`;
//! `current_user`; `console`, what the programs need of their standard streams; `file`, regions over files;
//! `handles`, sharing by handle; `processors`, how many the machine has; `sync`, objects to wait for, whose
//! contract is `crate::sync::raw`.

cfg_if::cfg_if! {
    if #[cfg(windows)] {
        pub use crate::windows::{Region, processors};
        pub(crate) use crate::windows::{catalog, console, current_user, file, handles, posix_name, sync};
    } else if #[cfg(unix)] {
        pub use crate::posix::{Region, processors};
        pub(crate) use crate::posix::{catalog, console, current_user, file, handles, posix_name};
    } else {
        compile_error!(
            "samemap has backends for Windows and for POSIX systems. A new one implements \
             `SharedRegion` in a folder of its own beside `posix` and `windows`, with a lifetime that \
             ends with the last holder, and is chosen here."
        );
    }
}

cfg_if::cfg_if! {
    if #[cfg(all(target_os = "linux", not(samemap_gate_lifetime)))] {
        pub(crate) use crate::posix::sync;
    } else if #[cfg(unix)] {
        pub(crate) use crate::unsupported as sync;
    }
}
