//! Owners, waiters, setters and initialisers of synchronization objects are killed, at random moments and at the
//! chosen ones, and nobody else is left asleep, let in twice, or told wrong (C22, C25 to C27).
//!
//! 1,000 kills of each kind on demand: `SAMEMAP_SYNC_ROUNDS=1000 cargo test --release --test linux_sync_kills`.
//! The times of those who are let in are printed; only generous bounds are asserted.

#![cfg(all(target_os = "linux", not(samemap_gate_lifetime)))]

mod support;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use samemap::{
    CreateOptions, Disposition, Due, ErrorKind, Event, EventOptions, LockGuard as _, Lockable, Mutex,
    ObjectName, OpenOptions, Permits, Region, Reset, Semaphore, SemaphoreOptions, Settable, SharedEvent,
    SharedMutex, SharedRegion as _, SharedSemaphore, SyncOptions, Timer, TimerOptions, Trust, View, Waitable,
    Waited,
};
use support::Random;
use support::linux;
use support::linux::child::{Child, Start, binary, hear, play, say};
use support::linux::forked::{Forked, fork};
use support::linux::shm::{assert_no_file, file_of, name, unique_name, view_of};

/// Longer than any wait here takes; one that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// C22 says 50 ms; a busy machine may be late with anything, but not by this.
const AT_MOST: Duration = Duration::from_secs(1);
/// The half of them is let in within this.
const MEDIAN: Duration = Duration::from_millis(50);

/// How many rounds each process of a test does; there are [`ACTORS`] of them at a time.
fn rounds() -> usize {
    let all = std::env::var("SAMEMAP_SYNC_ROUNDS").ok().map_or(240, |text| text.parse().expect("a number"));
    usize::div_ceil(all, ACTORS)
}

/// Most of the time all of them sleep.
const ACTORS: usize = 4;

#[test]
fn a_waiter_is_let_in_when_the_owner_is_killed() {
    run("owner_killed", "waits");
}

#[test]
fn a_latecomer_is_let_in_when_the_owner_was_killed() {
    run("owner_killed", "later");
}

#[test]
fn a_waiter_is_let_in_when_the_owners_thread_ends() {
    run("owner_thread_ends", "waits");
}

#[test]
fn a_setter_that_is_killed_before_it_wakes_leaves_nobody_asleep() {
    run("setter_killed", "");
}

#[test]
fn a_waiter_that_is_killed_takes_nobodys_wake_up_along() {
    run("waiter_killed", "");
}

#[test]
fn a_timers_setter_that_is_killed_leaves_one_setting_or_the_other() {
    run("timer_setter_killed", "");
}

/// Two settings later it is the same memory that says how many signals were taken.
#[test]
fn a_taker_that_was_held_up_takes_nothing_of_a_later_setting() {
    let mut actor = Start::role("taker_held_up").start();
    actor.expect("done");
    actor.finish();
}

#[test]
fn what_lies_in_a_region_is_made_once_whoever_is_killed_on_the_way() {
    run("makers_killed", "");
}

/// An opener that comes early finds nothing or a value, but never a zero that was not stored.
#[test]
fn a_value_is_there_before_it_can_be_opened() {
    run("early_openers", "");
}

#[test]
fn threads_of_one_process_make_it_once_as_well() {
    run("threads_make", "");
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("owner_killed", owner_killed),
        ("owner_thread_ends", owner_thread_ends),
        ("setter_killed", setter_killed),
        ("waiter_killed", waiter_killed),
        ("timer_setter_killed", timer_setter_killed),
        ("taker_held_up", taker_held_up),
        ("makers_killed", makers_killed),
        ("early_openers", early_openers),
        ("threads_make", threads_make),
        ("namespaced", namespaced),
        ("forgetful", forgetful),
    ]);
}

/// Lets processes play a role, each with objects of its own, and prints how long those who waited did.
#[track_caller]
fn run(role: &str, how: &str) {
    let start = || Start::role(role).argument(rounds()).argument(how).start();
    let mut actors: Vec<Child> = (0..ACTORS).map(|_| start()).collect();
    let mut times: Vec<Duration> = Vec::new();
    for actor in &mut actors {
        loop {
            let line = actor.hear();
            let Some(time) = line.strip_prefix("took ") else {
                assert_eq!(line, "done", "{}", actor.words());
                break;
            };
            times.push(Duration::from_nanos(time.parse().expect("a number")));
        }
        actor.finish();
    }
    report(role, how, &mut times);
}

fn report(role: &str, how: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let [Some(least), Some(median), Some(most)] = [times.first(), times.get(times.len() / 2), times.last()]
    else {
        panic!("{role} did nothing")
    };
    println!("{role} {how}: {} rounds, {least:?} / {median:?} / {most:?} (min/median/max)", times.len());
    assert!(*median < MEDIAN, "half of them waited longer than {MEDIAN:?}: {median:?}");
    assert!(*most < AT_MOST, "one of them waited for {most:?}");
}

// ---- what the actors share ----------------------------------------------------------------------------

fn rounds_of(arguments: &[String]) -> usize {
    arguments[0].parse().expect("a number")
}

/// A round is over.
fn took(time: Duration) {
    say(&format!("took {}", time.as_nanos()));
}

/// A pipe whose ends processes that are forked from here share.
struct Signal {
    read: File,
    write: File,
}

impl Signal {
    fn new() -> Signal {
        let mut ends = [0; 2];
        // SAFETY: room for two descriptors, which are checked and owned by nobody else.
        unsafe {
            assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
            Signal { read: File::from_raw_fd(ends[0]), write: File::from_raw_fd(ends[1]) }
        }
    }

    fn give(&self) {
        (&self.write).write_all(b"!").expect("a pipe");
    }

    fn take(&self) {
        (&self.read).read_exact(&mut [0]).expect("a pipe");
    }

    /// How often it was given since; takes them all.
    fn count(&self) -> usize {
        let mut waiting = 0;
        // SAFETY: asks for a number of bytes.
        assert_eq!(unsafe { libc::ioctl(self.read.as_raw_fd(), libc::FIONREAD, &raw mut waiting) }, 0);
        let mut bytes = vec![0; waiting as usize];
        (&self.read).read_exact(&mut bytes).expect("a pipe");
        bytes.len()
    }
}

/// Sleeps for any time up to this; no event is waited for, because the moment is meant to be any.
fn a_while(random: &mut Random, at_most: Duration) {
    std::thread::sleep(Duration::from_nanos(random.below(at_most.as_nanos() as u64)));
}

fn forever() -> ! {
    loop {
        // SAFETY: waits for a signal.
        unsafe { libc::pause() };
    }
}

fn die() -> ! {
    // SAFETY: ends this process.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    forever()
}

/// At which stop point this process dies, by the address of its name's text; none for zero.
static DIES_AT: AtomicU64 = AtomicU64::new(0);

const POINTS: [&str; 5] =
    ["wake: about to", "timer: filled", "inside: claimed", "inside: filled", "inside: made"];

/// From now on this process dies where it reaches the point.
fn die_at(point: &'static str) {
    let index = POINTS.iter().position(|&known| known == point).expect("a known point");
    DIES_AT.store(index as u64 + 1, Ordering::SeqCst);
    samemap_platform::testing::at_stop_points(|reached| {
        let index = DIES_AT.load(Ordering::SeqCst) as usize;
        if index > 0 && POINTS[index - 1] == reached {
            die();
        }
    });
}

/// A mutex of either sort.
enum Lock {
    Named(Mutex),
    Inside(SharedMutex<u64>),
}

impl Lock {
    /// Locks it, tells by the signal, and does the rest.
    fn hold(&self, then: impl FnOnce(bool, &dyn Fn())) {
        match self {
            Lock::Named(mutex) => {
                let guard = mutex.lock_timeout(PATIENCE).expect("a lock").expect("in time");
                let abandoned = guard.abandoned();
                let guard = std::cell::Cell::new(Some(guard));
                then(abandoned, &|| std::mem::forget(guard.take()));
            }
            Lock::Inside(mutex) => {
                let guard = mutex.lock_timeout(PATIENCE).expect("a lock").expect("in time");
                let abandoned = guard.abandoned();
                let guard = std::cell::Cell::new(Some(guard));
                then(abandoned, &|| std::mem::forget(guard.take()));
            }
        }
    }

    /// Whether the owner before died.
    fn abandoned(&self) -> bool {
        let mut told = false;
        self.hold(|abandoned, _| told = abandoned);
        told
    }
}

/// The names of a mutex and of a region with one in it, kept alive.
struct Locks {
    named: ObjectName,
    region: ObjectName,
    _keep: (Mutex, Region),
}

impl Locks {
    fn new() -> Locks {
        let (named, region) = (unique_name("lock"), unique_name("locks"));
        let mutex = Mutex::create(&named, &SyncOptions::new()).expect("a free name");
        let memory = Region::create(&region, &CreateOptions::new(4096)).expect("a free name");
        SharedMutex::create(&view_of(&memory), 0, &0u64).expect("a zeroed place");
        Locks { named, region, _keep: (mutex, memory) }
    }

    /// Opens one of them as this process's own, the one or the other by turns.
    fn open(&self, round: usize) -> Lock {
        if round % 2 == 0 {
            Lock::Named(Mutex::open(&self.named, &Trust::default()).expect("it is held"))
        } else {
            let region = Region::open(&self.region, &OpenOptions::read_write()).expect("it is held");
            Lock::Inside(SharedMutex::open(&view_of(&region), 0).expect("it was made"))
        }
    }
}

// ---- owners -------------------------------------------------------------------------------------------

fn owner_killed(arguments: &[String]) {
    let (locks, owned, mut random) = (Locks::new(), Signal::new(), Random::new());
    let mine = [locks.open(0), locks.open(1)];
    for round in 0..rounds_of(arguments) {
        let owner = fork(|| {
            locks.open(round).hold(|abandoned, _| {
                assert!(!abandoned);
                owned.give();
                forever();
            });
        });
        owned.take();
        let lock = &mine[round % 2];
        let time = if arguments[1] == "later" {
            owner.kill();
            let killed_at = Instant::now();
            assert!(lock.abandoned());
            killed_at.elapsed()
        } else {
            let killer = std::thread::spawn(move || {
                a_while(&mut Random::new(), Duration::from_millis(25));
                let now = Instant::now();
                owner.kill();
                now
            });
            assert!(lock.abandoned());
            let end = Instant::now();
            end.saturating_duration_since(killer.join().expect("no panic"))
        };
        took(time);
        assert!(!lock.abandoned(), "the flag clears with the release");
        a_while(&mut random, Duration::from_micros(500));
    }
    say("done");
}

/// The owner's process lives on.
fn owner_thread_ends(arguments: &[String]) {
    let locks = Locks::new();
    let (owned, go, ended) = (Signal::new(), Signal::new(), Signal::new());
    let mine = [locks.open(0), locks.open(1)];
    for round in 0..rounds_of(arguments) {
        let owner = fork(|| {
            let lock = locks.open(round);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    lock.hold(|_, forget| {
                        owned.give();
                        go.take();
                        forget();
                    });
                });
            });
            ended.give();
            forever();
        });
        owned.take();
        let killer = std::thread::scope(|scope| {
            let ender = scope.spawn(|| {
                a_while(&mut Random::new(), Duration::from_millis(25));
                go.give();
                Instant::now()
            });
            assert!(mine[round % 2].abandoned());
            let end = Instant::now();
            end.saturating_duration_since(ender.join().expect("no panic"))
        });
        took(killer);
        ended.take();
        assert!(!mine[round % 2].abandoned(), "the flag clears with the release");
        owner.kill();
    }
    say("done");
}

// ---- setters ------------------------------------------------------------------------------------------

/// An event, a semaphore and a mutex, whose setters die after the store and before the wake-up. An auto-reset event is set
/// and woken in one step, so its setter dies before that: whoever sets it next lets the waiter through.
fn setter_killed(arguments: &[String]) {
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
        let through = |object: &dyn Fn() -> samemap::Result<Waited>| {
            assert_eq!(object().expect("a wait"), Waited::Signalled);
        };
        let setter = match round % 6 {
            0 => {
                let next = event.clone();
                let setter = mortal_before(
                    &|| Event::open(&gate, &Trust::default()).unwrap().set().unwrap(),
                    Box::new(move || next.set().unwrap()),
                );
                through(&|| event.wait_timeout(PATIENCE));
                setter
            }
            1 => {
                let setter = mortal(&|| {
                    Semaphore::open(&permits, &Trust::default()).unwrap().release(1).unwrap();
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
fn timer_setter_killed(arguments: &[String]) {
    const OLD: Duration = Duration::from_secs(3600);
    let name = unique_name("timer");
    let timer = Timer::create(&name, &TimerOptions::new(Reset::Auto)).expect("a free name");
    for round in 0..rounds_of(arguments) {
        timer.set(Due::After(OLD), None).expect("nobody else sets it");
        let point = ["wake: about to", "timer: filled"][round % 2];
        let setter = fork(|| {
            let timer = Timer::open(&name, &Trust::default()).expect("it is held");
            die_at(point);
            std::thread::sleep(Duration::from_millis(2));
            let _ = timer.set(Due::After(Duration::ZERO), None);
        });
        let began = if round % 2 == 0 {
            // Set, and not told: the waiter sleeps, and finds out.
            let began = Instant::now();
            assert_eq!(timer.wait_timeout(PATIENCE).expect("a timer"), Waited::Signalled);
            assert_eq!(setter.wait(), Some(libc::SIGKILL));
            began
        } else {
            assert_eq!(setter.wait(), Some(libc::SIGKILL));
            assert_eq!(timer.try_wait().expect("a timer"), Waited::TimedOut, "the old setting counts");
            let began = Instant::now();
            timer.set(Due::After(Duration::ZERO), None).expect("a dead setter is in nobody's way");
            assert_eq!(timer.try_wait().expect("a timer"), Waited::Signalled);
            began
        };
        took(began.elapsed());
    }
    say("done");
}

fn taker_held_up(_: &[String]) {
    let name = unique_name("timer");
    let timer = Timer::create(&name, &TimerOptions::new(Reset::Auto)).expect("a free name");
    timer.set(Due::After(Duration::ZERO), None).expect("nobody else sets it");
    let taker = fork(|| {
        let timer = Timer::open(&name, &Trust::default()).expect("it is held");
        samemap_platform::testing::at_stop_points(|point| {
            if point == "timer: about to take" {
                // SAFETY: stops this process until its parent lets it go on.
                unsafe { libc::raise(libc::SIGSTOP) };
            }
        });
        assert_eq!(timer.try_wait().expect("a timer"), Waited::TimedOut, "that signal is gone");
    });
    let mut status = 0;
    // SAFETY: a child of this process that was not waited for; only its stopping is waited for.
    let stopped = unsafe { libc::waitpid(taker.pid(), &raw mut status, libc::WUNTRACED) };
    assert!(stopped == taker.pid() && libc::WIFSTOPPED(status));
    timer.set(Due::After(Duration::from_secs(3600)), None).expect("nobody else sets it");
    timer.set(Due::After(Duration::from_millis(400)), None).expect("nobody else sets it");
    // SAFETY: as above.
    unsafe { libc::kill(taker.pid(), libc::SIGCONT) };
    taker.finish();
    assert_eq!(timer.wait_timeout(PATIENCE).expect("a timer"), Waited::Signalled);
    say("done");
}

// ---- waiters ------------------------------------------------------------------------------------------

/// Of two that wait, one is killed while one is let through.
fn waiter_killed(arguments: &[String]) {
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
            // there while somebody sleeps.
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
                let event = Event::open(self.event.name(), &Trust::default()).expect("it is held");
                ready();
                assert!(event.wait_timeout(PATIENCE).expect("an event").is_signalled());
            }
            1 => {
                let semaphore =
                    Semaphore::open(self.semaphore.name(), &Trust::default()).expect("it is held");
                ready();
                assert!(semaphore.wait_timeout(PATIENCE).expect("a semaphore").is_signalled());
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
        while self.semaphore.try_wait().expect("a semaphore").is_signalled() {}
    }
}

// ---- makers -------------------------------------------------------------------------------------------

const MAKERS: usize = 4;
const PLACES: usize = 16;
const LEN: usize = SharedMutex::<u64>::SIZE;

/// Where each round has its place in a region: places are used once.
fn fresh_place(round: usize, region: &mut Option<Region>) -> (View, usize) {
    let at = round % PLACES;
    if at == 0 {
        // A memfd for some, a name for others.
        let options = CreateOptions::new((PLACES * LEN) as u64);
        *region = Some(if round / PLACES % 2 == 0 {
            Region::anonymous(&options).expect("memory")
        } else {
            Region::create(&unique_name("places"), &options).expect("a free name")
        });
    }
    (view_of(region.as_ref().expect("made in the first round")), at * LEN)
}

/// Several arrive together, and some die on the way.
fn makers_killed(arguments: &[String]) {
    let (go, made, done) = (Signal::new(), Signal::new(), Signal::new());
    let mut random = Random::new();
    let mut region = None;
    for round in 0..rounds_of(arguments) {
        let (view, at) = fresh_place(round, &mut region);
        let fates: Vec<Option<&'static str>> = (0..MAKERS)
            .map(|_| ["", "", "inside: claimed", "inside: filled", "inside: made"][random.below(5) as usize])
            .map(|point| (!point.is_empty()).then_some(point))
            .collect();
        let start = |fate: &Option<&'static str>| {
            fork(|| {
                if let Some(point) = *fate {
                    die_at(point);
                }
                go.take();
                let (mutex, disposition) = SharedMutex::<u64>::create_or_open(&view, at).expect("a mutex");
                if disposition == Disposition::Created {
                    made.give();
                }
                mutex.lock().expect("a lock").update(|count| count + 1).expect("in range");
                done.give();
            })
        };
        let makers: Vec<Forked> = fates.iter().map(start).collect();
        let began = Instant::now();
        makers.iter().for_each(|_| go.give());
        let survivors = makers.into_iter().map(Forked::wait).filter(Option::is_none).count();
        took(began.elapsed());
        assert_eq!(done.count(), survivors, "somebody failed");
        assert_eq!(made.count(), usize::from(survivors > 0), "made by so many");
        if survivors > 0 {
            let mutex = SharedMutex::<u64>::open(&view, at).expect("a mutex");
            let value = mutex.lock().expect("a lock").load().expect("in range");
            assert_eq!(value, survivors as u64);
        } else {
            let (mutex, disposition) = SharedMutex::<u64>::create_or_open(&view, at).expect("a mutex");
            assert_eq!(disposition, Disposition::Created, "whoever made it is dead");
            assert_eq!(mutex.lock().expect("a lock").load().expect("in range"), 0);
        }
    }
    say("done");
}

const VALUE: [u64; 8] = [0x5A3E_3A9A; 8];

fn early_openers(arguments: &[String]) {
    let (go, won, lost) = (Signal::new(), Signal::new(), Signal::new());
    for round in 0..rounds_of(arguments) {
        let region = Region::create(&unique_name("early"), &CreateOptions::new(4096)).expect("a free name");
        let view = view_of(&region);
        let creator = || {
            fork(|| {
                go.take();
                match SharedMutex::create(&view, 0, &VALUE) {
                    Ok(_) => won.give(),
                    Err(error) if *error.kind() == ErrorKind::AlreadyExists => lost.give(),
                    Err(error) => panic!("{error}"),
                }
            })
        };
        let began = Instant::now();
        let creators = [creator(), creator()];
        let openers = [0, 1].map(|_| {
            fork(|| {
                go.take();
                let mutex = loop {
                    match SharedMutex::<[u64; 8]>::open(&view, 0) {
                        Ok(mutex) => break mutex,
                        Err(error) => assert_eq!(*error.kind(), ErrorKind::Damaged, "{error}"),
                    }
                };
                let guard = mutex.lock().expect("a lock");
                assert_eq!(guard.load().expect("in range"), VALUE);
                guard.store(&VALUE).expect("in range");
            })
        });
        (0..4).for_each(|_| go.give());
        creators.into_iter().chain(openers).for_each(Forked::finish);
        took(began.elapsed());
        assert_eq!((won.count(), lost.count()), (1, 1), "round {round}");
    }
    say("done");
}

/// Threads share an open file description, whose locks the kernel does not tell apart.
fn threads_make(arguments: &[String]) {
    // The making takes long enough for the others to come in between.
    samemap_platform::testing::at_stop_points(|point| {
        if point == "inside: claimed" {
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    let mut region = None;
    for round in 0..rounds_of(arguments) * 4 {
        let (view, at) = fresh_place(round, &mut region);
        let began = Instant::now();
        let barrier = &std::sync::Barrier::new(MAKERS);
        let made: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..MAKERS)
                .map(|_| {
                    let view = &view;
                    scope.spawn(move || {
                        barrier.wait();
                        let (mutex, disposition) = SharedMutex::<u64>::create_or_open(view, at).unwrap();
                        mutex.lock().unwrap().update(|count| count + 1).unwrap();
                        usize::from(disposition == Disposition::Created)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        took(began.elapsed());
        let value = SharedMutex::<u64>::open(&view, at).unwrap().lock().unwrap().load().unwrap();
        assert_eq!((made, value), (1, MAKERS as u64), "in round {round}");
    }
    say("done");
}

// ---- who is who ---------------------------------------------------------------------------------------

/// Owners whose process and thread have the same numbers, each in a PID name space of its own.
#[test]
fn owners_of_the_same_number_are_told_apart() {
    if !linux::users::root_or_aside("owners_of_the_same_number_are_told_apart") {
        return;
    }
    let lock = unique_name("namespaces");
    let mutex = Mutex::create(&lock, &SyncOptions::new()).expect("a free name");
    let start = || {
        let unshare = Start::program("unshare")
            .argument("--pid")
            .argument("--fork")
            .argument("--kill-child")
            .argument(binary().display())
            .argument("--exact")
            .argument("child_entry")
            .argument("--ignored")
            .argument("--nocapture")
            .argument("--test-threads=1");
        unshare.plays("namespaced", &[&lock.to_string()]).try_start()
    };
    let (Ok(mut first), Ok(mut second)) = (start(), start()) else {
        return support::lacks("owners_of_the_same_number_are_told_apart", "needs unshare(1)");
    };
    let (first_number, second_number) = (first.hear(), second.hear());
    assert_eq!(first_number, second_number, "that is the point of this test");
    first.say("lock");
    first.expect("locked Some(false)");
    second.say("try");
    second.expect("locked None");
    assert!(mutex.try_lock().expect("a mutex").is_none());
    second.say("lock");
    first.kill();
    second.expect("locked Some(true)");
    assert!(mutex.try_lock().expect("a mutex").is_none());
    second.kill();
    assert!(mutex.lock_timeout(PATIENCE).expect("a mutex").expect("in time").abandoned());
}

fn namespaced(arguments: &[String]) {
    let mutex = Mutex::open(&name(&arguments[0]), &Trust::default()).expect("it is held");
    // SAFETY: asks for a number.
    let thread = unsafe { libc::gettid() };
    say(&format!("{} {thread}", std::process::id()));
    loop {
        let patience = if hear() == "try" { Duration::from_millis(60) } else { PATIENCE };
        let guard = mutex.lock_timeout(patience).expect("a mutex");
        say(&format!("locked {:?}", guard.as_ref().map(|guard| guard.abandoned())));
        std::mem::forget(guard);
    }
}

/// A forgotten guard and a dropped mutex: a lock held, and nothing worse, until the thread ends.
#[test]
fn a_forgotten_guard_harms_only_those_who_wait_for_that_lock() {
    let lock = unique_name("forgotten");
    let other = Mutex::create(&lock, &SyncOptions::new()).expect("a free name");
    let mut child = Start::role("forgetful").argument(&lock).start();
    child.expect("forgotten");
    assert!(other.lock_timeout(Duration::from_millis(60)).expect("a mutex").is_none(), "it is owned");
    child.say("end the thread");
    child.expect("ended");
    assert!(other.lock_timeout(PATIENCE).expect("a mutex").expect("in time").abandoned());
    drop(other);
    // Nothing of the child's keeps it, although it runs.
    assert_no_file(&lock);
    child.say("end");
    child.finish();
}

fn forgetful(arguments: &[String]) {
    let lock = name(&arguments[0]);
    let thread = std::thread::spawn(move || {
        let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
        let inside = SharedMutex::create(&view_of(&region), 0, &0u64).expect("zeros");
        let mutex = Mutex::open(&lock, &Trust::default()).expect("it is held");
        std::mem::forget(mutex.lock().expect("a mutex"));
        std::mem::forget(inside.lock().expect("a mutex"));
        drop((mutex, inside, region));
        // A robust pthread mutex would crash at the next lock, because its list leads to unmapped memory.
        for _ in 0..100 {
            let other = Mutex::create(&unique_name("other"), &SyncOptions::new()).expect("a free name");
            let guard = other.lock().expect("a mutex");
            assert!(!guard.abandoned() && !other.lock().expect("once more").abandoned());
            drop(guard);
        }
        // Opened anew by the thread that owns it, it is still owned.
        let again = Mutex::open(&lock, &Trust::default()).expect("it is held");
        drop(again.try_lock().expect("a mutex").expect("its owner may lock it once more"));
        say("forgotten");
        hear();
    });
    thread.join().expect("no panic");
    say("ended");
    hear();
}
