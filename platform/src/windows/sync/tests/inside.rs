//! Objects inside a region: their behaviour, and the users that may open them.

use std::thread;

use super::common::{LONG, SHORT, kind_of, name, new_event};
use super::places::{AT, AUTO, LEN, anonymous, event_at, mutex_at, open_mutex, semaphore_at};
use crate::Region;
use crate::windows::sync::kernel::Class;
use crate::{
    Access, CreateOptions, ErrorKind, EventOptions, MAX_OBJECTS, ObjectKind, Permissions, Reset,
    SemaphoreOptions, Share, SharedEvent, SharedSemaphore, WaitAny, wait_any_timeout,
};

#[test]
fn a_value_is_loaded_and_stored_under_its_lock() {
    let view = anonymous();
    let mutex = mutex_at(&view);
    let opened = open_mutex(&view).expect("it is initialised");
    let guard = mutex.lock().unwrap();
    assert_eq!(guard.load().unwrap(), 7);
    guard.store(&8).unwrap();
    let again = opened.try_lock().unwrap().expect("this thread owns it");
    assert_eq!(again.update(|value| value + 1).unwrap(), 9);
    drop(guard);
    thread::scope(|scope| {
        scope.spawn(|| assert!(opened.lock_timeout(SHORT).unwrap().is_none(), "it is held once more"));
    });
    assert!(!again.abandoned());
    drop(again);
    let after = thread::scope(|scope| {
        scope.spawn(|| mutex.try_lock().unwrap().expect("it is free").load().unwrap()).join().unwrap()
    });
    assert_eq!((after, view.get::<u64>(AT + LEN).unwrap()), (9, 9));
}

#[test]
fn a_counter_is_exact() {
    let view = anonymous();
    let _mutex = mutex_at(&view);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mutex = open_mutex(&view).expect("it is initialised");
                for _ in 0..300 {
                    mutex.lock().unwrap().update(|value| value + 1).unwrap();
                }
            });
        }
    });
    assert_eq!(view.get::<u64>(AT + LEN).unwrap(), 7 + 4 * 300);
}

#[test]
fn any_of_them_and_of_named_ones_is_waited_for() {
    let view = anonymous();
    let event = event_at(&view, &EventOptions::new(AUTO));
    let options = SemaphoreOptions::new(1, 1);
    let semaphore = SharedSemaphore::create(&view, AT + LEN, &options).expect("the memory is zero");
    let named = new_event(&name("inside-any"), AUTO);
    let all: [&dyn WaitAny; 3] = [&event, &named, &semaphore];
    let index = || wait_any_timeout(&all, SHORT).unwrap().map(|woken| woken.index());
    assert_eq!([index(), index()], [Some(2), None]);
    event.set().unwrap();
    assert_eq!([index(), index()], [Some(0), None]);
    // A taken signal stays taken, also for a process that opens the object when no other one has it open.
    drop((event, semaphore));
    assert!(!SharedEvent::open(&view, AT).unwrap().try_wait().unwrap());
    assert!(!SharedSemaphore::open(&view, AT + LEN).unwrap().try_wait().unwrap());
}

#[test]
fn as_many_as_named_ones_are_waited_for() {
    let region = Region::anonymous(&CreateOptions::new((MAX_OBJECTS * LEN) as u64)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let events: Vec<_> = (0..MAX_OBJECTS)
        .map(|index| SharedEvent::create(&view, index * LEN, &EventOptions::new(AUTO)).unwrap())
        .collect();
    let objects: Vec<&dyn WaitAny> = events.iter().map(|event| event as _).collect();
    events[MAX_OBJECTS - 1].set().unwrap();
    assert_eq!(wait_any_timeout(&objects, LONG).unwrap().expect("one is set").index(), MAX_OBJECTS - 1);
}

#[test]
fn an_event_keeps_its_state_while_nobody_has_it_open() {
    for reset in [AUTO, Reset::Manual] {
        let view = anonymous();
        drop(event_at(&view, &EventOptions::new(reset).set_at_first()));
        let event = || SharedEvent::open(&view, AT).expect("it is initialised");
        assert!(event().try_wait().unwrap(), "it was set at first");
        assert_eq!(event().try_wait().unwrap(), reset == Reset::Manual);
        event().reset().unwrap();
        assert!(!event().try_wait().unwrap());
        event().set().unwrap();
        assert!(event().try_wait().unwrap());
        assert_eq!(event().try_wait().unwrap(), reset == Reset::Manual);
    }
}

#[test]
fn a_semaphore_keeps_its_permits_while_nobody_has_it_open() {
    let view = anonymous();
    drop(semaphore_at(&view, 2, 3));
    let semaphore = || SharedSemaphore::open(&view, AT).expect("it is initialised");
    assert_eq!(semaphore().release(1).unwrap(), 2);
    assert_eq!(kind_of(semaphore().release(1)), ErrorKind::LimitExceeded { maximum: Some(3) });
    for expected in [true, true, true, false] {
        assert_eq!(semaphore().try_wait().unwrap(), expected);
    }
}

/// Permits circulate while handles are opened and closed, so that the kernel object is made again at any moment.
#[test]
fn no_permit_is_lost_or_gained_when_the_kernel_object_is_remade() {
    let view = anonymous();
    drop(semaphore_at(&view, 3, 3));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let taken =
                        SharedSemaphore::open(&view, AT).expect("it is initialised").wait_timeout(LONG);
                    assert!(taken.unwrap(), "a permit was lost");
                    SharedSemaphore::open(&view, AT).unwrap().release(1).expect("one was gained");
                }
            });
        }
    });
    let left = SharedSemaphore::open(&view, AT).unwrap();
    assert_eq!(kind_of(left.release(1)), ErrorKind::LimitExceeded { maximum: Some(3) });
}

#[test]
fn whoever_may_write_to_the_region_may_use_them() {
    use crate::windows::sync::grants::Grants;
    let grants = |permissions| {
        let region = Region::anonymous(&CreateOptions::new(1).permissions(permissions)).unwrap();
        let view = region.view(.., Access::ReadWrite).unwrap();
        Grants::of(view.origin(0).expect("ours").object.handle().expect("a section"))
    };
    let (alone, shared) = (Permissions::owner_only(), Permissions::owner_only().everyone(Share::ReadWrite));
    let me = crate::UserId::current();
    assert_eq!(grants(alone).trust(), crate::Trust::User(me.clone()));
    assert_eq!(grants(alone.everyone(Share::ReadOnly)).trust(), crate::Trust::User(me));
    assert_eq!(grants(shared).trust(), crate::Trust::Anyone);
    for permissions in [alone, shared] {
        for class in [ObjectKind::Event, ObjectKind::Mutex].map(Class::of) {
            grants(permissions).security(class).expect("a descriptor that the system accepts");
        }
    }
}

#[test]
fn debug_shows_the_place() {
    let view = anonymous();
    assert!(format!("{:?}", mutex_at(&view)).contains("72"));
}
