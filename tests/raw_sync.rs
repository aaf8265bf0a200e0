//! Which rules of the contract the objects of the crate `raw_sync` do not keep, on this system. The table stands in
//! ARCHITECTURE.md, and this test fails when it is not what the suite finds; with `SAMEMAP_BLESS=1` it writes the
//! table instead. Beside that, what the adaptor itself promises.
#![cfg(all(feature = "conformance", feature = "raw-sync", any(target_os = "linux", windows)))]

#[path = "support/failing_rules.rs"]
mod failing_rules;

use std::time::{Duration, Instant};

use failing_rules::Listed;
use samemap::conformance::{self, RawSync, run_all_sync};
use samemap::raw_sync::{RawEvent, RawMutex};
use samemap::{
    Access, CreateOptions, ErrorKind, EventOptions, Lockable as _, Region, Reset, Result, Settable as _,
    SharedRegion as _, View, Waitable as _, Waited,
};

conformance::sync_conformance_child!(adaptor, RawSync);

/// Rules whose failing is a matter of timing: they may fail and need not.
const MAY_FAIL: &[&str] = &[
    "c27_killed_setter_leaves_nobody_asleep",
    "c27_killed_waiter_loses_nobodys_signal",
    "c27_killed_waiter_loses_nobodys_turn",
];

#[test]
fn fails_what_architecture_md_says() {
    let tag = format!("raw-sync-{:x}", std::process::id());
    // What never comes is waited for in many rules, and what hangs hangs for good; but not on Windows.
    let watchdog = if cfg!(windows) { "60" } else { "12" };
    let harness = adaptor::harness()
        .env("SAMEMAP_CONFORMANCE_TAG", &tag)
        .env("SAMEMAP_PATIENCE_SECONDS", "2")
        .env("SAMEMAP_WATCHDOG_SECONDS", watchdog);
    let reports = run_all_sync::<RawSync>(&harness);
    Listed { adaptor: "raw_sync", may_fail: MAY_FAIL, tag: &tag }.check(&reports);
}

fn view() -> View {
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    region.view(.., Access::ReadWrite).expect("all of it")
}

fn mutex(view: &View, at: usize) -> Result<RawMutex<u32>> {
    // SAFETY: an anonymous region of this test, which touches the lock's bytes through it alone from here on.
    unsafe { RawMutex::create(view, at, &7) }
}

fn event(view: &View, at: usize) -> Result<RawEvent> {
    // SAFETY: as above.
    unsafe { RawEvent::create(view, at, &EventOptions::new(Reset::Auto)) }
}

#[track_caller]
fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("it should fail").kind().clone()
}

#[test]
fn a_lock_protects_the_value_behind_it() {
    let view = view();
    let lock = mutex(&view, 64).expect("zeroed memory");
    // SAFETY: made by raw_sync just now.
    let same = unsafe { RawMutex::<u32>::open(&view, 64) }.expect("it is there");
    assert_eq!(lock.lock().expect("free").load().expect("inside"), 7);
    assert_eq!(same.lock().expect("free").update(|value| value + 1).expect("inside"), 8);
    assert_eq!(
        view.get::<u32>(64 + RawMutex::<u32>::lock_size()).expect("inside"),
        8,
        "right behind the lock"
    );
    let beside = 64 + RawMutex::<u32>::lock_size();
    // SAFETY: as above; the value lies elsewhere.
    let elsewhere = unsafe { RawMutex::<u32>::open_with_value_at(&view, 64, 2001) }.expect("any offset");
    elsewhere.lock().expect("free").store(&5).expect("inside");
    assert_eq!((view.get::<u32>(2001).expect("inside"), view.get::<u32>(beside).expect("inside")), (5, 8));
}

#[test]
fn memory_that_cannot_be_used_is_refused() {
    let view = view();
    for at in [1, 2, RawMutex::<u32>::ALIGN - 1] {
        assert_eq!(kind(mutex(&view, at)), ErrorKind::InvalidArgument, "{at}");
        assert_eq!(kind(event(&view, at)), ErrorKind::InvalidArgument, "{at}");
    }
    for at in
        [view.len(), view.len() - 1, usize::MAX, usize::MAX - 7, view.len() - RawMutex::<u32>::lock_size()]
    {
        assert!(matches!(kind(mutex(&view, at)), ErrorKind::OutOfRange { .. }), "{at}");
    }
    // SAFETY: refused before anything is touched.
    let overlapping = unsafe { RawMutex::<u32>::create_with_value_at(&view, 64, 65, &1) };
    assert_eq!(kind(overlapping), ErrorKind::InvalidArgument);
    // SAFETY: nobody made a lock there, which is what it finds out.
    assert_eq!(kind(unsafe { RawMutex::<u32>::open(&view, 128) }), ErrorKind::Damaged);
    // SAFETY: as above.
    assert_eq!(kind(unsafe { RawEvent::open(&view, 128) }), ErrorKind::Damaged);
    view.fill(1024, 256, 0xA5).expect("inside");
    assert_eq!(kind(mutex(&view, 1024)), ErrorKind::Damaged);
    let _lock = mutex(&view, 256).expect("zeroed memory");
    assert_eq!(kind(mutex(&view, 256)), ErrorKind::AlreadyExists);
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let reader = region.view(.., Access::ReadOnly).expect("all of it");
    assert_eq!(kind(mutex(&reader, 0)), ErrorKind::AccessDenied);
}

/// A timeout of raw_sync fails at once when its nanoseconds and those of the time of day make a second.
#[test]
fn waits_last_as_long_as_was_asked() {
    let view = view();
    let event = event(&view, 0).expect("zeroed memory");
    for millis in [1, 400, 999, 1100] {
        let (asked, began) = (Duration::from_millis(millis), Instant::now());
        assert_eq!(event.wait_timeout(asked).expect("it waits"), Waited::TimedOut);
        assert!(began.elapsed() >= asked, "{:?} of {asked:?}", began.elapsed());
    }
    event.set().expect("it can be set");
    assert_eq!(event.wait_timeout(Duration::MAX).expect("it waits"), Waited::Signalled);
}

#[test]
fn what_was_scribbled_over_is_damaged() {
    let view = view();
    let (lock, event) = (mutex(&view, 0).expect("zeroed memory"), event(&view, 512).expect("zeroed memory"));
    view.fill(0, RawMutex::<u32>::lock_size(), 0).expect("inside");
    view.fill(512, RawEvent::size(), 0).expect("inside");
    if cfg!(target_os = "linux") {
        assert_eq!(kind(lock.try_lock()), ErrorKind::Damaged);
        assert_eq!(kind(event.try_wait()), ErrorKind::Damaged);
        assert_eq!(kind(event.set()), ErrorKind::Damaged);
    }
}
