//! Mutexes: rule C22.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;

use super::family::{Making, SyncObjects};
use super::puppet::Harness;
use super::support::{create, good, hex, map_all, patience, unique_name};
use super::sync_support::{new_mutex, own, patience_in_millis, puppet_with};
use crate::{Access, LockGuard as _, Lockable as _, Region};

/// Processes that count in turn.
const COUNTERS: u64 = 4;
const ROUNDS: u64 = 300;

/// One owner at a time: a number that processes count up under the lock is exact.
pub fn c22_one_owner_at_a_time<O: SyncObjects>(harness: &Harness) {
    let (name, memory) = (unique_name(), unique_name());
    let _mutex = new_mutex::<O>(&name);
    let region: Region = create(&memory, 4096);
    let mut puppets: Vec<_> = (0..COUNTERS).map(|_| puppet_with(harness, "mutex", &name)).collect();
    for puppet in &mut puppets {
        puppet.tell(&format!("count it {ROUNDS} {}", hex(&memory)));
    }
    for mut puppet in puppets {
        puppet.answer().unwrap_or_else(|error| panic!("counting: {error}"));
    }
    let count: u64 = map_all(&region, Access::ReadOnly).get(0).expect("inside");
    assert_eq!(count, COUNTERS * ROUNDS);
}

/// The owner may lock once more, by any handle, and gives it up with the last guard.
pub fn c22_owner_may_lock_once_more<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let mutex = new_mutex::<O>(&name);
    let (other, _) = good(O::mutex(&name, Making::Open));
    let mut puppet = puppet_with(harness, "mutex", &name);
    let guards = [own::<O>(&mutex), own::<O>(&mutex), own::<O>(&other)];
    for guard in guards {
        assert_eq!(puppet.expect("try-lock it 0"), "timed out", "a guard is left");
        drop(guard);
    }
    assert_eq!(puppet.expect("try-lock it 0"), "owned");
}

/// Another thread of the owner's process is kept out like any other.
pub fn c22_ownership_is_a_threads<O: SyncObjects>(_: &Harness) {
    let mutex = new_mutex::<O>(&unique_name());
    let tried = || {
        thread::scope(|scope| {
            scope.spawn(|| good(mutex.try_lock()).is_some()).join().expect("it does not panic")
        })
    };
    let guard = own::<O>(&mutex);
    assert!(!tried(), "two threads own it");
    drop(guard);
    assert!(tried(), "nobody owns it");
}

/// When an owner's process ends, however it does, the next owner is told, also one that waits already; the one
/// after it is not.
pub fn c22_owners_death_is_told_once<O: SyncObjects>(harness: &Harness) {
    for (how, sleeps) in [("kill", false), ("kill", true), ("exit", true), ("abort", false)] {
        let name = unique_name();
        let mutex = new_mutex::<O>(&name);
        let mut owner = puppet_with(harness, "mutex", &name);
        assert_eq!(owner.expect("lock it 0"), "owned", "a new mutex is nobody's");
        assert!(good(mutex.try_lock()).is_none(), "its owner lives");
        let found = thread::scope(|scope| {
            let waiter = sleeps.then(|| scope.spawn(|| own::<O>(&mutex).abandoned()));
            owner.end(how);
            match waiter {
                Some(waiter) => waiter.join().expect("it is let in"),
                None => own::<O>(&mutex).abandoned(),
            }
        });
        assert!(found, "{how}: the next owner was not told");
        assert!(!own::<O>(&mutex).abandoned(), "{how}: it is told to one owner");
    }
}

/// The next owner is told of a death as long as it owns the lock, and the one after it is told when that owner dies, too.
pub fn c22_death_is_told_until_release<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let mutex = new_mutex::<O>(&name);
    for found in ["owned", "abandoned"] {
        let mut owner = puppet_with(harness, "mutex", &name);
        assert_eq!(owner.expect(&format!("lock it {}", patience_in_millis())), found);
        owner.kill();
    }
    let outer = own::<O>(&mutex);
    let inner = own::<O>(&mutex);
    assert!(outer.abandoned() && inner.abandoned());
    drop(inner);
    assert!(outer.abandoned(), "it still owns");
    drop(outer);
    assert!(!own::<O>(&mutex).abandoned(), "that owner gave it up in order");
}

/// A thread that ends with the lock held is as dead as a process, for every other process too.
pub fn c22_ended_thread_is_told<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let mutex = new_mutex::<O>(&name);
    let mut puppet = puppet_with(harness, "mutex", &name);
    for told_here in [true, false] {
        thread::scope(|scope| {
            let ending = scope.spawn(|| std::mem::forget(own::<O>(&mutex)));
            ending.join().expect("it does not panic");
        });
        if told_here {
            assert!(own::<O>(&mutex).abandoned());
        } else {
            let found = puppet.expect(&format!("try-lock it {}", patience_in_millis()));
            assert_eq!(found, "abandoned", "another process was not told");
        }
        assert!(!own::<O>(&mutex).abandoned(), "it is told to one owner");
    }
}

/// A forgotten guard keeps the lock owned, also when every handle is gone. Its thread uses other locks as before.
pub fn c22_forgotten_guard_is_a_lock_held<O: SyncObjects>(harness: &Harness) {
    let (name, other_name) = (unique_name(), unique_name());
    let mut puppet = {
        let mutex = new_mutex::<O>(&name);
        let puppet = puppet_with(harness, "mutex", &name);
        drop(mutex);
        puppet
    };
    let (go_on, wait) = mpsc::channel::<()>();
    let (forgot, forgotten) = mpsc::channel();
    let thread = thread::spawn(move || {
        let (mutex, _) = good(O::mutex(&name, Making::Open));
        std::mem::forget(own::<O>(&mutex));
        drop(mutex);
        let other = new_mutex::<O>(&other_name);
        for _ in 0..100 {
            drop(own::<O>(&other));
        }
        forgot.send(other).expect("the rule waits");
        // Ends when the rule goes on, or fails.
        let _ = wait.recv();
    });
    let other = forgotten.recv_timeout(patience()).expect("other locks are not harmed");
    assert!(good(other.try_lock()).is_some_and(|guard| !guard.abandoned()));
    assert_eq!(puppet.expect("try-lock it 30"), "timed out", "a forgotten guard is a lock held");
    drop(go_on);
    thread.join().expect("its end does no harm");
    assert_eq!(puppet.expect(&format!("try-lock it {}", patience_in_millis())), "abandoned");
    assert_eq!(puppet.expect("try-lock it 0"), "owned");
}

/// A panic gives the lock up like any other end of the guard.
pub fn c22_panic_gives_it_up<O: SyncObjects>(harness: &Harness) {
    let name = unique_name();
    let mutex = new_mutex::<O>(&name);
    let mut puppet = puppet_with(harness, "mutex", &name);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = own::<O>(&mutex);
        // Without a message, because this panic is part of the test.
        resume_unwind(Box::new("told to"));
    }));
    assert!(panicked.is_err());
    assert_eq!(puppet.expect("try-lock it 0"), "owned");
}

/// Opening leads to the mutex that exists, with its owner, also by *create or open*.
pub fn c22_opening_changes_nothing<O: SyncObjects>(_: &Harness) {
    let name = unique_name();
    let mutex = new_mutex::<O>(&name);
    let guard = own::<O>(&mutex);
    for how in [Making::Open, Making::CreateOrOpen] {
        let (same, disposition) = good(O::mutex(&name, how));
        assert_eq!(disposition, crate::Disposition::Opened, "{how:?}");
        let other = || good(same.try_lock()).is_some();
        let owned = thread::scope(|scope| scope.spawn(other).join().expect("it does not panic"));
        assert!(!owned, "{how:?} made a mutex that nobody owns");
    }
    drop(guard);
}
