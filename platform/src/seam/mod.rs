//! What a system's backend owes, in prose and as traits. The public types, written once, stand in front of them.
//!
//! A backend is seven types, which `crate::system` names. For what not every system has, the traits have defaults: gates,
//! flags, waits for all, lists of objects.
//!
//! | file | what a backend owes |
//! | --- | --- |
//! | `region` | shared memory: [`RawRegion`](region::RawRegion), and how it reaches other processes |
//! | `object` | mutexes, events, semaphores and timers: [`RawObject`](object::RawObject) |
//! | `bell`, `seat` | what channels are built with: [`RawBell`](bell::RawBell), [`RawSeat`](seat::RawSeat) |
//! | `watch`, `flag` | waits on behalf of tasks and event loops: [`RawWatch`](watch::RawWatch), [`RawFlag`](flag::RawFlag) |
//! | `gate` | how a listener learns which process it serves: [`RawGate`](gate::RawGate), where it can |
//! | `system` | the rest: [`RawSystem`](system::RawSystem) |
//! | `per_process` | [`Forks`](per_process::Forks), for what a forked child must not find locked |
//!
//! The seam under a view, [`Keeper`](crate::backend::Keeper), lies in `crate::memory`.
//!
//! Backends share the rest: `ask`, what a call asks for by name, and the loop of *create or open*; `patience`, the wait
//! for a name; `kind`, the initial state of a new object and its operations; `random`; `place` and `header`, an
//! object's place in a region and its state there.

pub(crate) mod ask;
pub(crate) mod bell;
pub(crate) mod flag;
pub(crate) mod gate;
pub(crate) mod header;
pub(crate) mod kind;
pub(crate) mod object;
pub(crate) mod patience;
pub(crate) mod per_process;
pub(crate) mod place;
pub(crate) mod random;
pub(crate) mod region;
pub(crate) mod seat;
pub(crate) mod system;
pub(crate) mod watch;
