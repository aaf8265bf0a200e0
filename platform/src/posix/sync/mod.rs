//! Objects to wait for, on Linux: state in shared memory, waits on futexes.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `header` | the state of an object, as it lies in memory |
//! | `place` | where that is: a page of a named object, or an offset in a view |
//! | `claims` | numbers that say who owns, and that the kernel takes back from the dead |
//! | `futex` | sleeping on words |
//! | `mutex`, `event`, `semaphore`, `timer` | the named objects |
//! | `thread_end` | where a thread's forgotten guards are seen to |
//! | `inside` | those inside a region |
//! | `wait_any` | waiting for several |
//! | `doorbell`, `seat` | what channels are built with: sleeping until something changes, and roles that end with their holders |
//!
//! The algorithms themselves are in `crate::words`.

mod claims;
mod doorbell;
mod event;
mod futex;
mod header;
mod inside;
mod mutex;
mod place;
mod seat;
mod semaphore;
mod thread_end;
mod timer;
mod wait_any;

pub use doorbell::Doorbell;
pub use event::Event;
pub use inside::{SharedEvent, SharedMutex, SharedMutexGuard, SharedSemaphore};
pub use mutex::{Mutex, MutexGuard};
pub use seat::Seat;
pub use semaphore::Semaphore;
pub use timer::Timer;
pub use wait_any::{MAX_OBJECTS, WaitAny, Woken, wait_any};
