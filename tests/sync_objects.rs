//! Mutexes, events, semaphores and timers between processes, on every system (rules C4, C22 to C26).

#[path = "support/sync_child.rs"]
mod sync_child;

use std::process::Child;
use std::time::{Duration, Instant};

use samemap::{
    Access, CreateOptions, Disposition, Due, ErrorKind, Event, EventOptions, LockGuard, Lockable, Mutex,
    ObjectName, OpenOptions, Permits, Region, Reset, Semaphore, SemaphoreOptions, Settable, SharedEvent,
    SharedMutex, SharedRegion, SyncOptions, Timer, TimerOptions, Trust, Waitable, Waited, wait_any,
};
use sync_child::{PATIENCE, child, ends_well, unique, words};

const COUNTS: u64 = 2000;

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    let Some(words) = words() else { return };
    let name = |index: usize| ObjectName::new(words[index].as_str()).unwrap();
    match words[0].as_str() {
        "own" => {
            let mutex = Mutex::open(&name(1), &Trust::default()).unwrap();
            let _guard = mutex.lock().unwrap();
            Event::open(&name(2), &Trust::default()).unwrap().set().unwrap();
            loop {
                std::thread::park();
            }
        }
        "count" => {
            let mutex = Mutex::open(&name(1), &Trust::default()).unwrap();
            let region = Region::open(&name(2), &OpenOptions::read_write()).unwrap();
            let view = region.view(.., Access::ReadWrite).unwrap();
            let inside = SharedMutex::<u64>::open(&view, 64).unwrap();
            for _ in 0..COUNTS {
                let guard = mutex.lock().unwrap();
                let count: u64 = view.get(0).unwrap();
                view.put(0, &(count + 1)).unwrap();
                drop(guard);
                inside.lock().unwrap().update(|count| count + 1).unwrap();
            }
        }
        "take" => {
            let event = Event::open(&name(1), &Trust::default()).unwrap();
            let done = Semaphore::open(&name(2), &Trust::default()).unwrap();
            assert_eq!(event.wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
            done.release(1).unwrap();
        }
        other => panic!("no such child: {other}"),
    }
}

#[test]
fn c22_counters_under_a_mutex_are_exact() {
    let (lock, memory) = (unique("lock"), unique("memory"));
    let _mutex = Mutex::create(&lock, &SyncOptions::new()).unwrap();
    let region = Region::create(&memory, &CreateOptions::new(4096)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let inside = SharedMutex::<u64>::create(&view, 64, &0).unwrap();
    let children: Vec<Child> =
        (0..4).map(|_| child(&["count", &lock.to_string(), &memory.to_string()])).collect();
    children.into_iter().for_each(ends_well);
    assert_eq!(view.get::<u64>(0).unwrap(), 4 * COUNTS);
    assert_eq!(inside.lock().unwrap().load().unwrap(), 4 * COUNTS);
}

#[test]
fn c22_a_killed_owners_mutex_is_abandoned_once() {
    let (lock, owned) = (unique("killed"), unique("owned"));
    let mutex = Mutex::create(&lock, &SyncOptions::new()).unwrap();
    let event = Event::create(&owned, &EventOptions::new(Reset::Auto)).unwrap();
    for waits_already in [false, true] {
        let mut owner = child(&["own", &lock.to_string(), &owned.to_string()]);
        assert_eq!(event.wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
        assert!(mutex.try_lock().unwrap().is_none(), "the owner lives");
        std::thread::scope(|scope| {
            let waiter = waits_already.then(|| {
                scope.spawn(|| mutex.lock_timeout(PATIENCE).unwrap().expect("it is let in").abandoned())
            });
            owner.kill().unwrap();
            owner.wait().unwrap();
            let abandoned = match waiter {
                Some(waiter) => waiter.join().unwrap(),
                None => mutex.lock_timeout(PATIENCE).unwrap().expect("it is let in").abandoned(),
            };
            assert!(abandoned);
        });
        assert!(!mutex.lock().unwrap().abandoned(), "the flag clears with the release");
    }
}

#[test]
fn c22_a_forgotten_guard_is_a_lock_held_until_its_thread_ends() {
    let mutex = Mutex::create(&unique("forgotten"), &SyncOptions::new()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let outer = mutex.lock().unwrap();
            drop(mutex.lock().unwrap());
            std::mem::forget(outer);
            std::thread::scope(|inner| {
                inner.spawn(|| assert!(mutex.try_lock().unwrap().is_none())).join().unwrap();
            });
        });
    });
    assert!(mutex.lock_timeout(PATIENCE).unwrap().expect("it is let in").abandoned());
    assert!(!mutex.lock().unwrap().abandoned());
}

#[test]
fn c23_each_set_lets_one_through() {
    let (gate, through) = (unique("gate"), unique("through"));
    let event = Event::create(&gate, &EventOptions::new(Reset::Auto)).unwrap();
    let done = Semaphore::create(&through, &SemaphoreOptions::new(0, 8)).unwrap();
    let children: Vec<Child> =
        (0..4).map(|_| child(&["take", &gate.to_string(), &through.to_string()])).collect();
    for _ in 0..4 {
        event.set().unwrap();
        assert_eq!(done.wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
        assert_eq!(done.try_wait().unwrap(), Waited::TimedOut, "one came through, and only one");
    }
    children.into_iter().for_each(ends_well);
    let manual = Event::create(&unique("manual"), &EventOptions::new(Reset::Manual).set_at_first()).unwrap();
    assert!(manual.try_wait().unwrap().is_signalled() && manual.try_wait().unwrap().is_signalled());
    manual.reset().unwrap();
    assert_eq!(manual.try_wait().unwrap(), Waited::TimedOut);
}

#[test]
fn c24_permits_stay_within_the_maximum() {
    let semaphore = Semaphore::create(&unique("permits"), &SemaphoreOptions::new(1, 3)).unwrap();
    assert_eq!(semaphore.release(2).unwrap(), 1);
    let error = semaphore.release(1).expect_err("there are three");
    assert!(matches!(error.kind(), ErrorKind::LimitExceeded { maximum: 3 }), "{error}");
    for _ in 0..3 {
        assert_eq!(semaphore.try_wait().unwrap(), Waited::Signalled);
    }
    assert_eq!(semaphore.try_wait().unwrap(), Waited::TimedOut);
    assert_eq!(*semaphore.release(0).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let none = Semaphore::create(&unique("none"), &SemaphoreOptions::new(2, 1)).unwrap_err();
    assert_eq!(*none.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn c25_timers_fire_when_due_and_can_be_cancelled() {
    let timer = Timer::create(&unique("timer"), &TimerOptions::new(Reset::Auto)).unwrap();
    assert_eq!(timer.try_wait().unwrap(), Waited::TimedOut, "a new timer is not set");
    timer.set(Due::After(Duration::ZERO), None).unwrap();
    assert_eq!(timer.wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
    assert_eq!(timer.try_wait().unwrap(), Waited::TimedOut, "it fires once");
    timer.set(Due::After(Duration::from_millis(20)), Some(Duration::from_millis(20))).unwrap();
    for _ in 0..3 {
        assert_eq!(timer.wait_timeout(PATIENCE).unwrap(), Waited::Signalled);
    }
    timer.set(Due::After(Duration::from_secs(3600)), None).unwrap();
    assert_eq!(timer.wait_timeout(Duration::from_millis(30)).unwrap(), Waited::TimedOut);
    timer.set(Due::At(std::time::SystemTime::UNIX_EPOCH), None).unwrap();
    assert_eq!(timer.wait_timeout(PATIENCE).unwrap(), Waited::Signalled, "a time gone by is due at once");
    timer.set(Due::After(Duration::from_millis(1)), None).unwrap();
    timer.cancel().unwrap();
    timer.set(Due::After(Duration::from_secs(3600)), None).unwrap();
    timer.cancel().unwrap();
    assert_eq!(timer.try_wait().unwrap(), Waited::TimedOut);
}

#[test]
fn c26_the_first_of_many_is_taken_and_only_that_one() {
    let events: Vec<Event> =
        (0..61).map(|_| Event::create(&unique("many"), &EventOptions::new(Reset::Auto)).unwrap()).collect();
    let semaphore = Semaphore::create(&unique("many"), &SemaphoreOptions::new(0, 2)).unwrap();
    let mutex = Mutex::create(&unique("many"), &SyncOptions::new()).unwrap();
    let timer = Timer::create(&unique("many"), &TimerOptions::new(Reset::Auto)).unwrap();
    let mut objects: Vec<&dyn samemap::WaitAny> = events.iter().map(|event| event as _).collect();
    objects.extend([&semaphore as &dyn samemap::WaitAny, &timer]);
    assert!(wait_any(&objects, Some(Duration::from_millis(20))).unwrap().is_none());
    semaphore.release(1).unwrap();
    events[40].set().unwrap();
    events[7].set().unwrap();
    let woken = |objects: &[_]| wait_any(objects, Some(PATIENCE)).unwrap().expect("signalled").index();
    assert_eq!([woken(&objects), woken(&objects), woken(&objects)], [7, 40, 61]);
    timer.set(Due::After(Duration::from_millis(10)), None).unwrap();
    assert_eq!(woken(&objects), 62);
    objects.push(&mutex);
    assert_eq!(objects.len(), samemap::MAX_OBJECTS);
    let taken = wait_any(&objects, Some(PATIENCE)).unwrap().expect("it is free");
    assert_eq!(taken.index(), 63);
    assert!(taken.into_guard().is_some_and(|guard| !guard.abandoned()));
    std::thread::scope(|scope| {
        scope.spawn(|| events[3].set().unwrap());
        assert_eq!(woken(&objects[..62]), 3);
    });
    objects.push(&semaphore);
    assert_eq!(*wait_any(&objects, None).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn c26_a_timeout_never_ends_early_and_takes_nothing() {
    let event = Event::create(&unique("late"), &EventOptions::new(Reset::Auto)).unwrap();
    for millis in [1, 50] {
        let (asked, start) = (Duration::from_millis(millis), Instant::now());
        assert_eq!(event.wait_timeout(asked).unwrap(), Waited::TimedOut);
        assert!(start.elapsed() >= asked);
    }
    event.set().unwrap();
    assert_eq!(event.try_wait().unwrap(), Waited::Signalled);
}

#[test]
fn c04_every_kind_refuses_a_name_of_every_other() {
    type Call = (&'static str, fn(&ObjectName) -> samemap::Result<Box<dyn std::any::Any>>);
    let create: [Call; 5] = [
        ("region", |name| Ok(Box::new(Region::create(name, &CreateOptions::new(1))?))),
        ("mutex", |name| Ok(Box::new(Mutex::create(name, &SyncOptions::new())?))),
        ("event", |name| Ok(Box::new(Event::create(name, &EventOptions::new(Reset::Auto))?))),
        ("semaphore", |name| Ok(Box::new(Semaphore::create(name, &SemaphoreOptions::new(0, 1))?))),
        ("timer", |name| Ok(Box::new(Timer::create(name, &TimerOptions::new(Reset::Auto))?))),
    ];
    let open: [Call; 5] = [
        ("region", |name| Ok(Box::new(Region::open(name, &OpenOptions::read_write())?))),
        ("mutex", |name| Ok(Box::new(Mutex::open(name, &Trust::default())?))),
        ("event", |name| Ok(Box::new(Event::open(name, &Trust::default())?))),
        ("semaphore", |name| Ok(Box::new(Semaphore::open(name, &Trust::default())?))),
        ("timer", |name| Ok(Box::new(Timer::open(name, &Trust::default())?))),
    ];
    for (held, make) in create {
        let name = unique("kinds");
        let object = make(&name).unwrap();
        for (wanted, call) in create {
            let error = call(&name).expect_err("the name is taken");
            match error.kind() {
                ErrorKind::AlreadyExists => assert_eq!(wanted, held, "{error}"),
                ErrorKind::KindMismatch { .. } => assert_ne!(wanted, held, "{error}"),
                _ => panic!("create {wanted} where a {held} is: {error}"),
            }
        }
        for (wanted, call) in open {
            match call(&name) {
                Ok(_) => assert_eq!(wanted, held),
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::KindMismatch { .. }), "{error}");
                    assert_ne!(wanted, held);
                }
            }
        }
        drop(object);
        for (_, call) in open {
            assert_eq!(*call(&name).expect_err("it is gone").kind(), ErrorKind::NotFound);
        }
    }
}

#[test]
fn objects_inside_a_region_are_initialised_once_and_never_by_chance() {
    let region = Region::create(&unique("inside"), &CreateOptions::new(4096)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let options = EventOptions::new(Reset::Auto);
    assert_eq!(*SharedEvent::open(&view, 0).unwrap_err().kind(), ErrorKind::Damaged);
    let (event, disposition) = SharedEvent::create_or_open(&view, 0, &options).unwrap();
    assert_eq!(disposition, Disposition::Created);
    let (same, disposition) = SharedEvent::create_or_open(&view, 0, &options).unwrap();
    assert_eq!(disposition, Disposition::Opened);
    event.set().unwrap();
    assert_eq!(same.try_wait().unwrap(), Waited::Signalled);
    assert_eq!(*SharedEvent::create(&view, 0, &options).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert!(matches!(SharedMutex::<u64>::open(&view, 0).unwrap_err().kind(), ErrorKind::KindMismatch { .. }));
    assert_eq!(*SharedEvent::create(&view, 4, &options).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let outside = SharedEvent::create(&view, view.len() - 32, &options).unwrap_err();
    assert!(matches!(outside.kind(), ErrorKind::OutOfRange { .. }));
    view.fill(1024, 64, 0xFF).unwrap();
    assert_eq!(*SharedEvent::create(&view, 1024, &options).unwrap_err().kind(), ErrorKind::Damaged);
}
