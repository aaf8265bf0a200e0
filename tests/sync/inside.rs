//! Guards, and what lies inside a region.

use crate::common::*;

/// A guard keeps what it needs: handles, views and regions may go before.
#[test]
fn c22_a_guard_outlives_what_it_was_made_with() {
    let memory = unique("memory");
    let region = Region::create(&memory, &CreateOptions::new(4096)).unwrap();
    let first = SharedMutex::create(&mapped(&region), 64, &0u64).unwrap();
    let second = SharedMutex::<u64>::open(&opened(&memory), 64).unwrap();
    let (outer, inner) = (first.lock().unwrap(), second.lock().unwrap());
    drop(region);
    outer.update(|value| value + 1).unwrap();
    drop(outer);
    assert_eq!(inner.update(|value| value + 1).unwrap(), 2);
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(first.try_lock().unwrap().is_none()));
    });
    drop(inner);
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(first.try_lock().unwrap().is_some()));
    });
}

/// What a library for C does: it forgets the guard, and gives the lock up by its handle.
#[test]
fn c22_a_forgotten_guard_is_given_up_by_its_thread_alone() {
    let (name, region) = (unique("by hand"), Region::anonymous(&CreateOptions::new(4096)).unwrap());
    let named = Mutex::create(&name, &SyncOptions::new()).unwrap();
    let other_handle = Mutex::open(&name, &OpenOptions::read_write()).unwrap();
    let inside = SharedMutex::create(&mapped(&region), 0, &()).unwrap();
    for _ in 0..2 {
        std::mem::forget(named.lock().unwrap());
        std::mem::forget(inside.lock().unwrap());
    }
    let unlock = || {
        // SAFETY: two guards of each were forgotten by the one thread that owns it.
        unsafe { [other_handle.unlock_forgotten(), inside.unlock_forgotten()] }
    };
    let is_not_owner = |answer: Result<(), Error>| answer.unwrap_err().is(ErrorKind::NotOwner);
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(unlock().into_iter().all(is_not_owner)));
    });
    for _ in 0..2 {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(named.try_lock().unwrap().is_none() && inside.try_lock().unwrap().is_none());
            });
        });
        assert!(unlock().into_iter().all(|answer| answer.is_ok()));
    }
    assert!(unlock().into_iter().all(is_not_owner));
}

/// A guard in a thread-local variable is dropped at the thread's end, like any other: the lock was not abandoned,
/// and whoever has it by then keeps it.
#[test]
fn c22_a_guard_that_ends_with_its_thread_gives_the_lock_up_in_order() {
    thread_local! {
        static KEPT: RefCell<Option<MutexGuard<'static>>> = const { RefCell::new(None) };
    }
    let mutex: &Mutex = Box::leak(Box::new(Mutex::create(&unique("kept"), &SyncOptions::new()).unwrap()));
    for _ in 0..50 {
        let thread =
            std::thread::spawn(|| KEPT.with(|kept| *kept.borrow_mut() = Some(mutex.lock().unwrap())));
        let next = mutex.lock_timeout(PATIENCE).unwrap().expect("it is given up");
        assert!(!next.abandoned());
        drop(next);
        thread.join().unwrap();
        let guard = mutex.lock_timeout(PATIENCE).unwrap().expect("it is given up");
        assert!(!guard.abandoned());
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(mutex.try_lock().unwrap().is_none()));
        });
    }
}

#[test]
fn objects_inside_a_region_are_initialised_once_and_never_by_chance() {
    let region = Region::create(&unique("inside"), &CreateOptions::new(4096)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let options = EventOptions::new(Reset::Auto);
    assert!(SharedEvent::open(&view, 0).unwrap_err().is(ErrorKind::Damaged));
    let (event, disposition) = SharedEvent::create_or_open(&view, 0, &options).unwrap();
    assert_eq!(disposition, Disposition::Created);
    let (same, disposition) = SharedEvent::create_or_open(&view, 0, &options).unwrap();
    assert_eq!(disposition, Disposition::Opened);
    event.set().unwrap();
    assert!(same.try_wait().unwrap());
    assert!(SharedEvent::create(&view, 0, &options).unwrap_err().is(ErrorKind::AlreadyExists));
    assert!(matches!(SharedMutex::<u64>::open(&view, 0).unwrap_err().kind(), ErrorKind::KindMismatch { .. }));
    assert!(SharedEvent::create(&view, 4, &options).unwrap_err().is(ErrorKind::InvalidArgument));
    let outside = SharedEvent::create(&view, view.len() - 32, &options).unwrap_err();
    assert!(matches!(outside.kind(), ErrorKind::OutOfRange { .. }));
    view.fill(1024, 64, 0xFF).unwrap();
    assert!(SharedEvent::create(&view, 1024, &options).unwrap_err().is(ErrorKind::Damaged));
}
