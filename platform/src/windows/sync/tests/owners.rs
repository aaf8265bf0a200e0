//! Objects inside a region: owners that die.

use std::{mem, thread};

use super::common::{Killed, LONG, name};
use super::places::{AT, anonymous, mutex_at, named_page, open_mutex};
use crate::Region;
use crate::{Access, ObjectName, OpenOptions, SharedMutex};

#[test]
fn a_forgotten_guard_is_a_lock_held_when_the_mutex_is_dropped_too() {
    let view = anonymous();
    let mutex = mutex_at(&view);
    thread::scope(|scope| {
        scope
            .spawn(|| {
                let own = open_mutex(&view).expect("it is initialised");
                mem::forget(own.lock().unwrap());
                drop(own);
                drop(mutex);
                // No handle is open now, and this thread still owns it.
                thread::scope(|scope| {
                    let seen = scope.spawn(|| open_mutex(&view).unwrap().try_lock().unwrap().is_none());
                    assert!(seen.join().unwrap(), "it is held");
                });
            })
            .join()
            .expect("no panic");
    });
    assert!(open_mutex(&view).unwrap().lock_timeout(LONG).unwrap().expect("its owner ended").abandoned());
}

/// The part of a child: own the mutex.
pub(super) fn own(region: &ObjectName) {
    let region = Region::open(region, &OpenOptions::read_write()).expect("the parent made it");
    let view = region.view(.., Access::ReadWrite).expect("a view");
    let (mutex, _) = SharedMutex::<u64>::create_or_open(&view, AT).expect("it is there, or made");
    let guard = mutex.lock().unwrap();
    guard.update(|value| value + 1).unwrap();
    mem::forget(guard);
}

#[test]
fn that_is_told_also_when_nobody_else_had_it_open() {
    let base = name("inside-killed-alone");
    let view = named_page(&base);
    drop(Killed::start("own-inside", &base));
    let mutex = open_mutex(&view).expect("the child initialised it");
    let guard = mutex.lock_timeout(LONG).unwrap().expect("its owner is dead");
    assert!(guard.abandoned());
    assert_eq!(guard.load().unwrap(), 1);
    drop(guard);
    assert!(!mutex.lock().unwrap().abandoned());
}
