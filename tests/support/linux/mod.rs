//! Helpers of the Linux tests: children that can be stopped, killed and put into a `/dev/shm` of their own.

pub mod child;
pub mod forked;
pub mod raw;
pub mod sandbox;
pub mod seccomp;
pub mod shm;
pub mod users;
