//! Sharing by handle: handles that a child pulls out of its parent, or that are pushed into a process.
//!
//! No handle is ever inheritable: `CreateProcess` gives every inheritable handle to every child that inherits
//! any, and std's [`Command`](std::process::Command) starts each so (it cannot pass a list of handles). A handle
//! that is made inheritable around one `spawn` would reach what other threads start meanwhile. So:
//!
//! - A *child* is told, in its environment, who offers, and the number of a *ticket*: a small section of the
//!   offering process that says what is offered. It duplicates ticket and section out of that process, and looks
//!   at the ticket before and after. Process ids and handle numbers are used again when their owners are gone;
//!   the time at which the process began and a random number in the ticket tell.
//! - A *sender* duplicates the section into the receiver, which so holds it from that moment, and says its number
//!   over the connection. The receiver takes no number at its word: a [`seal`] in its own table of handles proves
//!   which ones were put there for it.
//!
//! Why a receiver does not pull, as a child does: what was sent is to be held also when its sender ends before the
//! receipt (C18), and out of a process that ended nothing can be pulled. It would also need rights in the sender.
//!
//! | | needs `PROCESS_DUP_HANDLE` of | both live until |
//! | --- | --- | --- |
//! | adopting | the child, in its parent | the adoption |
//! | sending | the sender, in the receiver | the end of `send` |
//!
//! So a service or an elevated process sends to an ordinary one, which has no rights in it. Whoever has that right
//! in a process could do anything to it.

mod assembly;
mod child;
mod courier;
mod duplicate;
mod seal;
mod waybill;
