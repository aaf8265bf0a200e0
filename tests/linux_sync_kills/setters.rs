//! Setters of events and timers.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use crate::common::*;

/// Two settings later it is the same memory that says how many signals were taken.
#[test]
fn a_taker_that_was_held_up_takes_nothing_of_a_later_setting() {
    let mut actor = Start::role("taker_held_up").start();
    actor.expect("done");
    actor.finish();
}

#[test]
fn a_cancel_and_a_taker_share_one_signal() {
    let mut actor = Start::role("cancel_overlaps").start();
    actor.expect("done");
    actor.finish();
}

#[test]
fn a_timers_setter_that_is_killed_leaves_one_setting_or_the_other() {
    run("timer_setter_killed", "");
}

#[test]
fn a_setter_that_is_killed_before_it_wakes_leaves_nobody_asleep() {
    run("setter_killed", "");
}

/// An event, a semaphore and a mutex, whose setters die after the store and before the wake-up. An auto-reset event is set
/// and woken in one step, so its setter dies before that: the next setter lets the waiter through.
pub fn setter_killed(arguments: &[String]) {
    let (locks, owned) = (Locks::new(), Signal::new());
    let (gate, permits) = (unique_name("gate"), unique_name("permits"));
    let event = Event::create(&gate, &EventOptions::new(Reset::Auto)).expect("a free name");
    let semaphore = Semaphore::create(&permits, &SemaphoreOptions::new(0, 1)).expect("a free name");
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let view = view_of(&region);
    let inside = SharedEvent::create(&view, 0, &EventOptions::new(Reset::Auto)).expect("zeros");
    let tokens = SharedSemaphore::create(&view, 64, &SemaphoreOptions::new(0, 1)).expect("zeros");
    let mine = [locks.open(0), locks.open(1)];
    for round in 0..rounds_of(arguments) {
        let mortal_before = |work: &dyn Fn(), after: Box<dyn FnOnce() + Send>| {
            let setter = fork(|| {
                let due = Instant::now() + Duration::from_millis(3);
                die_at("wake: about to");
                // The waiter must be asleep, or there is nobody to wake: then it just ends.
                std::thread::sleep(due - Instant::now());
                work();
                die();
            });
            std::thread::spawn(move || {
                assert_eq!(setter.wait(), Some(libc::SIGKILL));
                let killed = Instant::now();
                after();
                killed
            })
        };
        let mortal = |work: &dyn Fn()| mortal_before(work, Box::new(|| {}));
        let through = |object: &dyn Fn() -> samemap::Result<bool>| {
            assert!(object().expect("a wait"));
        };
        let setter = match round % 6 {
            0 => {
                let next = event.clone();
                let setter = mortal_before(
                    &|| Event::open(&gate, &OpenOptions::default()).unwrap().set().unwrap(),
                    Box::new(move || next.set().unwrap()),
                );
                through(&|| event.wait_timeout(PATIENCE));
                setter
            }
            1 => {
                let setter = mortal(&|| {
                    Semaphore::open(&permits, &OpenOptions::default()).unwrap().release(1).unwrap();
                });
                through(&|| semaphore.wait_timeout(PATIENCE));
                setter
            }
            2 => {
                let next = inside.clone();
                let setter = mortal_before(&|| inside.set().unwrap(), Box::new(move || next.set().unwrap()));
                through(&|| inside.wait_timeout(PATIENCE));
                setter
            }
            3 => {
                let setter = mortal(&|| _ = tokens.release(1).unwrap());
                through(&|| tokens.wait_timeout(PATIENCE));
                setter
            }
            _ => {
                let setter = mortal(&|| {
                    locks.open(round).hold(|_, _| {
                        owned.give();
                        // The waiter comes, and sleeps.
                        std::thread::sleep(Duration::from_millis(3));
                    });
                });
                owned.take();
                assert!(!mine[round % 2].abandoned(), "it was given up in order");
                setter
            }
        };
        let end = Instant::now();
        took(end.saturating_duration_since(setter.join().expect("it was killed")));
        // Where the waiter was late, the first set let it through, and the second one is left over.
        event.reset().expect("an event");
        inside.reset().expect("an event");
    }
    say("done");
}

/// A timer has its old setting or the new one, and others can set it.
pub fn timer_setter_killed(arguments: &[String]) {
    const OLD: Duration = Duration::from_secs(3600);
    let name = unique_name("timer");
    let timer = Timer::create(&name, &TimerOptions::new(Reset::Auto)).expect("a free name");
    for round in 0..rounds_of(arguments) {
        timer.set(Due::After(OLD)).expect("nobody else sets it");
        let point = ["wake: about to", "timer: filled"][round % 2];
        let setter = fork(|| {
            let timer = Timer::open(&name, &OpenOptions::default()).expect("it is held");
            die_at(point);
            std::thread::sleep(Duration::from_millis(2));
            let _ = timer.set(Due::After(Duration::ZERO));
        });
        let began = if round % 2 == 0 {
            // Set, and not told: the waiter sleeps, and finds out.
            let began = Instant::now();
            assert!(timer.wait_timeout(PATIENCE).expect("a timer"));
            assert_eq!(setter.wait(), Some(libc::SIGKILL));
            began
        } else {
            assert_eq!(setter.wait(), Some(libc::SIGKILL));
            assert!(!timer.try_wait().expect("a timer"), "the old setting counts");
            let began = Instant::now();
            timer.set(Due::After(Duration::ZERO)).expect("a dead setter is in nobody's way");
            assert!(timer.try_wait().expect("a timer"));
            began
        };
        took(began.elapsed());
    }
    say("done");
}

/// A child that does this work, and stops when it first comes to a stop point.
fn stopped_at(point: &'static str, work: impl FnOnce()) -> Forked {
    static POINT: OnceLock<&str> = OnceLock::new();
    let child = fork(|| {
        POINT.set(point).expect("a child's only point");
        samemap_platform::internal::testing::at_stop_points(|reached| {
            if Some(&reached) == POINT.get() && !STOPPED.swap(true, Ordering::SeqCst) {
                // SAFETY: stops this process until its parent lets it go on.
                unsafe { libc::raise(libc::SIGSTOP) };
            }
        });
        work();
    });
    let mut status = 0;
    // SAFETY: a child of this process that was not waited for; only its stopping is waited for.
    let stopped = unsafe { libc::waitpid(child.pid(), &raw mut status, libc::WUNTRACED) };
    assert!(stopped == child.pid() && libc::WIFSTOPPED(status));
    child
}

static STOPPED: AtomicBool = AtomicBool::new(false);

fn goes_on(child: &Forked) {
    // SAFETY: a child of this process that was not waited for.
    unsafe { libc::kill(child.pid(), libc::SIGCONT) };
}

fn reopened(name: &ObjectName) -> Timer {
    Timer::open(name, &OpenOptions::default()).expect("it is held")
}

pub fn taker_held_up(_: &[String]) {
    let name = unique_name("timer");
    let timer = Timer::create(&name, &TimerOptions::new(Reset::Auto)).expect("a free name");
    timer.set(Due::After(Duration::ZERO)).expect("nobody else sets it");
    let taker = stopped_at("timer: about to take", || {
        assert!(!reopened(&name).try_wait().expect("a timer"), "that signal is gone");
    });
    timer.set(Due::After(Duration::from_secs(3600))).expect("nobody else sets it");
    timer.set(Due::After(Duration::from_millis(400))).expect("nobody else sets it");
    goes_on(&taker);
    taker.finish();
    assert!(timer.wait_timeout(PATIENCE).expect("a timer"));
    say("done");
}

/// The signal that a cancelled timer has given is had once: by the taker, or by a later one.
pub fn cancel_overlaps(_: &[String]) {
    let name = unique_name("timer");
    let timer = Timer::create(&name, &TimerOptions::new(Reset::Auto)).expect("a free name");
    let is_had = || timer.try_wait().expect("a timer");
    for period in [None, Some(Duration::from_secs(3600))] {
        let signal = || {
            let set = match period {
                None => timer.set(Due::After(Duration::ZERO)),
                Some(period) => timer.set_periodic(Due::After(Duration::ZERO), period),
            };
            set.expect("nobody else sets it");
        };
        signal();
        let taker = stopped_at("timer: about to take", || {
            assert!(!reopened(&name).try_wait().expect("a timer"), "another one has taken it");
        });
        timer.cancel().expect("nobody else sets it");
        assert!(is_had(), "it stays");
        goes_on(&taker);
        taker.finish();
        assert!(!is_had());

        signal();
        let canceller = stopped_at("timer: filled", || reopened(&name).cancel().expect("it may"));
        assert!(is_had());
        goes_on(&canceller);
        canceller.finish();
        assert!(!is_had(), "it was had twice");

        signal();
        let canceller = stopped_at("timer: cancelled", || reopened(&name).cancel().expect("it may"));
        assert!(is_had(), "a canceller that is stopped holds no signal back");
        assert!(!is_had());
        // SAFETY: a child of this process that was not waited for.
        unsafe { libc::kill(canceller.pid(), libc::SIGKILL) };
        assert_eq!(canceller.wait(), Some(libc::SIGKILL));
        assert!(!is_had());
        timer.cancel().expect("a dead setter is in nobody's way");
        assert!(!is_had());
    }
    say("done");
}
