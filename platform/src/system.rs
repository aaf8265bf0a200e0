//! The one place that chooses a backend. All other code uses `crate::system`.
//!
//! A backend is seven types, whose traits are in `crate::seam`: `Region`, `Object`, `Bell`, `Seat`, `Watch`, `Forks` and
//! `System`.
//! A new one has a folder beside `posix` and `windows` and is chosen here. Its objects must end with their last holder.
//! `unsupported` replaces a backend where there is none.

use crate::seam::region::Sent;

cfg_if::cfg_if! {
    if #[cfg(windows)] {
        use crate::windows as backend;
    } else if #[cfg(any(target_os = "linux", target_os = "macos"))] {
        use crate::posix as backend;
    } else {
        use crate::unsupported as backend;
    }
}

pub(crate) use backend::{Bell, Forks, Object, Region, Seat, System, Watch};

pub(crate) type Courier = <Region as Sent>::Courier;
