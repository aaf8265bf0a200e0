//! Locks: alone, contended by two processes, and after an owner's death.

use std::hint::black_box;
use std::process::Stdio;
use std::time::{Duration, Instant};

use raw_sync::locks::{LockInit as _, Mutex as RawMutex};
use samemap::sync::SharedMutex;

use super::arena::{Arena, ROOM};
use super::bare::{self, Robust};
use super::compare::{self, Entrant};
use super::contend::{self, Lock as _};
use super::external;
use super::job::{Act, Job, Kind, this_program};
use super::leftovers::Folder;
use super::locks;
use super::place::{Placement, TWO_CORES, UNPINNED};
use super::report::{Report, Subject};
use super::rounds::{self, Plan, Rival, Times};

/// Where the rivals' locks lie.
const OURS: usize = ROOM + 1024;
const ROBUST: usize = ROOM + 2048;
const RAW: usize = ROOM + 3072;

/// All rows about locks.
pub fn measure(plan: Plan, report: &mut Report) {
    alone(plan, report);
    for placement in Placement::possible(&[TWO_CORES, UNPINNED]) {
        contended(plan, report, placement);
    }
    owner_killed(plan, report);
}

fn alone(plan: Plan, report: &mut Report) {
    let arena = Arena::create("lock");
    let ours = SharedMutex::<u64>::create(arena.view(), OURS, &0).expect("create");
    let named = samemap::Mutex::create(
        &samemap::ObjectName::new(format!("bench-mutex-{}", std::process::id())).expect("a valid name"),
        &samemap::sync::SyncOptions::new(),
    )
    .expect("create");
    // A file that goes with its folder.
    let folder = Folder::create().expect("make a folder");
    let mut by_name = locks::Named::at(&folder.path().join("lock")).expect("create");
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
        Rival::floor("std::sync::Mutex, one process", || {
            drop(black_box(standard.lock().expect("not poisoned")));
        }),
        Rival::floor("bare futex lock", || {
            bare::lock(word);
            bare::unlock(word);
        }),
        Rival::floor("robust pthread mutex", || robust.lock_and_unlock()),
        Rival::ours("samemap SharedMutex", || drop(black_box(ours.lock().expect("lock")))),
        Rival::ours("samemap Mutex, named", || drop(black_box(named.lock().expect("lock")))),
        Rival::peer("named-lock 0.4", || by_name.work()),
        Rival::peer("raw_sync 0.1 Mutex", || drop(black_box(raw.lock().expect("not poisoned")))),
        external::rival("boost-mutex", "alone", 0, plan),
    ];
    let times = rounds::run_in_nanoseconds(plan, &mut rivals);
    report.add_in(Subject { bench: "lock and unlock, alone", size: 0 }, "ns", UNPINNED.name, times);
}

const CONTENDING: [&str; 6] =
    ["bare-lock", "robust-lock", "shared-mutex", "raw-sync-lock", "named-lock", "boost-mutex"];

fn contended(plan: Plan, report: &mut Report, placement: Placement) {
    let job = Job { act: Act::Contend, size: 0, slice: plan.slice * 5, placement };
    let mut entrants = Vec::from(CONTENDING.map(Entrant::of));
    let threads = |job| Ok((contend::threads(job), None));
    entrants.push(Entrant::new("std::sync::Mutex, two threads", Kind::Peer, threads));
    let subject = Subject { bench: "lock and unlock, two processes contending", size: 0 };
    compare::run(plan, report, subject, job, &entrants);
}

/// From an owner's `kill -9` to the entry of a waiter that sleeps.
fn owner_killed(plan: Plan, report: &mut Report) {
    let arena = Arena::create("killed");
    let mutex = SharedMutex::<u64>::create(arena.view(), OURS, &0).expect("create");
    let mut times = Times::new("samemap SharedMutex", Kind::Ours);
    for _ in 0..if plan.is_quick { 3 } else { 100 } {
        times.add(kill_once(&arena, &mutex));
    }
    let subject = Subject { bench: "owner killed, until the waiter is in", size: 0 };
    report.add_in(subject, "us", UNPINNED.name, vec![times]);
}

fn kill_once(arena: &Arena, mutex: &SharedMutex<u64>) -> f64 {
    let mut command = this_program(OWNER);
    command.arg(arena.name()).stdin(Stdio::null());
    arena.order(0);
    let mut owner = command.spawn().expect("start the owner");
    arena.wait_done();
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

/// The first argument of a process that owns the lock until it is killed.
pub const OWNER: &str = "owner-of-a-lock";

/// That process.
pub fn own(arena: &str) -> ! {
    let arena = Arena::open(arena);
    let mutex = SharedMutex::<u64>::open(arena.view(), OURS).expect("open");
    let _guard = mutex.lock().expect("lock");
    arena.say_done();
    loop {
        std::thread::park();
    }
}
