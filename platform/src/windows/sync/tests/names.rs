//! Names, and named objects that plain Win32 programs share.

use std::os::windows::io::{AsHandle as _, AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{ptr, thread};

use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
use windows_sys::Win32::System::Threading::{
    CreateEventW, CreateMutexW, OpenEventW, OpenMutexW, OpenSemaphoreW, OpenWaitableTimerW,
    SYNCHRONIZATION_SYNCHRONIZE, SetEvent, WaitForSingleObject,
};

use super::common::{LONG, is_free, kind_of, name, new_event, new_mutex, new_semaphore, new_timer, part};
use crate::windows::names::WideName;
use crate::windows::sync::kernel::release_mutex;
use crate::{
    Disposition, ErrorKind, Event, EventOptions, Mutex, ObjectName, OpenOptions, Reset, Semaphore,
    SemaphoreOptions, Timer, TimerOptions,
};

#[test]
fn errors_tell_what_was_asked_for() {
    let name = name("errors");
    let error = Event::open(&name, &OpenOptions::default()).expect_err("nobody made it");
    assert_eq!((error.operation(), error.os_code()), ("open the event", Some(2)));
    assert_eq!(error.name(), Some(&*name.to_string()));
    let _mutex = new_mutex(&name);
    let error = Timer::create(&name, &TimerOptions::new(Reset::Auto)).expect_err("a mutex has the name");
    assert_eq!((error.operation(), error.os_code()), ("create the timer", Some(6)));
}

#[test]
fn global_names_are_a_space_of_their_own() {
    let global = ObjectName::new(format!(r"Global\{}", name("spaces").rest())).unwrap();
    let event = new_event(&global, Reset::Auto);
    assert_eq!(event.name(), &global);
    assert_eq!(kind_of(Event::open(&name("spaces"), &OpenOptions::default())), ErrorKind::NotFound);
    let opened = Event::open(&global, &OpenOptions::default()).expect("it lives");
    opened.set().unwrap();
    assert!(event.try_wait().unwrap());
}

/// Threads replace processes here, because each opens a handle of its own. There is one living object, and never an
/// error.
#[test]
fn create_or_open_survives_a_crowd() {
    let name = name("crowd");
    let creators = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let options = SemaphoreOptions::new(1, 1);
                    let (semaphore, disposition) =
                        Semaphore::create_or_open(&name, &options).expect("one or the other");
                    assert!(semaphore.wait_timeout(LONG).unwrap());
                    assert_eq!(semaphore.release(1).unwrap(), 0);
                    creators.fetch_add(u32::from(disposition == Disposition::Created), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(creators.into_inner() > 0);
    assert_eq!(kind_of(Semaphore::open(&name, &OpenOptions::default())), ErrorKind::NotFound);
}

#[test]
fn plain_calls_open_what_we_create() {
    let base = name("plain-opens");
    let names = ["mutex", "event", "semaphore", "timer"].map(|kind| part(&base, kind));
    let _objects: (Mutex, Event, Semaphore, Timer) = (
        new_mutex(&names[0]),
        Event::create(&names[1], &EventOptions::new(Reset::Manual).set_at_first()).unwrap(),
        new_semaphore(&names[2], 1, 1),
        new_timer(&names[3], Reset::Auto),
    );
    let calls = [OpenMutexW, OpenEventW, OpenSemaphoreW, OpenWaitableTimerW];
    let answers = [WAIT_OBJECT_0, WAIT_OBJECT_0, WAIT_OBJECT_0, 0x102];
    for index in 0..4 {
        let wide = WideName::new(&names[index]);
        // SAFETY: the name ends in a NUL.
        let handle = unsafe { calls[index](SYNCHRONIZATION_SYNCHRONIZE, 0, wide.as_ptr()) };
        assert!(!handle.is_null(), "{}: {}", names[index], std::io::Error::last_os_error());
        // SAFETY: the call gave us the handle.
        let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
        // SAFETY: the handle is open.
        assert_eq!(unsafe { WaitForSingleObject(handle.as_raw_handle(), 0) }, answers[index]);
    }
}

#[test]
fn we_open_what_plain_calls_create() {
    let (mutex_name, event_name) = (name("plain-mutex"), name("plain-event"));
    let wide = [&mutex_name, &event_name].map(WideName::new);
    // SAFETY: no attributes, and names that end in a NUL; the calls give us the handles.
    let (owned, event) = unsafe {
        let mutex = CreateMutexW(ptr::null(), 1, wide[0].as_ptr());
        let event = CreateEventW(ptr::null(), 0, 0, wide[1].as_ptr());
        assert!(!mutex.is_null() && !event.is_null());
        (OwnedHandle::from_raw_handle(mutex), OwnedHandle::from_raw_handle(event))
    };
    let opened = Event::open(&event_name, &OpenOptions::default()).expect("an event");
    // SAFETY: the handle is open.
    assert_ne!(unsafe { SetEvent(event.as_raw_handle()) }, 0);
    assert!(opened.try_wait().unwrap());
    let mutex = Mutex::open(&mutex_name, &OpenOptions::default()).expect("a mutex");
    assert!(!is_free(&mutex), "it was created owned");
    release_mutex(owned.as_handle()).expect("this thread owns it");
    assert!(is_free(&mutex));
}

#[test]
fn debug_shows_the_name() {
    let name = name("debug");
    let mutex = new_mutex(&name);
    assert!(format!("{mutex:?}").contains(name.rest()), "{mutex:?}");
    assert!(format!("{:?}", mutex.lock().unwrap()).contains("abandoned: false"));
}

/// The types that other threads may get.
#[test]
fn objects_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<Mutex>();
    check::<Event>();
    check::<Semaphore>();
    check::<Timer>();
}
