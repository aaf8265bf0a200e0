//! Win32's error codes as kinds of the contract (rule C28).
//!
//! Each caller reads the code of a system call at once, into an [`io::Error`]: the next call may overwrite it.

use std::io;

use windows_sys::Win32::Foundation as win32;

use super::machine;
use crate::contract::context::{Context, Operation};
use crate::{Error, ErrorKind, Found, ObjectKind, ObjectName};

/// The operation and its object, which an error's code does not tell.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) context: Context<'a>,
    wanted: ObjectKind,
    bytes: u64,
}

impl<'a> Attempt<'a> {
    /// An attempt that wants a region.
    pub(super) fn of(context: Context<'a>) -> Self {
        Attempt { context, wanted: ObjectKind::Region, bytes: 0 }
    }

    pub(super) fn new(operation: Operation, name: Option<&'a ObjectName>) -> Self {
        Self::of(Context { operation, name })
    }

    /// The attempt, for another kind of object.
    pub(super) fn of_kind(self, wanted: ObjectKind) -> Self {
        Attempt { wanted, ..self }
    }

    /// The attempt, with the number of bytes that it asks for.
    pub(super) fn of_bytes(self, bytes: u64) -> Self {
        Attempt { bytes, ..self }
    }

    /// An error of `kind` in this attempt.
    #[cold]
    pub(super) fn error(self, kind: ErrorKind) -> Error {
        self.context.error(kind)
    }

    /// The error for a system call of this attempt that failed with `cause`.
    #[cold]
    pub(super) fn failed(self, cause: io::Error) -> Error {
        self.error(self.kind_of(&cause)).with_source(cause)
    }

    /// The error for a call on a file, which is no named object: some codes have another meaning there.
    #[cold]
    pub(super) fn failed_on_file(self, cause: io::Error) -> Error {
        let kind = match code_of(&cause) {
            win32::ERROR_FILE_NOT_FOUND | win32::ERROR_PATH_NOT_FOUND => ErrorKind::NotFound,
            win32::ERROR_ACCESS_DENIED | win32::ERROR_WRITE_PROTECT => ErrorKind::AccessDenied,
            win32::ERROR_INVALID_NAME | win32::ERROR_BAD_PATHNAME | win32::ERROR_INVALID_HANDLE => {
                ErrorKind::InvalidArgument
            }
            win32::ERROR_SHARING_VIOLATION | win32::ERROR_LOCK_VIOLATION => ErrorKind::Busy,
            code if means_no_memory(code) => self.no_memory(),
            _ => ErrorKind::Os,
        };
        self.error(kind).with_source(cause)
    }

    /// The error for a mapping that was refused.
    #[cold]
    pub(super) fn not_mapped(self, cause: io::Error) -> Error {
        match code_of(&cause) {
            // The kernel's answer for a read-only section, whatever rights its handle has.
            win32::ERROR_INVALID_PARAMETER => self
                .error(ErrorKind::AccessDenied)
                .with_detail(
                    "its memory was made read-only, or its file was; open it for reading, or have its creator make it anew",
                )
                .with_source(cause),
            _ => self.failed(cause),
        }
    }

    /// The error for a lack of memory.
    #[cold]
    pub(super) fn out_of_memory(self) -> Error {
        self.error(self.no_memory())
    }

    fn no_memory(self) -> ErrorKind {
        ErrorKind::OutOfMemory { requested: self.bytes, available: machine::commit_left() }
    }

    fn kind_of(self, cause: &io::Error) -> ErrorKind {
        match code_of(cause) {
            win32::ERROR_FILE_NOT_FOUND => ErrorKind::NotFound,
            win32::ERROR_ACCESS_DENIED => ErrorKind::AccessDenied,
            // The answer for a named object of another kind, which the code does not tell.
            win32::ERROR_INVALID_HANDLE => {
                ErrorKind::KindMismatch { wanted: self.wanted, found: Found::Unknown }
            }
            win32::ERROR_ALREADY_EXISTS => ErrorKind::AlreadyExists,
            win32::ERROR_INVALID_ADDRESS => ErrorKind::AddressInUse,
            code if means_no_memory(code) => self.no_memory(),
            _ if cause.kind() == io::ErrorKind::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::Os,
        }
    }
}

fn means_no_memory(code: u32) -> bool {
    matches!(
        code,
        win32::ERROR_NOT_ENOUGH_MEMORY
            | win32::ERROR_OUTOFMEMORY
            | win32::ERROR_COMMITMENT_LIMIT
            | win32::ERROR_COMMITMENT_MINIMUM
            | win32::ERROR_NO_SYSTEM_RESOURCES
            | win32::ERROR_NOT_ENOUGH_QUOTA
            | win32::ERROR_PAGEFILE_QUOTA
    )
}

/// The Win32 code of a system call's error; zero for other errors.
pub(super) fn code_of(error: &io::Error) -> u32 {
    error.raw_os_error().map_or(0, |code| code as u32)
}

/// Whether the system refused the access.
pub(super) fn is_denied(error: &io::Error) -> bool {
    code_of(error) == win32::ERROR_ACCESS_DENIED
}

/// Whether no object has the name.
pub(super) fn is_not_found(error: &io::Error) -> bool {
    code_of(error) == win32::ERROR_FILE_NOT_FOUND
}

/// A Win32 code that a call returned instead of leaving it in the thread's last error.
pub(super) fn from_code(code: u32) -> io::Error {
    io::Error::from_raw_os_error(code as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: u32) -> ErrorKind {
        Attempt::new("try", None).of_bytes(5).failed(from_code(code)).kind().clone()
    }

    #[test]
    fn codes_become_kinds() {
        assert_eq!(kind(2), ErrorKind::NotFound);
        assert_eq!(kind(5), ErrorKind::AccessDenied);
        assert!(matches!(kind(6), ErrorKind::KindMismatch { found: Found::Unknown, .. }));
        assert_eq!(kind(183), ErrorKind::AlreadyExists);
        assert_eq!(kind(487), ErrorKind::AddressInUse);
        assert_eq!(kind(1132), ErrorKind::Os);
        for code in [8, 14, 635, 1450, 1454, 1455, 1816] {
            assert!(matches!(kind(code), ErrorKind::OutOfMemory { requested: 5, .. }), "{code}");
        }
    }

    #[test]
    fn codes_mean_another_thing_of_a_file() {
        let kind = |code| Attempt::new("try", None).failed_on_file(from_code(code)).kind().clone();
        assert_eq!([2, 3].map(kind), [ErrorKind::NotFound, ErrorKind::NotFound]);
        assert_eq!([5, 19].map(kind), [ErrorKind::AccessDenied, ErrorKind::AccessDenied]);
        assert_eq!([32, 33].map(kind), [ErrorKind::Busy, ErrorKind::Busy]);
        for code in [6, 123, 161] {
            assert_eq!(kind(code), ErrorKind::InvalidArgument, "{code}");
        }
        assert_eq!([183, 487].map(kind), [ErrorKind::Os, ErrorKind::Os]);
    }

    #[test]
    fn an_error_keeps_its_name_and_code() {
        let name = ObjectName::new("X").expect("a valid name");
        let error = Attempt::new("open the region", Some(&name)).failed(from_code(2));
        assert_eq!(error.name(), Some(r"Local\X"));
        assert_eq!(error.os_code(), Some(2));
        assert_eq!(error.operation(), "open the region");
    }
}
