//! Timers: rule C25, and waiting for mutexes and timers among others (C26), over the system's own objects.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::puppet::{Harness, Puppet};
use super::support::{eventually, good, hex, patience, unique_name};
use super::sync_support::{A_WHILE, comes, nothing, patience_in_millis, something};
use crate::{
    Due, Event, EventOptions, Mutex, ObjectName, Reset, Semaphore, SemaphoreOptions, SyncOptions, Timer,
    TimerOptions, WaitAny, try_wait_all, wait_all_timeout, wait_any_timeout,
};

/// Far enough away to be never.
const NEVER: Due = Due::After(Duration::from_secs(24 * 3600));
/// The grain of the systems' clocks.
const GRAIN: Duration = Duration::from_millis(20);

#[track_caller]
fn timer(reset: Reset) -> Timer {
    good(Timer::create(&unique_name(), &TimerOptions::new(reset)))
}

const fn after(millis: u64) -> Due {
    Due::After(Duration::from_millis(millis))
}

/// A timer that was never set is never due.
pub fn c25_new_timer_is_not_set(_: &Harness) {
    for reset in [Reset::Auto, Reset::Manual] {
        assert!(!good(timer(reset).wait_timeout(A_WHILE)), "{reset:?}");
    }
}

/// A relative due time has come when that much time has gone by, and not before.
pub fn c25_relative_due_time(_: &Harness) {
    let timer = timer(Reset::Auto);
    for millis in [0, 1, 40] {
        let (due, began) = (Duration::from_millis(millis), Instant::now());
        good(timer.set(Due::After(due)));
        comes(&timer, "it is due");
        assert!(began.elapsed() + GRAIN >= due, "due after {due:?}, it came after {:?}", began.elapsed());
        nothing(&timer, "it comes once");
    }
}

/// An absolute one has come at that time of day; one gone by is due at once.
pub fn c25_absolute_due_time(_: &Harness) {
    let timer = timer(Reset::Auto);
    let due = SystemTime::now() + Duration::from_millis(60);
    good(timer.set(Due::At(due)));
    comes(&timer, "it is due");
    assert!(SystemTime::now() + GRAIN >= due, "it came before its time of day");
    for gone in [SystemTime::UNIX_EPOCH, SystemTime::now() - Duration::from_secs(1)] {
        good(timer.set(Due::At(gone)));
        comes(&timer, "a time gone by is due at once");
    }
    good(timer.set(Due::At(SystemTime::now() + Duration::from_secs(3600))));
    nothing(&timer, "an hour from now");
}

/// A period goes on from the due time until the timer is set anew or cancelled, and no thread need look on.
pub fn c25_period(_: &Harness) {
    const PERIOD: Duration = Duration::from_millis(25);
    let timer = timer(Reset::Auto);
    let began = Instant::now();
    good(timer.set_periodic(Due::After(PERIOD), PERIOD));
    for round in 1..=4 {
        comes(&timer, "each period");
        assert!(began.elapsed() + GRAIN >= PERIOD * round, "round {round} came after {:?}", began.elapsed());
    }
    // Missed periods are one signal.
    thread::sleep(PERIOD * 3);
    something(&timer, "a period went by");
    good(timer.cancel());
    thread::sleep(PERIOD + GRAIN);
    good(timer.try_wait().map(drop));
    assert!(!good(timer.wait_timeout(PERIOD * 2)), "it was cancelled");
}

/// A cancelled timer is never due; it can be set again.
pub fn c25_cancelled_timer_is_never_due(_: &Harness) {
    const DUE: Duration = Duration::from_millis(150);
    let timer = timer(Reset::Manual);
    eventually("a cancellation in time", || {
        let began = Instant::now();
        good(timer.set(Due::After(DUE)));
        good(timer.cancel());
        good(timer.cancel());
        (began.elapsed() < DUE / 2).then_some(())
    });
    assert!(!good(timer.wait_timeout(DUE * 2)), "it was cancelled");
    good(timer.set(after(0)));
    comes(&timer, "it was set again");
}

/// Setting it again takes the place of what was set, and of what was signalled.
pub fn c25_setting_replaces(_: &Harness) {
    for reset in [Reset::Auto, Reset::Manual] {
        let timer = timer(reset);
        good(timer.set(NEVER));
        good(timer.set(after(0)));
        comes(&timer, "the later setting counts");
        if reset == Reset::Manual {
            something(&timer, "a manual-reset timer stays signalled");
        }
        for period in [None, Some(Duration::from_millis(1))] {
            good(match period {
                None => timer.set(after(0)),
                Some(period) => timer.set_periodic(after(0), period),
            });
            // To look for the signal would take it.
            thread::sleep(A_WHILE);
            good(timer.set(NEVER));
            nothing(&timer, "it was set anew");
        }
        good(timer.set(after(0)));
        thread::sleep(A_WHILE);
        good(timer.cancel());
        something(&timer, "what was due stays so when it is cancelled");
    }
}

fn opened_by_puppet(harness: &Harness, name: &ObjectName) -> Puppet {
    let mut puppet = Puppet::start(harness);
    puppet.expect(&format!("make it timer open owner own {}", hex(&name)));
    puppet
}

/// An auto-reset timer lets one waiter through, a manual-reset one all of them, in whatever process they are.
pub fn c25_lets_one_or_all_through(harness: &Harness) {
    for reset in [Reset::Auto, Reset::Manual] {
        let name = unique_name();
        let timer = good(Timer::create(&name, &TimerOptions::new(reset)));
        let mut puppets: Vec<_> = (0..3).map(|_| opened_by_puppet(harness, &name)).collect();
        for puppet in &mut puppets {
            puppet.tell(&format!("wait-timer it {}", patience_in_millis()));
        }
        let rounds = if reset == Reset::Auto { 3 } else { 1 };
        let mut through = 0;
        for round in 1..=rounds {
            good(timer.set(after(1)));
            let wanted = if reset == Reset::Auto { round } else { 3 };
            eventually("waiters get through", || {
                through += puppets
                    .iter_mut()
                    .filter_map(Puppet::answer_if_ready)
                    .filter(|answer| answer.as_deref() == Ok("signalled"))
                    .count();
                (through >= wanted).then_some(())
            });
            thread::sleep(A_WHILE);
            through += puppets.iter_mut().filter_map(Puppet::answer_if_ready).count();
            assert_eq!(through, wanted, "{reset:?}");
        }
    }
}

/// No process fires it: its setter may be gone, killed even.
pub fn c25_setter_may_be_gone(harness: &Harness) {
    for how in ["quit", "kill"] {
        let name = unique_name();
        let timer = good(Timer::create(&name, &TimerOptions::new(Reset::Auto)));
        let mut puppet = opened_by_puppet(harness, &name);
        puppet.expect("set-timer it 60");
        puppet.end(how);
        comes(&timer, "its setter is gone");
    }
}

/// A wait that sleeps already sees a setting that comes then.
pub fn c25_setting_wakes_who_sleeps(harness: &Harness) {
    let name = unique_name();
    let timer = good(Timer::create(&name, &TimerOptions::new(Reset::Auto)));
    let mut puppet = opened_by_puppet(harness, &name);
    for first in [None, Some(NEVER)] {
        good(first.map_or(Ok(()), |due| timer.set(due)));
        puppet.tell(&format!("wait-timer it {}", patience_in_millis()));
        thread::sleep(A_WHILE);
        good(timer.set(after(5)));
        assert_eq!(puppet.answer().as_deref(), Ok("signalled"), "{first:?} was set before");
    }
}

/// Mutexes, semaphores, events and timers, waited for together; a mutex is owned then, and its owner's death told.
pub fn c26_every_named_kind_together(harness: &Harness) {
    let name = unique_name();
    let mutex = good(Mutex::create(&name, &SyncOptions::new()));
    let event = good(Event::create(&unique_name(), &EventOptions::new(Reset::Auto)));
    let semaphore = good(Semaphore::create(&unique_name(), &SemaphoreOptions::new(0, 1)));
    let timer = timer(Reset::Auto);
    let mut owner = Puppet::start(harness);
    owner.expect(&format!("mutex it open {}", hex(&name)));
    assert_eq!(owner.expect("lock it 0"), "owned");
    let objects: [&dyn WaitAny; 4] = [&timer, &mutex, &semaphore, &event];
    let woken = || good(wait_any_timeout(&objects, patience())).expect("one of them is signalled");
    assert!(good(wait_any_timeout(&objects, A_WHILE)).is_none(), "nothing can be had");
    good(event.set());
    assert_eq!(woken().index(), 3);
    good(timer.set(after(10)));
    assert_eq!(woken().index(), 0, "it comes due during the wait");
    owner.kill();
    let taken = woken();
    assert_eq!(taken.index(), 1, "its owner died");
    let guard = taken.into_guard().expect("a mutex is owned");
    assert!(guard.abandoned());
    let others =
        || thread::scope(|scope| scope.spawn(|| good(mutex.try_lock()).is_some()).join().expect("tried"));
    assert!(!others(), "it is owned");
    drop(guard);
    assert!(others(), "the guard gives it up");
    let taken = woken();
    assert_eq!(taken.index(), 1, "nobody owns it");
    drop(taken);
    assert!(others(), "what was woken gives it up");
}

/// All named kinds are taken at one moment, when the timer comes due; a manual-reset timer stays signalled.
pub fn c31_every_named_kind_at_one_moment(_: &Harness) {
    let mutex = good(Mutex::create(&unique_name(), &SyncOptions::new()));
    let event = good(Event::create(&unique_name(), &EventOptions::new(Reset::Auto)));
    let semaphore = good(Semaphore::create(&unique_name(), &SemaphoreOptions::new(2, 2)));
    let (auto, manual) = (timer(Reset::Auto), timer(Reset::Manual));
    let objects: [&dyn WaitAny; 5] = [&auto, &mutex, &semaphore, &manual, &event];
    good(event.set());
    good(manual.set(after(0)));
    comes(&manual, "it is due at once");
    assert!(good(try_wait_all(&objects)).is_none(), "one timer is not due");
    something(&event, "it was not taken");
    good(event.set());
    let began = Instant::now();
    good(auto.set(after(60)));
    let woken = good(wait_all_timeout(&objects, patience())).expect("all can be had");
    assert!(began.elapsed() + GRAIN >= Duration::from_millis(60), "it was due after {:?}", began.elapsed());
    assert!(!woken.abandoned());
    nothing(&auto, "it lets one through");
    something(&manual, "it stays signalled");
    nothing(&event, "it was taken");
    assert_eq!(good(semaphore.release(1)), 1, "one permit was taken");
    let others =
        || thread::scope(|scope| scope.spawn(|| good(mutex.try_lock()).is_some()).join().expect("tried"));
    assert!(!others(), "it is owned");
    drop(woken);
    assert!(others(), "its guard gives it up");
}
