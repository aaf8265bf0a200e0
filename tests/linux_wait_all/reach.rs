//! Objects whose peers cannot all reach one table; and what else is Linux's own way.

use samemap::{Permissions, Share};

use crate::common::*;
use crate::support::linux::users::{as_users, root_or_aside};

fn shared() -> SyncOptions {
    SyncOptions::new().permissions(Permissions::owner_only().everyone(Share::ReadWrite))
}

#[test]
fn objects_with_different_writers_are_not_taken_together() {
    let (own, open) = (unique_name("own"), unique_name("open"));
    let mine = Mutex::create(&own, &SyncOptions::new()).expect("a free name");
    let others =
        [0, 1].map(|at| Mutex::create(&name(&format!("{open}-{at}")), &shared()).expect("a free name"));
    assert_eq!(kind_of(try_wait_all(&[&mine, &others[0]])), Some(ErrorKind::Unsupported));
    for mutex in [&mine, &others[0]] {
        assert!(mutex.try_lock().expect("a mutex").is_some(), "nothing was taken");
    }
    assert!(try_wait_all(&[&others[0], &others[1]]).expect("they are alike").is_some());
    assert!(try_wait_all(&[&mine]).expect("it is alone").is_some());
}

/// Another user that may write to the objects waits for them, too, and settles what a stopped owner left.
#[test]
fn another_user_reaches_the_table_of_shared_objects() {
    const BOB: u32 = 54_321;
    if !root_or_aside("another_user_reaches_the_table_of_shared_objects") {
        return;
    }
    let label = name(&format!(r"Global\{}", unique_name("reach").rest()));
    let names = [0, 1].map(|at| name(&format!("{label}-{at}")));
    let mutexes = [0, 1].map(|at| Mutex::create(&names[at], &shared()).expect("a free name"));
    assert!(try_wait_all(&[&mutexes[0], &mutexes[1]]).expect("they are alike").is_some());
    let mut bob = Start::role("stranger").argument(&label).of_user(BOB).start();
    bob.expect("Some(true)");
    assert!(try_wait_all(&[&mutexes[0], &mutexes[1]]).expect("they are alike").is_none(), "bob has them");
    bob.say("give up");
    bob.finish();
    assert!(try_wait_all(&[&mutexes[0], &mutexes[1]]).expect("they are alike").is_some());
}

pub fn stranger(arguments: &[String]) {
    let how = OpenOptions::default().trust(samemap::Trust::Anyone);
    let mutexes =
        [0, 1].map(|at| Mutex::open(&name(&format!("{}-{at}", arguments[0])), &how).expect("it is let in"));
    let woken = try_wait_all(&[&mutexes[1], &mutexes[0]]).ok().map(|woken| woken.is_some());
    let guards = wait_all_timeout(&[&mutexes[0], &mutexes[1]], PATIENCE).expect("they are alike");
    say(&format!("{woken:?}"));
    hear();
    drop(guards);
}

/// A manual-reset event that is set and reset while a waiter sleeps for it alone lets it through, as on Windows.
#[test]
fn a_sleeper_sees_a_set_that_was_taken_back() {
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let view = view_of(&region);
    let manual = SharedEvent::create(&view, 0, &EventOptions::new(Reset::Manual)).expect("zeros");
    let other =
        SharedEvent::create(&view, 64, &EventOptions::new(Reset::Auto).set_at_first()).expect("zeros");
    // Its lowest bits say that a thread is about to sleep.
    let is_awaited = || view.get::<u32>(8).expect("in range") & 3 == 2;
    for _ in 0..20 {
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                wait_all_timeout(&[&other, &manual], PATIENCE).expect("they can be waited for").is_some()
            });
            crate::support::wait_until("it sleeps", is_awaited);
            manual.set().expect("an event");
            manual.reset().expect("an event");
            assert!(waiter.join().expect("no panic"), "it missed the set");
        });
        assert!(!other.try_wait().expect("an event"), "it was taken");
        other.set().expect("an event");
        assert!(try_wait_all(&[&other, &manual]).expect("they can be waited for").is_none(), "it is not set");
    }
}

#[test]
fn a_lock_inside_a_region_is_one_of_any() {
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let view = view_of(&region);
    let mutexes = [0, 128].map(|at| SharedMutex::create(&view, at, &7u64).expect("zeros"));
    let event = SharedEvent::create(&view, 256, &EventOptions::new(Reset::Auto)).expect("zeros");
    let woken = samemap::wait_any(&[&event, &mutexes[0]]).expect("they can be waited for");
    assert_eq!(woken.index(), 1);
    let guard = mutexes[0].guarded(woken.into_guard().expect("a mutex has a guard")).expect("its own");
    assert_eq!(guard.load().expect("in range"), 7);
    drop(guard);
    let guard =
        samemap::wait_any(&[&mutexes[0]]).expect("it is free").into_guard().expect("a mutex has a guard");
    assert_eq!(kind_of(mutexes[1].guarded(guard)), Some(ErrorKind::InvalidArgument));
    let free = std::thread::scope(|scope| {
        scope.spawn(|| mutexes[0].try_lock().expect("a mutex").is_some()).join().expect("no panic")
    });
    assert!(free, "a guard that is refused is given up");
}

/// An object in a file outlives the machine's start, and the table with it does not.
#[test]
fn an_object_of_an_earlier_start_gets_the_table_of_today() {
    const ID_AT: usize = 16;
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let view = view_of(&region);
    let mutexes = [0, 128].map(|at| SharedMutex::create(&view, at, &7u64).expect("zeros"));
    let are_taken = || try_wait_all(&[&mutexes[0], &mutexes[1]]).map(|taken| taken.is_some());
    assert!(are_taken().expect("they are free"));
    let today = view.get::<u64>(ID_AT).expect("in range");
    // Of another start; and of this one, which may have an attempt under way.
    view.put(ID_AT, &(today ^ 1 << 40)).expect("in range");
    assert!(are_taken().expect("nobody alive knows that table"));
    assert_eq!(view.get::<u64>(ID_AT).expect("in range"), today);
    view.put(ID_AT, &(today ^ 1)).expect("in range");
    assert_eq!(kind_of(are_taken()), Some(ErrorKind::Unsupported));
}

#[test]
fn a_table_that_was_removed_is_named() {
    as_users("a_table_that_was_removed_is_named", "table_gone");
}

pub fn table_gone(_: &[String]) {
    crate::support::linux::sandbox::own_shm();
    let names = [0, 1].map(|_| unique_name("gone"));
    let mutexes = [0, 1].map(|at| Mutex::create(&names[at], &SyncOptions::new()).expect("a free name"));
    assert!(try_wait_all(&[&mutexes[0], &mutexes[1]]).expect("they are free").is_some());
    for file in std::fs::read_dir("/dev/shm").expect("a directory").map(|file| file.expect("an entry")) {
        if file.file_name().to_string_lossy().starts_with(".samemap.all.") {
            std::fs::remove_file(file.path()).expect("removed");
        }
    }
    let mut late = Start::role("late").argument(&names[0]).argument(&names[1]).start();
    late.expect("done");
    late.finish();
    // This one has it still.
    assert!(try_wait_all(&[&mutexes[0], &mutexes[1]]).expect("they are free").is_some());
}

pub fn late(arguments: &[String]) {
    let open = |at: usize| Mutex::open(&name(&arguments[at]), &OpenOptions::default()).expect("it is held");
    let error = try_wait_all(&[&open(0), &open(1)]).expect_err("the table is gone");
    assert!(error.is(ErrorKind::Unsupported) && error.to_string().contains("was removed"), "{error}");
    say("done");
}
