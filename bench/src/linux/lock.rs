//! Locks: alone, contended by two processes, and after an owner's death.

use std::hint::black_box;
use std::time::{Duration, Instant};

use raw_sync::locks::{LockInit, Mutex as RawMutex};
use samemap::{LockGuard as _, Lockable as _, SharedMutex};

use super::bare::{self, Robust};
use super::peer::{Arena, ROOM, pin};
use super::report::{Report, Subject};
use super::rounds::{self, Plan, Rival, Times};

/// Where the rivals' locks lie.
const OURS: usize = ROOM + 1024;
const ROBUST: usize = ROOM + 2048;
const RAW: usize = ROOM + 3072;

/// All rows about locks.
pub fn measure(plan: Plan, report: &mut Report) {
    alone(plan, report);
    for placement in super::wake::placements() {
        if placement.name != "one core" {
            contended(plan, report, placement);
        }
    }
    owner_killed(plan, report);
}

fn alone(plan: Plan, report: &mut Report) {
    let arena = Arena::create("lock");
    let ours = SharedMutex::<u64>::create(arena.view(), OURS, &0).expect("create");
    let named = samemap::Mutex::create(
        &samemap::ObjectName::new(format!("bench-mutex-{}", std::process::id())).expect("a valid name"),
        &samemap::SyncOptions::new(),
    )
    .expect("create");
    let standard = std::sync::Mutex::new(0u64);
    // SAFETY: aligned room of the arena's own, mapped as long as the arena lives.
    let robust = unsafe { Robust::initialise(arena.view().as_ptr().add(ROBUST)) };
    // SAFETY: as above.
    let raw = unsafe {
        let start = arena.view().as_ptr().add(RAW);
        RawMutex::new(start, start.add(512)).expect("raw_sync's mutex").0
    };
    let word = arena.word(0);
    let mut rivals = [
        Rival::new("std::sync::Mutex", || drop(black_box(standard.lock().expect("not poisoned")))),
        Rival::new("bare futex", || {
            bare::lock(word);
            bare::unlock(word);
        }),
        Rival::new("robust pthread mutex", || robust.lock_and_unlock()),
        Rival::new("raw_sync 0.1.5", || drop(black_box(raw.lock().expect("not poisoned")))),
        Rival::new("samemap SharedMutex", || drop(black_box(ours.lock().expect("lock")))),
        Rival::new("samemap Mutex, named", || drop(black_box(named.lock().expect("lock")))),
    ];
    let times = in_nanoseconds(rounds::run(plan, &mut rivals));
    report.add_in(Subject { bench: "lock and unlock, alone", size: 0 }, "ns", "unpinned", &times);
}

fn in_nanoseconds(mut times: Vec<Times>) -> Vec<Times> {
    times.iter_mut().flat_map(|times| &mut times.sorted).for_each(|time| *time *= 1000.0);
    times
}

/// The locks that two processes contend for.
enum Contended {
    Bare(Arena),
    Robust(Robust),
    Ours(SharedMutex<u64>),
}

impl Contended {
    fn open(which: &str, arena: Arena) -> Contended {
        match which {
            "bare" => Contended::Bare(arena),
            // SAFETY: the first process initialised it; the arena is leaked, so it stays mapped.
            "robust" => {
                let start = Box::leak(Box::new(arena)).view().as_ptr();
                // SAFETY: as above.
                Contended::Robust(unsafe { Robust::open(start.add(ROBUST)) })
            }
            _ => Contended::Ours(SharedMutex::open(arena.view(), OURS).expect("open")),
        }
    }

    /// Once.
    fn work(&self) {
        match self {
            Contended::Bare(arena) => {
                bare::lock(arena.word(0));
                bare::unlock(arena.word(0));
            }
            Contended::Robust(robust) => robust.lock_and_unlock(),
            Contended::Ours(mutex) => drop(mutex.lock().expect("lock")),
        }
    }
}

const CONTENDED: [(&str, &str); 3] =
    [("bare", "bare futex"), ("robust", "robust pthread mutex"), ("ours", "samemap SharedMutex")];

fn contended(plan: Plan, report: &mut Report, placement: super::wake::Placement) {
    let arena = Arena::create("contended");
    SharedMutex::<u64>::create(arena.view(), OURS, &0).expect("create");
    // SAFETY: aligned room of the arena's own, mapped as long as the arena lives.
    let _ = unsafe { Robust::initialise(arena.view().as_ptr().add(ROBUST)) };
    let mut times: Vec<Times> =
        CONTENDED.iter().map(|(_, system)| Times { system, sorted: Vec::new() }).collect();
    pin(placement.first);
    for _ in 0..plan.rounds.min(15) {
        for ((which, _), times) in CONTENDED.iter().zip(&mut times) {
            times.sorted.push(contend_once(&arena, which, placement, plan));
        }
    }
    pin(None);
    times.iter_mut().for_each(|times| times.sorted.sort_by(f64::total_cmp));
    let subject = Subject { bench: "lock and unlock, two processes contending", size: 0 };
    report.add_in(subject, "ns", placement.name, &times);
}

/// Nanoseconds a lock, of all locks that both processes get in a while.
fn contend_once(arena: &Arena, which: &str, placement: super::wake::Placement, plan: Plan) -> f64 {
    use std::sync::atomic::Ordering::SeqCst;
    let child = arena.start(&format!("contend-{which}"), placement.second);
    let lock = Contended::open(which, Arena::open(&arena.name().to_string()));
    let before = arena.count().load(SeqCst);
    let (start, mut locks) = (Instant::now(), 0u64);
    let while_ = plan.slice * 5;
    while start.elapsed() < while_ {
        for _ in 0..64 {
            lock.work();
        }
        locks += 64;
    }
    let took = start.elapsed();
    let theirs = arena.count().load(SeqCst) - before;
    arena.end(child);
    took.as_secs_f64() * 1e9 / (locks + theirs) as f64
}

/// The second process of `contended`.
pub fn contend(which: &str, arena: Arena) {
    use std::sync::atomic::Ordering::SeqCst;
    let lock = Contended::open(which, Arena::open(&arena.name().to_string()));
    arena.say_ready();
    while !arena.is_stopped() {
        for _ in 0..64 {
            lock.work();
        }
        arena.count().fetch_add(64, SeqCst);
    }
}

/// From an owner's `kill -9` to the entry of a waiter that sleeps.
fn owner_killed(plan: Plan, report: &mut Report) {
    let arena = Arena::create("killed");
    let mutex = SharedMutex::<u64>::create(arena.view(), OURS, &0).expect("create");
    let rounds = if plan.rounds > 10 { 100 } else { 3 };
    let mut sorted: Vec<f64> = (0..rounds).map(|_| kill_once(&arena, &mutex)).collect();
    sorted.sort_by(f64::total_cmp);
    let times = [Times { system: "samemap SharedMutex", sorted }];
    report.add_in(
        Subject { bench: "owner killed, until the waiter is in", size: 0 },
        "us",
        "unpinned",
        &times,
    );
}

fn kill_once(arena: &Arena, mutex: &SharedMutex<u64>) -> f64 {
    let mut owner = arena.start("own", None);
    let pid = owner.id() as i32;
    let killer = std::thread::spawn(move || {
        // Long enough for the waiter to fall asleep; what is measured begins after it.
        std::thread::sleep(Duration::from_millis(60));
        let killed = Instant::now();
        // SAFETY: a process of our own, not yet waited for.
        unsafe { libc::kill(pid, libc::SIGKILL) };
        killed
    });
    let guard = mutex.lock_timeout(Duration::from_secs(10)).expect("lock").expect("the dead owner's lock");
    let entered = Instant::now();
    assert!(guard.abandoned(), "the owner was killed");
    let killed = killer.join().expect("the killer ends");
    owner.wait().expect("reap the owner");
    (entered - killed).as_secs_f64() * 1e6
}

/// The second process of `owner_killed`: owns the lock until it is killed.
pub fn own(arena: Arena) {
    let mutex = SharedMutex::<u64>::open(arena.view(), OURS).expect("open");
    let _guard = mutex.lock().expect("lock");
    arena.say_ready();
    loop {
        std::thread::park();
    }
}
