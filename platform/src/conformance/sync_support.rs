//! Calls that many rules about objects to wait for make.

use std::time::Duration;

use super::family::{Making, SyncObjects};
use super::puppet::{Harness, Puppet};
use super::support::{good, hex, patience};
use crate::{Disposition, EventOptions, Lockable, ObjectName, Reset, SemaphoreOptions, Waitable};

pub(super) type Guard<'a, O> = <<O as SyncObjects>::Mutex as Lockable>::Guard<'a>;

#[track_caller]
pub(super) fn new_mutex<O: SyncObjects>(name: &ObjectName) -> O::Mutex {
    let (mutex, disposition) = good(O::mutex(name, Making::Create));
    assert_eq!(disposition, Disposition::Created);
    mutex
}

#[track_caller]
pub(super) fn new_event<O: SyncObjects>(name: &ObjectName, reset: Reset) -> O::Event {
    good(O::event(name, Making::Create, &EventOptions::new(reset))).0
}

#[track_caller]
pub(super) fn new_semaphore<O: SyncObjects>(name: &ObjectName, initial: u32, maximum: u32) -> O::Semaphore {
    good(O::semaphore(name, Making::Create, &SemaphoreOptions::new(initial, maximum))).0
}

/// Owns the mutex, which has to be possible.
#[track_caller]
pub(super) fn own<O: SyncObjects>(mutex: &O::Mutex) -> Guard<'_, O> {
    good(mutex.lock_timeout(patience())).unwrap_or_else(|| panic!("it is not free in {:?}", patience()))
}

/// Waits for a signal that has to come.
#[track_caller]
pub(super) fn comes(object: &impl Waitable, what: &str) {
    assert!(good(object.wait_timeout(patience())), "{what}");
}

/// Checks that there is no signal to take.
#[track_caller]
pub(super) fn nothing(object: &impl Waitable, what: &str) {
    assert!(!good(object.try_wait()), "{what}");
}

/// Takes a signal, which has to be there.
#[track_caller]
pub(super) fn something(object: &impl Waitable, what: &str) {
    assert!(good(object.try_wait()), "{what}");
}

/// In milliseconds, for puppets.
pub(super) fn patience_in_millis() -> u128 {
    patience().as_millis()
}

/// The wait of checks that an event does *not* come.
pub(super) const A_WHILE: Duration = Duration::from_millis(20);

/// A process that has opened an object in slot `it`.
#[track_caller]
pub(super) fn puppet_with(harness: &Harness, kind: &str, name: &ObjectName) -> Puppet {
    let mut puppet = Puppet::start(harness);
    let name = hex(&name);
    let options = match kind {
        "event" => " auto",
        "semaphore" => " 0 1",
        _ => "",
    };
    assert_eq!(puppet.expect(&format!("{kind} it open{options} {name}")), "opened");
    puppet
}
