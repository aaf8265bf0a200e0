//! Which rules of the contract the objects of the crate `raw_sync` do not keep, on this system. The table stands in
//! docs/adaptors.md, and this test fails when it is not what the suite finds; with `SAMEMAP_BLESS=1` it writes the
//! table instead. Beside that, what the adaptor itself promises.
#![cfg(any(target_os = "linux", windows))]

#[path = "support/failing_rules.rs"]
mod failing_rules;

use std::time::{Duration, Instant};

use failing_rules::Listed;
use samemap::conformance::{self, Making, SyncObjects, run_all_sync};
use samemap::{
    Access, CreateOptions, Disposition, Error, ErrorKind, EventOptions, Lockable as _, ObjectName,
    OpenOptions, Region, Reset, Result, SemaphoreOptions, Settable as _, SharedRegion as _, SharedSemaphore,
    View, WaitAny, Waitable as _, Waited,
};
use samemap_adaptors::raw_sync::{RawEvent, RawMutex};

/// The objects of `raw_sync` inside a region, through the adaptor.
#[derive(Debug)]
pub enum RawSync {}

impl SyncObjects for RawSync {
    type Mutex = RawMutex<u64>;
    type Event = RawEvent;
    /// There is none; this type stands in its place.
    type Semaphore = SharedSemaphore;

    fn mutex(name: &ObjectName, how: Making) -> Result<(Self::Mutex, Disposition)> {
        let view = memory(name, how)?;
        // SAFETY: the region was made for this object, and the rules touch its bytes through it alone. Of
        // those that create, one made the region just now.
        unsafe {
            match how {
                Making::Create => RawMutex::create(&view, OFFSET, &0).map(created),
                Making::CreateOrOpen => Err(lacks("create or open a mutex", ONE_CALL)),
                Making::Open => RawMutex::open(&view, OFFSET).map(opened),
            }
        }
    }

    fn event(name: &ObjectName, how: Making, options: &EventOptions) -> Result<(RawEvent, Disposition)> {
        let view = memory(name, how)?;
        // SAFETY: as above.
        unsafe {
            match how {
                Making::Create => RawEvent::create(&view, OFFSET, options).map(created),
                Making::CreateOrOpen => Err(lacks("create or open an event", ONE_CALL)),
                Making::Open => RawEvent::open(&view, OFFSET).map(opened),
            }
        }
    }

    fn semaphore(_: &ObjectName, _: Making, _: &SemaphoreOptions) -> Result<(SharedSemaphore, Disposition)> {
        Err(lacks("make a semaphore", "raw_sync has none; use SharedSemaphore"))
    }

    fn any_event(_: &RawEvent) -> Option<&dyn WaitAny> {
        None
    }

    fn any_semaphore(_: &SharedSemaphore) -> Option<&dyn WaitAny> {
        None
    }
}

/// The error of a family that does not have what a rule asks for.
fn lacks(operation: &'static str, detail: &str) -> Error {
    Error::new(ErrorKind::Unsupported, operation).with_detail(detail)
}

const ONE_CALL: &str = "raw_sync has no such call; use the objects of samemap";

/// Where in its region the object lies: at no multiple of a cache line, because nothing asks for one.
const OFFSET: usize = 72;

/// A view of the region that the object lies in.
fn memory(name: &ObjectName, how: Making) -> Result<View> {
    let options = CreateOptions::new(4096);
    let region = match how {
        Making::Create => Region::create(name, &options)?,
        Making::CreateOrOpen => Region::create_or_open(name, &options)?.0,
        Making::Open => Region::open(name, &OpenOptions::read_write())?,
    };
    region.view(.., Access::ReadWrite)
}

fn created<T>(object: T) -> (T, Disposition) {
    (object, Disposition::Created)
}

fn opened<T>(object: T) -> (T, Disposition) {
    (object, Disposition::Opened)
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
