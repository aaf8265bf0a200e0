//! Objects to wait for: the kernel's own (rules C22 to C27).
//!
//! The contract's model is the kernel itself, so little is added here: timeouts that never end early, the
//! check of an owner before anything is waited for, and errors of the contract's kinds. A C program shares
//! these objects by their names.

mod event;
mod mutex;
mod object;
mod query;
mod semaphore;
#[cfg(test)]
mod tests;
mod timer;
mod wait;
mod wait_any;

pub use event::Event;
pub use mutex::{Mutex, MutexGuard};
pub use semaphore::Semaphore;
pub use timer::Timer;
pub use wait_any::{MAX_OBJECTS, WaitAny, Woken, wait_any};
