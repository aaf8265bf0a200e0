//! Objects to wait for (rules C22 to C27): the public types, written once in front of `crate::seam`.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `handle` | what the public types have in common |
//! | `mutex`, `event`, `semaphore`, `timer` | the named objects |
//! | `inside` | those inside a region |
//! | `wait` | waiting for the first of several |
//! | `bell`, `seat` | what channels are built with: sleeping until something changes, and roles that end with their holders |
//!
//! The public types own the names, the options, the documentation, `Debug`, and what errors say. The backends are
//! `crate::posix::sync` and `crate::windows::sync`, and the algorithms of words are in `crate::words`.

mod bell;
mod event;
mod handle;
mod inside;
mod mutex;
mod seat;
mod semaphore;
mod timer;
pub(crate) mod wait;

pub use crate::seam::object::MAX_OBJECTS;
pub use bell::Doorbell;
pub use event::Event;
pub use inside::{SharedEvent, SharedMutex, SharedMutexGuard, SharedSemaphore};
pub use mutex::{Mutex, MutexGuard};
pub use seat::Seat;
pub use semaphore::Semaphore;
pub use timer::Timer;
pub use wait::{WaitAny, Woken, try_wait_any, wait_any, wait_any_timeout};
