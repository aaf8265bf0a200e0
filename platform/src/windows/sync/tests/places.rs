//! Objects inside a region, for the tests of them.

use super::common::part;
use crate::Region;
use crate::{
    Access, CreateOptions, EventOptions, ObjectName, Reset, Result, SemaphoreOptions, SharedEvent,
    SharedMutex, SharedSemaphore, View,
};

pub(super) const LEN: usize = 64;
/// Where the tests put their object: aligned to 8 and to nothing more.
pub(super) const AT: usize = 72;
pub(super) const AUTO: Reset = Reset::Auto;

pub(super) fn anonymous() -> View {
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("a page");
    region.view(.., Access::ReadWrite).expect("a view")
}

pub(super) fn event_at(view: &View, options: &EventOptions) -> SharedEvent {
    SharedEvent::create(view, AT, options).expect("the memory is zero")
}

pub(super) fn mutex_at(view: &View) -> SharedMutex<u64> {
    SharedMutex::create(view, AT, &7).expect("the memory is zero")
}

pub(super) fn semaphore_at(view: &View, initial: u32, maximum: u32) -> SharedSemaphore {
    SharedSemaphore::create(view, AT, &SemaphoreOptions::new(initial, maximum)).expect("the memory is zero")
}

pub(super) fn open_mutex(view: &View) -> Result<SharedMutex<u64>> {
    SharedMutex::open(view, AT)
}

/// A named region of one page, which a child can open.
pub(super) fn named_page(base: &ObjectName) -> View {
    let region = Region::create(&part(base, "region"), &CreateOptions::new(4096)).expect("it is free");
    region.view(.., Access::ReadWrite).expect("a view")
}
