//! Thousands of locks in one region: each costs what one costs, and is told abandoned as one is.
//!
//! `SAMEMAP_LOCKS=100000 cargo test --test sync -- --nocapture thousands` prints what that many cost.

use crate::common::*;

/// Bytes for each lock and its value.
const EACH: usize = SharedMutex::<u64>::SIZE;

/// How many there are. On Windows each is an object of the kernel.
fn count() -> usize {
    number("SAMEMAP_LOCKS", if cfg!(windows) { 200 } else { 20_000 }) as usize
}

/// For each lock, far more than it takes: what grows with their square takes longer at these numbers.
const AT_MOST: Duration = Duration::from_micros(if cfg!(windows) { 50_000 } else { 300 });
/// However busy the machine is.
const AND: Duration = Duration::from_secs(3);

/// Of so many locks the other process, or thread, leaves one owned.
const ONE_OF: usize = 7;

fn made(view: &View) -> Vec<SharedMutex<u64>> {
    (0..count()).map(|at| SharedMutex::create(view, at * EACH, &0).unwrap()).collect()
}

/// Opens each and takes it once; the locks, and how long that took.
fn opened_and_taken(view: &View) -> (Vec<SharedMutex<u64>>, Duration) {
    let start = Instant::now();
    let open = |at| {
        let mutex = SharedMutex::open(view, at * EACH).unwrap();
        mutex.lock().unwrap().update(|value| value + 1).unwrap();
        mutex
    };
    let mutexes = (0..count()).map(open).collect();
    (mutexes, start.elapsed())
}

/// Leaves one of each few owned.
fn leave_some_owned(mutexes: &[SharedMutex<u64>]) {
    for mutex in mutexes.iter().step_by(ONE_OF) {
        std::mem::forget(mutex.lock().unwrap());
    }
}

/// Takes each, and checks that those which were left owned say so, and no other.
#[track_caller]
fn assert_those_are_abandoned(mutexes: &[SharedMutex<u64>]) {
    for (index, mutex) in mutexes.iter().enumerate() {
        let guard = mutex.lock_timeout(PATIENCE).unwrap().expect("nobody owns it");
        assert_eq!(guard.abandoned(), index % ONE_OF == 0, "lock {index}");
    }
}

#[track_caller]
fn check(what: &str, time: Duration) {
    println!("{} locks {what}: {time:?}", count());
    assert!(time < AND + AT_MOST * count() as u32, "{what}: {time:?}");
}

/// A process of its own opens them, and waits with some of them owned.
pub fn open_thousands(arguments: &[String]) {
    let view = opened(&name(&arguments[0]));
    let before = resident();
    let (mutexes, time) = opened_and_taken(&view);
    let each = resident().saturating_sub(before) / count() as u64;
    leave_some_owned(&mutexes);
    part::say(&time.as_micros().to_string());
    part::say(&each.to_string());
    part::hear();
}

/// Memory of this process that is in use, in bytes, without what it shares; zero where the system does not tell.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

#[test]
fn thousands_of_locks_are_made_opened_and_inherited() {
    let label = unique("thousands");
    let region = Region::create(&label, &CreateOptions::new((count() * EACH) as u64)).unwrap();
    let view = mapped(&region);
    let start = Instant::now();
    let mutexes = made(&view);
    for mutex in &mutexes {
        mutex.lock().unwrap().store(&1).unwrap();
    }
    check("made and taken", start.elapsed());

    let child = part::start("thousands", &[&label.to_string()]);
    check("opened and taken by another process", Duration::from_micros(child.hear().parse().unwrap()));
    println!("{} bytes of that process's memory for each", child.hear());
    assert!(mutexes[0].try_lock().unwrap().is_none(), "the other process owns it, and lives");
    child.kill();
    let start = Instant::now();
    assert_those_are_abandoned(&mutexes);
    check("inherited from a killed process", start.elapsed());
}

#[test]
fn a_thread_that_ends_leaves_its_own_of_thousands() {
    let region = Region::anonymous(&CreateOptions::new((count() * EACH) as u64)).unwrap();
    let view = mapped(&region);
    let mutexes = made(&view);
    let kept = mutexes[1].lock().unwrap();
    std::thread::scope(|scope| {
        // Joined, which waits for its very end.
        scope.spawn(|| leave_some_owned(&mutexes)).join().unwrap();
    });
    drop(kept);
    assert_those_are_abandoned(&mutexes);

    let start = Instant::now();
    const THREADS: u32 = 100;
    for _ in 0..THREADS {
        std::thread::scope(|scope| {
            scope.spawn(|| drop(mutexes[1].lock().unwrap())).join().unwrap();
        });
    }
    println!("{:?} for a thread that takes one of {} locks", start.elapsed() / THREADS, count());
}

/// A maker that fails leaves the place as it was, though its process lives and owns others.
#[test]
fn a_lock_that_could_not_be_made_can_be_made_again() {
    let region = Region::anonymous(&CreateOptions::new(4096)).unwrap();
    let view = mapped(&region);
    let _other = SharedMutex::create(&view, 0, &0u64).unwrap();
    let makers: Vec<_> = (0..4)
        .map(|_| {
            let view = view.clone();
            std::thread::spawn(move || SharedMutex::<u64>::create_or_open(&view, EACH).unwrap().1)
        })
        .collect();
    let made = makers.into_iter().map(|maker| maker.join().unwrap());
    assert_eq!(made.filter(|&disposition| disposition == Disposition::Created).count(), 1);
}
