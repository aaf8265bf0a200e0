//! Objects to wait for, on Linux: state in shared memory, waits on futexes.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `object` | an object of any kind, made by name or inside a view |
//! | `place` | what the memory of a place belongs to |
//! | `claims` | numbers that say who owns, and that the kernel takes back from the dead |
//! | `futex` | sleeping on words |
//! | `lock`, `event`, `semaphore`, `timer` | what each kind does |
//! | `thread_end` | where a thread's forgotten guards are seen to |
//! | `wait` | waiting for several |
//! | `bell`, `seat` | what channels are built with: sleeping until something changes, and roles that end with their holders |
//!
//! The public types over them are in `crate::sync`, and the algorithms in `crate::words`.

mod bell;
mod claims;
mod event;
mod futex;
mod lock;
mod object;
mod place;
mod seat;
mod semaphore;
mod thread_end;
mod timer;
mod wait;

pub(crate) use bell::Bell;
pub(crate) use object::Object;
pub(crate) use seat::Seat;
