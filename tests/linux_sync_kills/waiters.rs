//! Waiters that are killed.

use crate::common::*;

#[test]
fn a_waiter_that_is_killed_takes_nobodys_wake_up_along() {
    run("waiter_killed", "");
}

/// C27: the next one has the signal within this.
const NEXT: Duration = Duration::from_millis(100);

#[test]
fn a_woken_waiter_that_is_killed_leaves_the_signal_to_the_next() {
    run_within(NEXT, "woken_fails", "killed");
}

#[test]
fn a_woken_waiter_that_is_stopped_leaves_the_signal_to_the_next() {
    run_within(NEXT, "woken_fails", "stopped");
}

/// Of two that sleep, the one that is woken never comes to take the signal.
pub fn woken_fails(arguments: &[String]) {
    let event = Event::create(&unique_name("gate"), &EventOptions::new(Reset::Auto)).expect("a free name");
    let through = Signal::new();
    for _ in 0..rounds_of(arguments) / 4 {
        let waiter = |prepare: &dyn Fn()| {
            let waiter = fork(|| {
                let event = Event::open(event.name(), &OpenOptions::default()).expect("it is held");
                prepare();
                assert!(event.wait_timeout(PATIENCE).expect("an event"));
                through.give();
            });
            until_asleep(waiter.pid());
            waiter
        };
        let first = waiter(&|| match arguments[1].as_str() {
            "killed" => die_at("sleep: over"),
            _ => stop_when_woken(),
        });
        let second = waiter(&|| {});
        let set = Instant::now();
        event.set().expect("an event");
        through.take();
        took(set.elapsed());
        second.finish();
        first.kill();
    }
    say("done");
}

fn stop_when_woken() {
    samemap_platform::internal::testing::at_stop_points(|point| {
        if point == "sleep: over" {
            // SAFETY: stops this process until its parent kills it.
            unsafe { libc::raise(libc::SIGSTOP) };
        }
    });
}

/// A process of one thread that sleeps at several looks does so where it waits.
fn until_asleep(process: i32) {
    let mut looks = 0;
    while looks < 3 {
        std::thread::sleep(Duration::from_millis(1));
        let state = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a child");
        looks = if state.contains(") S ") { looks + 1 } else { 0 };
    }
}

/// Of two that wait, one is killed while one is let through.
pub fn waiter_killed(arguments: &[String]) {
    let waited = Waited4::new();
    let (ready, through) = (Signal::new(), Signal::new());
    let mut random = Random::new();
    for round in 0..rounds_of(arguments) {
        let waiter = |tells: bool| {
            let (waited, ready, through) = (&waited, &ready, &through);
            fork(move || {
                waited.wait(round, &|| ready.give());
                if tells {
                    through.give();
                }
            })
        };
        let mine = waited.locks.open(round);
        let mut both = None;
        let mut start = || {
            both = Some((waiter(false), waiter(true)));
            ready.take();
            ready.take();
            a_while(&mut random, Duration::from_millis(2));
        };
        if waited.is_lock(round) {
            // Given up by the end of this.
            mine.hold(|_, _| start());
        } else {
            start();
            waited.give(round);
        }
        let began = Instant::now();
        let (mortal, living) = both.expect("they were started");
        a_while(&mut Random::new(), Duration::from_micros(200));
        mortal.kill();
        if !waited.is_lock(round) {
            // Whether the dead one took it or the living one: the one thing that must not be is that it lies
            // there while a waiter sleeps.
            while waited.has_signal(round) {
                assert!(began.elapsed() < AT_MOST, "somebody was left asleep");
                std::thread::sleep(Duration::from_micros(50));
            }
            took(began.elapsed());
            waited.give(round);
        }
        through.take();
        if waited.is_lock(round) {
            took(began.elapsed());
        }
        living.finish();
        waited.take_what_is_left(round);
    }
    say("done");
}

/// An event, a semaphore and two mutexes, by turns.
struct Waited4 {
    event: Event,
    semaphore: Semaphore,
    locks: Locks,
}

impl Waited4 {
    fn new() -> Waited4 {
        let options = EventOptions::new(Reset::Auto);
        let permits = SemaphoreOptions::new(0, 2);
        Waited4 {
            event: Event::create(&unique_name("gate"), &options).expect("a free name"),
            semaphore: Semaphore::create(&unique_name("permits"), &permits).expect("a free name"),
            locks: Locks::new(),
        }
    }

    fn is_lock(&self, round: usize) -> bool {
        round % 4 >= 2
    }

    /// In a process of its own, with handles of its own.
    fn wait(&self, round: usize, ready: &dyn Fn()) {
        match round % 4 {
            0 => {
                let event = Event::open(self.event.name(), &OpenOptions::default()).expect("it is held");
                ready();
                assert!(event.wait_timeout(PATIENCE).expect("an event"));
            }
            1 => {
                let semaphore =
                    Semaphore::open(self.semaphore.name(), &OpenOptions::default()).expect("it is held");
                ready();
                assert!(semaphore.wait_timeout(PATIENCE).expect("a semaphore"));
            }
            _ => {
                let lock = self.locks.open(round);
                ready();
                lock.hold(|_, _| {});
            }
        }
    }

    fn give(&self, round: usize) {
        match round % 4 {
            0 => self.event.set().expect("an event"),
            _ => _ = self.semaphore.release(1).expect("room for one more"),
        }
    }

    /// Looks without taking: an event that is set and a semaphore of one permit both say 1.
    fn has_signal(&self, round: usize) -> bool {
        let name = if round % 4 == 0 { self.event.name() } else { self.semaphore.name() };
        let mut word = [0; 4];
        File::open(file_of(name)).and_then(|file| file.read_exact_at(&mut word, 8)).expect("its file");
        u32::from_ne_bytes(word) == 1
    }

    fn take_what_is_left(&self, round: usize) {
        if round % 4 == 0 {
            self.event.reset().expect("an event");
        }
        while self.semaphore.try_wait().expect("a semaphore") {}
    }
}
