//! Waits for kernel objects.

use std::time::{Duration, Instant, SystemTime};
use std::{mem, thread};

use super::common::{
    LONG, SHORT, TICK, abandon, is_free, kind_of, name, new_event, new_mutex, new_semaphore, new_timer,
};
use crate::{Due, ErrorKind, Mutex, OpenOptions, Reset, Semaphore, SemaphoreOptions, wait_any};

#[test]
fn what_a_dead_owner_was_told_is_not_told_to_others() {
    let name = name("stale");
    let (mutex, other) = (new_mutex(&name), Mutex::open(&name, &OpenOptions::default()).expect("it lives"));
    abandon(&mutex);
    // This owner is told, and ends with the lock; the flag is cleared through another handle.
    abandon(&mutex);
    assert!(other.lock().unwrap().abandoned());
    assert!(!mutex.lock().unwrap().abandoned());
}

#[test]
fn a_waiter_that_sleeps_is_let_in_when_the_owner_ends() {
    let mutex = new_mutex(&name("sleeping-waiter"));
    let owns = new_event(&name("sleeping-waiter-owns"), Reset::Manual);
    thread::scope(|scope| {
        scope.spawn(|| {
            let guard = mutex.lock().unwrap();
            owns.set().unwrap();
            thread::sleep(SHORT);
            mem::forget(guard);
        });
        assert!(owns.wait_timeout(LONG).unwrap());
        assert!(mutex.lock_timeout(LONG).unwrap().expect("the owner ended").abandoned());
    });
}

#[test]
fn a_wait_for_any_that_is_dropped_unlocks() {
    let mutex = new_mutex(&name("any-dropped"));
    abandon(&mutex);
    let woken = wait_any(&[&mutex]).expect("it is free");
    assert!(format!("{woken:?}").contains("abandoned: true"), "{woken:?}");
    drop(woken);
    let woken = wait_any(&[&mutex]).expect("it is free");
    assert!(!woken.into_guard().expect("a mutex").abandoned());
    assert!(is_free(&mutex));
}

#[test]
fn numbers_that_make_no_semaphore_are_refused() {
    let name = name("no-semaphore");
    for (initial, maximum) in [(0, 0), (2, 1), (0, i32::MAX as u32 + 1), (u32::MAX, u32::MAX)] {
        let options = SemaphoreOptions::new(initial, maximum);
        let error = Semaphore::create(&name, &options).expect_err("no semaphore");
        assert!(error.is(ErrorKind::InvalidArgument));
        assert_eq!(error.name(), Some(&*name.to_string()));
        assert_eq!(kind_of(Semaphore::create_or_open(&name, &options)), ErrorKind::InvalidArgument);
    }
    let most = new_semaphore(&name, i32::MAX as u32, i32::MAX as u32);
    assert_eq!(kind_of(most.release(1)), ErrorKind::LimitExceeded { maximum: Some(i32::MAX as u32) });
}

#[test]
fn a_period_comes_again_and_again() {
    let timer = new_timer(&name("period"), Reset::Auto);
    let start = Instant::now();
    timer.set_periodic(Due::After(SHORT), Duration::from_micros(9001)).unwrap();
    for _ in 0..5 {
        assert!(timer.wait_timeout(LONG).unwrap());
    }
    assert!(start.elapsed() + TICK >= Duration::from_millis(20 + 4 * 10), "{:?}", start.elapsed());
    timer.cancel().unwrap();
    let _ = timer.try_wait().unwrap();
    assert!(!timer.wait_timeout(SHORT * 2).unwrap(), "cancelled");
}

#[test]
fn a_time_of_day_is_waited_for() {
    let timer = new_timer(&name("absolute"), Reset::Auto);
    let due = SystemTime::now() + 3 * SHORT;
    timer.set(Due::At(due)).unwrap();
    assert!(timer.wait_timeout(LONG).unwrap());
    assert!(SystemTime::now() + TICK >= due);
    for gone_by in [SystemTime::now() - LONG, SystemTime::UNIX_EPOCH - Duration::from_secs(11_644_473_599)] {
        timer.set(Due::At(gone_by)).unwrap();
        assert!(timer.wait_timeout(LONG).unwrap(), "due at once");
    }
    timer.set(Due::At(SystemTime::now() + LONG)).unwrap();
    assert!(!timer.wait_timeout(SHORT).unwrap());
}

#[test]
fn a_due_time_that_never_comes_is_none() {
    let timer = new_timer(&name("never"), Reset::Auto);
    timer.set(Due::After(Duration::MAX)).unwrap();
    assert!(!timer.wait_timeout(SHORT).unwrap());
}

#[test]
fn periods_without_sense_are_refused_and_change_nothing() {
    let timer = new_timer(&name("bad-period"), Reset::Manual);
    timer.set(Due::After(Duration::ZERO)).unwrap();
    timer.wait().unwrap();
    for period in [Duration::ZERO, Duration::MAX] {
        let error = timer.set_periodic(Due::After(LONG), period).expect_err("no period");
        assert!(error.is(ErrorKind::InvalidArgument));
        assert!(error.name().is_some());
    }
    assert!(timer.try_wait().unwrap());
}
