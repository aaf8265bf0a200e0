//! A set wakes one waiter of an auto-reset event, whatever its wait. When that waiter does not take the signal, the next
//! one has it at once, and not at the end of a slice of its sleep (C27).

#![cfg(target_os = "linux")]

mod support;

use std::fs::read_to_string;
use std::sync::mpsc::channel;
use std::thread::{Scope, ScopedJoinHandle, scope, sleep};
use std::time::{Duration, Instant};

use samemap::Event;
use samemap::sync::{EventOptions, Readiness, Reset, wait_all_timeout, wait_any_timeout};
use support::linux::shm::unique_name;

const PATIENCE: Duration = Duration::from_secs(20);
/// A slice has more than this left when the set comes.
const AT_ONCE: Duration = Duration::from_millis(40);
const ROUNDS: usize = 12;

fn event() -> Event {
    Event::create(&unique_name("one-woken"), &EventOptions::new(Reset::Auto)).expect("a free name")
}

/// A busy machine may make some of them late.
#[track_caller]
fn at_once(round: impl Fn() -> Duration) {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| round()).collect();
    times.sort_unstable();
    assert!(times[ROUNDS / 2] < AT_ONCE, "a wake-up was lost until a slice ended: {times:?}");
}

/// Sets the event; how long it took until the thread that sleeps on it was through.
fn set_for(event: &Event, waiter: ScopedJoinHandle<'_, bool>) -> Duration {
    let set = Instant::now();
    event.set().expect("an event");
    assert!(waiter.join().expect("no panic"), "it ran out of time");
    set.elapsed()
}

/// Sets the event twice for two threads that sleep on it; how long it took until the second one was through. Mostly that is
/// the thread that came later; the other one may have looked meanwhile, and sleep behind it.
fn set_for_each(event: &Event, waiters: [ScopedJoinHandle<'_, bool>; 2]) -> Duration {
    event.set().expect("an event");
    while !waiters.iter().any(ScopedJoinHandle::is_finished) {
        sleep(Duration::from_micros(100));
    }
    let set = Instant::now();
    event.set().expect("an event");
    for waiter in waiters {
        assert!(waiter.join().expect("no panic"), "it ran out of time");
    }
    set.elapsed()
}

/// A thread that sleeps in `wait`.
fn asleep<'s>(
    scope: &'s Scope<'s, '_>,
    wait: impl FnOnce() -> bool + Send + 's,
) -> ScopedJoinHandle<'s, bool> {
    let (tell, told) = channel();
    let thread = scope.spawn(move || {
        // SAFETY: asks for a number.
        tell.send(unsafe { libc::gettid() }).expect("it is awaited");
        wait()
    });
    until_asleep(told.recv().expect("it tells"));
    thread
}

/// Two threads that sleep: one in `wait`, and then one that waits for the event alone.
fn both_asleep<'s>(
    scope: &'s Scope<'s, '_>,
    wait: impl FnOnce() -> bool + Send + 's,
    event: &'s Event,
) -> [ScopedJoinHandle<'s, bool>; 2] {
    [asleep(scope, wait), asleep(scope, || event.wait_timeout(PATIENCE).expect("an event"))]
}

/// Returns when the thread was asleep at three looks one after another, which it is where it waits.
fn until_asleep(thread: i32) {
    let mut looks = 0;
    while looks < 3 {
        sleep(Duration::from_millis(1));
        let state = read_to_string(format!("/proc/self/task/{thread}/stat")).expect("it runs");
        looks = if state.contains(") S ") { looks + 1 } else { 0 };
    }
}

/// The thread runs when no other one wants to.
fn be_slow() {
    // SAFETY: a number, and the thread's own policy.
    unsafe {
        let parameters = libc::sched_param { sched_priority: 0 };
        assert_eq!(libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameters), 0);
    }
}

#[test]
fn a_wait_for_any_leaves_the_others_their_mark() {
    let (event, other) = (event(), event());
    at_once(|| {
        scope(|scope| {
            let any = || wait_any_timeout(&[&event, &other], PATIENCE).expect("objects").is_some();
            set_for_each(&event, both_asleep(scope, any, &event))
        })
    });
}

#[test]
fn a_waiter_that_takes_another_object_passes_the_wake_up_on() {
    let (event, other) = (event(), event());
    at_once(|| {
        scope(|scope| {
            let any = || {
                be_slow();
                wait_any_timeout(&[&other, &event], PATIENCE).expect("objects").is_some()
            };
            let [first, second] = both_asleep(scope, any, &event);
            other.set().expect("an event");
            let took = set_for(&event, second);
            assert!(first.join().expect("no panic"));
            took
        })
    });
}

#[test]
fn a_wait_for_all_leaves_the_others_their_mark() {
    let (event, other) = (event(), event());
    at_once(|| {
        scope(|scope| {
            other.set().expect("an event");
            let all = || wait_all_timeout(&[&event, &other], PATIENCE).expect("objects").is_some();
            set_for_each(&event, both_asleep(scope, all, &event))
        })
    });
}

#[test]
fn a_waiter_that_lacks_another_object_passes_the_wake_up_on() {
    let (event, other) = (event(), event());
    at_once(|| {
        scope(|scope| {
            other.set().expect("an event");
            let all = || wait_all_timeout(&[&event, &other], PATIENCE).expect("objects").is_some();
            let [first, second] = both_asleep(scope, all, &event);
            other.reset().expect("an event");
            let took = set_for(&event, second);
            other.set().expect("an event");
            set_for(&event, first);
            took
        })
    });
}

/// An event loop that does not come to take the signal keeps it from no thread.
#[test]
fn a_wait_on_behalf_of_others_passes_the_wake_up_on() {
    let event = event();
    at_once(|| {
        let mut loops = Readiness::of(&[&event]).expect("a descriptor");
        assert_eq!(loops.try_take().expect("a thread"), None);
        for task in std::fs::read_dir("/proc/self/task").expect("this process") {
            let name = task.expect("a thread").path();
            // Others may end.
            if read_to_string(name.join("comm")).is_ok_and(|comm| comm.trim_end() == "samemap-waiter") {
                until_asleep(name.file_name().unwrap().to_str().unwrap().parse().expect("a number"));
            }
        }
        let took = scope(|scope| {
            let thread = asleep(scope, || event.wait_timeout(PATIENCE).expect("an event"));
            set_for(&event, thread)
        });
        assert_eq!(loops.try_take().expect("an event"), None);
        took
    });
}
