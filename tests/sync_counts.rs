//! What is counted between processes: each set of an auto-reset event lets one through, permits stay within
//! their maximum, and of many that wait for many objects each takes one (C22 to C26). And what a guard, a timer
//! and a timeout owe to their own process.
//!
//! A million sets on demand: `SAMEMAP_SYNC_SETS=1000000 cargo test --release --test sync_counts`.
//! Children of another build (32 bits): `SAMEMAP_SYNC_PROGRAM=path-to-that-sync_counts`.

#[path = "support/sync_child.rs"]
mod sync_child;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use samemap::{
    Access, CreateOptions, Due, ErrorKind, Event, EventOptions, LockGuard, Lockable, MAX_OBJECTS, Mutex,
    MutexGuard, ObjectName, OpenOptions, Permits, Region, Reset, Semaphore, SemaphoreOptions, Settable,
    SharedEvent, SharedMutex, SharedRegion, SharedSemaphore, SyncOptions, Timer, TimerOptions, Trust, View,
    WaitAny, Waitable, Waited, wait_any,
};
use sync_child::{PATIENCE, child, ends_well, unique, words};

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    let Some(words) = words() else { return };
    let name = |index: usize| ObjectName::new(words[index].as_str()).unwrap();
    match words[0].as_str() {
        "pass" => pass_gates(&Gates::open(&name(1)), words[2].parse().unwrap()),
        "permits" => use_permits(&name(1), &name(2)),
        "any" => take_any(&Many::open(&name(1)), words[2].parse().unwrap()),
        "tick" => {
            let timer = Timer::open(&name(1), &Trust::default()).unwrap();
            assert_eq!(timer.wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
        }
        other => panic!("no such child: {other}"),
    }
}

fn children(count: usize, words: impl Fn(usize) -> Vec<String>) -> Vec<Child> {
    let start = |index| {
        let words = words(index);
        child(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    (0..count).map(start).collect()
}

fn mapped(region: &Region) -> View {
    region.view(.., Access::ReadWrite).unwrap()
}

fn opened(name: &ObjectName) -> View {
    mapped(&Region::open(name, &OpenOptions::read_write()).unwrap())
}

// ---- events -------------------------------------------------------------------------------------------

const TAKERS: usize = 8;

/// An event with a name, one in a region, and how many came through.
struct Gates {
    named: Event,
    inside: SharedEvent,
    /// Released by whoever came through.
    through: Semaphore,
    counts: View,
}

/// Where in the region the event lies; in front of it the takers' counts and whether it is over.
const GATE_AT: usize = 256;
const OVER_AT: usize = 128;

impl Gates {
    fn create(label: &ObjectName) -> (Gates, Region) {
        let options = EventOptions::new(Reset::Auto);
        let region = Region::create(label, &CreateOptions::new(4096)).unwrap();
        let counts = mapped(&region);
        let gates = Gates {
            named: Event::create(&beside(label, "event"), &options).unwrap(),
            inside: SharedEvent::create(&counts, GATE_AT, &options).unwrap(),
            through: Semaphore::create(&beside(label, "through"), &SemaphoreOptions::new(0, 1000)).unwrap(),
            counts,
        };
        (gates, region)
    }

    fn open(label: &ObjectName) -> Gates {
        let counts = opened(label);
        Gates {
            named: Event::open(&beside(label, "event"), &Trust::default()).unwrap(),
            inside: SharedEvent::open(&counts, GATE_AT).unwrap(),
            through: Semaphore::open(&beside(label, "through"), &Trust::default()).unwrap(),
            counts,
        }
    }

    /// Takers with an even number wait for the one, the others for the other.
    fn gate(&self, index: usize) -> &dyn Settable {
        if index % 2 == 0 { &self.named } else { &self.inside }
    }

    fn over(&self) -> &std::sync::atomic::AtomicU32 {
        self.counts.atomic_u32(OVER_AT).unwrap()
    }

    fn count(&self, index: usize) -> &AtomicU64 {
        self.counts.atomic_u64(index * 8).unwrap()
    }
}

fn beside(label: &ObjectName, what: &str) -> ObjectName {
    ObjectName::new(format!("{label}-{what}")).unwrap()
}

fn pass_gates(gates: &Gates, index: usize) {
    loop {
        assert_eq!(gates.gate(index).wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
        if gates.over().load(Ordering::Acquire) != 0 {
            return;
        }
        gates.count(index).fetch_add(1, Ordering::Relaxed);
        gates.through.release(1).unwrap();
    }
}

/// Eight processes, four at each gate: whoever sets it sees one come through, and never two.
#[test]
fn c23_each_set_lets_one_through_and_only_one() {
    let sets: u64 =
        std::env::var("SAMEMAP_SYNC_SETS").ok().map_or(3000, |text| text.parse().expect("a number"));
    let label = unique("gates");
    let (gates, _region) = Gates::create(&label);
    let takers = children(TAKERS, |index| vec!["pass".into(), label.to_string(), index.to_string()]);
    for round in 0..sets {
        gates.gate(round as usize).set().unwrap();
        assert_eq!(gates.through.wait_timeout(PATIENCE).unwrap(), Waited::Signalled, "after {round} sets");
    }
    assert_eq!(gates.through.wait_timeout(Duration::from_millis(50)).unwrap(), Waited::TimedOut);
    let sums: Vec<u64> = (0..2)
        .map(|gate| (gate..TAKERS).step_by(2).map(|at| gates.count(at).load(Ordering::Relaxed)).sum())
        .collect();
    assert_eq!(sums, [sets.div_ceil(2), sets / 2]);
    gates.over().store(1, Ordering::Release);
    let mut takers: Vec<Option<Child>> = takers.into_iter().map(Some).collect();
    let deadline = Instant::now() + PATIENCE;
    while takers.iter().any(Option::is_some) {
        assert!(Instant::now() < deadline, "somebody did not end");
        (0..2).for_each(|gate| gates.gate(gate).set().unwrap());
        std::thread::sleep(Duration::from_millis(1));
        for taker in &mut takers {
            if taker.as_mut().is_some_and(|taker| taker.try_wait().unwrap().is_some()) {
                taker.take().into_iter().for_each(ends_well);
            }
        }
    }
}

// ---- semaphores ---------------------------------------------------------------------------------------

const MAXIMUM: u32 = 3;
const USES: u64 = 300;
/// In the region: a semaphore, and what the mutex protects: how many are inside, and the most that were.
const PERMITS_AT: usize = 0;
const INSIDE_AT: usize = 64;

fn use_permits(semaphore: &ObjectName, memory: &ObjectName) {
    let named = Semaphore::open(semaphore, &Trust::default()).unwrap();
    let view = opened(memory);
    let inside = SharedSemaphore::open(&view, PERMITS_AT).unwrap();
    let crowds = SharedMutex::<[u64; 4]>::open(&view, INSIDE_AT).unwrap();
    for round in 0..USES {
        let which = (round % 2) as usize;
        let semaphore: &dyn Permits = if which == 0 { &named } else { &inside };
        assert_eq!(semaphore.wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
        let crowd = |by: fn(u64) -> u64| {
            let guard = crowds.lock().unwrap();
            guard
                .update(|mut crowd| {
                    crowd[which] = by(crowd[which]);
                    crowd[2 + which] = crowd[2 + which].max(crowd[which]);
                    crowd
                })
                .unwrap();
        };
        crowd(|count| count + 1);
        std::thread::yield_now();
        crowd(|count| count - 1);
        assert!(semaphore.release(1).unwrap() < MAXIMUM);
    }
}

#[test]
fn c24_no_more_are_inside_than_there_are_permits() {
    let (semaphore, memory) = (unique("permits"), unique("crowd"));
    let options = SemaphoreOptions::new(MAXIMUM, MAXIMUM);
    let named = Semaphore::create(&semaphore, &options).unwrap();
    let region = Region::create(&memory, &CreateOptions::new(4096)).unwrap();
    let view = mapped(&region);
    let inside = SharedSemaphore::create(&view, PERMITS_AT, &options).unwrap();
    let crowds = SharedMutex::create(&view, INSIDE_AT, &[0u64; 4]).unwrap();
    let users = children(5, |_| vec!["permits".into(), semaphore.to_string(), memory.to_string()]);
    users.into_iter().for_each(ends_well);
    let crowd = crowds.lock().unwrap().load().unwrap();
    assert_eq!(crowd[..2], [0, 0]);
    assert!(crowd[2..].iter().all(|&most| (1..=u64::from(MAXIMUM)).contains(&most)), "{crowd:?}");
    for semaphore in [&named as &dyn Permits, &inside] {
        let error = semaphore.release(1).expect_err("all of them are there");
        assert!(matches!(error.kind(), ErrorKind::LimitExceeded { maximum: MAXIMUM }), "{error}");
        for _ in 0..MAXIMUM {
            assert_eq!(semaphore.try_wait().unwrap(), Waited::Signalled);
        }
        assert_eq!(semaphore.try_wait().unwrap(), Waited::TimedOut, "and not one more");
    }
}

// ---- waiting for many ---------------------------------------------------------------------------------

/// Objects of all kinds and both sorts, in the order in which everybody waits for them.
struct Many {
    events: Vec<Event>,
    semaphores: Vec<Semaphore>,
    inside_events: Vec<SharedEvent>,
    inside_semaphores: Vec<SharedSemaphore>,
    timer: Timer,
    mutex: Mutex,
    taken: View,
}

const EACH: usize = 15;
/// Two of them are left: a timer and a mutex, which everybody would take.
const _: () = assert!(4 * EACH + 2 <= MAX_OBJECTS);
const ENOUGH: u32 = 1000;
/// Where in the region the takers' counts end.
const OBJECTS_AT: usize = 1024;
const ENDS: usize = 4 * EACH - 1;
const TOKENS: usize = 400;

impl Many {
    fn create(label: &ObjectName) -> (Many, Region) {
        let region = Region::create(label, &CreateOptions::new(8192)).unwrap();
        let view = mapped(&region);
        let event = EventOptions::new(Reset::Auto);
        let semaphore = SemaphoreOptions::new(0, ENOUGH);
        let named = |what: &str, at: usize| beside(label, &format!("{what}{at}"));
        let many = Many {
            events: (0..EACH).map(|at| Event::create(&named("e", at), &event).unwrap()).collect(),
            semaphores: (0..EACH).map(|at| Semaphore::create(&named("s", at), &semaphore).unwrap()).collect(),
            inside_events: (0..EACH)
                .map(|at| SharedEvent::create(&view, OBJECTS_AT + at * 64, &event).unwrap())
                .collect(),
            inside_semaphores: (EACH..2 * EACH)
                .map(|at| SharedSemaphore::create(&view, OBJECTS_AT + at * 64, &semaphore).unwrap())
                .collect(),
            timer: Timer::create(&beside(label, "t"), &TimerOptions::new(Reset::Auto)).unwrap(),
            mutex: Mutex::create(&beside(label, "m"), &SyncOptions::new()).unwrap(),
            taken: view,
        };
        (many, region)
    }

    fn open(label: &ObjectName) -> Many {
        let view = opened(label);
        let trust = Trust::default();
        let named = |what: &str, at: usize| beside(label, &format!("{what}{at}"));
        Many {
            events: (0..EACH).map(|at| Event::open(&named("e", at), &trust).unwrap()).collect(),
            semaphores: (0..EACH).map(|at| Semaphore::open(&named("s", at), &trust).unwrap()).collect(),
            inside_events: (0..EACH)
                .map(|at| SharedEvent::open(&view, OBJECTS_AT + at * 64).unwrap())
                .collect(),
            inside_semaphores: (EACH..2 * EACH)
                .map(|at| SharedSemaphore::open(&view, OBJECTS_AT + at * 64).unwrap())
                .collect(),
            timer: Timer::open(&beside(label, "t"), &trust).unwrap(),
            mutex: Mutex::open(&beside(label, "m"), &trust).unwrap(),
            taken: view,
        }
    }

    /// All but the mutex, of which each has one guard at a time.
    fn objects(&self) -> Vec<&dyn WaitAny> {
        let mut objects: Vec<&dyn WaitAny> = Vec::new();
        for at in 0..EACH {
            objects.extend([&self.events[at] as &dyn WaitAny, &self.inside_events[at]]);
            objects.extend([&self.semaphores[at] as &dyn WaitAny, &self.inside_semaphores[at]]);
        }
        objects
    }

    fn signal(&self, index: usize) {
        let at = index / 4;
        match index % 4 {
            0 => self.events[at].set().unwrap(),
            1 => self.inside_events[at].set().unwrap(),
            2 => _ = self.semaphores[at].release(1).unwrap(),
            _ => _ = self.inside_semaphores[at].release(1).unwrap(),
        }
    }

    fn taken(&self, taker: usize) -> &AtomicU64 {
        self.taken.atomic_u64(taker * 8).unwrap()
    }
}

/// Until the last object, which is signalled once for each taker, is all that there is to take.
fn take_any(many: &Many, taker: usize) {
    let objects = many.objects();
    loop {
        let woken = wait_any(&objects, Some(PATIENCE)).unwrap().expect("in time");
        if woken.index() == ENDS {
            return;
        }
        many.taken(taker).fetch_add(1, Ordering::Relaxed);
    }
}

/// Four processes wait for the same sixty objects: what is signalled is taken, and once.
#[test]
fn c26_of_many_that_wait_for_many_each_takes_its_own() {
    const WAITERS: usize = 4;
    let label = unique("any");
    let (many, _region) = Many::create(&label);
    let waiters = children(WAITERS, |index| vec!["any".into(), label.to_string(), index.to_string()]);
    let taken = || (0..WAITERS).map(|taker| many.taken(taker).load(Ordering::Relaxed)).sum::<u64>();
    let mut signalled = 0;
    let deadline = Instant::now() + PATIENCE;
    for token in 0..TOKENS {
        // Several at a time, so that there is something to race for; each event once, as a second set is none.
        for step in 0..3 {
            many.signal((token * 7 + step * 19) % ENDS);
            signalled += 1;
        }
        while taken() < signalled {
            assert!(Instant::now() < deadline, "{} of {signalled} were taken", taken());
            std::thread::yield_now();
        }
        assert_eq!(taken(), signalled, "more were taken than signalled");
    }
    many.semaphores.iter().for_each(|semaphore| assert!(!semaphore.try_wait().unwrap().is_signalled()));
    (0..WAITERS).for_each(|_| many.signal(ENDS));
    waiters.into_iter().for_each(ends_well);
    assert_eq!(taken(), signalled);
}

#[test]
fn c26_the_lowest_index_of_all_kinds_is_taken_and_the_rest_left() {
    let (many, _region) = Many::create(&unique("lowest"));
    let mut objects = many.objects();
    objects.extend([&many.timer as &dyn WaitAny, &many.mutex]);
    while objects.len() < MAX_OBJECTS {
        objects.push(&many.events[0]);
    }
    let take =
        |objects: &[&dyn WaitAny]| wait_any(objects, Some(PATIENCE)).unwrap().expect("signalled").index();
    let signals = [59, 2, 33, 17, 41, 8];
    signals.into_iter().for_each(|index| many.signal(index));
    many.timer.set(Due::After(Duration::ZERO), None).unwrap();
    let mut order = signals.to_vec();
    order.sort_unstable();
    order.push(60);
    for index in order {
        assert_eq!(take(&objects), index);
    }
    // The mutex is free all the time, and the last of them.
    let woken = wait_any(&objects, Some(PATIENCE)).unwrap().expect("it is free");
    assert_eq!(woken.index(), 61);
    let guard = woken.into_guard().expect("a mutex has a guard");
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(many.mutex.try_lock().unwrap().is_none(), "it is owned"));
    });
    drop(guard);
    drop(wait_any(&objects, Some(PATIENCE)).unwrap().expect("it is free"));
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(many.mutex.try_lock().unwrap().is_some(), "an ended wait keeps it"));
    });
    objects.push(&many.timer);
    for wrong in [&objects[..], &[]] {
        let error = wait_any(wrong, Some(Duration::ZERO)).expect_err("so many are not taken");
        assert_eq!(*error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    let start = Instant::now();
    assert!(wait_any(&objects[..61], Some(Duration::from_millis(50))).unwrap().is_none());
    assert!(start.elapsed() >= Duration::from_millis(50));
    many.timer.set(Due::After(Duration::from_millis(20)), None).unwrap();
    assert_eq!(take(&objects[..61]), 60);
}

// ---- guards -------------------------------------------------------------------------------------------

#[test]
fn c22_a_panic_gives_the_lock_up_in_order() {
    let mutex = Mutex::create(&unique("panic"), &SyncOptions::new()).unwrap();
    let region = Region::anonymous(&CreateOptions::new(4096)).unwrap();
    let inside = SharedMutex::create(&mapped(&region), 0, &1u64).unwrap();
    std::thread::scope(|scope| {
        let panics = || {
            let _outer = mutex.lock().unwrap();
            let _inner = mutex.lock().unwrap();
            let _inside = inside.lock().unwrap();
            panic!("as it should");
        };
        let panicked = scope.spawn(move || catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert!(panicked.join().unwrap());
        assert!(!mutex.lock_timeout(PATIENCE).unwrap().expect("it was given up").abandoned());
        let guard = inside.lock_timeout(PATIENCE).unwrap().expect("it was given up");
        assert!(!guard.abandoned());
        assert_eq!(guard.load().unwrap(), 1);
    });
}

/// It is one lock, however many handles a process has, and each guard counts.
#[test]
fn c22_a_thread_locks_again_through_any_handle() {
    let name = unique("again");
    let mutex = Mutex::create(&name, &SyncOptions::new()).unwrap();
    let other = Mutex::open(&name, &Trust::default()).unwrap();
    let free = |is_free: bool| {
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(other.try_lock().unwrap().is_some(), is_free));
        });
    };
    let guards = [mutex.lock().unwrap(), other.lock().unwrap(), mutex.lock().unwrap()];
    for guard in guards {
        free(false);
        drop(guard);
    }
    free(true);
    let memory = unique("memory");
    let region = Region::create(&memory, &CreateOptions::new(4096)).unwrap();
    let first = SharedMutex::create(&mapped(&region), 64, &0u64).unwrap();
    let second = SharedMutex::<u64>::open(&opened(&memory), 64).unwrap();
    // The guard keeps what it needs: handles, views and regions may go before.
    let (outer, inner) = (first.lock().unwrap(), second.lock().unwrap());
    drop(region);
    outer.update(|value| value + 1).unwrap();
    drop(outer);
    assert_eq!(inner.update(|value| value + 1).unwrap(), 2);
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(first.try_lock().unwrap().is_none()));
    });
    drop(inner);
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(first.try_lock().unwrap().is_some()));
    });
}

/// A guard in a thread-local variable is dropped at the thread's end, like any other: the lock was not abandoned,
/// and whoever has it by then keeps it.
#[test]
fn c22_a_guard_that_ends_with_its_thread_gives_the_lock_up_in_order() {
    thread_local! {
        static KEPT: RefCell<Option<MutexGuard<'static>>> = const { RefCell::new(None) };
    }
    let mutex: &Mutex = Box::leak(Box::new(Mutex::create(&unique("kept"), &SyncOptions::new()).unwrap()));
    for _ in 0..50 {
        let thread =
            std::thread::spawn(|| KEPT.with(|kept| *kept.borrow_mut() = Some(mutex.lock().unwrap())));
        let next = mutex.lock_timeout(PATIENCE).unwrap().expect("it is given up");
        assert!(!next.abandoned());
        drop(next);
        thread.join().unwrap();
        let guard = mutex.lock_timeout(PATIENCE).unwrap().expect("it is given up");
        assert!(!guard.abandoned());
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(mutex.try_lock().unwrap().is_none()));
        });
    }
}

// ---- timers and timeouts ------------------------------------------------------------------------------

#[test]
fn c25_a_timer_fires_at_a_time_of_day_and_again_and_again() {
    let name = unique("ticks");
    let timer = Timer::create(&name, &TimerOptions::new(Reset::Auto)).unwrap();
    let same = Timer::open(&name, &Trust::default()).unwrap();
    let start = Instant::now();
    timer.set(Due::At(SystemTime::now() + Duration::from_millis(40)), None).unwrap();
    assert_eq!(same.try_wait().unwrap(), Waited::TimedOut);
    assert_eq!(same.wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
    // The two clocks need not agree to the last microsecond.
    assert!(start.elapsed() >= Duration::from_millis(38), "{:?}", start.elapsed());
    assert_eq!(timer.try_wait().unwrap(), Waited::TimedOut, "one signal for all handles");
    let start = Instant::now();
    timer.set(Due::After(Duration::from_millis(10)), Some(Duration::from_millis(30))).unwrap();
    for tick in 0..4u32 {
        assert_eq!(same.wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
        let due = Duration::from_millis(9) + Duration::from_millis(29) * tick;
        assert!(start.elapsed() >= due, "tick {tick} after {:?}", start.elapsed());
    }
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(timer.try_wait().unwrap(), Waited::Signalled);
    timer.cancel().unwrap();
    // A tick may have come between the two.
    let _ = timer.try_wait().unwrap();
    assert_eq!(
        timer.wait_timeout(Duration::from_millis(80)).unwrap(),
        Waited::TimedOut,
        "periods do not pile up"
    );
}

#[test]
fn c25_a_manual_reset_timer_lets_all_through_until_it_is_set_anew() {
    let name = unique("manual");
    let timer = Timer::create(&name, &TimerOptions::new(Reset::Manual)).unwrap();
    let waiters = children(3, |_| vec!["tick".into(), name.to_string()]);
    timer.set(Due::After(Duration::from_millis(20)), None).unwrap();
    waiters.into_iter().for_each(ends_well);
    timer.cancel().unwrap();
    for _ in 0..2 {
        assert_eq!(timer.try_wait().unwrap(), Waited::Signalled, "what it has given stays");
    }
    timer.set(Due::After(Duration::from_secs(3600)), None).unwrap();
    assert_eq!(timer.try_wait().unwrap(), Waited::TimedOut);
}

#[test]
fn c26_no_wait_ends_early_whatever_it_is_for() {
    let (many, _region) = Many::create(&unique("early"));
    let region = Region::anonymous(&CreateOptions::new(4096)).unwrap();
    let inside = SharedMutex::create(&mapped(&region), 0, &0u8).unwrap();
    let owned = many.mutex.lock().unwrap();
    let inside_owned = inside.lock().unwrap();
    let asked = Duration::from_millis(50);
    type Call<'a> = (&'static str, &'a (dyn Fn() -> bool + Sync));
    let waits: [Call<'_>; 8] = [
        ("event", &|| many.events[0].wait_timeout(asked).unwrap().is_signalled()),
        ("event inside", &|| many.inside_events[0].wait_timeout(asked).unwrap().is_signalled()),
        ("semaphore", &|| many.semaphores[0].wait_timeout(asked).unwrap().is_signalled()),
        ("semaphore inside", &|| many.inside_semaphores[0].wait_timeout(asked).unwrap().is_signalled()),
        ("timer", &|| many.timer.wait_timeout(asked).unwrap().is_signalled()),
        ("mutex", &|| many.mutex.lock_timeout(asked).unwrap().is_some()),
        ("mutex inside", &|| inside.lock_timeout(asked).unwrap().is_some()),
        ("many", &|| wait_any(&many.objects(), Some(asked)).unwrap().is_some()),
    ];
    std::thread::scope(|scope| {
        for (what, wait) in waits {
            scope.spawn(move || {
                let start = Instant::now();
                assert!(!wait(), "{what}");
                let took = start.elapsed();
                assert!(took >= asked && took < PATIENCE / 10, "{what} took {took:?}");
            });
        }
    });
    drop((owned, inside_owned));
}
