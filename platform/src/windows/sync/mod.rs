//! Objects to wait for: the kernel's own (rules C22 to C27).
//!
//! The contract's model is the kernel itself, so little is added here: timeouts that never end early, the
//! check of an owner before anything is waited for, and errors of the contract's kinds. A C program shares
//! these objects by their names.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `mutex`, `event`, `semaphore`, `timer` | the named objects |
//! | `object` | what these have in common: names, rights, and who made them |
//! | `wait`, `wait_any` | waiting, and waiting for any of several |
//! | `query` | a kernel object's state |
//! | `shared_mutex`, `shared_event`, `shared_semaphore` | those inside a region |
//! | `header`, `place` | their state in memory, and the kernel objects that go with it |
//! | `doorbell`, `seat` | what channels are built with: sleeping until something changes, and roles that end with their holders |
//! | `grants` | who may use those: whoever may write to the region |

mod doorbell;
mod event;
mod grants;
mod header;
mod mutex;
mod object;
mod place;
pub(super) mod query;
mod seat;
mod semaphore;
mod shared_event;
mod shared_mutex;
mod shared_semaphore;
#[cfg(test)]
mod tests;
mod timer;
mod wait;
mod wait_any;

pub use doorbell::Doorbell;
pub use event::Event;
pub use mutex::{Mutex, MutexGuard};
pub use seat::Seat;
pub use semaphore::Semaphore;
pub use shared_event::SharedEvent;
pub use shared_mutex::{SharedMutex, SharedMutexGuard};
pub use shared_semaphore::SharedSemaphore;
pub use timer::Timer;
pub use wait_any::{MAX_OBJECTS, WaitAny, Woken, wait_any};
