//! What the actors share.

pub use std::sync::atomic::{AtomicUsize, Ordering};
pub use std::time::{Duration, Instant};

pub use crate::support::Random;
pub use crate::support::linux::child::{Child, Fate, Start, hear, say};
pub use crate::support::linux::shm::{kind_of, name, unique_name, view_of};
pub use samemap::sync::{
    EventOptions, Reset, SemaphoreOptions, SharedEvent, SharedMutex, SharedSemaphore, SyncOptions, WaitAny,
    try_wait_all, wait_all_timeout,
};
pub use samemap::traits::SharedRegion as _;
pub use samemap::{CreateOptions, ErrorKind, Event, Mutex, ObjectName, OpenOptions, Region, Semaphore};

/// Longer than any wait here takes; one that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// A call that must not wait for another process, on however busy a machine.
pub const AT_MOST: Duration = Duration::from_secs(1);

pub fn rounds(default: usize) -> usize {
    std::env::var("SAMEMAP_SYNC_ROUNDS").map_or(default, |text| text.parse().expect("a number"))
}

/// The answer of a call that waits for nobody.
#[track_caller]
pub fn at_once<T>(call: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let answer = call();
    assert!(began.elapsed() < AT_MOST, "it took {:?}", began.elapsed());
    answer
}

/// An event, a semaphore and a mutex, with names of their own or inside a region.
pub enum Trio {
    Named(Event, Semaphore, Mutex),
    Inside(SharedEvent, SharedSemaphore, SharedMutex<u64>),
}

/// Calls a method of one of the three, whichever form it has.
macro_rules! of_either {
    ($trio:expr, $which:tt, $object:ident => $call:expr) => {
        match $trio {
            of_either!(@named $which, $object) => $call,
            of_either!(@inside $which, $object) => $call,
        }
    };
    (@named event, $object:ident) => { Trio::Named($object, _, _) };
    (@inside event, $object:ident) => { Trio::Inside($object, _, _) };
    (@named permits, $object:ident) => { Trio::Named(_, $object, _) };
    (@inside permits, $object:ident) => { Trio::Inside(_, $object, _) };
    (@named mutex, $object:ident) => { Trio::Named(_, _, $object) };
    (@inside mutex, $object:ident) => { Trio::Inside(_, _, $object) };
}

fn beside(label: &ObjectName, what: &str) -> ObjectName {
    name(&format!("{label}-{what}"))
}

impl Trio {
    /// Objects with nothing signalled but the mutex, and what keeps them.
    pub fn create(label: &ObjectName, inside: bool) -> (Trio, Option<Region>) {
        let (event, permits) = (EventOptions::new(Reset::Auto), SemaphoreOptions::new(0, 1));
        if inside {
            let region = Region::create(label, &CreateOptions::new(4096)).expect("a free name");
            let view = view_of(&region);
            let event = SharedEvent::create(&view, 0, &event).expect("zeros");
            let permits = SharedSemaphore::create(&view, 64, &permits).expect("zeros");
            let mutex = SharedMutex::create(&view, 128, &0).expect("zeros");
            return (Trio::Inside(event, permits, mutex), Some(region));
        }
        let event = Event::create(&beside(label, "event"), &event).expect("a free name");
        let permits = Semaphore::create(&beside(label, "permits"), &permits).expect("a free name");
        let mutex = Mutex::create(&beside(label, "mutex"), &SyncOptions::new()).expect("a free name");
        (Trio::Named(event, permits, mutex), None)
    }

    pub fn open(label: &ObjectName, inside: bool) -> Trio {
        let how = OpenOptions::default();
        if inside {
            let region = Region::open(label, &OpenOptions::read_write()).expect("it is held");
            let view = view_of(&region);
            return Trio::Inside(
                SharedEvent::open(&view, 0).expect("it was made"),
                SharedSemaphore::open(&view, 64).expect("it was made"),
                SharedMutex::open(&view, 128).expect("it was made"),
            );
        }
        Trio::Named(
            Event::open(&beside(label, "event"), &how).expect("it is held"),
            Semaphore::open(&beside(label, "permits"), &how).expect("it is held"),
            Mutex::open(&beside(label, "mutex"), &how).expect("it is held"),
        )
    }

    pub fn all(&self) -> [&dyn WaitAny; 3] {
        match self {
            Trio::Named(event, permits, mutex) => [event, permits, mutex],
            Trio::Inside(event, permits, mutex) => [event, permits, mutex],
        }
    }

    pub fn set(&self) {
        of_either!(self, event, event => event.set()).expect("an event");
    }

    pub fn take_event(&self) -> bool {
        of_either!(self, event, event => event.try_wait()).expect("an event")
    }

    /// Whether there was room for a permit more.
    pub fn release(&self) -> bool {
        of_either!(self, permits, permits => permits.release(1)).is_ok()
    }

    pub fn take_permit(&self) -> bool {
        of_either!(self, permits, permits => permits.try_wait()).expect("a semaphore")
    }

    /// Whether the mutex is free, and whether its owner died. It is free then.
    pub fn lock(&self, timeout: Duration) -> Option<bool> {
        of_either!(self, mutex, mutex => {
            mutex.lock_timeout(timeout).expect("a mutex").map(|guard| guard.abandoned())
        })
    }
}
