//! The life of an object on Linux, modelled: every order of the steps of three processes, killed between any two of
//! them, beside an adversary. [stateright](https://docs.rs/stateright) goes through all states in breadth.
//!
//! | module | what |
//! | --- | --- |
//! | `world` | files, directories, links, modes, descriptions and their locks: the kernel's side |
//! | `state` | the processes and their places in the protocol |
//! | `protocol`, `create`, `open`, `remove` | the protocol: what a process does next, one system call at a time |
//! | `adversary` | what a process of the other user does that keeps no protocol |
//! | `rules` | C15, C16, C17; C6 and C20 are looked at where an answer is given |
//! | `checker` | what may happen in a state, and the search |
//!
//! A process's place in its call is a [`Step`](samemap_platform::internal::testing::Step), the very names of the stop points
//! in `platform/` at which tests kill. [`Flaw`] breaks the protocol in one way, and the search must find each.
//!
//! # The answers that are checked
//! An answer must be true of a moment of the attempt that gave it. *Opened* needs a moment in which that object
//! lived, *not found* one in which none did, *already there* one in which one did. An object lives while a process
//! has a lock on it that was taken while it lived: that is what makes two openers that find each other's locks on a
//! dead object a fault.
//!
//! Wherever every process rests and holds nothing, three more things are tried on a copy of the state: whether anything
//! is left that no kill explains, whether a sweep leaves anything, and whether the name can be had.
//!
//! # What the world leaves out
//! - The file `locks` of a directory, which is made and unlinked beside `data` and has no part in life; regions that
//!   lead to a file; kinds; lengths. "Written" facts are right in all of these.
//! - Memory that is short, commitment, the umask: a creator that fails is one that is killed or discards.
//! - Time. A creator that meets a remover tries again at once, and for ever; that it gives up after 500 ms is the
//!   same as a kill.
//! - root, and removal by force. Fork: a child holds nothing, which is another module's promise.
//! - A second name that honest processes create, and processes that hold more than one object.
//! - Objects of the other user's own making but squatted ones; honest processes of that user open, receive, hold
//!   and close.
//! - The receiver's second description: it is locked before the first is closed, so one stands for both. Handles
//!   that the adversary sends.
//! - That the adversary shares the other user with an honest process and could kill it: kills come at any time
//!   anyway.
//! - Names that the system takes away under living holders (`RemoveIPC`, `rm`).
//!
//! Steps on a file without a name commute with everything and are taken at once. Some steps stand for two calls that
//! nothing can come between to any effect: an obstacle's directory and facts are opened in one.
//!
//! States that differ in the numbers of objects, or of processes of one user, are one state.

mod adversary;
mod checker;
mod create;
mod open;
mod protocol;
mod remove;
mod rules;
mod state;
mod world;

pub use adversary::Move;
pub use checker::{Action, Outcome, search};
pub use protocol::{Adversary, Flaw, Life};
pub use state::{Call, Fault, Process, State};
pub use world::{
    Description, Entry, Facts, Files, Form, Holders, Lock, Mode, Name, Number, OBJECTS, Object, PROCESSES,
    Part, Path, Temporary, User,
};
