//! How long anything may take, and names of one run.

use std::time::Duration;

use samemap::ObjectName;
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
