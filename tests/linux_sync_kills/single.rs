//! Single cases: numbers that recur, and forgotten guards.

use crate::common::*;

/// Owners whose process and thread have the same numbers, each in a PID name space of its own.
#[test]
fn owners_of_the_same_number_are_told_apart() {
    if !linux::users::root_or_aside("owners_of_the_same_number_are_told_apart") {
        return;
    }
    let lock = unique_name("namespaces");
    let mutex = Mutex::create(&lock, &SyncOptions::new()).expect("a free name");
    let start = || {
        let unshare = Start::program("unshare").argument("--pid").argument("--fork").argument("--kill-child");
        unshare.plays("namespaced", &[&lock.to_string()]).try_start()
    };
    let (Ok(mut first), Ok(mut second)) = (start(), start()) else {
        return crate::support::lacks("owners_of_the_same_number_are_told_apart", "needs unshare(1)");
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

pub fn namespaced(arguments: &[String]) {
    let mutex = Mutex::open(&name(&arguments[0]), &OpenOptions::default()).expect("it is held");
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

pub fn forgetful(arguments: &[String]) {
    let lock = name(&arguments[0]);
    let thread = std::thread::spawn(move || {
        let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
        let inside = SharedMutex::create(&view_of(&region), 0, &0u64).expect("zeros");
        let mutex = Mutex::open(&lock, &OpenOptions::default()).expect("it is held");
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
        let again = Mutex::open(&lock, &OpenOptions::default()).expect("it is held");
        drop(again.try_lock().expect("a mutex").expect("its owner may lock it once more"));
        say("forgotten");
        hear();
    });
    thread.join().expect("no panic");
    say("ended");
    hear();
}
