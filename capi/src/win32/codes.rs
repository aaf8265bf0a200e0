//! The numbers of Win32 that the calls take and give. The headers have the same ones in `parts/codes.h`.

/// Last errors.
pub(super) mod error {
    pub(crate) const SUCCESS: u32 = 0;
    pub(crate) const FILE_NOT_FOUND: u32 = 2;
    pub(crate) const PATH_NOT_FOUND: u32 = 3;
    pub(crate) const TOO_MANY_OPEN_FILES: u32 = 4;
    pub(crate) const ACCESS_DENIED: u32 = 5;
    pub(crate) const INVALID_HANDLE: u32 = 6;
    pub(crate) const NOT_ENOUGH_MEMORY: u32 = 8;
    pub(crate) const GEN_FAILURE: u32 = 31;
    pub(crate) const NOT_SUPPORTED: u32 = 50;
    pub(crate) const FILE_EXISTS: u32 = 80;
    pub(crate) const INVALID_PARAMETER: u32 = 87;
    pub(crate) const DISK_FULL: u32 = 112;
    pub(crate) const INSUFFICIENT_BUFFER: u32 = 122;
    pub(crate) const INVALID_NAME: u32 = 123;
    pub(crate) const NEGATIVE_SEEK: u32 = 131;
    pub(crate) const BUSY: u32 = 170;
    pub(crate) const ALREADY_EXISTS: u32 = 183;
    pub(crate) const FILENAME_EXCED_RANGE: u32 = 206;
    pub(crate) const NOT_OWNER: u32 = 288;
    pub(crate) const TOO_MANY_POSTS: u32 = 298;
    pub(crate) const MR_MID_NOT_FOUND: u32 = 317;
    pub(crate) const INVALID_ADDRESS: u32 = 487;
    pub(crate) const FILE_INVALID: u32 = 1006;
    pub(crate) const MAPPED_ALIGNMENT: u32 = 1132;
    pub(crate) const FILE_CORRUPT: u32 = 1392;
    pub(crate) const TIMEOUT: u32 = 1460;
}

/// Rights to an object, which its handle has.
pub(super) mod right {
    /// To wait.
    pub(crate) const SYNCHRONIZE: u32 = 0x0010_0000;
    /// To change an event, a semaphore or a timer.
    pub(crate) const MODIFY_STATE: u32 = 0x0002;
    pub(crate) const MUTEX_ALL: u32 = 0x001F_0001;
    /// Of an event, a semaphore or a timer.
    pub(crate) const OBJECT_ALL: u32 = 0x001F_0003;
    /// Of a file mapping: to map it copy-on-write is no right of its own.
    pub(crate) const MAP_COPY: u32 = 0x0001;
    pub(crate) const MAP_WRITE: u32 = 0x0002;
    pub(crate) const MAP_READ: u32 = 0x0004;
    pub(crate) const MAP_ALL: u32 = 0x000F_001F;
    pub(crate) const STANDARD: u32 = 0x000F_0000;
    pub(crate) const FILE_READ: u32 = 0x0001;
    pub(crate) const FILE_WRITE: u32 = 0x0002;
    pub(crate) const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
    pub(crate) const GENERIC_READ: u32 = 0x8000_0000;
    pub(crate) const GENERIC_WRITE: u32 = 0x4000_0000;
    pub(crate) const GENERIC_EXECUTE: u32 = 0x2000_0000;
    pub(crate) const GENERIC_ALL: u32 = 0x1000_0000;
}

/// What pages allow.
pub(super) mod page {
    pub(crate) const READONLY: u32 = 0x02;
    pub(crate) const READWRITE: u32 = 0x04;
    pub(crate) const WRITECOPY: u32 = 0x08;
    /// All of those that allow to run code.
    pub(crate) const EXECUTE: u32 = 0xF0;
    /// `SEC_COMMIT`, which is the default.
    pub(crate) const COMMIT: u32 = 0x0800_0000;
    /// `SEC_RESERVE`, `SEC_IMAGE` and the other kinds of section.
    pub(crate) const OTHER_SECTIONS: u32 = 0xF7C0_0000;
}

/// What a wait answers.
pub(super) mod wait {
    pub(crate) const OBJECT_0: u32 = 0;
    pub(crate) const ABANDONED_0: u32 = 0x80;
    pub(crate) const TIMEOUT: u32 = 258;
    pub(crate) const FAILED: u32 = u32::MAX;
    pub(crate) const INFINITE: u32 = u32::MAX;
}
