//! Locks belong to the process that took them (C22): a forked child owns nothing of its parent's, whatever its copies of
//! handles and guards say, and opens the locks anew.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use samemap::sync::{EventOptions, Reset, WaitAny};
use samemap::{Event, OpenOptions, wait_any};

use crate::common::*;

pub const PARTS: [Part; 6] = [
    ("owner_forks", owner_forks),
    ("child_drops_guards", child_drops_guards),
    ("forks_in_a_storm", forks_in_a_storm),
    ("owner_with_child", owner_with_child),
    ("raw_clone_of_locks", raw_clone_of_locks),
    ("opener_forks", opener_forks),
];

const SHORT: Duration = Duration::from_millis(60);

#[test]
fn a_forked_child_owns_none_of_its_parents_locks() {
    let mut parent = Start::role("owner_forks").start();
    parent.expect("done");
    parent.finish();
}

/// The copies of guards that a child drops, and of handles, unlock nothing.
#[test]
fn a_childs_copies_of_guards_unlock_nothing() {
    let mut parent = Start::role("child_drops_guards").start();
    parent.expect("done");
    parent.finish();
}

/// Whatever lock of this process's own another thread holds at that moment, the child can go on.
#[test]
fn a_child_that_is_forked_while_locks_come_and_go_can_lock() {
    let mut parent = Start::role("forks_in_a_storm").start();
    parent.expect("done");
    parent.finish();
}

/// The child lives on, and with it whatever it shares with its parent: not the lock.
#[test]
fn an_owners_death_is_noticed_though_its_forked_child_lives() {
    let lock = unique_name("orphan");
    let mutex = Mutex::create(&lock, &SyncOptions::new()).expect("a free name");
    let mut owner = Start::role("owner_with_child").argument(&lock).start();
    owner.expect("owned");
    assert!(mutex.lock_timeout(SHORT).expect("a mutex").is_none());
    owner.kill();
    assert!(mutex.lock_timeout(PATIENCE).expect("a mutex").expect("in time").abandoned());
    drop(mutex);
    assert_no_file(&lock);
}

/// No handler is told of a raw clone: its copies of what says who owns are told apart by the process's id.
#[test]
fn a_raw_clone_that_drops_its_copies_takes_nothing_from_its_parent() {
    let lock = unique_name("cloned");
    let mutex = Mutex::create(&lock, &SyncOptions::new()).expect("a free name");
    let memory = unique_name("cloned-memory");
    let region = Region::create(&memory, &CreateOptions::new(4096)).expect("a free name");
    let mut owner = Start::role("raw_clone_of_locks").argument(&lock).argument(&memory).start();
    owner.expect("owned");
    assert!(mutex.lock_timeout(SHORT).expect("a mutex").is_none(), "its owner lives");
    assert!(Seat::is_taken(&view_of(&region), 0).expect("a place"), "its holder lives");
    owner.kill();
    assert!(mutex.lock_timeout(PATIENCE).expect("a mutex").expect("in time").abandoned());
    assert!(!Seat::is_taken(&view_of(&region), 0).expect("a place"));
}

/// Another thread may fork at any moment, also when a file is open already and not yet known to be the region's.
#[test]
fn an_owners_death_is_noticed_though_it_forked_while_it_opened_the_file() {
    for how in ["path", "file"] {
        let file = TestFile::with(&[0; 4096]);
        let region = Region::over_file(file.path(), &FileOptions::read_write()).expect("a file");
        let mutex = SharedMutex::create(&view_of(&region), 0, &0u64).expect("zeros");
        let mut owner = Start::role("opener_forks").argument(file.path().display()).argument(how).start();
        owner.expect("forked");
        owner.expect("owned");
        assert!(mutex.lock_timeout(SHORT).expect("a mutex").is_none());
        owner.kill();
        assert!(mutex.lock_timeout(PATIENCE).expect("a mutex").expect("in time").abandoned(), "{how}");
    }
}

/// A place for a lock in each sort of region: with a name, without, and over a file.
fn regions() -> Vec<Region> {
    let options = CreateOptions::new(4096);
    let temporary = TestFile::with(&[]);
    let file = File::options().read(true).write(true).open(temporary.path()).expect("a temporary file");
    drop(temporary);
    vec![
        Region::create(&unique_name("region"), &options).expect("a free name"),
        Region::anonymous(&options).expect("memory"),
        Region::over_file(file, &FileOptions::read_write().size(4096)).expect("a file"),
    ]
}

fn owner_forks(_: &[String]) {
    let lock = unique_name("forked");
    let mutex = Mutex::create(&lock, &SyncOptions::new()).expect("a free name");
    let event = Event::create(&unique_name("event"), &EventOptions::new(Reset::Auto)).expect("a free name");
    let regions = regions();
    let views: Vec<View> = regions.iter().map(view_of).collect();
    let inside: Vec<SharedMutex<u64>> =
        views.iter().map(|view| SharedMutex::create(view, 64, &7).expect("zeros")).collect();
    let mut guards: Vec<_> = inside.iter().map(|mutex| mutex.lock().expect("a mutex")).collect();
    let guard = mutex.lock().expect("a mutex");
    let child = fork(|| {
        // In the very thread that owns them, to all appearance.
        assert_eq!(kind_of(mutex.try_lock()), Some(ErrorKind::Unsupported));
        assert_eq!(kind_of(wait_any(&[&mutex as &dyn WaitAny])), Some(ErrorKind::Unsupported));
        let mine = Mutex::open(&lock, &OpenOptions::default()).expect("the parent holds it");
        assert!(mine.lock_timeout(SHORT).expect("a mutex").is_none(), "the parent owns it");
        for (mutex, view) in inside.iter().zip(&views) {
            assert_eq!(kind_of(mutex.try_lock()), Some(ErrorKind::Unsupported));
            let mine = SharedMutex::<u64>::open(view, 64).expect("it was made");
            assert!(mine.lock_timeout(SHORT).expect("a mutex").is_none(), "the parent owns it");
        }
        event.set().expect("an event");
        // The parent gives them up, in order, one after the other.
        for view in &views {
            let mine = SharedMutex::<u64>::open(view, 64).expect("it was made");
            let guard = mine.lock_timeout(PATIENCE).expect("a mutex").expect("in time");
            assert!(!guard.abandoned());
            assert_eq!(guard.update(|value| value + 1).expect("in range"), 8);
            event.set().expect("an event");
        }
        let guard = mine.lock_timeout(PATIENCE).expect("a mutex").expect("in time");
        assert!(!guard.abandoned());
        // Now it is the child that dies with it.
        std::mem::forget(guard);
    });
    let tells = || assert!(event.wait_timeout(PATIENCE).expect("an event"));
    tells();
    assert_eq!(inside.len(), 3);
    for _ in 0..inside.len() {
        drop(guards.remove(0));
        tells();
    }
    drop(guard);
    child.finish();
    assert!(mutex.lock_timeout(PATIENCE).expect("a mutex").expect("in time").abandoned());
    for mutex in &inside {
        let guard = mutex.lock_timeout(PATIENCE).expect("a mutex").expect("in time");
        assert_eq!((guard.abandoned(), guard.load().expect("in range")), (false, 8));
    }
    say("done");
}

fn child_drops_guards(_: &[String]) {
    let lock = unique_name("dropped");
    let mutex = Mutex::create(&lock, &SyncOptions::new()).expect("a free name");
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let inside = SharedMutex::create(&view_of(&region), 0, &0u64).expect("zeros");
    let mut held = Some((mutex.lock().expect("a mutex"), inside.lock().expect("a mutex")));
    fork(|| drop(held.take())).finish();
    // Who asks is another process; its own handles, opened anew.
    fork(|| {
        let mine = Mutex::open(&lock, &OpenOptions::default()).expect("the parent holds it");
        assert!(mine.try_lock().expect("a mutex").is_none());
        let mine = SharedMutex::<u64>::open(&view_of(&region), 0).expect("it was made");
        assert!(mine.try_lock().expect("a mutex").is_none());
    })
    .finish();
    drop(held);
    fork(|| {
        let mine = Mutex::open(&lock, &OpenOptions::default()).expect("the parent holds it");
        assert!(!mine.try_lock().expect("a mutex").expect("it is free").abandoned());
    })
    .finish();
    say("done");
}

fn forks_in_a_storm(_: &[String]) {
    let lock = unique_name("storm");
    let mutex = Mutex::create(&lock, &SyncOptions::new()).expect("a free name");
    let over = AtomicBool::new(false);
    let turns = AtomicU32::new(0);
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let view = region.view(.., Access::ReadWrite).expect("a view");
    std::thread::scope(|scope| {
        let (lock, over, turns, view) = (&lock, &over, &turns, &view);
        for at in 0..2usize {
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    drop(
                        Mutex::open(lock, &OpenOptions::default())
                            .expect("it is held")
                            .lock()
                            .expect("a mutex"),
                    );
                    let inside = SharedMutex::<u64>::create_or_open(view, at * 128).expect("a place").0;
                    drop(inside.lock().expect("a mutex"));
                    turns.fetch_add(1, Ordering::Relaxed);
                }
            });
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    drop(Seat::take(view, 1024 + at * 64).expect("a place").expect("nobody else takes it"));
                }
            });
        }
        for _ in 0..100 {
            fork(|| {
                let mine = Mutex::open(lock, &OpenOptions::default()).expect("it is held");
                drop(mine.lock_timeout(PATIENCE).expect("a mutex").expect("in time"));
                drop(
                    SharedMutex::<u64>::create_or_open(view, 512)
                        .expect("a place")
                        .0
                        .lock()
                        .expect("a mutex"),
                );
                drop(Seat::take(view, 2048).expect("a place").expect("nobody else takes it"));
            })
            .finish();
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(turns.load(Ordering::Relaxed) > 0, "there was no storm");
    drop(mutex);
    say("done");
}

fn owner_with_child(arguments: &[String]) {
    let lock: ObjectName = name(&arguments[0]);
    let mutex = Mutex::open(&lock, &OpenOptions::default()).expect("it is held");
    let _guard = mutex.lock().expect("a mutex");
    let child = fork(outlive_the_parent);
    say("owned");
    child.finish();
}

/// In a group of its own, so that it is not ended with its parent; it ends when its input does.
fn outlive_the_parent() {
    // SAFETY: a number.
    unsafe { libc::setpgid(0, 0) };
    hear();
}

fn raw_clone_of_locks(arguments: &[String]) {
    let mutex = Mutex::open(&name(&arguments[0]), &OpenOptions::default()).expect("it is held");
    let region = Region::open(&name(&arguments[1]), &OpenOptions::read_write()).expect("it is held");
    let seat = Seat::take(&view_of(&region), 0).expect("a place").expect("nobody sits");
    let mut copies = Some((mutex, seat, region));
    raw_fork(|| drop(copies.take())).finish();
    let (mutex, _seat, _region) = copies.expect("taken in the child only");
    let _guard = mutex.lock().expect("a mutex");
    say("owned");
    hear();
}

fn opener_forks(arguments: &[String]) {
    samemap_platform::internal::testing::at_stop_points(|point| {
        static FORKED: AtomicBool = AtomicBool::new(false);
        if point == "file: opened" && !FORKED.swap(true, Ordering::Relaxed) {
            // Waited for by nobody: its parent is killed.
            let _child = fork(outlive_the_parent);
            say("forked");
        }
    });
    let options = FileOptions::read_write();
    let region = match &*arguments[1] {
        "path" => Region::over_file(&*arguments[0], &options),
        _ => {
            let file = File::options().read(true).write(true).open(&arguments[0]).expect("it exists");
            Region::over_file(file, &options)
        }
    }
    .expect("a file");
    let mutex = SharedMutex::<u64>::open(&view_of(&region), 0).expect("it was made");
    let _guard = mutex.lock().expect("a mutex");
    say("owned");
    hear();
}
