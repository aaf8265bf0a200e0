//! How named objects are opened, and what they do without a trait.

use samemap::sync::try_wait_any;

use crate::common::*;

/// Whatever waits for an object, or signals it, writes to it.
#[test]
fn objects_to_wait_for_are_opened_for_reading_and_writing() {
    let label = unique("access");
    let (event_name, mutex_name) = (beside(&label, "event"), beside(&label, "mutex"));
    let event = Event::create(&event_name, &EventOptions::new(Reset::Auto)).unwrap();
    let _mutex = Mutex::create(&mutex_name, &SyncOptions::new()).unwrap();
    for access in [Access::ReadOnly, Access::CopyOnWrite] {
        let less = OpenOptions::new(access);
        let errors = [
            Event::open(&event_name, &less).expect_err("it needs more"),
            Mutex::open(&mutex_name, &less).expect_err("it needs more"),
        ];
        for error in errors {
            assert!(error.is(ErrorKind::InvalidArgument), "{error}");
            assert!(error.to_string().contains("read-write"), "{error}");
        }
    }
    assert_eq!(OpenOptions::default(), OpenOptions::read_write());
    Event::open(&event_name, &OpenOptions::default()).unwrap().set().unwrap();
    assert!(event.try_wait().unwrap());
    assert!(!event.try_wait().unwrap());
    assert!(try_wait_any(&[&event]).unwrap().is_none());
}

#[test]
fn a_clone_of_a_lock_inside_is_the_same_lock() {
    let region = Region::anonymous(&CreateOptions::new(4096)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let lock = SharedMutex::<u64>::create(&view, 0, &7).unwrap();
    let clone = lock.clone();
    let guard = clone.lock().unwrap();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| lock.try_lock().unwrap().is_none());
        assert!(other.join().unwrap(), "it is owned");
    });
    assert_eq!(guard.load().unwrap(), 7);
    assert!(!guard.abandoned());
}
