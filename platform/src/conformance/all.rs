//! Waiting for all of several objects: rule C31.

use std::thread;
use std::time::{Duration, Instant};

use super::family::{Making, SyncObjects};
use super::puppet::{Harness, Puppet};
use super::support::{fails, good, hex, patience, unique_name};
use super::sync_support::{
    A_WHILE, comes, new_event, new_mutex, new_semaphore, nothing, own, puppet_with, something,
};
use crate::{
    Access, CreateOptions, ErrorKind, EventOptions, LockGuard as _, MAX_OBJECTS, MutexGuard, ObjectName,
    Permits as _, Region, Reset, Settable as _, WaitAny, Waitable as _, signal_and_wait_timeout,
    try_wait_all, wait_all_timeout,
};

/// An auto-reset event, a semaphore of two permits at most, and a mutex.
struct Trio<O: SyncObjects> {
    event: O::Event,
    semaphore: O::Semaphore,
    mutex: O::Mutex,
    mutex_name: ObjectName,
}

impl<O: SyncObjects> Trio<O> {
    /// A new set: only the mutex can be had.
    fn new() -> Self {
        let mutex_name = unique_name();
        Trio {
            event: new_event::<O>(&unique_name(), Reset::Auto),
            semaphore: new_semaphore::<O>(&unique_name(), 0, 2),
            mutex: new_mutex::<O>(&mutex_name),
            mutex_name,
        }
    }

    /// The mutex stands in the middle.
    fn objects(&self) -> [&dyn WaitAny; 3] {
        let objects =
            [O::any_event(&self.event), O::any_mutex(&self.mutex), O::any_semaphore(&self.semaphore)];
        objects.map(|object| object.expect("wait_all takes none of these"))
    }
}

/// A wait takes the objects when it can have all of them, and not before; then no signal is left.
pub fn c31_takes_all_or_none<O: SyncObjects>(harness: &Harness) {
    let trio = Trio::<O>::new();
    let mut puppet = puppet_with(harness, "mutex", &trio.mutex_name);
    for _ in 0..20 {
        assert!(good(try_wait_all(&trio.objects())).is_none(), "only the mutex is free");
        good(trio.event.set());
        assert!(good(try_wait_all(&trio.objects())).is_none(), "there is no permit");
        assert_eq!(puppet.expect("lock it 0"), "owned", "the wait did not take it");
        good(trio.semaphore.release(1));
        assert!(good(try_wait_all(&trio.objects())).is_none(), "another process owns the mutex");
        something(&trio.event, "the wait did not take it");
        good(trio.event.set());
        puppet.expect("unlock");
        let woken = good(try_wait_all(&trio.objects())).expect("all can be had");
        assert!(!woken.abandoned());
        assert_eq!(puppet.expect("try-lock it 0"), "timed out", "it is taken");
        let guards: Vec<_> = woken.into_guards().iter().map(Option::is_some).collect();
        assert_eq!(guards, [false, true, false]);
        nothing(&trio.event, "it was taken");
        nothing(&trio.semaphore, "its permit was taken");
        assert_eq!(puppet.expect("try-lock it 0"), "owned", "its guard was dropped");
    }
}

/// A waiter sleeps until another process signals the last of its objects, in any order.
pub fn c31_waits_until_the_last_is_there<O: SyncObjects>(harness: &Harness) {
    let (first, second) = (unique_name(), unique_name());
    let events = [&first, &second].map(|name| new_event::<O>(name, Reset::Auto));
    let mut puppet = puppet_with(harness, "event", &first);
    puppet.expect(&format!("event other open auto {}", hex(&second)));
    let objects = events.each_ref().map(|event| O::any_event(event).expect("wait_all takes it"));
    for order in [["it", "other"], ["other", "it"]].into_iter().cycle().take(20) {
        thread::scope(|scope| {
            let waiter = scope.spawn(|| good(wait_all_timeout(&objects, patience())).is_some());
            puppet.expect(&format!("set {}", order[0]));
            thread::sleep(Duration::from_millis(1));
            assert!(!waiter.is_finished(), "it ended without {}", order[1]);
            puppet.expect(&format!("set {}", order[1]));
            assert!(waiter.join().expect("it waits"), "both were set");
        });
        for event in &events {
            nothing(event, "it was taken");
        }
    }
}

/// A waiter that sleeps holds none of the objects: others take them.
pub fn c31_reserves_nothing_while_it_waits<O: SyncObjects>(harness: &Harness) {
    let trio = Trio::<O>::new();
    let mut puppet = puppet_with(harness, "mutex", &trio.mutex_name);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| good(wait_all_timeout(&trio.objects(), patience())).is_some());
        for _ in 0..20 {
            good(trio.event.set());
            assert_eq!(puppet.expect("try-lock it 0"), "owned", "nobody owns it");
            something(&trio.event, "a sleeping waiter took it");
            good(trio.semaphore.release(2));
            assert_eq!(puppet.expect("try-lock it 0"), "owned", "nobody owns it");
            something(&trio.semaphore, "a sleeping waiter took it");
            something(&trio.semaphore, "a sleeping waiter took it");
        }
        assert!(!waiter.is_finished());
        good(trio.semaphore.release(1));
        good(trio.event.set());
        assert!(waiter.join().expect("it waits"));
    });
    nothing(&trio.semaphore, "its permit was taken");
    assert_eq!(puppet.expect("try-lock it 0"), "owned", "its guard was dropped");
}

/// No wait ends before its time, and one that ends then takes nothing.
pub fn c31_timed_out_wait_takes_nothing<O: SyncObjects>(_: &Harness) {
    let trio = Trio::<O>::new();
    for millis in [1, 10, 60] {
        good(trio.event.set());
        let (asked, began) = (Duration::from_millis(millis), Instant::now());
        assert!(good(wait_all_timeout(&trio.objects(), asked)).is_none());
        assert!(began.elapsed() >= asked, "it ended {:?} after {asked:?} were asked for", began.elapsed());
        something(&trio.event, "it was not taken");
        nothing(&trio.event, "it was set once");
    }
    assert_eq!(good(trio.semaphore.release(1)), 0);
    drop(own::<O>(&trio.mutex));
}

/// One to 64 objects, each of which stands in the list once, also under another handle.
pub fn c31_one_to_64_different_objects<O: SyncObjects>(_: &Harness) {
    let names: Vec<_> = (0..MAX_OBJECTS).map(|_| unique_name()).collect();
    let events: Vec<_> = names.iter().map(|name| new_event::<O>(name, Reset::Auto)).collect();
    let any = |event| O::any_event(event).expect("wait_all takes it");
    let mut objects: Vec<_> = events.iter().map(any).collect();
    for event in &events {
        assert!(good(try_wait_all(&objects)).is_none());
        good(event.set());
    }
    assert!(good(try_wait_all(&objects)).is_some(), "all are set");
    for event in &events {
        nothing(event, "it was taken");
    }
    objects.push(objects[0]);
    fails(try_wait_all(&objects), "waiting for 65", &ErrorKind::InvalidArgument);
    fails(try_wait_all(&[]), "waiting for none", &ErrorKind::InvalidArgument);
    good(events[5].set());
    assert!(good(try_wait_all(&[objects[5]])).is_some());

    let twice = [objects[0], objects[1], objects[0]];
    let again = good(O::event(&names[0], Making::Open, &EventOptions::new(Reset::Auto))).0;
    let by_two_handles = [objects[0], objects[1], any(&again)];
    for objects in [twice, by_two_handles] {
        good(events[0].set());
        good(events[1].set());
        fails(try_wait_all(&objects), "waiting for one event twice", &ErrorKind::InvalidArgument);
        something(&events[0], "nothing was taken");
        something(&events[1], "nothing was taken");
    }
}

/// A mutex that the thread owns already counts as free, and is then owned once more.
pub fn c31_own_mutex_counts_as_free<O: SyncObjects>(harness: &Harness) {
    let trio = Trio::<O>::new();
    let mut puppet = puppet_with(harness, "mutex", &trio.mutex_name);
    let mine = own::<O>(&trio.mutex);
    assert!(good(try_wait_all(&trio.objects())).is_none(), "the event is not set");
    good(trio.event.set());
    good(trio.semaphore.release(1));
    let woken = good(try_wait_all(&trio.objects())).expect("all can be had");
    assert!(!woken.abandoned());
    drop(mine);
    assert_eq!(puppet.expect("try-lock it 0"), "timed out", "it is owned still");
    drop(woken);
    assert_eq!(puppet.expect("try-lock it 0"), "owned", "all guards were dropped");
}

/// A mutex whose owner died can be had, and the answer says so once.
pub fn c31_dead_owners_mutex_is_told<O: SyncObjects>(harness: &Harness) {
    let trio = Trio::<O>::new();
    let mut puppet = puppet_with(harness, "mutex", &trio.mutex_name);
    assert_eq!(puppet.expect("lock it 0"), "owned");
    good(trio.event.set());
    good(trio.semaphore.release(2));
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let woken = good(wait_all_timeout(&trio.objects(), patience())).expect("it can be had");
            let abandoned = woken.abandoned();
            let guards = woken.into_guards();
            assert_eq!(guards[1].as_ref().map(MutexGuard::abandoned), Some(abandoned));
            abandoned
        });
        thread::sleep(A_WHILE);
        puppet.kill();
        assert!(waiter.join().expect("it is let in"), "its owner died");
    });
    good(trio.event.set());
    assert!(!good(try_wait_all(&trio.objects())).expect("all can be had").abandoned(), "it was told");
}

/// A manual-reset event must be set, and stays so.
pub fn c31_manual_reset_event_stays_set<O: SyncObjects>(_: &Harness) {
    let manual = new_event::<O>(&unique_name(), Reset::Manual);
    let other = new_event::<O>(&unique_name(), Reset::Auto);
    let objects = [&manual, &other].map(|event| O::any_event(event).expect("wait_all takes it"));
    for _ in 0..20 {
        good(other.set());
        assert!(good(try_wait_all(&objects)).is_none(), "one is not set");
        good(manual.set());
        assert!(good(try_wait_all(&objects)).is_some(), "both are set");
        nothing(&other, "it was taken");
        something(&manual, "it stays set");
        good(manual.reset());
    }
    thread::scope(|scope| {
        let waiter = scope.spawn(|| good(wait_all_timeout(&objects, patience())).is_some());
        good(other.set());
        thread::sleep(Duration::from_millis(1));
        good(manual.set());
        assert!(waiter.join().expect("it waits"), "both are set");
    });
}

/// Processes wait for sets of mutexes that overlap, in different orders: each set is owned by one at a time, and none
/// of them waits for ever.
pub fn c31_overlapping_sets_in_any_order<O: SyncObjects>(harness: &Harness) {
    const ROUNDS: u64 = 400;
    const SETS: [&str; 4] = ["0,1,2", "2,1,0", "1,3", "3,0"];
    let names: Vec<_> = (0..4).map(|_| unique_name()).collect();
    let mutexes: Vec<_> = names.iter().map(|name| new_mutex::<O>(name)).collect();
    let counts = unique_name();
    let region = good(Region::create(&counts, &CreateOptions::new(4096)));
    let view = good(region.view(.., Access::ReadWrite));
    let mut puppets = SETS.map(|_| Puppet::start(harness));
    for puppet in &mut puppets {
        for (index, name) in names.iter().enumerate() {
            puppet.expect(&format!("mutex {index} open {}", hex(&name)));
        }
    }
    for (puppet, set) in puppets.iter_mut().zip(SETS) {
        puppet.tell(&format!("count-all {set} {ROUNDS} {}", hex(&counts)));
    }
    for puppet in &mut puppets {
        puppet.answer().expect("every set can be had");
    }
    for (index, mutex) in mutexes.iter().enumerate() {
        let owners = SETS.iter().filter(|set| set.contains(&index.to_string())).count() as u64;
        assert_eq!(good(view.get::<u64>(index * 8)), owners * ROUNDS, "the count of mutex {index}");
        assert!(!own::<O>(mutex).abandoned());
    }
}

/// A waiter that is killed has taken all of its objects or none, and delays no other waiter.
pub fn c31_killed_waiter_takes_all_or_none<O: SyncObjects>(harness: &Harness) {
    const ROUNDS: u64 = 30;
    let (event_name, semaphore_name) = (unique_name(), unique_name());
    let event = new_event::<O>(&event_name, Reset::Auto);
    let semaphore = new_semaphore::<O>(&semaphore_name, 0, 1);
    let objects =
        [O::any_event(&event), O::any_semaphore(&semaphore)].map(|object| object.expect("it takes it"));
    for round in 0..ROUNDS {
        let mut puppet = puppet_with(harness, "event", &event_name);
        puppet.expect(&format!("semaphore other open 0 1 {}", hex(&semaphore_name)));
        puppet.tell("wait-all it,other ever");
        thread::sleep(Duration::from_micros(50 * round));
        good(semaphore.release(1));
        good(event.set());
        thread::sleep(Duration::from_micros(10 * (round % 7)));
        puppet.kill();
        let left = [good(event.try_wait()), good(semaphore.try_wait())];
        assert!(left[0] == left[1], "event and permit are left: {left:?}");
        good(event.set());
        good(semaphore.release(1));
        assert!(good(wait_all_timeout(&objects, patience())).is_some(), "nobody else waits");
    }
    good(event.set());
    comes(&event, "nobody else waits");
}

/// One call signals an object and waits for another one.
pub fn c31_signals_one_and_waits_for_another<O: SyncObjects>(_: &Harness) {
    let full = new_semaphore::<O>(&unique_name(), 0, 1);
    let answer = new_event::<O>(&unique_name(), Reset::Auto);
    let request = new_event::<O>(&unique_name(), Reset::Auto);
    let waited = O::any_event(&answer).expect("wait_any takes it");
    let set_and_wait = |timeout| {
        let first = O::set_first(&request).expect("signal_and_wait takes it");
        good(signal_and_wait_timeout(first, waited, timeout)).is_some()
    };
    let release_and_wait = |timeout| {
        let first = O::release_first(&full).expect("signal_and_wait takes it");
        signal_and_wait_timeout(first, waited, timeout)
    };
    for _ in 0..20 {
        thread::scope(|scope| {
            scope.spawn(|| {
                comes(&request, "it is set by the call");
                good(answer.set());
            });
            assert!(set_and_wait(patience()), "it is answered");
        });
        nothing(&answer, "it was taken");
    }
    assert!(!set_and_wait(A_WHILE), "nobody answers");
    something(&request, "it was set all the same");

    assert!(good(release_and_wait(Duration::ZERO)).is_none(), "nobody answers");
    good(answer.set());
    let refused = release_and_wait(patience());
    assert!(matches!(refused, Err(error) if matches!(error.kind(), ErrorKind::LimitExceeded { .. })));
    something(&answer, "it did not wait");
    something(&full, "it has the permit of the first call");
}
