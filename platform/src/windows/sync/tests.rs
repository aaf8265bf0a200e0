//! What is this backend's own: the kernel's answers, met as they are. The rules that hold on every system
//! are the conformance suite's.

mod inside;

use std::os::windows::io::{AsHandle as _, AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};
use std::{fmt, mem, ptr, thread};

use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE_FLAG_INHERIT, WAIT_OBJECT_0};
use windows_sys::Win32::System::Threading::{
    CreateEventW, CreateMutexW, EVENT_MODIFY_STATE, OpenEventW, OpenMutexW, OpenSemaphoreW,
    OpenWaitableTimerW, SYNCHRONIZATION_SYNCHRONIZE, SetEvent, WaitForSingleObject,
};

use super::kernel::{Class, release_mutex};
use super::named::create_handle;
use crate::seam::kind::New;
use crate::sync::wait::Sealed as _;
use crate::windows::calls::Created;
use crate::windows::names::WideName;
use crate::windows::security::{Security, owner_of};
use crate::windows::tests::step_aside;
use crate::windows::user::token_user;
use crate::{
    CreateOptions, Disposition, Due, Error, ErrorKind, Event, EventOptions, Found, LockGuard as _,
    Lockable as _, MAX_OBJECTS, Mutex, ObjectKind, ObjectName, OpenOptions, Permissions, Permits as _,
    Region, Reset, Result, Semaphore, SemaphoreOptions, Settable as _, Share, SharedRegion as _, SyncOptions,
    Timer, TimerOptions, Trust, UserId, WaitAny, Waitable as _, Waited, wait_any,
};

/// Longer than anything here takes. A test that waits this long has failed.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(20);
/// The kernel's timers count from the last tick of its clock, so one may be due this much early.
const TICK: Duration = Duration::from_millis(16);
const OWN: Trust = Trust::OwnAndSystem;

/// A name that no other test, and no other run, uses.
fn name(test: &str) -> ObjectName {
    ObjectName::new(format!("samemap-sync-{}-{test}", std::process::id())).expect("a valid name")
}

#[track_caller]
fn kind_of<T: fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.expect_err("this must be refused").kind().clone()
}

fn new_mutex(name: &ObjectName) -> Mutex {
    Mutex::create(name, &SyncOptions::new()).expect("the name is free")
}

fn new_event(name: &ObjectName, reset: Reset) -> Event {
    Event::create(name, &EventOptions::new(reset)).expect("the name is free")
}

fn new_timer(name: &ObjectName, reset: Reset) -> Timer {
    Timer::create(name, &TimerOptions::new(reset)).expect("the name is free")
}

fn new_semaphore(name: &ObjectName, initial: u32, maximum: u32) -> Semaphore {
    Semaphore::create(name, &SemaphoreOptions::new(initial, maximum)).expect("the name is free")
}

/// Whether another thread can lock the mutex now.
fn is_free(mutex: &Mutex) -> bool {
    thread::scope(|scope| {
        scope.spawn(|| mutex.try_lock().expect("it lives").is_some()).join().expect("no panic")
    })
}

// ---- Mutex ----------------------------------------------------------------------------------------------

#[test]
fn a_mutex_is_free_when_its_last_guard_goes() {
    let mutex = new_mutex(&name("recursion"));
    let opened = Mutex::open(mutex.name(), &OWN).expect("it lives");
    let outer = mutex.lock().unwrap();
    let inner = opened.try_lock().unwrap().expect("this thread owns it");
    let innermost = mutex.lock_timeout(SHORT).unwrap().expect("this thread owns it");
    assert!(!outer.abandoned() && !inner.abandoned() && !innermost.abandoned());
    drop(outer);
    drop(innermost);
    assert!(!is_free(&mutex));
    drop(inner);
    assert!(is_free(&mutex));
}

#[test]
fn a_panic_unlocks() {
    let mutex = new_mutex(&name("panic"));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = mutex.lock().unwrap();
        std::panic::resume_unwind(Box::new("told to"));
    }));
    assert!(panicked.is_err());
    assert!(is_free(&mutex));
    assert!(!mutex.lock().unwrap().abandoned(), "it was unlocked in order");
}

#[test]
fn a_wait_for_a_mutex_that_times_out_takes_nothing() {
    let mutex = new_mutex(&name("timeout"));
    let guard = mutex.lock().unwrap();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let start = Instant::now();
            assert!(mutex.lock_timeout(SHORT).unwrap().is_none());
            start.elapsed()
        });
        assert!(waiter.join().unwrap() >= SHORT, "no wait ends early");
    });
    drop(guard);
    assert!(is_free(&mutex));
}

/// Ends a thread that owns the mutex.
fn abandon(mutex: &Mutex) {
    thread::scope(|scope| {
        scope.spawn(|| mem::forget(mutex.lock().expect("nobody owns it")));
    });
}

#[test]
fn the_next_owner_learns_that_a_thread_ended_and_nobody_after_it() {
    let mutex = new_mutex(&name("abandoned-by-thread"));
    for _ in 0..3 {
        abandon(&mutex);
        let guard = mutex.lock().unwrap();
        assert!(guard.abandoned());
        let again = mutex.lock().unwrap();
        assert!(again.abandoned(), "the same owner, told the same");
        drop(guard);
        assert!(again.abandoned(), "until it gives the lock up");
        drop(again);
        assert!(!mutex.lock().unwrap().abandoned());
    }
}

#[test]
fn what_a_dead_owner_was_told_is_not_told_to_others() {
    let name = name("stale");
    let (mutex, other) = (new_mutex(&name), Mutex::open(&name, &OWN).expect("it lives"));
    abandon(&mutex);
    // This owner is told, and ends with the lock; the flag is cleared through another handle.
    abandon(&mutex);
    assert!(other.lock().unwrap().abandoned());
    assert!(!mutex.lock().unwrap().abandoned());
}

#[test]
fn a_waiter_that_sleeps_is_let_in_when_the_owner_ends() {
    let mutex = new_mutex(&name("sleeping-waiter"));
    let owns = new_event(&name("sleeping-waiter-owns"), Reset::Manual);
    thread::scope(|scope| {
        scope.spawn(|| {
            let guard = mutex.lock().unwrap();
            owns.set().unwrap();
            thread::sleep(SHORT);
            mem::forget(guard);
        });
        assert!(owns.wait_timeout(LONG).unwrap().is_signalled());
        assert!(mutex.lock_timeout(LONG).unwrap().expect("the owner ended").abandoned());
    });
}

#[test]
fn a_forgotten_guard_is_a_lock_held() {
    let name = name("forgotten");
    let (mutex, opened) = (new_mutex(&name), Mutex::open(&name, &OWN).expect("it lives"));
    mem::forget(mutex.lock().unwrap());
    drop(mutex);
    assert!(!is_free(&opened));
    assert!(opened.try_lock().unwrap().is_some(), "this thread owns it");
}

#[test]
fn a_counter_under_a_mutex_is_exact() {
    const ROUNDS: u32 = 500;
    let name = name("counter");
    let _mutex = new_mutex(&name);
    let counter = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mutex = Mutex::open(&name, &OWN).expect("it lives");
                for _ in 0..ROUNDS {
                    let _guard = mutex.lock().unwrap();
                    let seen = counter.load(Ordering::Relaxed);
                    thread::yield_now();
                    counter.store(seen + 1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(counter.into_inner(), 4 * ROUNDS);
}

// ---- Other processes ------------------------------------------------------------------------------------

const ROLE: &str = "SAMEMAP_SYNC_CHILD";

/// What a child of these tests does, which ends only by being killed. In a run of the tests: nothing.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (what, base) = role.split_once(' ').expect("a role and a name");
    let open = |part: &str| ObjectName::new(format!("{base}-{part}")).expect("a valid name");
    let ready = Event::open(&open("ready"), &OWN).expect("the parent made it");
    match what {
        "own" => {
            let mutex = Mutex::open(&open("mutex"), &OWN).expect("the parent made it");
            mem::forget(mutex.lock().unwrap());
            // Dropped, and still owned: the kernel knows the thread.
        }
        "wait" => {
            ready.set().unwrap();
            let event = Event::open(&open("event"), &OWN).expect("the parent made it");
            let _ = event.wait_timeout(LONG);
        }
        "own-inside" => inside::own(&open("region")),
        "make-inside" => inside::make(&open("region")),
        "hold" => mem::forget(Event::open(&open("event"), &OWN).expect("the parent made it")),
        _ => panic!("unknown role {what}"),
    }
    ready.set().unwrap();
    thread::sleep(LONG);
}

/// A child that is killed when dropped.
struct Killed(Child);

impl Killed {
    /// Starts a child and waits until it is where its role brings it.
    fn start(what: &str, base: &ObjectName) -> Self {
        let ready = new_event(&ObjectName::new(format!("{base}-ready")).unwrap(), Reset::Auto);
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "windows::sync::tests::child"])
            .env(ROLE, format!("{what} {}", base.rest()))
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it starts");
        let child = Killed(child);
        assert!(ready.wait_timeout(LONG).unwrap().is_signalled(), "the child is ready");
        child
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().expect("it lives");
        self.0.wait().expect("our child");
    }
}

fn part(base: &ObjectName, part: &str) -> ObjectName {
    ObjectName::new(format!("{}-{part}", base.rest())).expect("a valid name")
}

#[test]
fn the_next_owner_learns_that_a_process_was_killed() {
    let base = name("killed-owner");
    let mutex = new_mutex(&part(&base, "mutex"));
    for _ in 0..3 {
        let child = Killed::start("own", &base);
        assert!(mutex.lock_timeout(SHORT).unwrap().is_none(), "the child owns it");
        drop(child);
        assert!(mutex.lock_timeout(LONG).unwrap().expect("its owner is dead").abandoned());
        assert!(!mutex.lock().unwrap().abandoned());
    }
}

#[test]
fn a_waiter_that_sleeps_is_let_in_when_the_owner_is_killed() {
    let base = name("killed-owner-awaited");
    let mutex = new_mutex(&part(&base, "mutex"));
    let child = Killed::start("own", &base);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| mutex.lock_timeout(LONG).unwrap().expect("its owner dies").abandoned());
        thread::sleep(SHORT);
        drop(child);
        assert!(waiter.join().unwrap());
    });
}

#[test]
fn a_killed_waiter_takes_no_signal_along() {
    let base = name("killed-waiter");
    let event = new_event(&part(&base, "event"), Reset::Auto);
    let child = Killed::start("wait", &base);
    thread::sleep(SHORT);
    drop(child);
    event.set().unwrap();
    assert_eq!(event.try_wait().unwrap(), Waited::Signalled);
}

#[test]
fn an_object_lives_while_somebody_holds_it() {
    let base = name("lifetime");
    let event = new_event(&part(&base, "event"), Reset::Manual);
    let child = Killed::start("hold", &base);
    event.set().unwrap();
    drop(event);
    let again = Event::open(&part(&base, "event"), &OWN).expect("the child holds it");
    assert!(again.try_wait().unwrap().is_signalled(), "with its state");
    drop(again);
    drop(child);
    assert_eq!(kind_of(Event::open(&part(&base, "event"), &OWN)), ErrorKind::NotFound);
}

// ---- Event ----------------------------------------------------------------------------------------------

#[test]
fn an_auto_reset_event_lets_one_through() {
    let event = new_event(&name("auto"), Reset::Auto);
    assert_eq!(event.try_wait().unwrap(), Waited::TimedOut);
    event.set().unwrap();
    event.set().unwrap();
    assert_eq!(event.wait_timeout(LONG).unwrap(), Waited::Signalled);
    assert_eq!(event.wait_timeout(SHORT).unwrap(), Waited::TimedOut);
    event.set().unwrap();
    event.reset().unwrap();
    assert_eq!(event.try_wait().unwrap(), Waited::TimedOut);
}

#[test]
fn a_manual_reset_event_stays_set() {
    let options = EventOptions::new(Reset::Manual).set_at_first();
    let event = Event::create(&name("manual"), &options).expect("the name is free");
    for _ in 0..3 {
        event.wait().unwrap();
    }
    event.reset().unwrap();
    assert_eq!(event.try_wait().unwrap(), Waited::TimedOut);
}

#[test]
fn each_set_lets_through_one_and_only_one() {
    const SETS: u32 = 300;
    let name = name("handover");
    let (event, taken) = (new_event(&name, Reset::Auto), AtomicU32::new(0));
    let back = Event::create(&part(&name, "back"), &EventOptions::new(Reset::Auto)).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while taken.load(Ordering::SeqCst) < SETS {
                    if event.wait_timeout(SHORT).unwrap().is_signalled() {
                        taken.fetch_add(1, Ordering::SeqCst);
                        back.set().unwrap();
                    }
                }
            });
        }
        for _ in 0..SETS {
            event.set().unwrap();
            assert!(back.wait_timeout(LONG).unwrap().is_signalled(), "a set was lost");
        }
    });
    assert_eq!(taken.into_inner(), SETS);
}

#[test]
fn opening_ignores_what_a_new_event_would_be() {
    let event = new_event(&name("ignored"), Reset::Auto);
    let options = EventOptions::new(Reset::Manual).set_at_first();
    let (opened, disposition) = Event::create_or_open(event.name(), &options).expect("it lives");
    assert_eq!(disposition, Disposition::Opened);
    assert_eq!(opened.try_wait().unwrap(), Waited::TimedOut);
    opened.set().unwrap();
    assert!(event.try_wait().unwrap().is_signalled());
    assert!(!opened.try_wait().unwrap().is_signalled(), "it is auto-reset");
}

// ---- Semaphore ------------------------------------------------------------------------------------------

#[test]
fn permits_are_counted() {
    let semaphore = new_semaphore(&name("permits"), 2, 3);
    assert!(semaphore.try_wait().unwrap().is_signalled());
    assert!(semaphore.try_wait().unwrap().is_signalled());
    assert!(!semaphore.wait_timeout(SHORT).unwrap().is_signalled());
    assert_eq!(semaphore.release(2).unwrap(), 0);
    let opened = Semaphore::open(semaphore.name(), &OWN).expect("it lives");
    for too_many in [2, i32::MAX as u32, i32::MAX as u32 + 1, u32::MAX] {
        assert_eq!(kind_of(opened.release(too_many)), ErrorKind::LimitExceeded { maximum: 3 });
    }
    assert_eq!(kind_of(opened.release(0)), ErrorKind::InvalidArgument);
    assert_eq!(opened.release(1).unwrap(), 2, "nothing was changed");
}

#[test]
fn numbers_that_make_no_semaphore_are_refused() {
    let name = name("no-semaphore");
    for (initial, maximum) in [(0, 0), (2, 1), (0, i32::MAX as u32 + 1), (u32::MAX, u32::MAX)] {
        let options = SemaphoreOptions::new(initial, maximum);
        let error = Semaphore::create(&name, &options).expect_err("no semaphore");
        assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.name(), Some(&*name.to_string()));
        assert_eq!(kind_of(Semaphore::create_or_open(&name, &options)), ErrorKind::InvalidArgument);
    }
    let most = new_semaphore(&name, i32::MAX as u32, i32::MAX as u32);
    assert_eq!(kind_of(most.release(1)), ErrorKind::LimitExceeded { maximum: i32::MAX as u32 });
}

// ---- Timer ----------------------------------------------------------------------------------------------

#[test]
fn a_new_timer_is_not_set() {
    for reset in [Reset::Auto, Reset::Manual] {
        assert!(!new_timer(&name("unset"), reset).wait_timeout(SHORT).unwrap().is_signalled());
    }
}

#[test]
fn a_timer_is_not_due_early() {
    let timer = new_timer(&name("due"), Reset::Auto);
    let start = Instant::now();
    timer.set(Due::After(3 * SHORT), None).unwrap();
    assert!(timer.wait_timeout(LONG).unwrap().is_signalled());
    assert!(start.elapsed() + TICK >= 3 * SHORT, "{:?}", start.elapsed());
    assert!(!timer.wait_timeout(SHORT).unwrap().is_signalled(), "auto-reset, without a period");
}

#[test]
fn a_manual_reset_timer_stays_due_until_it_is_set_anew() {
    let timer = new_timer(&name("manual-timer"), Reset::Manual);
    timer.set(Due::After(Duration::ZERO), None).unwrap();
    for _ in 0..3 {
        assert!(timer.wait_timeout(LONG).unwrap().is_signalled());
    }
    timer.set(Due::After(LONG), None).unwrap();
    assert!(!timer.try_wait().unwrap().is_signalled());
}

#[test]
fn a_period_comes_again_and_again() {
    let timer = new_timer(&name("period"), Reset::Auto);
    let start = Instant::now();
    timer.set(Due::After(SHORT), Some(Duration::from_micros(9001))).unwrap();
    for _ in 0..5 {
        assert!(timer.wait_timeout(LONG).unwrap().is_signalled());
    }
    assert!(start.elapsed() + TICK >= Duration::from_millis(20 + 4 * 10), "{:?}", start.elapsed());
    timer.cancel().unwrap();
    let _ = timer.try_wait().unwrap();
    assert!(!timer.wait_timeout(SHORT * 2).unwrap().is_signalled(), "cancelled");
}

#[test]
fn cancelling_keeps_a_signal_that_is_there() {
    let timer = new_timer(&name("cancel"), Reset::Manual);
    timer.set(Due::After(Duration::ZERO), None).unwrap();
    timer.wait().unwrap();
    timer.cancel().unwrap();
    assert!(timer.try_wait().unwrap().is_signalled());
    timer.set(Due::After(SHORT), None).unwrap();
    timer.cancel().unwrap();
    assert!(!timer.wait_timeout(SHORT * 3).unwrap().is_signalled());
}

#[test]
fn a_time_of_day_is_waited_for() {
    let timer = new_timer(&name("absolute"), Reset::Auto);
    let due = SystemTime::now() + 3 * SHORT;
    timer.set(Due::At(due), None).unwrap();
    assert!(timer.wait_timeout(LONG).unwrap().is_signalled());
    assert!(SystemTime::now() + TICK >= due);
    for gone_by in [SystemTime::now() - LONG, SystemTime::UNIX_EPOCH - Duration::from_secs(11_644_473_599)] {
        timer.set(Due::At(gone_by), None).unwrap();
        assert!(timer.wait_timeout(LONG).unwrap().is_signalled(), "due at once");
    }
    timer.set(Due::At(SystemTime::now() + LONG), None).unwrap();
    assert!(!timer.wait_timeout(SHORT).unwrap().is_signalled());
}

#[test]
fn a_due_time_that_never_comes_is_none() {
    let timer = new_timer(&name("never"), Reset::Auto);
    timer.set(Due::After(Duration::MAX), None).unwrap();
    assert!(!timer.wait_timeout(SHORT).unwrap().is_signalled());
}

#[test]
fn periods_without_sense_are_refused_and_change_nothing() {
    let timer = new_timer(&name("bad-period"), Reset::Manual);
    timer.set(Due::After(Duration::ZERO), None).unwrap();
    timer.wait().unwrap();
    for period in [Duration::ZERO, Duration::MAX] {
        let error = timer.set(Due::After(LONG), Some(period)).expect_err("no period");
        assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
        assert!(error.name().is_some());
    }
    assert!(timer.try_wait().unwrap().is_signalled());
}

// ---- Waiting for any ------------------------------------------------------------------------------------

#[test]
fn the_first_that_is_signalled_is_taken_and_no_other() {
    let base = name("any");
    let events = [0, 1, 2].map(|index| new_event(&part(&base, &index.to_string()), Reset::Auto));
    let semaphore = new_semaphore(&part(&base, "semaphore"), 1, 1);
    let mutex = new_mutex(&part(&base, "mutex"));
    let all: [&dyn WaitAny; 5] = [&events[0], &events[1], &mutex, &semaphore, &events[2]];
    events[1].set().unwrap();
    events[2].set().unwrap();
    let woken = |timeout| wait_any(&all, Some(timeout)).unwrap();
    assert_eq!(woken(LONG).expect("an event is set").index(), 1);
    let taken = woken(LONG).expect("the mutex is free");
    assert_eq!(taken.index(), 2);
    let guard = taken.into_guard().expect("it is the mutex");
    assert!(!is_free(&mutex) && !guard.abandoned());
    let rest: [&dyn WaitAny; 3] = [&events[0], &semaphore, &events[2]];
    let index = || wait_any(&rest, Some(SHORT)).unwrap().map(|woken| woken.index());
    assert_eq!([index(), index(), index()], [Some(1), Some(2), None]);
    drop(guard);
    assert!(is_free(&mutex));
}

#[test]
fn a_wait_for_any_that_is_dropped_unlocks() {
    let mutex = new_mutex(&name("any-dropped"));
    abandon(&mutex);
    let woken = wait_any(&[&mutex], None).unwrap().expect("it is free");
    assert!(format!("{woken:?}").contains("abandoned: true"), "{woken:?}");
    drop(woken);
    let woken = wait_any(&[&mutex], None).unwrap().expect("it is free");
    assert!(!woken.into_guard().expect("a mutex").abandoned());
    assert!(is_free(&mutex));
}

#[test]
fn up_to_64_objects_are_waited_for() {
    let base = name("many");
    let events: Vec<_> =
        (0..=MAX_OBJECTS).map(|index| new_event(&part(&base, &index.to_string()), Reset::Manual)).collect();
    let objects: Vec<&dyn WaitAny> = events.iter().map(|event| event as _).collect();
    let most = &objects[..MAX_OBJECTS];
    for result in [wait_any(&[], None), wait_any(&objects, None)] {
        assert_eq!(kind_of(result), ErrorKind::InvalidArgument);
    }
    let start = Instant::now();
    assert!(wait_any(most, Some(SHORT)).unwrap().is_none());
    assert!(start.elapsed() >= SHORT, "no wait ends early");
    for index in (0..MAX_OBJECTS).rev() {
        events[index].set().unwrap();
        assert_eq!(wait_any(most, None).unwrap().expect("one is set").index(), index);
    }
}

#[test]
fn any_of_several_wakes_a_sleeper() {
    let base = name("any-sleeper");
    let timer = new_timer(&part(&base, "timer"), Reset::Auto);
    let event = new_event(&part(&base, "event"), Reset::Auto);
    timer.set(Due::After(SHORT), None).unwrap();
    let woken = wait_any(&[&event, &timer], Some(LONG)).unwrap().expect("the timer is due");
    assert_eq!(woken.index(), 1);
}

// ---- Names ----------------------------------------------------------------------------------------------

/// The three calls of one kind, and what they give, which must be kept for the name to be held.
struct Calls {
    kind: ObjectKind,
    create: fn(&ObjectName) -> Result<Box<dyn fmt::Debug>>,
    create_or_open: fn(&ObjectName) -> Result<Box<dyn fmt::Debug>>,
    open: fn(&ObjectName) -> Result<Box<dyn fmt::Debug>>,
}

fn boxed<T: fmt::Debug + 'static>(result: Result<T>) -> Result<Box<dyn fmt::Debug>> {
    result.map(|object| Box::new(object) as _)
}

const KINDS: [Calls; 5] = [
    Calls {
        kind: ObjectKind::Region,
        create: |name| boxed(Region::create(name, &CreateOptions::new(1))),
        create_or_open: |name| boxed(Region::create_or_open(name, &CreateOptions::new(1))),
        open: |name| boxed(Region::open(name, &OpenOptions::read_write())),
    },
    Calls {
        kind: ObjectKind::Mutex,
        create: |name| boxed(Mutex::create(name, &SyncOptions::new())),
        create_or_open: |name| boxed(Mutex::create_or_open(name, &SyncOptions::new())),
        open: |name| boxed(Mutex::open(name, &OWN)),
    },
    Calls {
        kind: ObjectKind::Event,
        create: |name| boxed(Event::create(name, &EventOptions::new(Reset::Auto))),
        create_or_open: |name| boxed(Event::create_or_open(name, &EventOptions::new(Reset::Auto))),
        open: |name| boxed(Event::open(name, &OWN)),
    },
    Calls {
        kind: ObjectKind::Semaphore,
        create: |name| boxed(Semaphore::create(name, &SemaphoreOptions::new(0, 1))),
        create_or_open: |name| boxed(Semaphore::create_or_open(name, &SemaphoreOptions::new(0, 1))),
        open: |name| boxed(Semaphore::open(name, &OWN)),
    },
    Calls {
        kind: ObjectKind::Timer,
        create: |name| boxed(Timer::create(name, &TimerOptions::new(Reset::Auto))),
        create_or_open: |name| boxed(Timer::create_or_open(name, &TimerOptions::new(Reset::Auto))),
        open: |name| boxed(Timer::open(name, &OWN)),
    },
];

#[test]
fn every_kind_against_every_kind() {
    let name = name("kinds");
    for held in &KINDS {
        assert_eq!(kind_of((held.open)(&name)), ErrorKind::NotFound);
        let _object = (held.create)(&name).expect("the name is free");
        for asked in &KINDS {
            let mismatch = ErrorKind::KindMismatch { wanted: asked.kind, found: Found::Unknown };
            if asked.kind == held.kind {
                assert_eq!(kind_of((asked.create)(&name)), ErrorKind::AlreadyExists);
                (asked.create_or_open)(&name).expect("it lives");
                (asked.open)(&name).expect("it lives");
            } else {
                for call in [asked.create, asked.create_or_open, asked.open] {
                    assert_eq!(kind_of(call(&name)), mismatch, "while {} is held", held.kind);
                }
            }
        }
    }
}

#[test]
fn errors_tell_what_was_asked_for() {
    let name = name("errors");
    let error = Event::open(&name, &OWN).expect_err("nobody made it");
    assert_eq!((error.operation(), error.os_code()), ("open the event", Some(2)));
    assert_eq!(error.name(), Some(&*name.to_string()));
    let _mutex = new_mutex(&name);
    let error = Timer::create(&name, &TimerOptions::new(Reset::Auto)).expect_err("a mutex has the name");
    assert_eq!((error.operation(), error.os_code()), ("create the timer", Some(6)));
}

#[test]
fn global_names_are_a_space_of_their_own() {
    let global = ObjectName::new(format!(r"Global\{}", name("spaces").rest())).unwrap();
    let event = new_event(&global, Reset::Auto);
    assert_eq!(event.name(), &global);
    assert_eq!(kind_of(Event::open(&name("spaces"), &OWN)), ErrorKind::NotFound);
    let opened = Event::open(&global, &OWN).expect("it lives");
    opened.set().unwrap();
    assert!(event.try_wait().unwrap().is_signalled());
}

/// Threads stand in for processes here: a handle is a handle. One living object, never an error.
#[test]
fn create_or_open_survives_a_crowd() {
    let name = name("crowd");
    let creators = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let options = SemaphoreOptions::new(1, 1);
                    let (semaphore, disposition) =
                        Semaphore::create_or_open(&name, &options).expect("one or the other");
                    assert!(semaphore.wait_timeout(LONG).unwrap().is_signalled());
                    assert_eq!(semaphore.release(1).unwrap(), 0);
                    creators.fetch_add(u32::from(disposition == Disposition::Created), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(creators.into_inner() > 0);
    assert_eq!(kind_of(Semaphore::open(&name, &OWN)), ErrorKind::NotFound);
}

// ---- Security -------------------------------------------------------------------------------------------

#[test]
fn what_we_create_is_ours_and_not_inherited() {
    let event = new_event(&name("owner"), Reset::Auto);
    let owner = owner_of(event.object().handle()).expect("our own handle may look");
    assert_eq!(owner, Some(token_user().unwrap()));
    let mut flags = 0;
    // SAFETY: the handle is open; `flags` is valid for a write.
    let told = unsafe { GetHandleInformation(event.object().handle().as_raw_handle(), &mut flags) };
    assert_ne!(told, 0);
    assert_eq!(flags & HANDLE_FLAG_INHERIT, 0);
}

/// An object with a security descriptor that this backend would not give it. `None` where the system does
/// not let this user write such a descriptor.
fn event_with(name: &ObjectName, sddl: &str) -> Option<OwnedHandle> {
    let security = Security::from_sddl(sddl).expect("valid SDDL");
    match create_handle(&WideName::new(name), &security, New::Event { reset: Reset::Auto, is_set: false }) {
        Ok(Created::New(handle)) => Some(handle),
        Ok(Created::Existing(_)) => panic!("the name is taken"),
        Err(_) => None,
    }
}

fn own_event_with(name: &ObjectName, dacl: &str) -> OwnedHandle {
    event_with(name, &format!("O:{}D:P{dacl}", token_user().unwrap())).expect("one's own descriptor")
}

#[test]
fn a_share_for_writing_is_enough() {
    for (test, rights) in [("share", "0x120003"), ("share-of-a-plain-program", "0x120002")] {
        let name = name(test);
        let _event = own_event_with(&name, &format!("(A;;{rights};;;WD)"));
        let options = EventOptions::new(Reset::Auto);
        let (event, disposition) = Event::create_or_open(&name, &options).expect("it may be opened");
        assert_eq!(disposition, Disposition::Opened);
        event.set().unwrap();
        event.wait().unwrap();
        assert_eq!(kind_of(Event::create(&name, &options)), ErrorKind::AlreadyExists);
    }
}

#[test]
fn a_share_for_reading_serves_nobody_here() {
    let name = name("read-share");
    let _event = own_event_with(&name, "(A;;0x120000;;;WD)");
    let options = EventOptions::new(Reset::Auto);
    assert_eq!(kind_of(Event::open(&name, &OWN)), ErrorKind::AccessDenied);
    assert_eq!(kind_of(Event::create_or_open(&name, &options)), ErrorKind::AccessDenied);
    assert_eq!(kind_of(Event::create(&name, &options)), ErrorKind::AlreadyExists);
}

#[test]
fn nobody_let_in_still_means_that_the_name_is_taken() {
    let name = name("nobody");
    let _event = own_event_with(&name, "");
    let options = EventOptions::new(Reset::Auto);
    assert_eq!(kind_of(Event::create(&name, &options)), ErrorKind::AlreadyExists);
    assert_eq!(kind_of(Event::create_or_open(&name, &options)), ErrorKind::AccessDenied);
    assert_eq!(kind_of(Event::open(&name, &OWN)), ErrorKind::AccessDenied);
}

#[test]
fn another_users_object_needs_trust_before_it_is_waited_for() {
    const OTHER: &str = "S-1-5-32-546"; // the Guests
    let (name, hidden) = (name("squatter"), name("hidden-owner"));
    let squatted = event_with(&name, &format!("O:{OTHER}D:P(A;;0x120002;;;WD)"));
    let unreadable = event_with(&hidden, &format!("O:{OTHER}D:P(A;;0x100002;;;WD)"));
    let (Some(_squatted), Some(_unreadable)) = (squatted, unreadable) else {
        let test = "another_users_object_needs_trust_before_it_is_waited_for";
        return step_aside(test, "this user may not give objects away");
    };
    let other = UserId::new(OTHER);
    let untrusted = |owner| ErrorKind::UntrustedOwner { owner };
    let options = EventOptions::new(Reset::Auto);
    assert_eq!(kind_of(Event::open(&name, &OWN)), untrusted(Some(other.clone())));
    assert_eq!(kind_of(Event::create_or_open(&name, &options)), untrusted(Some(other.clone())));
    Event::open(&name, &Trust::User(other.clone())).expect("named as trusted");
    Event::create_or_open(&name, &options.trust(Trust::Anyone)).expect("anybody is trusted");
    assert_eq!(kind_of(Event::open(&hidden, &Trust::User(other))), untrusted(None));
    Event::open(&hidden, &Trust::Anyone).expect("anybody is trusted");
}

#[test]
fn shares_of_every_kind_are_descriptors_that_the_system_accepts() {
    let permissions = Permissions::owner_only().group(Share::ReadWrite).everyone(Share::ReadOnly);
    let sync = SyncOptions::new().permissions(permissions);
    let _mutex = Mutex::create(&name("shares-mutex"), &sync).expect("the name is free");
    let event = EventOptions::new(Reset::Auto).permissions(permissions);
    let _event = Event::create(&name("shares-event"), &event).expect("the name is free");
    let semaphore = SemaphoreOptions::new(0, 1).permissions(permissions);
    let _semaphore = Semaphore::create(&name("shares-semaphore"), &semaphore).expect("the name is free");
    let timer = TimerOptions::new(Reset::Auto).permissions(permissions);
    let _timer = Timer::create(&name("shares-timer"), &timer).expect("the name is free");
}

// ---- Plain Win32 ----------------------------------------------------------------------------------------

#[test]
fn plain_calls_open_what_we_create() {
    let base = name("plain-opens");
    let names = ["mutex", "event", "semaphore", "timer"].map(|kind| part(&base, kind));
    let _objects: (Mutex, Event, Semaphore, Timer) = (
        new_mutex(&names[0]),
        Event::create(&names[1], &EventOptions::new(Reset::Manual).set_at_first()).unwrap(),
        new_semaphore(&names[2], 1, 1),
        new_timer(&names[3], Reset::Auto),
    );
    let calls = [OpenMutexW, OpenEventW, OpenSemaphoreW, OpenWaitableTimerW];
    let answers = [WAIT_OBJECT_0, WAIT_OBJECT_0, WAIT_OBJECT_0, 0x102];
    for index in 0..4 {
        let wide = WideName::new(&names[index]);
        // SAFETY: the name ends in a NUL.
        let handle = unsafe { calls[index](SYNCHRONIZATION_SYNCHRONIZE, 0, wide.as_ptr()) };
        assert!(!handle.is_null(), "{}: {}", names[index], std::io::Error::last_os_error());
        // SAFETY: the call gave us the handle.
        let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
        // SAFETY: the handle is open.
        assert_eq!(unsafe { WaitForSingleObject(handle.as_raw_handle(), 0) }, answers[index]);
    }
}

#[test]
fn we_open_what_plain_calls_create() {
    let (mutex_name, event_name) = (name("plain-mutex"), name("plain-event"));
    let wide = [&mutex_name, &event_name].map(WideName::new);
    // SAFETY: no attributes, and names that end in a NUL; the calls give us the handles.
    let (owned, event) = unsafe {
        let mutex = CreateMutexW(ptr::null(), 1, wide[0].as_ptr());
        let event = CreateEventW(ptr::null(), 0, 0, wide[1].as_ptr());
        assert!(!mutex.is_null() && !event.is_null());
        (OwnedHandle::from_raw_handle(mutex), OwnedHandle::from_raw_handle(event))
    };
    // Under Wine, an object that was made without a security descriptor has no owner.
    let trust = match owner_of(owned.as_handle()).expect("our own handle may look") {
        Some(_) => OWN,
        None => Trust::Anyone,
    };
    let opened = Event::open(&event_name, &trust).expect("an event");
    // SAFETY: the handle is open.
    assert_ne!(unsafe { SetEvent(event.as_raw_handle()) }, 0);
    assert!(opened.try_wait().unwrap().is_signalled());
    let mutex = Mutex::open(&mutex_name, &trust).expect("a mutex");
    assert!(!is_free(&mutex), "it was created owned");
    release_mutex(owned.as_handle()).expect("this thread owns it");
    assert!(is_free(&mutex));
}

#[test]
fn classes_know_their_rights() {
    assert_eq!(Class::of(ObjectKind::Event).modify, EVENT_MODIFY_STATE);
    let all = |kind| Class::of(kind).all();
    assert_eq!([all(ObjectKind::Event), all(ObjectKind::Mutex)], [0x12_0003, 0x12_0001]);
}

#[test]
fn debug_shows_the_name() {
    let name = name("debug");
    let mutex = new_mutex(&name);
    assert!(format!("{mutex:?}").contains(name.rest()), "{mutex:?}");
    assert!(format!("{:?}", mutex.lock().unwrap()).contains("abandoned: false"));
}

/// What other threads may be given.
#[test]
fn objects_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<Mutex>();
    check::<Event>();
    check::<Semaphore>();
    check::<Timer>();
}
