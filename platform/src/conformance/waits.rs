//! Waiting, for one object and for any of several: rule C26.

use std::thread;
use std::time::{Duration, Instant};

use super::family::SyncObjects;
use super::puppet::Harness;
use super::support::{fails, good, hex, patience, unique_name};
use super::sync_support::{
    A_WHILE, comes, new_event, new_mutex, new_semaphore, nothing, own, puppet_with, something,
};
use crate::{
    ErrorKind, LockGuard as _, Lockable as _, MAX_OBJECTS, Permits as _, Reset, Settable as _, WaitAny,
};
use crate::{Waitable as _, try_wait_any, wait_any_timeout};

/// A timeout of zero polls: it takes what is there, and does not wait for what is not.
pub fn c26_timeout_of_zero_polls_an_event<O: SyncObjects>(_: &Harness) {
    let event = new_event::<O>(&unique_name(), Reset::Auto);
    for _ in 0..100 {
        nothing(&event, "nobody set it");
        good(event.set());
        something(&event, "it is set");
    }
}

/// The same for a mutex.
pub fn c26_timeout_of_zero_polls_a_mutex<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let mutex = new_mutex::<O>(&name);
    let mut puppet = puppet_with(harness, "mutex", &name);
    for _ in 0..20 {
        assert_eq!(puppet.expect("lock it 0"), "owned");
        assert!(good(mutex.try_lock()).is_none(), "another process owns it");
        puppet.expect("unlock");
        assert!(good(mutex.try_lock()).is_some(), "nobody owns it");
    }
}

/// The same for a semaphore.
pub fn c26_timeout_of_zero_polls_a_semaphore<O: SyncObjects>(_: &Harness) {
    let semaphore = new_semaphore::<O>(&unique_name(), 0, 1);
    for _ in 0..100 {
        nothing(&semaphore, "there is no permit");
        good(semaphore.release(1));
        something(&semaphore, "there is one");
    }
}

/// No wait ends before its time, and one that ends then takes nothing: not then, and not later.
pub fn c26_timed_out_wait_takes_nothing<O: SyncObjects>(_: &Harness) {
    let event = new_event::<O>(&unique_name(), Reset::Auto);
    for millis in [1, 10, 60] {
        let (asked, began) = (Duration::from_millis(millis), Instant::now());
        assert!(!good(event.wait_timeout(asked)));
        assert!(began.elapsed() >= asked, "it ended {:?} after {asked:?} were asked for", began.elapsed());
        good(event.set());
        something(&event, "no wait is left that could have taken it");
        nothing(&event, "it was set once");
    }
}

/// The same for a mutex.
pub fn c26_timed_out_lock_owns_nothing<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let mutex = new_mutex::<O>(&name);
    let mut puppet = puppet_with(harness, "mutex", &name);
    for millis in [1, 10, 60] {
        assert_eq!(puppet.expect("lock it 0"), "owned");
        let (asked, began) = (Duration::from_millis(millis), Instant::now());
        assert!(good(mutex.lock_timeout(asked)).is_none());
        assert!(began.elapsed() >= asked, "it ended {:?} after {asked:?} were asked for", began.elapsed());
        puppet.expect("unlock");
        assert_eq!(puppet.expect("try-lock it 0"), "owned", "nobody owns it");
    }
}

/// The same for a semaphore.
pub fn c26_timed_out_wait_takes_no_permit<O: SyncObjects>(_: &Harness) {
    let semaphore = new_semaphore::<O>(&unique_name(), 0, 9);
    for millis in [1, 10, 60] {
        let (asked, began) = (Duration::from_millis(millis), Instant::now());
        assert!(!good(semaphore.wait_timeout(asked)));
        assert!(began.elapsed() >= asked, "it ended {:?} after {asked:?} were asked for", began.elapsed());
        assert_eq!(good(semaphore.release(1)), 0);
        something(&semaphore, "no wait is left that could have taken it");
    }
}

/// Timeouts that no clock can count to are for ever, and no error.
pub fn c26_endless_timeouts_wait<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let event = new_event::<O>(&name, Reset::Auto);
    let mut puppet = puppet_with(harness, "event", &name);
    for timeout in [None, Some(Duration::MAX), Some(Duration::from_secs(u64::from(u32::MAX)))] {
        thread::scope(|scope| {
            let waiter = scope.spawn(|| event.wait_for(timeout));
            thread::sleep(A_WHILE);
            assert!(!waiter.is_finished(), "a wait for {timeout:?} ended at once");
            puppet.expect("set it");
            assert!(good(waiter.join().expect("it waits")));
        });
    }
}

/// What [`wait_any`] takes for events.
#[track_caller]
fn any<O: SyncObjects>(events: &[O::Event]) -> Vec<&dyn WaitAny> {
    let objects: Option<_> = events.iter().map(O::any_event).collect();
    objects.expect("wait_any takes none of these")
}

#[track_caller]
fn woken(objects: &[&dyn WaitAny]) -> usize {
    good(wait_any_timeout(objects, patience())).expect("one of them is signalled").index()
}

fn events<O: SyncObjects>(count: usize) -> Vec<O::Event> {
    (0..count).map(|_| new_event::<O>(&unique_name(), Reset::Auto)).collect()
}

/// Of several that are signalled, the lowest index is returned, and only that one taken.
pub fn c26_lowest_index_and_only_that_one<O: SyncObjects>(_: &Harness) {
    let events = events::<O>(5);
    let objects = any::<O>(&events);
    for signalled in [[1, 3], [0, 4], [2, 3]] {
        for index in signalled {
            good(events[index].set());
        }
        assert_eq!(woken(&objects), signalled[0]);
        for (index, event) in events.iter().enumerate() {
            let left = good(event.try_wait());
            assert_eq!(left, index == signalled[1], "object {index} after {signalled:?} were set");
        }
    }
}

/// Objects of mixed kinds, and none of them when time runs out.
pub fn c26_mixed_kinds_are_waited_for<O: SyncObjects>(_: &Harness) {
    let events = events::<O>(2);
    let semaphore = new_semaphore::<O>(&unique_name(), 0, 2);
    let mut objects = any::<O>(&events);
    objects.insert(1, O::any_semaphore(&semaphore).expect("wait_any takes it"));
    let (asked, began) = (A_WHILE, Instant::now());
    assert!(good(wait_any_timeout(&objects, asked)).is_none());
    assert!(began.elapsed() >= asked, "it ended early");
    assert!(good(try_wait_any(&objects)).is_none());
    good(semaphore.release(2));
    good(events[1].set());
    assert_eq!([woken(&objects), woken(&objects), woken(&objects)], [1, 1, 2]);
    assert!(good(try_wait_any(&objects)).is_none(), "all were taken");
}

/// One to 64 objects; the same one may stand in the list twice.
pub fn c26_one_to_64_objects<O: SyncObjects>(_: &Harness) {
    let events = events::<O>(MAX_OBJECTS);
    let mut objects = any::<O>(&events);
    assert_eq!(objects.len(), 64);
    for index in [63, 0, 31] {
        good(events[index].set());
        assert_eq!(woken(&objects), index);
    }
    objects.push(objects[0]);
    fails(try_wait_any(&objects), "waiting for 65", &ErrorKind::InvalidArgument);
    fails(try_wait_any(&[]), "waiting for none", &ErrorKind::InvalidArgument);
    good(events[5].set());
    assert_eq!(woken(&[objects[5]]), 0);
}

/// A waiter for many objects is woken by any of them, from any process.
pub fn c26_any_of_many_wakes<O: SyncObjects>(harness: &Harness) {
    let names: Vec<_> = (0..10).map(|_| unique_name()).collect();
    let events: Vec<_> = names.iter().map(|name| new_event::<O>(name, Reset::Auto)).collect();
    let objects = any::<O>(&events);
    let mut puppet = super::puppet::Puppet::start(harness);
    for index in [9, 0, 4] {
        puppet.expect(&format!("event it open auto {}", hex(&names[index])));
        thread::scope(|scope| {
            scope.spawn(|| puppet.expect("set it"));
            assert_eq!(woken(&objects), index);
        });
        nothing(&events[index], "it was taken");
    }
    comes_after_all::<O>(&events[0]);
}

/// A wait for many leaves nothing behind that could take what comes later.
#[track_caller]
fn comes_after_all<O: SyncObjects>(event: &O::Event) {
    good(event.set());
    comes(event, "nobody else waits");
}

/// A waiter for a lock gets it when its owner gives it up.
pub fn c26_lock_waits_until_it_is_free<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let mutex = new_mutex::<O>(&name);
    let mut puppet = puppet_with(harness, "mutex", &name);
    for _ in 0..5 {
        assert_eq!(puppet.expect("lock it 0"), "owned");
        thread::scope(|scope| {
            let waiter = scope.spawn(|| own::<O>(&mutex).abandoned());
            puppet.expect("unlock");
            assert!(!waiter.join().expect("it is let in"));
        });
    }
}
