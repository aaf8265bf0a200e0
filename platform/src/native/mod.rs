//! Calls that one family of systems alone has.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
