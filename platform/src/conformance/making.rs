//! How objects to wait for begin and end: rules C5, C6 and C16 for whole families.

use std::thread;
use std::time::{Duration, Instant};

use super::family::{Making, SyncObjects};
use super::puppet::{Harness, Puppet};
use super::random::Random;
use super::support::{error_of, fails, good, hex, unique_name};
use super::sync_support::{new_event, new_mutex, new_semaphore, nothing, own, puppet_with, something};
use crate::{Disposition, ErrorKind, EventOptions, LockGuard as _, ObjectName, Reset, SemaphoreOptions};

/// The command that has a puppet make or open an object.
fn make_or_find(name: &ObjectName) -> [String; 3] {
    let name = hex(&name);
    [
        format!("mutex it create-or-open {name}"),
        format!("event it create-or-open auto-set {name}"),
        format!("semaphore it create-or-open 1 9 {name}"),
    ]
}

/// An object that exists is not made a second time, and opening a missing one is an error.
pub fn c05_object_is_made_once<O: SyncObjects>(_: &Harness) {
    let event = EventOptions::new(Reset::Auto);
    let semaphore = SemaphoreOptions::new(1, 1);
    let names = [unique_name(), unique_name(), unique_name()];
    for error in [
        error_of(O::mutex(&names[0], Making::Open), "opening a mutex that nobody made"),
        error_of(O::event(&names[1], Making::Open, &event), "opening an event that nobody made"),
        error_of(O::semaphore(&names[2], Making::Open, &semaphore), "opening a semaphore that nobody made"),
    ] {
        assert!(error.is(ErrorKind::NotFound), "{error}");
    }
    let _mutex = new_mutex::<O>(&names[0]);
    fails(O::mutex(&names[0], Making::Create), "making it again", &ErrorKind::AlreadyExists);
    let _event = new_event::<O>(&names[1], Reset::Auto);
    fails(O::event(&names[1], Making::Create, &event), "making it again", &ErrorKind::AlreadyExists);
    let _semaphore = new_semaphore::<O>(&names[2], 1, 1);
    fails(O::semaphore(&names[2], Making::Create, &semaphore), "making it again", &ErrorKind::AlreadyExists);
}

/// Of many processes that create or open an object at once, one makes it, and all have the same object.
pub fn c06_one_of_many_makes_it<O: SyncObjects>(harness: &Harness) {
    let mut puppets: Vec<_> = (0..4).map(|_| Puppet::start(harness)).collect();
    for _ in 0..5 {
        let name = unique_name();
        let command = &make_or_find(&name)[2];
        for puppet in &mut puppets {
            puppet.tell(command);
        }
        let answers = puppets.iter_mut().map(|puppet| puppet.answer().expect("no error is allowed"));
        assert_eq!(answers.filter(|answer| answer == "created").count(), 1);
        let released = puppets.iter_mut().map(|puppet| puppet.expect("release it 1"));
        assert_eq!(released.collect::<Vec<_>>(), ["1", "2", "3", "4"], "they have several semaphores");
    }
}

/// A process that is killed while it makes an object delays no other, and no other sees a half-made object.
pub fn c06_killed_maker_is_in_nobodys_way<O: SyncObjects>(harness: &Harness) {
    for round in 0..12 {
        let name = unique_name();
        let command = &make_or_find(&name)[round % 3];
        let mut puppet = Puppet::start(harness);
        puppet.tell(command);
        thread::sleep(Duration::from_micros(Random::new().below(800)));
        // It waits for the maker while that is killed.
        let mut other = Puppet::start(harness);
        other.tell(command);
        puppet.kill();
        other.answer().expect("no error is allowed");
        let began = Instant::now();
        match round % 3 {
            0 => assert!(!own::<O>(&good(O::mutex(&name, Making::Open)).0).abandoned(), "nobody owned it"),
            1 => {
                let (event, _) = good(O::event(&name, Making::Open, &EventOptions::new(Reset::Manual)));
                something(&event, "it begins set");
                nothing(&event, "it is auto-reset");
            }
            _ => {
                let (semaphore, disposition) =
                    good(O::semaphore(&name, Making::CreateOrOpen, &SemaphoreOptions::new(0, 1)));
                assert_eq!(disposition, Disposition::Opened);
                something(&semaphore, "it has a permit");
                nothing(&semaphore, "it has one permit");
            }
        }
        assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    }
}

/// The state ends with the last holder, also when that was killed: the next object is new.
pub fn c16_state_goes_with_the_last_holder<O: SyncObjects>(harness: &Harness) {
    for how in ["quit", "kill"] {
        let names = [unique_name(), unique_name()];
        let events = new_event::<O>(&names[0], Reset::Auto);
        let mut setter = puppet_with(harness, "event", &names[0]);
        drop(events);
        setter.expect("set it");
        let mutex = new_mutex::<O>(&names[1]);
        let mut owner = puppet_with(harness, "mutex", &names[1]);
        drop(mutex);
        assert_eq!(owner.expect("lock it 0"), "owned");
        setter.end(how);
        owner.end(how);
        nothing(&new_event::<O>(&names[0], Reset::Auto), "a new event has the state of an old one");
        let mutex = new_mutex::<O>(&names[1]);
        assert!(!own::<O>(&mutex).abandoned(), "a new mutex has the owner of an old one");
    }
}
