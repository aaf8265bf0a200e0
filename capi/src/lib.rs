//! samemap for C and C++: the functions of `samemap.h`, which is made from this crate and has their documentation.
//!
//! A handle of C is a box of the Rust type behind it (`handle`). Every function is one call of `status::border`,
//! which turns errors and panics into a code and the thread's last message.
//!
//! # Safety
//! What C owes to each function, in short "the header's rules of pointers": a pointer is null or valid for what the
//! function does with it, text ends with a zero byte, a handle comes from this library and is not closed, and what is
//! for one thread at a time is used by one.

#![allow(non_camel_case_types, reason = "these are C's names")]

// In the order of the header.
mod version;

mod status;

mod arguments;
mod handle;
mod lender;
mod options;

mod region;

mod file;
mod view;

mod object;

mod mutex;

mod event;
mod semaphore;
mod timer;

mod latest;

mod channel;
mod message;

mod topic;

mod publisher;
mod subscriber;
mod viewer;

mod awaited;

mod handing;
mod native;

mod catalog;

#[cfg(all(feature = "win32", target_os = "linux"))]
mod win32;
