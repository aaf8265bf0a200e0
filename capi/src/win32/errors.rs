//! Win32's codes for the errors of the library.

use std::io;

use samemap::names::NameRule;
use samemap::{Error, ErrorKind};

use super::codes::error;

/// The code that Windows gives where the library gives this error.
pub(super) fn code_of(cause: &Error) -> u32 {
    match cause.kind() {
        ErrorKind::NotFound => error::FILE_NOT_FOUND,
        ErrorKind::KindMismatch { .. } => error::INVALID_HANDLE,
        ErrorKind::InvalidName(rule) => code_of_rule(*rule),
        ErrorKind::InvalidArgument => error::INVALID_PARAMETER,
        ErrorKind::AlreadyExists => error::ALREADY_EXISTS,
        ErrorKind::AccessDenied | ErrorKind::UntrustedOwner { .. } | ErrorKind::OutOfRange { .. } => {
            error::ACCESS_DENIED
        }
        ErrorKind::OutOfMemory { .. } => error::NOT_ENOUGH_MEMORY,
        ErrorKind::AddressInUse => error::INVALID_ADDRESS,
        ErrorKind::LimitExceeded { .. } => error::TOO_MANY_POSTS,
        ErrorKind::NotOwner => error::NOT_OWNER,
        ErrorKind::Damaged | ErrorKind::LayoutMismatch => error::FILE_CORRUPT,
        ErrorKind::Busy => error::BUSY,
        ErrorKind::TimedOut => error::TIMEOUT,
        ErrorKind::Unsupported => error::NOT_SUPPORTED,
        _ => {
            cause.os_code().map_or(error::GEN_FAILURE, |code| code_of_io(&io::Error::from_raw_os_error(code)))
        }
    }
}

fn code_of_rule(rule: NameRule) -> u32 {
    match rule {
        NameRule::Backslash => error::PATH_NOT_FOUND,
        NameRule::TooLong { .. } => error::FILENAME_EXCED_RANGE,
        _ => error::INVALID_NAME,
    }
}

/// The code for an error of the system.
pub(super) fn code_of_io(cause: &io::Error) -> u32 {
    match cause.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => return error::TOO_MANY_OPEN_FILES,
        Some(libc::ENOTDIR) => return error::PATH_NOT_FOUND,
        Some(libc::ENAMETOOLONG) => return error::FILENAME_EXCED_RANGE,
        _ => {}
    }
    match cause.kind() {
        io::ErrorKind::NotFound => error::FILE_NOT_FOUND,
        io::ErrorKind::AlreadyExists => error::FILE_EXISTS,
        io::ErrorKind::PermissionDenied | io::ErrorKind::IsADirectory | io::ErrorKind::ReadOnlyFilesystem => {
            error::ACCESS_DENIED
        }
        io::ErrorKind::OutOfMemory => error::NOT_ENOUGH_MEMORY,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            error::DISK_FULL
        }
        io::ErrorKind::InvalidInput => error::INVALID_PARAMETER,
        _ => error::GEN_FAILURE,
    }
}
