//! Calls that only one family of systems has.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
