//! The one place that chooses a backend. All other code uses `crate::system`.
//!
//! A backend is nine types, whose traits are in `crate::seam`: `Region`, `Object`, `Bell`, `Seat`, `Gate`, `Watch`, `Flag`,
//! `System` and `Forks`.
//! A new one has a folder beside `posix` and `windows` and is chosen here. Its objects must end with their last holder.
//! `unsupported` replaces a backend where there is none.

use crate::seam::gate::RawGate;
use crate::seam::region::{Offered, Sent};

cfg_if::cfg_if! {
    if #[cfg(windows)] {
        use crate::windows as backend;
    } else if #[cfg(any(target_os = "linux", target_os = "macos"))] {
        use crate::posix as backend;
    } else {
        use crate::unsupported as backend;
    }
}

pub(crate) use backend::{Bell, Flag, Forks, Gate, Object, Region, Seat, System, Watch};

pub(crate) type Offer = <Region as Offered>::Offer;
pub(crate) type Courier = <Region as Sent>::Courier;
pub(crate) type Client = <Gate as RawGate>::Client;
pub(crate) type KnownClient = <Gate as RawGate>::KnownClient;
