//! Objects to wait for (rules C22 to C27, C31 and C38): named ones, those inside a region, their options and guards.
//!
//! Each kind of wait has three calls: `wait` for ever, `wait_timeout` for a time, `try_wait` without waiting. They
//! return a `bool`, or an `Option` with the result, which tells whether the wait succeeded.

// The public types are written once, in front of `crate::seam`, with their names, options, documentation, `Debug` and
// errors. The backends are `crate::posix::sync` and `crate::windows::sync`, and the algorithms of words are in
// `crate::words`. `handle` is their common part; `mutex`, `event`, `semaphore` and `timer` are the named ones, `inside`
// those inside a region. `wait` is for the first of several, `target` what stands in its list, `mixed` for lists with
// readers in them, `count` for the length of a list, `all` for all of them, `then` for a signal and a wait in one call. `bell` and `seat` are for channels. `watched`
// is what tasks and event loops wait for, `waiter` the threads that wait on their behalf, `readiness` the descriptor for
// event loops.

mod all;
pub(crate) mod bell;
mod count;
mod event;
mod handle;
mod inside;
pub(crate) mod mixed;
mod mutex;
mod readiness;
pub(crate) mod seat;
mod semaphore;
pub(crate) mod target;
mod then;
mod timer;
pub(crate) mod wait;
pub(crate) mod waiter;
pub(crate) mod watched;

pub use crate::contract::{Due, EventOptions, Reset, SemaphoreOptions, SyncOptions, TimerOptions};
pub use crate::seam::object::MAX_OBJECTS;
pub use all::{AllWoken, try_wait_all, wait_all, wait_all_timeout};
pub use event::Event;
pub use inside::{SharedEvent, SharedMutex, SharedMutexGuard, SharedSemaphore};
pub use mutex::{Mutex, MutexGuard};
pub use readiness::Readiness;
pub use semaphore::Semaphore;
pub use target::WaitAny;
pub use then::{SignalFirst, signal_and_wait, signal_and_wait_timeout};
pub use timer::Timer;
pub use wait::{Woken, try_wait_any, wait_any, wait_any_timeout};
pub use watched::Awaitable;
