//! Objects inside a region: making them, and the effect of foreign bytes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{mem, thread};

use super::common::{Killed, LONG, kind_of, name};
use super::places::{AT, AUTO, LEN, anonymous, event_at, mutex_at, named_page, open_mutex, semaphore_at};
use crate::Region;
use crate::{
    Access, CreateOptions, Disposition, Error, ErrorKind, EventOptions, Found, ObjectKind, ObjectName,
    OpenOptions, Reset, Result, SemaphoreOptions, SharedEvent, SharedMutex, SharedSemaphore, View,
};

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
    assert!(!event.try_wait().unwrap(), "it is auto-reset");
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

/// The gate of the object at [`AT`], which every process that initialises or opens it passes.
fn stand_in_the_gate(view: &View, while_there: impl FnOnce()) {
    let id: u64 = view.get(AT + 16).unwrap();
    let gate = ObjectName::new(format!(r"Global\samemap-{id:016x}-gate")).unwrap();
    let gate = crate::Mutex::create(&gate, &crate::SyncOptions::new()).expect("nobody is there");
    let guard = gate.lock().unwrap();
    while_there();
    // As a process that is killed there leaves it.
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
    // The thread in the gate is dead now.
    let (_mutex, disposition) = SharedMutex::<u64>::create_or_open(&view, AT).expect("nobody is there");
    assert_eq!(disposition, Disposition::Created);
}

#[test]
fn a_killed_maker_is_followed_by_the_next() {
    let base = name("inside-maker");
    let view = named_page(&base);
    // The child is killed inside the gate, when the kernel object is made.
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

#[test]
fn a_header_of_another_version_is_told_as_that() {
    let view = anonymous();
    drop(event_at(&view, &EventOptions::new(AUTO)));
    view.put(AT + 4, &1_u16).unwrap();
    assert_eq!(kind_of(SharedEvent::open(&view, AT)), ErrorKind::LayoutMismatch);
}

#[test]
fn what_is_no_header_is_damaged() {
    for (offset, garbage) in [(0, 1_u32), (0, u32::MAX), (4, 0xFFFF_0002), (4, 2), (16, 0), (24, 2), (48, 2)]
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
        view.put(AT + 48, &setting).unwrap();
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
