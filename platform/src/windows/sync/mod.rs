//! Objects to wait for: the kernel's own (rules C22 to C27).
//!
//! The contract's model is the kernel, so this adds little: timeouts that never end early, a check of the owner before
//! an object is used, and the contract's errors. A C program shares these objects by their names.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `object` | an object of any kind, made by name or inside a view |
//! | `kernel`, `timer`, `query` | the kernel's calls |
//! | `named` | names, rights and owners |
//! | `inside` | the kernel objects of headers in views |
//! | `grants` | their users: those that may write to the region |
//! | `wait` | waiting for any of several handles |
//! | `watch` | waiting on behalf of tasks and event loops |
//! | `bell`, `seat` | the parts of channels: sleeping until something changes, and roles that end with their holders |
//!
//! The public types over them are in `crate::sync`.

mod bell;
mod grants;
mod inside;
mod kernel;
mod named;
mod object;
pub(super) mod query;
mod seat;
#[cfg(test)]
mod tests;
mod timer;
mod wait;
mod watch;

pub(crate) use bell::Bell;
pub(crate) use object::Object;
pub(crate) use seat::Seat;
pub(crate) use watch::Watch;
