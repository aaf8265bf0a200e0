//! Who owns an object, and who may open it.

use std::os::windows::io::{AsRawHandle as _, OwnedHandle};

use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE_FLAG_INHERIT};
use windows_sys::Win32::System::Threading::EVENT_MODIFY_STATE;

use super::common::{kind_of, name, new_event};
use crate::seam::kind::New;
use crate::sync::wait::Sealed as _;
use crate::windows::calls::Created;
use crate::windows::names::WideName;
use crate::windows::security::{Security, owner_of};
use crate::windows::sync::kernel::Class;
use crate::windows::sync::named::create_handle;
use crate::windows::tests::step_aside;
use crate::windows::user::token_user;
use crate::{
    Disposition, ErrorKind, Event, EventOptions, Mutex, ObjectKind, ObjectName, OpenOptions, Permissions,
    Reset, Semaphore, SemaphoreOptions, Share, SyncOptions, Timer, TimerOptions, Trust, UserId,
};

#[test]
fn what_we_create_is_ours_and_not_inherited() {
    let event = new_event(&name("owner"), Reset::Auto);
    let owner = owner_of(event.object().handle()).expect("our own handle may look");
    assert_eq!(owner, Some(token_user().unwrap()));
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

#[test]
fn a_share_for_reading_serves_nobody_here() {
    let name = name("read-share");
    let _event = own_event_with(&name, "(A;;0x120000;;;WD)");
    let options = EventOptions::new(Reset::Auto);
    assert_eq!(kind_of(Event::open(&name, &OpenOptions::default())), ErrorKind::AccessDenied);
    assert_eq!(kind_of(Event::create_or_open(&name, &options)), ErrorKind::AccessDenied);
    assert_eq!(kind_of(Event::create(&name, &options)), ErrorKind::AlreadyExists);
}

#[test]
fn nobody_let_in_still_means_that_the_name_is_taken() {
    let name = name("nobody");
    let _event = own_event_with(&name, "");
    let options = EventOptions::new(Reset::Auto);
    assert_eq!(kind_of(Event::create(&name, &options)), ErrorKind::AlreadyExists);
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
