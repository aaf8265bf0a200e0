//! Handing over: a child takes handles out of its parent, and a sender puts them into the receiver, as a listener puts
//! those of a channel into its client ([`gate`]).
//!
//! No handle is ever inheritable: `CreateProcess` gives every inheritable handle to every child that inherits
//! any, and std's [`Command`](std::process::Command) starts each so (it cannot pass a list of handles). A handle that
//! is made inheritable around one `spawn` would reach the children that other threads start meanwhile. So:
//!
//! - A *child* finds in its environment the offering process and the number of a *ticket*: a small section of that
//!   process that describes the offer. The child duplicates ticket and section out of that process, and checks the
//!   ticket before and after. Process ids and handle numbers are reused, so the process's start time and a random
//!   number in the ticket identify them.
//! - A *sender* duplicates the section into the receiver, which holds it from that moment, and sends its number over
//!   the connection. The receiver does not trust the number: a [`seal`] in its own table of handles proves which
//!   handles were put there for it.
//!
//! A receiver does not take handles out of the sender, as a child does: a region that was sent must live even when its
//! sender ends before the receipt (C18). It would also need rights in the sender.
//!
//! | | needs `PROCESS_DUP_HANDLE` of | both live until |
//! | --- | --- | --- |
//! | adopting | the child, in its parent | the adoption |
//! | sending | the sender, in the receiver | the end of `send` |
//!
//! So a service or an elevated process can send to an ordinary one, which has no rights in it. A process with that
//! right in another one has full power over it.

mod assembly;
mod child;
mod courier;
mod duplicate;
mod gate;
mod seal;
mod waybill;

pub(super) use gate::{Client, Gate};
