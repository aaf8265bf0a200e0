//! The owners of objects, and the users that may open them.

use std::os::windows::io::{AsHandle as _, AsRawHandle as _, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE_FLAG_INHERIT};
use windows_sys::Win32::System::Threading::EVENT_MODIFY_STATE;

use super::common::{kind_of, name, new_event};
use crate::seam::kind::New;
use crate::sync::target::Sealed as _;
use crate::windows::calls::Created;
use crate::windows::names::WideName;
use crate::windows::security::{Owner, Security, owner_of};
use crate::windows::sync::kernel::{Class, set_event};
use crate::windows::sync::named::create_handle;
use crate::windows::tests::step_aside;
use crate::windows::user::token_user;
use crate::{
    Disposition, Due, ErrorKind, Event, EventOptions, Mutex, ObjectKind, ObjectName, OpenOptions,
    Permissions, Reset, Semaphore, SemaphoreOptions, Share, SyncOptions, Timer, TimerOptions, Trust, UserId,
};

#[test]
fn what_we_create_is_ours_and_not_inherited() {
    let event = new_event(&name("owner"), Reset::Auto);
    assert_eq!(owner_of(event.object().handle()), Owner::User(token_user().unwrap()));
    let mut flags = 0;
    // SAFETY: the handle is open; `flags` is valid for a write.
    let told = unsafe { GetHandleInformation(event.object().handle().as_raw_handle(), &mut flags) };
    assert_ne!(told, 0);
    assert_eq!(flags & HANDLE_FLAG_INHERIT, 0);
}

/// An object with a security descriptor that this backend would not give it. `None` where the system does
/// not let this user write such a descriptor.
fn event_with(name: &ObjectName, sddl: &str) -> Option<OwnedHandle> {
    let security = Security::from_sddl(sddl).expect("valid SDDL");
    match create_handle(&WideName::new(name), &security, New::Event { reset: Reset::Auto, is_set: false }) {
        Ok(Created::New(handle)) => Some(handle),
        Ok(Created::Existing(_)) => panic!("the name is taken"),
        Err(_) => None,
    }
}

fn own_event_with(name: &ObjectName, dacl: &str) -> OwnedHandle {
    event_with(name, &format!("O:{}D:P{dacl}", token_user().unwrap())).expect("one's own descriptor")
}

#[test]
fn a_share_for_writing_is_enough() {
    for (test, rights) in [("share", "0x120003"), ("share-of-a-plain-program", "0x120002")] {
        let name = name(test);
        let _event = own_event_with(&name, &format!("(A;;{rights};;;WD)"));
        let options = EventOptions::new(Reset::Auto);
        let (event, disposition) = Event::create_or_open(&name, &options).expect("it may be opened");
        assert_eq!(disposition, Disposition::Opened);
        event.set().unwrap();
        event.wait().unwrap();
        assert_eq!(kind_of(Event::create(&name, &options)), ErrorKind::AlreadyExists);
    }
}

/// A handle with the right to wait only can wait; other calls on it fail.
#[test]
fn a_share_for_reading_lets_its_users_wait() {
    let name = name("read-share");
    let event = own_event_with(&name, "(A;;0x120000;;;WD)");
    let options = EventOptions::new(Reset::Auto);
    let opened = Event::open(&name, &OpenOptions::default()).expect("it may be waited for");
    let (_, disposition) = Event::create_or_open(&name, &options).expect("the same");
    assert_eq!(disposition, Disposition::Opened);
    assert_eq!(kind_of(Event::create(&name, &options)), ErrorKind::AlreadyExists);
    assert!(!opened.try_wait().unwrap());
    set_event(event.as_handle()).expect("its maker may");
    assert!(opened.try_wait().unwrap());
    for refused in [opened.set(), opened.reset()] {
        let error = refused.expect_err("the handle may wait only");
        assert_eq!((error.kind(), error.os_code()), (&ErrorKind::AccessDenied, Some(5)));
        assert!(error.to_string().contains("may wait for the object"), "{error}");
    }
}

/// The other kinds, with the right to wait only. Giving a mutex up needs no further right.
#[test]
fn waiting_alone_serves_each_kind() {
    let wait_only = format!("O:{}D:P(A;;0x100000;;;WD)", token_user().unwrap());
    let security = Security::from_sddl(&wait_only).expect("valid SDDL");
    let make = |test: &str, new: New| {
        let name = name(test);
        let made = create_handle(&WideName::new(&name), &security, new).expect("the name is free");
        (name, made)
    };
    // The DACL hides its owner.
    let anyones = OpenOptions::default().trust(Trust::Anyone);
    let (mutex, _made) = make("wait-mutex", New::Mutex);
    let mutex = Mutex::open(&mutex, &anyones).expect("a mutex");
    drop(mutex.try_lock().expect("a wait").expect("nobody owns it"));
    let guard = mutex.lock().expect("it was given up");
    drop(guard);
    let (semaphore, _made) = make("wait-semaphore", New::Semaphore { permits: 1, maximum: 1 });
    let semaphore = Semaphore::open(&semaphore, &anyones).expect("a semaphore");
    assert!(semaphore.try_wait().unwrap());
    assert_eq!(kind_of(semaphore.release(1)), ErrorKind::AccessDenied);
    let (name, new) = (name("wait-timer"), New::Timer { reset: Reset::Auto });
    let Ok(_made) = create_handle(&WideName::new(&name), &security, new) else {
        return step_aside(
            "waiting_alone_serves_each_kind",
            "Wine 8 makes no timer that its maker may not set",
        );
    };
    let timer = Timer::open(&name, &anyones).expect("a timer");
    assert!(!timer.try_wait().unwrap());
    assert_eq!(kind_of(timer.set(Due::After(Duration::ZERO))), ErrorKind::AccessDenied);
}

/// The error has no maximum where the DACL hides it.
#[test]
fn a_maximum_that_is_not_told_is_not_stated() {
    let name = name("hidden-maximum");
    let sddl = format!("O:{}D:P(A;;0x120002;;;WD)", token_user().unwrap());
    let security = Security::from_sddl(&sddl).expect("valid SDDL");
    let new = New::Semaphore { permits: 1, maximum: 1 };
    let _made = create_handle(&WideName::new(&name), &security, new).expect("the name is free");
    let error = Semaphore::open(&name, &OpenOptions::default())
        .expect("it may be used")
        .release(1)
        .expect_err("it is full");
    assert_eq!(*error.kind(), ErrorKind::LimitExceeded { maximum: None });
    assert!(error.to_string().contains("tells nobody"), "{error}");
}

#[test]
fn nobody_let_in_still_means_that_the_name_is_taken() {
    let name = name("nobody");
    let _event = own_event_with(&name, "");
    let options = EventOptions::new(Reset::Auto);
    assert_eq!(kind_of(Event::create(&name, &options)), ErrorKind::AlreadyExists);
    if let Ok(event) = Event::open(&name, &OpenOptions::default()) {
        assert_eq!(kind_of(event.set()), ErrorKind::AccessDenied);
        let test = "nobody_let_in_still_means_that_the_name_is_taken";
        return step_aside(test, "Wine always lets an owner wait");
    }
    assert_eq!(kind_of(Event::create_or_open(&name, &options)), ErrorKind::AccessDenied);
    assert_eq!(kind_of(Event::open(&name, &OpenOptions::default())), ErrorKind::AccessDenied);
}

#[test]
fn another_users_object_needs_trust_before_it_is_waited_for() {
    const OTHER: &str = "S-1-5-32-546"; // the Guests
    let (name, hidden) = (name("squatter"), name("hidden-owner"));
    let squatted = event_with(&name, &format!("O:{OTHER}D:P(A;;0x120002;;;WD)"));
    let unreadable = event_with(&hidden, &format!("O:{OTHER}D:P(A;;0x100002;;;WD)"));
    let (Some(_squatted), Some(_unreadable)) = (squatted, unreadable) else {
        let test = "another_users_object_needs_trust_before_it_is_waited_for";
        return step_aside(test, "this user may not give objects away");
    };
    let other = UserId::new(OTHER);
    let untrusted = |owner| ErrorKind::UntrustedOwner { owner };
    let options = EventOptions::new(Reset::Auto);
    assert_eq!(kind_of(Event::open(&name, &OpenOptions::default())), untrusted(Some(other.clone())));
    assert_eq!(kind_of(Event::create_or_open(&name, &options)), untrusted(Some(other.clone())));
    Event::open(&name, &OpenOptions::default().trust(Trust::User(other.clone()))).expect("named as trusted");
    Event::create_or_open(&name, &options.trust(Trust::Anyone)).expect("anybody is trusted");
    assert_eq!(
        kind_of(Event::open(&hidden, &OpenOptions::default().trust(Trust::User(other)))),
        untrusted(None)
    );
    Event::open(&hidden, &OpenOptions::default().trust(Trust::Anyone)).expect("anybody is trusted");
}

#[test]
fn shares_of_every_kind_are_descriptors_that_the_system_accepts() {
    let permissions = Permissions::owner_only().group(Share::ReadWrite).everyone(Share::ReadOnly);
    let sync = SyncOptions::new().permissions(permissions);
    let _mutex = Mutex::create(&name("shares-mutex"), &sync).expect("the name is free");
    let event = EventOptions::new(Reset::Auto).permissions(permissions);
    let _event = Event::create(&name("shares-event"), &event).expect("the name is free");
    let semaphore = SemaphoreOptions::new(0, 1).permissions(permissions);
    let _semaphore = Semaphore::create(&name("shares-semaphore"), &semaphore).expect("the name is free");
    let timer = TimerOptions::new(Reset::Auto).permissions(permissions);
    let _timer = Timer::create(&name("shares-timer"), &timer).expect("the name is free");
}

#[test]
fn classes_know_their_rights() {
    assert_eq!(Class::of(ObjectKind::Event).modify, EVENT_MODIFY_STATE);
    let all = |kind| Class::of(kind).all();
    assert_eq!([all(ObjectKind::Event), all(ObjectKind::Mutex)], [0x12_0003, 0x12_0001]);
}
