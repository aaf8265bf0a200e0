//! What the tests of newest values share.

pub use std::process::Command;
pub use std::time::{Duration, Instant};

pub use samemap::latest::{Awaited, LatestBytes, LatestBytesWriter, Snapshot};
pub use samemap::traits::SharedRegion as _;
pub use samemap::{
    Access, CreateOptions, ErrorKind, Latest, LatestOptions, LatestWriter, ObjectName, Region, View,
};

#[cfg(target_os = "linux")]
pub use crate::support::linux;
pub use crate::support::{
    DEADLINE, Program, Random, assert_nothing_left, name, number, run, unique_name, wait_until,
};

/// 4 KiB.
pub type Page = [u64; 512];
/// 1 MiB.
pub type Large = [Page; 256];

pub fn unique(label: &str) -> ObjectName {
    name(&unique_name(label))
}

/// This program again, in a part.
pub fn command(part: &str, name: &ObjectName) -> Command {
    crate::support::part::command(part, &[&name.to_string()])
}

pub fn part(part: &str, name: &ObjectName) -> Program {
    Program::start(command(part, name))
}

/// A machine with more to do than processors may stop a reader in each of its tries.
#[track_caller]
pub fn uncontended<T>(read: samemap::Result<Option<T>>) -> Option<T> {
    match read {
        Ok(read) => read,
        Err(error) if error.is(ErrorKind::Contended) => None,
        Err(error) => panic!("{error}"),
    }
}

/// What value number `sequence` is; no two have a word in common.
pub fn page_of(sequence: u64) -> Page {
    [sequence; 512]
}

#[track_caller]
pub fn check_page(sequence: u64, page: &Page) {
    assert!(page.iter().all(|&word| word == sequence), "torn: number {sequence}, {page:?}");
}

/// Room for a large value, in the heap.
pub fn large_pages() -> Vec<Page> {
    vec![[0; 512]; 256]
}

pub fn as_large(pages: &mut [Page]) -> &mut Large {
    &mut samemap::bytemuck::cast_slice_mut(pages)[0]
}
