//! How waits and wake-ups use the kernel: not at all where nobody waits, without futex_waitv where there is none,
//! and in time whatever else happens to the waiter (C22, C25, C26).
//!
//! How late waits end, on demand:
//! `cargo test --release --test linux_sync_waits -- --ignored --nocapture waits_end`.

#![cfg(target_os = "linux")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use samemap::sync::{
    Due, EventOptions, Reset, SemaphoreOptions, SharedEvent, SharedMutex, SharedSemaphore, SyncOptions,
    TimerOptions, WaitAny, try_wait_any, wait_any_timeout,
};
use samemap::traits::{Permits, Settable};
use samemap::{CreateOptions, Event, Mutex, OpenOptions, Region, Semaphore, Timer};
use support::linux::child::{Start, play, say};
use support::linux::forked::fork;
use support::linux::seccomp::{self, Answer};
use support::linux::shm::{unique_name, view_of};

const PATIENCE: Duration = Duration::from_secs(20);
/// Later than this is a fault, on however busy a machine.
const LATE: Duration = Duration::from_secs(2);

#[test]
fn where_nobody_waits_there_is_no_system_call() {
    Start::role("alone").start().finish();
}

#[test]
fn several_objects_are_waited_for_without_futex_waitv() {
    Start::role("without_waitv").start().finish();
}

#[test]
fn a_waiter_that_signals_keep_waking_learns_of_the_owners_death() {
    Start::role("signalled").start().finish();
}

#[test]
fn no_thread_fires_a_timer() {
    Start::role("fires").start().finish();
}

#[test]
fn a_word_that_never_stands_still_stretches_no_wait() {
    Start::role("flicker").start().finish();
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("alone", alone),
        ("without_waitv", without_waitv),
        ("signalled", signalled),
        ("fires", fires),
        ("flicker", flicker),
    ]);
}

/// One of each, with a name and without.
struct Objects {
    event: Event,
    semaphore: Semaphore,
    mutex: Mutex,
    timer: Timer,
    inside_event: SharedEvent,
    inside_semaphore: SharedSemaphore,
    inside_mutex: SharedMutex<u64>,
}

impl Objects {
    fn new() -> Objects {
        let (event, semaphore) = (EventOptions::new(Reset::Auto), SemaphoreOptions::new(0, 100));
        let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
        let view = view_of(&region);
        let timer = TimerOptions::new(Reset::Auto);
        Objects {
            event: Event::create(&unique_name("event"), &event).expect("a free name"),
            semaphore: Semaphore::create(&unique_name("semaphore"), &semaphore).expect("a free name"),
            mutex: Mutex::create(&unique_name("mutex"), &SyncOptions::new()).expect("a free name"),
            timer: Timer::create(&unique_name("timer"), &timer).expect("a free name"),
            inside_event: SharedEvent::create(&view, 0, &event).expect("zeros"),
            inside_semaphore: SharedSemaphore::create(&view, 64, &semaphore).expect("zeros"),
            inside_mutex: SharedMutex::create(&view, 128, &0).expect("zeros"),
        }
    }

    /// Uses each of them when nobody else does.
    fn use_all(&self) {
        for event in [&self.event as &dyn Settable, &self.inside_event] {
            event.set().expect("an event");
            assert!(event.try_wait().expect("an event"));
            assert!(!event.try_wait().expect("an event"));
            event.set().expect("an event");
            event.reset().expect("an event");
            event.set().expect("an event");
            assert!(event.wait_timeout(PATIENCE).expect("an event"));
        }
        for semaphore in [&self.semaphore as &dyn Permits, &self.inside_semaphore] {
            assert_eq!(semaphore.release(2).expect("room"), 0);
            assert!(semaphore.try_wait().expect("a semaphore"));
            assert!(semaphore.wait_timeout(PATIENCE).expect("a semaphore"));
        }
        let guard = self.mutex.lock().expect("a mutex");
        drop(self.mutex.lock().expect("once more"));
        drop(guard);
        drop(self.mutex.try_lock().expect("a mutex").expect("it is free"));
        let guard = self.inside_mutex.lock().expect("a mutex");
        guard.update(|value| value + 1).expect("in range");
    }
}

// ---- no system calls ----------------------------------------------------------------------------------

fn alone(_: &[String]) {
    let objects = Objects::new();
    let after_the_filter = |body: &dyn Fn()| {
        let child = fork(|| {
            // In a process of its own, with handles of its own, as its parent's refuse to lock.
            let objects = Objects::new();
            let opened = Event::open(objects.event.name(), &OpenOptions::default()).expect("it is held");
            objects.use_all();
            drop(opened);
            seccomp::answer(&[libc::SYS_exit_group], Answer::Allow, Answer::Kill);
            for _ in 0..1000 {
                objects.use_all();
            }
            body();
            // SAFETY: ends the process, by the only call that it may make.
            unsafe { libc::_exit(0) }
        });
        child.wait()
    };
    assert_eq!(after_the_filter(&|| {}), None, "a system call was made");
    // The filter does what it should: whom somebody waits for has to wake.
    let asleep = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            asleep.store(true, Ordering::Release);
            objects.event.wait_timeout(PATIENCE).expect("an event")
        });
        while !asleep.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!(after_the_filter(&|| objects.event.set().expect("an event")), Some(libc::SIGSYS));
        // To set and to wake is one step, which was refused.
        objects.event.set().expect("an event");
        assert!(waiter.join().expect("no panic"));
    });
}

// ---- without futex_waitv ------------------------------------------------------------------------------

fn without_waitv(_: &[String]) {
    let with = several();
    seccomp::answer(&[libc::SYS_futex_waitv], Answer::Missing, Answer::Allow);
    let without = several();
    say(&format!("{with:?} with futex_waitv, {without:?} without"));
}

/// Waits for each of several in turn, while another thread signals; the longest that it took.
fn several() -> Duration {
    let objects = Objects::new();
    let all: [&dyn WaitAny; 6] = [
        &objects.event,
        &objects.inside_event,
        &objects.semaphore,
        &objects.inside_semaphore,
        &objects.timer,
        &objects.mutex,
    ];
    assert!(all.len() > 1);
    let start = Instant::now();
    let but_the_mutex = &all[..5];
    assert!(wait_any_timeout(but_the_mutex, Duration::from_millis(50)).expect("objects").is_none());
    assert!(start.elapsed() >= Duration::from_millis(50));
    let mut longest = Duration::ZERO;
    for round in 0..50 {
        let index = round % 5;
        let signal = || match index {
            0 => objects.event.set().expect("an event"),
            1 => objects.inside_event.set().expect("an event"),
            2 => _ = objects.semaphore.release(1).expect("room"),
            3 => _ = objects.inside_semaphore.release(1).expect("room"),
            _ => objects.timer.set(Due::After(Duration::ZERO)).expect("a timer"),
        };
        std::thread::scope(|scope| {
            let signaller = scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(1));
                let now = Instant::now();
                signal();
                now
            });
            let woken = wait_any_timeout(but_the_mutex, PATIENCE).expect("objects").expect("in time");
            let end = Instant::now();
            assert_eq!(woken.index(), index);
            longest = longest.max(end.saturating_duration_since(signaller.join().expect("no panic")));
        });
        assert!(try_wait_any(but_the_mutex).expect("objects").is_none(), "it was taken");
    }
    assert!(longest < LATE, "{longest:?}");
    // The owner's death is learnt of here too.
    let owner = fork(|| {
        let mutex = Mutex::open(objects.mutex.name(), &OpenOptions::default()).expect("it is held");
        std::mem::forget(mutex.lock().expect("a mutex"));
        // SAFETY: ends the process with the lock held.
        unsafe { libc::_exit(0) }
    });
    owner.finish();
    let woken = wait_any_timeout(&all, PATIENCE).expect("objects").expect("in time");
    assert_eq!(woken.index(), 5);
    assert!(woken.into_guard().expect("a mutex's").abandoned());
    longest
}

// ---- signals ------------------------------------------------------------------------------------------

/// A profiler's signals come more often than the slices of a wait end.
fn signalled(_: &[String]) {
    extern "C" fn nothing(_: libc::c_int) {}
    let objects = Objects::new();
    let (mut ends, mut byte) = ([0; 2], [0u8]);
    // SAFETY: room for two descriptors.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    let owner = fork(|| {
        let mutex = Mutex::open(objects.mutex.name(), &OpenOptions::default()).expect("it is held");
        let _guard = mutex.lock().expect("a mutex");
        // SAFETY: a descriptor and a byte; then sleeps until it is killed.
        unsafe {
            libc::write(ends[1], c"!".as_ptr().cast(), 1);
            loop {
                libc::pause();
            }
        }
    });
    // SAFETY: a descriptor and room for a byte.
    assert_eq!(unsafe { libc::read(ends[0], byte.as_mut_ptr().cast(), 1) }, 1);
    // SAFETY: a handler that does nothing, and a timer for this process.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        assert_eq!(libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()), 0);
    }
    // SAFETY: numbers of this thread, which outlives the one that signals it.
    let (process, this) = unsafe { (libc::getpid(), libc::gettid()) };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // SAFETY: a signal with a handler, to a thread that lives.
                unsafe { libc::syscall(libc::SYS_tgkill, process, this, libc::SIGALRM) };
                std::thread::sleep(Duration::from_millis(3));
            }
        });
        let start = Instant::now();
        let asked = Duration::from_millis(50);
        assert!(objects.mutex.lock_timeout(asked).expect("a mutex").is_none(), "its owner lives");
        assert!(start.elapsed() >= asked && start.elapsed() < LATE);
        owner.kill();
        let start = Instant::now();
        let guard = objects.mutex.lock_timeout(LATE * 2).expect("a mutex").expect("its owner is dead");
        assert!(guard.abandoned() && start.elapsed() < LATE, "{:?}", start.elapsed());
        over.store(true, Ordering::Relaxed);
    });
}

// ---- timers -------------------------------------------------------------------------------------------

fn fires(_: &[String]) {
    let threads = || std::fs::read_dir("/proc/self/task").expect("/proc").count();
    let objects = Objects::new();
    let before = threads();
    objects
        .timer
        .set_periodic(Due::After(Duration::from_millis(5)), Duration::from_millis(5))
        .expect("a timer");
    for _ in 0..3 {
        assert!(objects.timer.wait_timeout(PATIENCE).expect("a timer"));
        assert_eq!(threads(), before);
    }
    // Nobody does anything meanwhile, and there is nothing in the kernel that would.
    let timers = std::fs::read_to_string("/proc/self/timers").unwrap_or_default();
    assert_eq!(timers, "");
}

// ---- a word that changes all the time ------------------------------------------------------------------

/// A peer flips the words of everything, as fast as it can.
fn flicker(_: &[String]) {
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let view = view_of(&region);
    let event = SharedEvent::create(&view, 0, &EventOptions::new(Reset::Auto)).expect("zeros");
    let semaphore = SharedSemaphore::create(&view, 64, &SemaphoreOptions::new(0, 1)).expect("zeros");
    let mutex = SharedMutex::create(&view, 128, &0u64).expect("zeros");
    let peer = fork(|| {
        // Values that nobody can take: unset or awaited, no permits, and owners that there are not.
        for turn in (0u32..).cycle() {
            for (at, values) in [(8, [0, 2]), (72, [0, 1 << 31]), (136, [77, 78 | 1 << 31])] {
                view.atomic_u32(at).expect("in range").store(values[turn as usize % 2], Ordering::Release);
            }
        }
    });
    let asked = Duration::from_millis(40);
    let several: [&dyn WaitAny; 2] = [&event, &semaphore];
    for _ in 0..3 {
        let start = Instant::now();
        assert!(!event.wait_timeout(asked).expect("an event"));
        assert!(!semaphore.wait_timeout(asked).expect("a semaphore"));
        assert!(wait_any_timeout(&several, asked).expect("objects").is_none());
        // Whether it is let in past an owner that there is not is a matter of luck.
        drop(mutex.lock_timeout(asked).expect("a mutex"));
        let took = start.elapsed();
        assert!(took >= asked * 3 && took < LATE, "{took:?}");
    }
    peer.kill();
}

// ---- how late -----------------------------------------------------------------------------------------

/// The bounds that hold on any machine are those of `tests/sync/`.
#[test]
#[ignore = "takes five minutes of an idle machine: see the head of this file"]
fn waits_end_when_they_should() {
    let objects = Objects::new();
    for asked in [50, 900].map(Duration::from_millis) {
        let waits: [(&str, &dyn Fn()); 3] = [
            ("event", &|| assert!(!objects.event.wait_timeout(asked).unwrap())),
            ("timer", &|| {
                objects.timer.set(Due::After(asked)).unwrap();
                assert!(objects.timer.wait_timeout(PATIENCE).unwrap());
            }),
            ("many", &|| {
                assert!(wait_any_timeout(&[&objects.event, &objects.semaphore], asked).unwrap().is_none());
            }),
        ];
        for (what, wait) in waits {
            let mut times = [(); 100].map(|()| {
                let start = Instant::now();
                wait();
                start.elapsed()
            });
            times.sort_unstable();
            println!(
                "{what} {asked:?}: {:?} / {:?} / {:?} (min/median/max of 100)",
                times[0], times[50], times[99]
            );
            assert!(times[0] >= asked);
            assert!(times[50] < asked + Duration::from_millis(2), "the median is {:?}", times[50]);
        }
    }
}
