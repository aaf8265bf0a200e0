//! The calls in which POSIX kernels differ. Each kernel has a file with the same items; all other files of the backend use
//! these, and calls that both kernels have.
//!
//! `linux` runs, and the tests run on it. `apple` was only ever type-checked: **it has never run**. What its kernel
//! lacks is told in its docs, item by item.

mod seals;

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        mod arrivals;
        mod linux;
        pub(super) use arrivals::watch as watch_arrivals;
        pub(super) use linux::*;
    } else {
        mod apple;
        pub(super) use apple::*;
    }
}

use rustix::fs::{FileType, Mode, RawMode, Stat};

/// The type and the permissions of a file: `st_mode`, whose width differs between kernels.
#[allow(clippy::useless_conversion, reason = "its width differs between kernels")]
pub(super) fn mode_of(stat: &Stat) -> u32 {
    stat.st_mode.into()
}

/// The permissions in these bits.
pub(super) fn mode(bits: u32) -> Mode {
    Mode::from_raw_mode(bits as RawMode)
}

/// The type of file in these bits.
pub(super) fn file_type(mode: u32) -> FileType {
    FileType::from_raw_mode(mode as RawMode)
}
