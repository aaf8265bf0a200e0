//! What the tests on Linux share.

pub use std::fs::File;
pub use std::io::Write as _;
pub use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
pub use std::os::unix::net::UnixStream;
pub use std::path::Path;
pub use std::process::Command;
pub use std::time::Duration;

pub use samemap::catalog;

pub use crate::common::*;
pub use crate::support::linux::child::Start;
pub use crate::support::linux::{shm, users};
pub use crate::support::part::{hear, say};
pub use crate::support::shm_file;

/// This process's descriptors of shared memory.
pub fn own_objects() -> Vec<i32> {
    let entries = fs::read_dir("/proc/self/fd").expect("Linux");
    let numbers = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let is_object = |number: &String| {
        fs::read_link(format!("/proc/self/fd/{number}")).is_ok_and(|path| {
            let path = path.to_string_lossy();
            // A file that was made without a name is called by its number there.
            path.starts_with("/dev/shm/") || path.starts_with("/memfd:samemap")
        })
    };
    numbers.filter(is_object).map(|number| number.parse().expect("a number")).collect()
}
