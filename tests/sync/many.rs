//! Waiting for many.

use crate::common::*;

/// Objects of all kinds and both sorts, in the order in which everybody waits for them.
pub struct Many {
    pub events: Vec<Event>,
    pub semaphores: Vec<Semaphore>,
    pub inside_events: Vec<SharedEvent>,
    pub inside_semaphores: Vec<SharedSemaphore>,
    pub timer: Timer,
    pub mutex: Mutex,
    pub taken: View,
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
    pub fn create(label: &ObjectName) -> (Many, Region) {
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

    pub fn open(label: &ObjectName) -> Many {
        let view = opened(label);
        let how = OpenOptions::default();
        let named = |what: &str, at: usize| beside(label, &format!("{what}{at}"));
        Many {
            events: (0..EACH).map(|at| Event::open(&named("e", at), &how).unwrap()).collect(),
            semaphores: (0..EACH).map(|at| Semaphore::open(&named("s", at), &how).unwrap()).collect(),
            inside_events: (0..EACH)
                .map(|at| SharedEvent::open(&view, OBJECTS_AT + at * 64).unwrap())
                .collect(),
            inside_semaphores: (EACH..2 * EACH)
                .map(|at| SharedSemaphore::open(&view, OBJECTS_AT + at * 64).unwrap())
                .collect(),
            timer: Timer::open(&beside(label, "t"), &how).unwrap(),
            mutex: Mutex::open(&beside(label, "m"), &how).unwrap(),
            taken: view,
        }
    }

    /// All but the mutex, of which each has one guard at a time.
    pub fn objects(&self) -> Vec<&dyn WaitAny> {
        let mut objects: Vec<&dyn WaitAny> = Vec::new();
        for at in 0..EACH {
            objects.extend([&self.events[at] as &dyn WaitAny, &self.inside_events[at]]);
            objects.extend([&self.semaphores[at] as &dyn WaitAny, &self.inside_semaphores[at]]);
        }
        objects
    }

    pub fn signal(&self, index: usize) {
        let at = index / 4;
        match index % 4 {
            0 => self.events[at].set().unwrap(),
            1 => self.inside_events[at].set().unwrap(),
            2 => _ = self.semaphores[at].release(1).unwrap(),
            _ => _ = self.inside_semaphores[at].release(1).unwrap(),
        }
    }

    pub fn taken(&self, taker: usize) -> &AtomicU64 {
        self.taken.atomic_u64(taker * 8).unwrap()
    }
}

/// Until the last object, which is signalled once for each taker, is all that there is to take.
pub fn take_any(arguments: &[String]) {
    let (many, taker) = (&Many::open(&name(&arguments[0])), arguments[1].parse().unwrap());
    let objects = many.objects();
    loop {
        let woken = wait_any_timeout(&objects, PATIENCE).unwrap().expect("in time");
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
    let waiters = children("any", WAITERS, |index| vec![label.to_string(), index.to_string()]);
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
    many.semaphores.iter().for_each(|semaphore| assert!(!semaphore.try_wait().unwrap()));
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
        |objects: &[&dyn WaitAny]| wait_any_timeout(objects, PATIENCE).unwrap().expect("signalled").index();
    let signals = [59, 2, 33, 17, 41, 8];
    signals.into_iter().for_each(|index| many.signal(index));
    many.timer.set(Due::After(Duration::ZERO)).unwrap();
    let mut order = signals.to_vec();
    order.sort_unstable();
    order.push(60);
    for index in order {
        assert_eq!(take(&objects), index);
    }
    // The mutex is free all the time, and the last of them.
    let woken = wait_any_timeout(&objects, PATIENCE).unwrap().expect("it is free");
    assert_eq!(woken.index(), 61);
    let guard = woken.into_guard().expect("a mutex has a guard");
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(many.mutex.try_lock().unwrap().is_none(), "it is owned"));
    });
    drop(guard);
    drop(wait_any_timeout(&objects, PATIENCE).unwrap().expect("it is free"));
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(many.mutex.try_lock().unwrap().is_some(), "an ended wait keeps it"));
    });
    objects.push(&many.timer);
    for wrong in [&objects[..], &[]] {
        let error = try_wait_any(wrong).expect_err("so many are not taken");
        assert!(error.is(ErrorKind::InvalidArgument), "{error}");
    }
    let start = Instant::now();
    assert!(wait_any_timeout(&objects[..61], Duration::from_millis(50)).unwrap().is_none());
    assert!(start.elapsed() >= Duration::from_millis(50));
    many.timer.set(Due::After(Duration::from_millis(20))).unwrap();
    assert_eq!(take(&objects[..61]), 60);
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
        ("event", &|| many.events[0].wait_timeout(asked).unwrap()),
        ("event inside", &|| many.inside_events[0].wait_timeout(asked).unwrap()),
        ("semaphore", &|| many.semaphores[0].wait_timeout(asked).unwrap()),
        ("semaphore inside", &|| many.inside_semaphores[0].wait_timeout(asked).unwrap()),
        ("timer", &|| many.timer.wait_timeout(asked).unwrap()),
        ("mutex", &|| many.mutex.lock_timeout(asked).unwrap().is_some()),
        ("mutex inside", &|| inside.lock_timeout(asked).unwrap().is_some()),
        ("many", &|| wait_any_timeout(&many.objects(), asked).unwrap().is_some()),
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
