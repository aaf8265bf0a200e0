//! samemap for C and C++.

#[cfg(feature = "win32")]
mod win32;
