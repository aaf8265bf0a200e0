//! Objects to wait for, on Linux: state in shared memory, waits on futexes.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `object`, `raw_object` | an object of any kind, and the seam's trait for it |
//! | `making` | makes an object inside a region |
//! | `place` | the memory of a place, and its locks |
//! | `claims` | numbers of owners, which the kernel takes back when they die |
//! | `futex` | sleeping on words |
//! | `lock`, `event`, `semaphore`, `timer` | the calls of each kind |
//! | `thread_end` | gives up a thread's forgotten guards |
//! | `word` | the words of objects |
//! | `wait`, `all` | waiting for one of several, and for all of them |
//! | `member` | an object as a wait for all sees it |
//! | `table` | the tables where waits for all are decided |
//! | `watch` | waiting on behalf of tasks and event loops |
//! | `ticker` | sleeping without a timer |
//! | `bell`, `seat` | the parts of channels: sleeping until something changes, and roles that end with their holders |
//!
//! The public types over them are in `crate::sync`, and the algorithms in `crate::words`.

mod all;
mod bell;
mod claims;
mod event;
mod futex;
mod lock;
mod making;
mod member;
mod object;
mod place;
mod raw_object;
mod seat;
mod semaphore;
mod table;
mod thread_end;
mod ticker;
mod timer;
mod wait;
mod watch;
mod word;

pub(crate) use bell::Bell;
pub(crate) use object::Object;
pub(crate) use seat::Seat;
pub(crate) use watch::Watch;
