//! Helpers of the Linux tests: this test binary run again as child processes, which can be stopped, killed
//! and put into a `/dev/shm` of their own.

#![allow(dead_code, reason = "every test binary uses its own part of this")]

pub mod aside;
pub mod child;
pub mod forked;
pub mod random;
pub mod raw;
pub mod sandbox;
pub mod seccomp;
pub mod shm;
pub mod users;
mod watchdog;
