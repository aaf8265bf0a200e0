//! Objects inside a region.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{mem, thread};

use super::{Killed, LONG, SHORT, kind_of, name, new_event, part};
use crate::windows::sync::kernel::Class;
use crate::{
    Access, CreateOptions, Disposition, Error, ErrorKind, EventOptions, Found, LockGuard as _, Lockable as _,
    MAX_OBJECTS, ObjectKind, ObjectName, OpenOptions, Permissions, Permits as _, Region, Reset, Result,
    SemaphoreOptions, Settable as _, Share, SharedEvent, SharedMutex, SharedRegion as _, SharedSemaphore,
    View, WaitAny, Waitable as _, wait_any,
};

const LEN: usize = 64;
/// Where the tests put their object: aligned to 8 and to nothing more.
const AT: usize = 72;
const AUTO: Reset = Reset::Auto;

fn anonymous() -> View {
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("a page");
    region.view(.., Access::ReadWrite).expect("a view")
}

fn event_at(view: &View, options: &EventOptions) -> SharedEvent {
    SharedEvent::create(view, AT, options).expect("the memory is zero")
}

fn mutex_at(view: &View) -> SharedMutex<u64> {
    SharedMutex::create(view, AT, &7).expect("the memory is zero")
}

fn semaphore_at(view: &View, initial: u32, maximum: u32) -> SharedSemaphore {
    SharedSemaphore::create(view, AT, &SemaphoreOptions::new(initial, maximum)).expect("the memory is zero")
}

fn open_mutex(view: &View) -> Result<SharedMutex<u64>> {
    SharedMutex::open(view, AT)
}

// ---- What they do ---------------------------------------------------------------------------------------

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
fn events_and_semaphores_do_as_their_named_kin() {
    let view = anonymous();
    let event = event_at(&view, &EventOptions::new(AUTO));
    let opened = SharedEvent::open(&view, AT).expect("it is initialised");
    opened.set().unwrap();
    assert!(event.wait_timeout(LONG).unwrap().is_signalled());
    assert!(!opened.wait_timeout(SHORT).unwrap().is_signalled());
    let options = SemaphoreOptions::new(1, 2);
    let semaphore = SharedSemaphore::create(&view, AT + LEN, &options).expect("the memory is zero");
    let opened = SharedSemaphore::open(&view, AT + LEN).expect("it is initialised");
    assert_eq!(opened.release(1).unwrap(), 1);
    assert_eq!(kind_of(opened.release(1)), ErrorKind::LimitExceeded { maximum: 2 });
    assert_eq!(kind_of(opened.release(0)), ErrorKind::InvalidArgument);
    for expected in [true, true, false] {
        assert_eq!(semaphore.try_wait().unwrap().is_signalled(), expected);
    }
}

#[test]
fn any_of_them_and_of_named_ones_is_waited_for() {
    let view = anonymous();
    let event = event_at(&view, &EventOptions::new(AUTO));
    let options = SemaphoreOptions::new(1, 1);
    let semaphore = SharedSemaphore::create(&view, AT + LEN, &options).expect("the memory is zero");
    let named = new_event(&name("inside-any"), AUTO);
    let all: [&dyn WaitAny; 3] = [&event, &named, &semaphore];
    let index = || wait_any(&all, Some(SHORT)).unwrap().map(|woken| woken.index());
    assert_eq!([index(), index()], [Some(2), None]);
    event.set().unwrap();
    assert_eq!([index(), index()], [Some(0), None]);
    // What was taken is gone, also for those who come when nobody has it open.
    drop((event, semaphore));
    assert!(!SharedEvent::open(&view, AT).unwrap().try_wait().unwrap().is_signalled());
    assert!(!SharedSemaphore::open(&view, AT + LEN).unwrap().try_wait().unwrap().is_signalled());
}

// ---- Owners that die ------------------------------------------------------------------------------------

#[test]
fn the_next_owner_learns_that_a_thread_ended() {
    let view = anonymous();
    let mutex = mutex_at(&view);
    for _ in 0..3 {
        thread::scope(|scope| {
            scope.spawn(|| mem::forget(mutex.lock().expect("nobody owns it")));
        });
        let guard = mutex.lock().unwrap();
        let again = mutex.lock().unwrap();
        drop(guard);
        assert!(again.abandoned(), "until it gives the lock up");
        drop(again);
        assert!(!mutex.lock().unwrap().abandoned());
    }
}

#[test]
fn a_forgotten_guard_is_a_lock_held_when_the_mutex_is_dropped_too() {
    let view = anonymous();
    let mutex = mutex_at(&view);
    thread::scope(|scope| {
        scope
            .spawn(|| {
                let own = open_mutex(&view).expect("it is initialised");
                mem::forget(own.lock().unwrap());
                drop(own);
                drop(mutex);
                // Nobody has it open now, and this thread still owns it.
                thread::scope(|scope| {
                    let seen = scope.spawn(|| open_mutex(&view).unwrap().try_lock().unwrap().is_none());
                    assert!(seen.join().unwrap(), "it is held");
                });
            })
            .join()
            .expect("no panic");
    });
    assert!(open_mutex(&view).unwrap().lock_timeout(LONG).unwrap().expect("its owner ended").abandoned());
}

/// A named region of one page, which a child can open.
fn named_page(base: &ObjectName) -> View {
    let region = Region::create(&part(base, "region"), &CreateOptions::new(4096)).expect("it is free");
    region.view(.., Access::ReadWrite).expect("a view")
}

/// The part of a child: own the mutex.
pub(super) fn own(region: &ObjectName) {
    let region = Region::open(region, &OpenOptions::read_write()).expect("the parent made it");
    let view = region.view(.., Access::ReadWrite).expect("a view");
    let (mutex, _) = SharedMutex::<u64>::create_or_open(&view, AT).expect("it is there, or made");
    let guard = mutex.lock().unwrap();
    guard.update(|value| value + 1).unwrap();
    mem::forget(guard);
}

#[test]
fn the_next_owner_learns_that_a_process_was_killed() {
    let base = name("inside-killed");
    let view = named_page(&base);
    let mutex = mutex_at(&view);
    for round in 1..=3 {
        let child = Killed::start("own-inside", &base);
        assert!(mutex.lock_timeout(SHORT).unwrap().is_none(), "the child owns it");
        drop(child);
        let guard = mutex.lock_timeout(LONG).unwrap().expect("its owner is dead");
        assert!(guard.abandoned());
        assert_eq!(guard.load().unwrap(), 7 + round);
    }
    assert!(!mutex.lock().unwrap().abandoned());
}

#[test]
fn that_is_told_also_when_nobody_else_had_it_open() {
    let base = name("inside-killed-alone");
    let view = named_page(&base);
    drop(Killed::start("own-inside", &base));
    let mutex = open_mutex(&view).expect("the child initialised it");
    let guard = mutex.lock_timeout(LONG).unwrap().expect("its owner is dead");
    assert!(guard.abandoned());
    assert_eq!(guard.load().unwrap(), 1);
    drop(guard);
    assert!(!mutex.lock().unwrap().abandoned());
}

// ---- Initialising ---------------------------------------------------------------------------------------

#[test]
fn one_of_a_crowd_initialises() {
    for round in 0..20 {
        let view = anonymous();
        let creators = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let (mutex, disposition) =
                        SharedMutex::<u64>::create_or_open(&view, AT).expect("one or the other");
                    creators.fetch_add(u32::from(disposition == Disposition::Created), Ordering::Relaxed);
                    mutex.lock().unwrap().update(|value| value + 1).unwrap();
                });
            }
        });
        assert_eq!(creators.into_inner(), 1, "round {round}");
        assert_eq!(view.get::<u64>(AT + LEN).unwrap(), 8);
    }
}

#[test]
fn memory_is_initialised_once() {
    let view = anonymous();
    for result in [SharedEvent::open(&view, AT).map(drop), SharedSemaphore::open(&view, AT).map(drop)] {
        assert_eq!(kind_of(result), ErrorKind::Damaged, "nobody initialised it");
    }
    assert_eq!(view.get::<[u8; LEN]>(AT).unwrap(), [0; LEN], "asking changes nothing");
    let event = event_at(&view, &EventOptions::new(AUTO).set_at_first());
    let again = SharedEvent::create(&view, AT, &EventOptions::new(AUTO));
    assert_eq!(kind_of(again), ErrorKind::AlreadyExists);
    let manual = EventOptions::new(Reset::Manual);
    let (opened, disposition) = SharedEvent::create_or_open(&view, AT, &manual).expect("it is there");
    assert_eq!(disposition, Disposition::Opened);
    opened.wait().unwrap();
    assert!(!event.try_wait().unwrap().is_signalled(), "it is auto-reset");
}

#[test]
fn every_kind_against_every_kind() {
    type Open = fn(&View) -> Result<()>;
    let kinds: [(ObjectKind, Open, Open); 3] = [
        (
            ObjectKind::Mutex,
            |view| SharedMutex::<u8>::create_or_open(view, AT).map(drop),
            |view| SharedMutex::<u8>::open(view, AT).map(drop),
        ),
        (
            ObjectKind::Event,
            |view| SharedEvent::create_or_open(view, AT, &EventOptions::new(AUTO)).map(drop),
            |view| SharedEvent::open(view, AT).map(drop),
        ),
        (
            ObjectKind::Semaphore,
            |view| SharedSemaphore::create_or_open(view, AT, &SemaphoreOptions::new(0, 1)).map(drop),
            |view| SharedSemaphore::open(view, AT).map(drop),
        ),
    ];
    for (held, make, _) in kinds {
        let view = anonymous();
        make(&view).expect("the memory is zero");
        for (wanted, make, open) in kinds {
            for call in [make, open] {
                if wanted == held {
                    call(&view).expect("it is one");
                } else {
                    let found = Found::Object(held);
                    assert_eq!(kind_of(call(&view)), ErrorKind::KindMismatch { wanted, found });
                }
            }
        }
    }
}

#[test]
fn places_without_sense_are_refused() {
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("a page");
    let view = region.view(.., Access::ReadWrite).unwrap();
    let at = |offset| kind_of(SharedMutex::<u64>::create_or_open(&view, offset));
    assert_eq!(at(4), ErrorKind::InvalidArgument);
    for offset in [4096, 4096 - LEN, usize::MAX, usize::MAX - LEN] {
        assert!(matches!(at(offset), ErrorKind::OutOfRange { .. }), "{offset}");
    }
    let last = 4096 - SharedMutex::<u64>::SIZE;
    SharedMutex::<u64>::create(&view, last, &1).expect("it just fits");
    for access in [Access::ReadOnly, Access::CopyOnWrite] {
        let view = region.view(.., access).unwrap();
        assert_eq!(kind_of(SharedMutex::<u64>::open(&view, last)), ErrorKind::AccessDenied);
    }
    let odd = region.view(4.., Access::ReadWrite).unwrap();
    let _event = SharedEvent::create(&odd, 4, &EventOptions::new(AUTO)).expect("aligned in memory");
    SharedEvent::open(&view, 8).expect("the same place");
}

/// The gate of the object at [`AT`], as whoever initialises or opens it passes it.
fn stand_in_the_gate(view: &View, while_there: impl FnOnce()) {
    let id: u64 = view.get(AT + 16).unwrap();
    let gate = ObjectName::new(format!(r"Global\samemap-{id:016x}-gate")).unwrap();
    let gate = crate::Mutex::create(&gate, &crate::SyncOptions::new()).expect("nobody is there");
    let guard = gate.lock().unwrap();
    while_there();
    // As one who is killed there would leave it.
    mem::forget(guard);
}

#[test]
fn one_who_is_stopped_at_the_gate_keeps_nobody_for_long() {
    let view = anonymous();
    view.put(AT + 16, &0x5AFE_0000_0000_0000_u64.wrapping_add(u64::from(std::process::id()))).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            stand_in_the_gate(&view, || {
                thread::scope(|scope| {
                    scope.spawn(|| {
                        let start = Instant::now();
                        let result = SharedMutex::<u64>::create_or_open(&view, AT);
                        assert_eq!(kind_of(result), ErrorKind::TimedOut);
                        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
                    });
                });
            });
        });
    });
    // That one is dead now.
    let (_mutex, disposition) = SharedMutex::<u64>::create_or_open(&view, AT).expect("nobody is there");
    assert_eq!(disposition, Disposition::Created);
}

#[test]
fn a_killed_maker_is_followed_by_the_next() {
    let base = name("inside-maker");
    let view = named_page(&base);
    // It has the id, and is in the gate with the kernel's object made, when it is killed.
    drop(Killed::start("make-inside", &base));
    assert_eq!(kind_of(open_mutex(&view)), ErrorKind::Damaged, "nobody initialised it");
    let (mutex, disposition) = SharedMutex::<u64>::create_or_open(&view, AT).expect("nobody is there");
    assert_eq!(disposition, Disposition::Created);
    assert!(!mutex.lock().unwrap().abandoned(), "it is new");
}

/// The part of a child: be in the middle of making a mutex.
pub(super) fn make(region: &ObjectName) {
    let region = Region::open(region, &OpenOptions::read_write()).expect("the parent made it");
    let view = region.view(.., Access::ReadWrite).expect("a view");
    let id = 0x0DD_0000_0000_0000_u64 + u64::from(std::process::id());
    view.put(AT + 16, &id).unwrap();
    for what in ["gate", "mutex"] {
        let name = ObjectName::new(format!(r"Global\samemap-{id:016x}-{what}")).unwrap();
        let made = crate::Mutex::create(&name, &crate::SyncOptions::new()).expect("it is free");
        mem::forget(made.lock().unwrap());
        mem::forget(made);
    }
}

// ---- State while nobody has it open ---------------------------------------------------------------------

#[test]
fn an_event_keeps_its_state_while_nobody_has_it_open() {
    for reset in [AUTO, Reset::Manual] {
        let view = anonymous();
        drop(event_at(&view, &EventOptions::new(reset).set_at_first()));
        let event = || SharedEvent::open(&view, AT).expect("it is initialised");
        assert!(event().try_wait().unwrap().is_signalled(), "it was set at first");
        assert_eq!(event().try_wait().unwrap().is_signalled(), reset == Reset::Manual);
        event().reset().unwrap();
        assert!(!event().try_wait().unwrap().is_signalled());
        event().set().unwrap();
        assert!(event().try_wait().unwrap().is_signalled());
        assert_eq!(event().try_wait().unwrap().is_signalled(), reset == Reset::Manual);
    }
}

#[test]
fn a_semaphore_keeps_its_permits_while_nobody_has_it_open() {
    let view = anonymous();
    drop(semaphore_at(&view, 2, 3));
    let semaphore = || SharedSemaphore::open(&view, AT).expect("it is initialised");
    assert_eq!(semaphore().release(1).unwrap(), 2);
    assert_eq!(kind_of(semaphore().release(1)), ErrorKind::LimitExceeded { maximum: 3 });
    for expected in [true, true, true, false] {
        assert_eq!(semaphore().try_wait().unwrap().is_signalled(), expected);
    }
}

/// Permits go round while handles come and go, so that the kernel's object is remade at every moment.
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
                    assert!(taken.unwrap().is_signalled(), "a permit was lost");
                    SharedSemaphore::open(&view, AT).unwrap().release(1).expect("one was gained");
                }
            });
        }
    });
    let left = SharedSemaphore::open(&view, AT).unwrap();
    assert_eq!(kind_of(left.release(1)), ErrorKind::LimitExceeded { maximum: 3 });
}

// ---- Bytes from outside ---------------------------------------------------------------------------------

#[test]
fn what_is_no_header_is_damaged() {
    for (offset, garbage) in [(0, 1_u32), (0, u32::MAX), (4, 0xFFFF_FFFF), (4, 2), (12, 2), (16, 0), (24, 2)]
    {
        let view = anonymous();
        drop(event_at(&view, &EventOptions::new(AUTO)));
        view.put(AT + offset, &garbage).unwrap();
        if offset == 16 {
            view.put(AT + 20, &garbage).unwrap();
        }
        let result = SharedEvent::open(&view, AT);
        assert_eq!(kind_of(result), ErrorKind::Damaged, "{garbage:#x} at {offset}");
    }
    for (setting, signal) in [(0_u32, 0_u32), (2, 3), (u32::MAX, 0)] {
        let view = anonymous();
        drop(semaphore_at(&view, 0, 1));
        view.put(AT + 12, &setting).unwrap();
        view.put(AT + 24, &signal).unwrap();
        assert_eq!(kind_of(SharedSemaphore::open(&view, AT)), ErrorKind::Damaged, "{signal} of {setting}");
    }
}

#[test]
fn a_scribbling_peer_causes_errors_and_nothing_worse() {
    let view = anonymous();
    let mutex = mutex_at(&view);
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..200 {
        let guard = mutex.lock_timeout(LONG).unwrap().expect("the kernel's object is whole");
        for at in (0..LEN).step_by(8) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            view.put(AT + at, &random).unwrap();
        }
        let again = mutex.try_lock().unwrap().expect("this thread owns it");
        let _ = (again.abandoned(), again.load().unwrap());
        drop((guard, again));
        let _: Result<_, Error> = open_mutex(&view);
    }
    let free =
        thread::scope(|scope| scope.spawn(|| mutex.try_lock().unwrap().is_some()).join().expect("no panic"));
    assert!(free, "every guard gave the lock up");
}

// ---- Who may use them -----------------------------------------------------------------------------------

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
fn as_many_as_named_ones_are_waited_for() {
    let region = Region::anonymous(&CreateOptions::new((MAX_OBJECTS * LEN) as u64)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let events: Vec<_> = (0..MAX_OBJECTS)
        .map(|index| SharedEvent::create(&view, index * LEN, &EventOptions::new(AUTO)).unwrap())
        .collect();
    let objects: Vec<&dyn WaitAny> = events.iter().map(|event| event as _).collect();
    events[MAX_OBJECTS - 1].set().unwrap();
    assert_eq!(wait_any(&objects, Some(LONG)).unwrap().expect("one is set").index(), MAX_OBJECTS - 1);
}

#[test]
fn debug_shows_the_place() {
    let view = anonymous();
    assert!(format!("{:?}", mutex_at(&view)).contains("72"));
}
