//! What the tests of seats and doorbells share.

pub use std::process::Command;
pub use std::sync::atomic::{AtomicU64, Ordering};
pub use std::time::{Duration, Instant};

pub use samemap::traits::SharedRegion as _;
pub use samemap::{Access, CreateOptions, ErrorKind, OpenOptions, Region, View};
pub use samemap_platform::internal::{Doorbell, Seat, Sleepers};

pub use crate::support::{DEADLINE, Program, Random, name, spin_until, unique_name};
#[cfg(target_os = "linux")]
pub use crate::support::{linux, run};

// Where things lie in the region of a test.
pub const SEAT: usize = 0;
pub const OTHER_SEAT: usize = 64;
pub const BELL: usize = 128;
pub const OTHER_BELL: usize = 192;
pub const WORDS: usize = 256;
pub const SIZE: u64 = 4096;

/// The region of one test.
pub struct Shared {
    pub name: String,
    pub region: Region,
    pub view: View,
}

impl Shared {
    pub fn create(label: &str) -> Shared {
        let text = unique_name(label);
        let region = Region::create(&name(&text), &CreateOptions::new(SIZE)).unwrap();
        let view = region.view(.., Access::ReadWrite).unwrap();
        Shared { name: text, region, view }
    }

    pub fn view(&self) -> View {
        self.region.view(.., Access::ReadWrite).unwrap()
    }

    /// A view of the same, through another handle.
    pub fn reopened(&self) -> View {
        opened(&self.name)
    }

    pub fn word(&self, index: usize) -> &AtomicU64 {
        word(&self.view, index)
    }
}

pub fn opened(text: &str) -> View {
    let region = Region::open(&name(text), &OpenOptions::read_write()).unwrap();
    region.view(.., Access::ReadWrite).unwrap()
}

/// A word on a line of its own.
pub fn word(view: &View, index: usize) -> &AtomicU64 {
    view.atomic_u64(WORDS + 64 * index).unwrap()
}

/// Sleeps until `done`, and tells how many of the sleeps lasted for their whole slice.
pub fn sleep_until(bell: &Doorbell, done: impl Fn() -> bool) -> u64 {
    let deadline = Instant::now() + DEADLINE;
    let mut slow = 0;
    while !done() {
        let began = Instant::now();
        assert!(began < deadline, "not within {DEADLINE:?}");
        bell.sleep(DEADLINE, &done);
        slow += u64::from(began.elapsed() >= Duration::from_millis(49));
    }
    slow
}

pub fn wait_for_line() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// This program again, in a part, with the test's region.
pub fn command(part: &str, shared: &Shared) -> Command {
    crate::support::part::command(part, &[&shared.name])
}
