//! Tests of this backend alone, with the kernel's own answers. The conformance suite tests the rules that hold on every
//! system.

mod common;
mod inside;
mod making;
mod names;
mod owners;
mod places;
mod security;
mod waits;

use std::{mem, thread};

use self::common::{LONG, ROLE};
use crate::{Event, Mutex, ObjectName, OpenOptions};

/// The role of a child of these tests, which runs until it is killed. In an ordinary test run it does nothing.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (what, base) = role.split_once(' ').expect("a role and a name");
    let open = |part: &str| ObjectName::new(format!("{base}-{part}")).expect("a valid name");
    let ready = Event::open(&open("ready"), &OpenOptions::default()).expect("the parent made it");
    match what {
        "own" => {
            let mutex = Mutex::open(&open("mutex"), &OpenOptions::default()).expect("the parent made it");
            mem::forget(mutex.lock().unwrap());
            // Dropped, and still owned: the kernel knows the thread.
        }
        "wait" => {
            ready.set().unwrap();
            let event = Event::open(&open("event"), &OpenOptions::default()).expect("the parent made it");
            let _ = event.wait_timeout(LONG);
        }
        "own-inside" => owners::own(&open("region")),
        "make-inside" => making::make(&open("region")),
        "hold" => {
            mem::forget(Event::open(&open("event"), &OpenOptions::default()).expect("the parent made it"))
        }
        _ => panic!("unknown role {what}"),
    }
    ready.set().unwrap();
    thread::sleep(LONG);
}
