//! What the tests of what is counted between processes share.

pub use std::cell::RefCell;
pub use std::sync::atomic::{AtomicU64, Ordering};
pub use std::time::{Duration, Instant};

pub use samemap::sync::{
    Due, EventOptions, MAX_OBJECTS, MutexGuard, Reset, SemaphoreOptions, SharedEvent, SharedMutex,
    SharedSemaphore, SyncOptions, TimerOptions, WaitAny, try_wait_any, wait_any_timeout,
};
pub use samemap::traits::{LockGuard, Lockable, Permits, Settable, SharedRegion, Waitable};
pub use samemap::{
    Access, CreateOptions, Disposition, Error, ErrorKind, Event, Mutex, ObjectName, OpenOptions, Region,
    Semaphore, Timer, View,
};

pub use crate::support::{Program, name, number, part, unique_name};

/// Longer than anything here takes; a wait that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn unique(label: &str) -> ObjectName {
    name(&unique_name(label))
}

/// So many processes in a part, each with arguments of its own.
pub fn children(what: &str, count: usize, arguments: impl Fn(usize) -> Vec<String>) -> Vec<Program> {
    let start = |index| {
        let arguments = arguments(index);
        part::start(what, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    (0..count).map(start).collect()
}

/// Waits for its end, which must be a good one.
#[track_caller]
pub fn ends_well(child: Program) {
    let outcome = child.finish();
    assert!(outcome.status.success(), "a child failed: {outcome:#?}");
}

pub fn mapped(region: &Region) -> View {
    region.view(.., Access::ReadWrite).unwrap()
}

pub fn opened(name: &ObjectName) -> View {
    mapped(&Region::open(name, &OpenOptions::read_write()).unwrap())
}

pub fn beside(label: &ObjectName, what: &str) -> ObjectName {
    ObjectName::new(format!("{label}-{what}")).unwrap()
}
