//! Objects to wait for (rules C22 to C27): named ones, those inside a region, their options and guards, and what channels
//! are built with.
//!
//! Whatever waits has three calls: `wait` for ever, `wait_timeout` for a time, `try_wait` for none. The answer is a `bool`,
//! or an `Option` where there is something to hand out, and says whether it was had.

// The public types are written once, in front of `crate::seam`; they own the names, the options, the documentation, `Debug`,
// and what errors say. The backends are `crate::posix::sync` and `crate::windows::sync`, and the algorithms of words are in
// `crate::words`. `handle` is what they have in common; `mutex`, `event`, `semaphore` and `timer` are the named ones,
// `inside` those inside a region, `wait` is for the first of several, `bell` and `seat` are for channels.

mod bell;
mod event;
mod handle;
mod inside;
mod mutex;
mod seat;
mod semaphore;
mod timer;
pub(crate) mod wait;

pub use crate::contract::{Due, EventOptions, Reset, SemaphoreOptions, Sleepers, SyncOptions, TimerOptions};
pub use crate::seam::object::MAX_OBJECTS;
pub use bell::Doorbell;
pub use event::Event;
pub use inside::{SharedEvent, SharedMutex, SharedMutexGuard, SharedSemaphore};
pub use mutex::{Mutex, MutexGuard};
pub use seat::Seat;
pub use semaphore::Semaphore;
pub use timer::Timer;
pub use wait::{WaitAny, Woken, try_wait_any, wait_any, wait_any_timeout};
