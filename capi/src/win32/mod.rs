//! Win32's own calls, for systems that are not Windows.
