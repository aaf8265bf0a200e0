//! Objects inside a region: the value that a lock protects, and memory that is initialised once. What these objects
//! share with named ones is in the conformance suite (`tests/conformance_sync.rs`).

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use samemap::{
    Access, CreateOptions, Disposition, ErrorKind, EventOptions, Lockable, Mutex, ObjectName, OpenOptions,
    Region, Reset, Settable, SharedEvent, SharedMutex, SharedRegion, SyncOptions, Trust, Waitable, Waited,
};

/// Longer than anything here takes; a wait that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

fn unique(what: &str) -> ObjectName {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
    ObjectName::new(format!("sync-{what}-{}-{number}-{time}", std::process::id())).unwrap()
}

/// This program again, as the body of `child_entry` with these words.
fn child(words: &[&str]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_entry", "--nocapture", "--include-ignored"])
        .env("SAMEMAP_SYNC_CHILD", words.join("\n"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn ends_well(mut child: Child) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "a child failed: {status}");
            return;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("a child did not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

const COUNTS: u64 = 2000;

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    let Ok(words) = std::env::var("SAMEMAP_SYNC_CHILD") else { return };
    let words: Vec<&str> = words.lines().collect();
    let name = |index: usize| ObjectName::new(words[index]).unwrap();
    match words[0] {
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
