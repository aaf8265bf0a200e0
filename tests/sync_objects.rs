//! Objects inside a region: the value that a lock protects, and memory that is initialised once. What these objects
//! share with named ones is in the conformance suite (`tests/conformance_sync.rs`).

#[path = "support/sync_child.rs"]
mod sync_child;

use std::process::Child;

use samemap::{
    Access, CreateOptions, Disposition, ErrorKind, EventOptions, Lockable, Mutex, ObjectName, OpenOptions,
    Region, Reset, Settable, SharedEvent, SharedMutex, SharedRegion, SyncOptions, Trust, Waitable, Waited,
};
use sync_child::{child, ends_well, unique, words};

const COUNTS: u64 = 2000;

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    let Some(words) = words() else { return };
    let name = |index: usize| ObjectName::new(words[index].as_str()).unwrap();
    match words[0].as_str() {
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
        other => panic!("no such child: {other}"),
    }
}

#[test]
fn counters_under_a_mutex_are_exact() {
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
