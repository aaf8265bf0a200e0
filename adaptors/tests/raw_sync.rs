//! Which rules of the contract the objects of the crate `raw_sync` do not keep, on this system. The table stands in
//! docs/adaptors.md, and this test fails when it is not what the suite finds; with `SAMEMAP_BLESS=1` it writes the
//! table instead. Beside that, what the adaptor itself promises.
#![cfg(any(target_os = "linux", windows))]

#[path = "support/failing_rules.rs"]
mod failing_rules;

use std::time::{Duration, Instant};

use failing_rules::Listed;
use samemap::conformance::{self, Making, SyncObjects, run_all_sync};
use samemap::sync::{EventOptions, Reset, SemaphoreOptions, SharedSemaphore, SignalFirst, WaitAny};
use samemap::traits::{Lockable as _, Settable as _, Waitable as _};
use samemap::{
    Access, CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Region, Result, View,
};
use samemap_adaptors::raw_sync::{ALIGN, RawEvent, RawMutex};

/// The objects of `raw_sync`, each in a region of its own.
enum RawSync {}

/// Where in its region the object lies.
const OFFSET: usize = 72;

/// A view of the region that the object lies in.
fn memory(name: &ObjectName, how: Making) -> Result<(View, Disposition)> {
    let (region, disposition) = match how {
        Making::Create => (Region::create(name, &CreateOptions::new(4096))?, Disposition::Created),
        Making::CreateOrOpen => return Err(lacks("no call that creates or opens")),
        Making::Open => (Region::open(name, &OpenOptions::read_write())?, Disposition::Opened),
    };
    Ok((region.view(.., Access::ReadWrite)?, disposition))
}

fn lacks(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, "make an object of raw_sync")
        .with_detail(format!("raw_sync has {what}"))
}

impl SyncObjects for RawSync {
    type Mutex = RawMutex;
    type Event = RawEvent;
    /// There is none; this type stands in its place.
    type Semaphore = SharedSemaphore;

    fn mutex(name: &ObjectName, how: Making) -> Result<(RawMutex, Disposition)> {
        let (view, disposition) = memory(name, how)?;
        // SAFETY: the region was made for this object, and the rules touch its bytes through it alone. A creator made
        // the region just now.
        let mutex = unsafe {
            match disposition {
                Disposition::Created => RawMutex::create(&view, OFFSET),
                Disposition::Opened => RawMutex::open(&view, OFFSET),
            }
        };
        Ok((mutex?, disposition))
    }

    fn event(name: &ObjectName, how: Making, options: &EventOptions) -> Result<(RawEvent, Disposition)> {
        let (view, disposition) = memory(name, how)?;
        // SAFETY: as above.
        let event = unsafe {
            match disposition {
                Disposition::Created => RawEvent::create(&view, OFFSET, options),
                Disposition::Opened => RawEvent::open(&view, OFFSET),
            }
        };
        Ok((event?, disposition))
    }

    fn semaphore(_: &ObjectName, _: Making, _: &SemaphoreOptions) -> Result<(SharedSemaphore, Disposition)> {
        Err(lacks("no semaphores"))
    }

    fn any_mutex(_: &Self::Mutex) -> Option<&dyn WaitAny> {
        None
    }

    fn any_event(_: &RawEvent) -> Option<&dyn WaitAny> {
        None
    }

    fn any_semaphore(_: &SharedSemaphore) -> Option<&dyn WaitAny> {
        None
    }

    fn set_first(_: &RawEvent) -> Option<SignalFirst<'_>> {
        None
    }

    fn release_first(_: &SharedSemaphore) -> Option<SignalFirst<'_>> {
        None
    }
}

conformance::sync_conformance_child!(adaptor, RawSync);

/// Rules whose failing is a matter of timing: they may fail and need not.
const MAY_FAIL: &[&str] = &[
    "c27_killed_setter_leaves_nobody_asleep",
    "c27_killed_waiter_loses_nobodys_signal",
    "c27_killed_waiter_loses_nobodys_turn",
];

#[test]
fn fails_what_the_page_says() {
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

fn mutex(view: &View, at: usize) -> Result<RawMutex> {
    // SAFETY: an anonymous region of this test, which touches the lock's bytes through it alone from here on.
    unsafe { RawMutex::create(view, at) }
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
fn memory_that_cannot_be_used_is_refused() {
    let view = view();
    for at in [1, 2, ALIGN - 1] {
        assert_eq!(kind(mutex(&view, at)), ErrorKind::InvalidArgument, "{at}");
        assert_eq!(kind(event(&view, at)), ErrorKind::InvalidArgument, "{at}");
    }
    let past = view.len() - RawMutex::size() + 1;
    for at in [past, view.len(), view.len() - 1, usize::MAX, usize::MAX - 7] {
        assert!(matches!(kind(mutex(&view, at)), ErrorKind::OutOfRange { .. }), "{at}");
    }
    // SAFETY: nobody made a lock there, which is what it finds out.
    assert_eq!(kind(unsafe { RawMutex::open(&view, 128) }), ErrorKind::Damaged);
    // SAFETY: as above.
    assert_eq!(kind(unsafe { RawEvent::open(&view, 128) }), ErrorKind::Damaged);
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
    let (event, lock) = (event(&view, 0).expect("zeroed memory"), mutex(&view, 512).expect("zeroed memory"));
    let guard = lock.lock().expect("free");
    for millis in [1, 400, 999, 1100] {
        let (asked, began) = (Duration::from_millis(millis), Instant::now());
        assert!(!event.wait_timeout(asked).expect("it waits"));
        assert!(began.elapsed() >= asked, "{:?} of {asked:?}", began.elapsed());
        let began = Instant::now();
        let other = std::thread::scope(|scope| {
            let tried = || lock.lock_timeout(asked).expect("it waits").is_some();
            scope.spawn(tried).join().expect("it does not panic")
        });
        assert!(!other && began.elapsed() >= asked, "{:?} of {asked:?}", began.elapsed());
    }
    drop(guard);
    drop(lock.try_lock().expect("it works").expect("free"));
    event.set().expect("it can be set");
    assert!(event.wait_timeout(Duration::MAX).expect("it waits"));
}
