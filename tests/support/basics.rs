//! How long anything may take, names of one run, and what comes of calls.

use std::time::Duration;

use samemap::traits::SharedRegion as _;
use samemap::{Access, Error, ErrorKind, ObjectName, Region, View};
use samemap_platform::conformance::tools;

/// The longest wait for anything. Far more than any of it takes, so that a busy machine fails no test; a
/// process that is not there by then hangs, and is ended.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A name that no other test, process or run has.
pub fn unique_name(label: &str) -> String {
    format!(r"Local\{}", unique_text(label))
}

/// The same in no name space.
pub fn unique_text(label: &str) -> String {
    format!("test-{label}-{}", tools::unique_text())
}

/// A name that must be a good one.
pub fn name(text: &str) -> ObjectName {
    ObjectName::new(text).expect("a valid name")
}

/// The kind of an error that there must be.
#[track_caller]
pub fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.expect_err("it should fail").kind().clone()
}

/// A view of all of it.
#[track_caller]
pub fn view_of(region: &Region) -> View {
    region.view(.., region.access()).expect("all of it")
}

/// Its first byte.
#[track_caller]
pub fn byte_of(region: &Region) -> u8 {
    region.view(.., Access::ReadOnly).and_then(|view| view.get(0)).expect("all of it")
}
