//! Processes that wait for overlapping sets, and are killed at random moments.

use crate::common::*;

/// The mutexes, each with a number; those that are taken together are counted together.
const MUTEXES: usize = 4;
const WORKERS: usize = 4;
/// Where in the region the mutexes lie, each with its number.
const APART: usize = 128;

struct Locks(Vec<SharedMutex<u64>>);

impl Locks {
    fn open(label: &ObjectName) -> Locks {
        let view = view_of(&Region::open(label, &OpenOptions::read_write()).expect("it is held"));
        Locks((0..MUTEXES).map(|at| SharedMutex::open(&view, at * APART).expect("it was made")).collect())
    }
}

/// Each is killed in the middle of something, again and again. The others go on, no set is owned by two, and a mutex
/// whose number is odd, because its owner died in the middle, was told to be abandoned.
#[test]
fn killed_waiters_are_in_nobodys_way() {
    let label = unique_name("storm");
    let region = Region::create(&label, &CreateOptions::new(4096)).expect("a free name");
    let view = view_of(&region);
    for at in 0..MUTEXES {
        SharedMutex::create(&view, at * APART, &0u64).expect("zeros");
    }
    let start = || {
        let mut worker = Start::role("worker").argument(&label).start();
        worker.expect("ready");
        worker
    };
    let mut workers: Vec<Child> = (0..WORKERS).map(|_| start()).collect();
    let mut random = Random::new();
    for _ in 0..rounds(120) {
        std::thread::sleep(Duration::from_micros(random.below(4000)));
        let index = random.below(WORKERS as u64) as usize;
        assert_eq!(workers[index].failure(), None);
        workers[index].kill();
        workers[index] = start();
    }
    for worker in &mut workers {
        worker.say("enough");
        let times: u64 = worker.hear().parse().expect("a number");
        assert!(times > 0, "it never had its set");
        worker.finish();
    }
    let locks = Locks::open(&label);
    let all: Vec<&dyn WaitAny> = locks.0.iter().map(|lock| lock as &dyn WaitAny).collect();
    assert!(wait_all_timeout(&all, PATIENCE).expect("mutexes").is_some(), "one was left locked");
}

/// Takes sets in any order, until it is told that it is enough.
pub fn worker(arguments: &[String]) {
    let locks = Locks::open(&name(&arguments[0]));
    say("ready");
    let enough = std::thread::spawn(hear);
    let mut random = Random::new();
    let mut times = 0u64;
    while !enough.is_finished() || times == 0 {
        let first = random.below(MUTEXES as u64) as usize;
        let second = (first + 1 + random.below(MUTEXES as u64 - 1) as usize) % MUTEXES;
        let set = [&locks.0[first], &locks.0[second]];
        let woken = wait_all_timeout(&[set[0], set[1]], PATIENCE).expect("mutexes").expect("in time");
        let abandoned = woken.abandoned();
        let guards = woken.into_guards();
        let mut told = false;
        let values = guards.into_iter().zip(set).map(|(guard, mutex)| {
            let guard = mutex.guarded(guard.expect("a mutex has a guard")).expect("its own");
            told |= guard.abandoned();
            // Odd while its owner is at it, so a second one or a dead one is seen.
            let value = guard.load().expect("in range");
            assert!(value % 2 == 0 || guard.abandoned(), "two own it, or a death was not told");
            guard.store(&(value | 1)).expect("in range");
            guard
        });
        let guards: Vec<_> = values.collect();
        assert_eq!(told, abandoned);
        for guard in &guards {
            guard.update(|value| value + 1).expect("in range");
        }
        drop(guards);
        times += 1;
    }
    say(&times.to_string());
}
