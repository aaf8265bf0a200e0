//! The one place where a system is chosen. Everything else names `crate::system`.
//!
//! A backend offers: `Region`, which implements [`SharedRegion`](crate::SharedRegion) and keeps the
//! whole contract; `sync`, the objects to wait for, whose contract is `crate::seam::raw`; `catalog`, which lists and reclaims what lies in the
//! name space; `posix_name`; `current_user`; `console`, what the programs need of their standard streams;
//! `file`, regions over files; `handles`, sharing by handle; `processors`, how many the machine has;
//! `forks`, which tells a forked child from its parent;
//! `stay_loaded`, for code that is called later. A new one
//! lives in a folder of its own beside `posix` and `windows`, with a lifetime that ends with the last holder, and is
//! chosen here; `unsupported` stands in where there is none.

cfg_if::cfg_if! {
    if #[cfg(windows)] {
        use crate::windows as backend;
    } else if #[cfg(target_os = "linux")] {
        use crate::posix as backend;
    } else {
        use crate::unsupported as backend;
    }
}

pub use backend::{Region, processors};
pub(crate) use backend::{
    catalog, console, current_user, file, forks, handles, has_its_name, hold_again, posix_name, stay_loaded,
    sync,
};
