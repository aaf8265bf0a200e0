//! samemap for C and C++.

#[cfg(all(feature = "win32", target_os = "linux"))]
mod win32;
