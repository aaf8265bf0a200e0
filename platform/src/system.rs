//! The one place where a system is chosen. Everything else names `crate::system`.
//!
//! A backend is six types, whose traits `crate::seam` has: `Region`, `Object`, `Bell`, `Seat`, `System` and `Forks`. A new
//! one lives in a folder of its own beside `posix` and `windows`, with a lifetime that ends with the last holder, and is
//! chosen here; `unsupported` stands in where there is none.

use crate::seam::region::{Offered, Sent};

cfg_if::cfg_if! {
    if #[cfg(windows)] {
        use crate::windows as backend;
    } else if #[cfg(target_os = "linux")] {
        use crate::posix as backend;
    } else {
        use crate::unsupported as backend;
    }
}

pub(crate) use backend::{Bell, Forks, Object, Region, Seat, System};

pub(crate) type Offer = <Region as Offered>::Offer;
pub(crate) type Courier = <Region as Sent>::Courier;
