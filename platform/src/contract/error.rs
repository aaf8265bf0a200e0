//! The one error type of the contract (rule C28).

use std::fmt;
use std::io;

use crate::{NameRule, ObjectKind, UserId};

/// The result of every fallible call of the contract.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of an error, to match on.
///
/// More kinds may come, so a `match` needs a wildcard arm.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is no valid object name: it breaks this rule. No system call was made.
    InvalidName(NameRule),
    /// An argument other than a name is invalid: a size of zero, an empty range, a base address
    /// that is no multiple of 64 KiB.
    InvalidArgument,
    /// *Create* was asked for, and the name is taken by a living object of the same kind.
    AlreadyExists,
    /// No living object has this name.
    NotFound,
    /// An object of another kind has the name.
    KindMismatch {
        /// The kind that the call asked for.
        wanted: ObjectKind,
        /// What has the name, as far as the system tells.
        found: Found,
    },
    /// There is not enough memory.
    OutOfMemory {
        /// The size asked for, in bytes.
        requested: u64,
        /// The free memory in bytes, where the system tells (on Linux: in /dev/shm, or on the file's disk).
        available: Option<u64>,
    },
    /// A range reaches past the end of the region, or of the view.
    OutOfRange {
        /// The first byte of the range.
        offset: u64,
        /// The length of the range, in bytes.
        len: u64,
        /// The length of the region or view, in bytes.
        region_len: u64,
    },
    /// A message or a value is too long for its channel or buffer, or longer than agreed.
    TooLong {
        /// Its length, in bytes.
        len: u64,
        /// The longest that fits, in bytes.
        maximum: u64,
    },
    /// The address asked for as a view's base is in use, or cannot be used.
    AddressInUse,
    /// The object belongs to another ordinary user that the caller does not trust.
    UntrustedOwner {
        /// The owner of the object, where the system tells.
        owner: Option<UserId>,
    },
    /// A semaphore would get more permits than its maximum.
    LimitExceeded {
        /// The maximum, where it is known: the semaphore of another program may refuse to tell it.
        maximum: Option<u32>,
    },
    /// The object's memory holds no valid state: a peer overwrote it, or it was never initialised.
    Damaged,
    /// The memory was laid out for values of another type, size or version; the text says both.
    LayoutMismatch,
    /// The value was overwritten during each attempt to copy it.
    Contended,
    /// Another process or handle has the role that was asked for, which only one can have at a time: a channel's peer,
    /// a listener, the writer of a newest value, the opener of a file that is not shared.
    Busy,
    /// The peer has closed this direction, and no message is left in it.
    Closed,
    /// The peer's process ended without closing, and no message is left to read.
    PeerDied,
    /// The system refused the access: permissions, a missing privilege, a read-only view.
    AccessDenied,
    /// A mutex was to be given up by a thread that does not own it.
    NotOwner,
    /// Time ran out, and the call has no other way to say so.
    TimedOut,
    /// This system or this backend cannot do it.
    Unsupported,
    /// Any other failure of the system; [`Error::os_code`] and `source()` tell which.
    Os,
}

/// What has a name that was opened as another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// An object of the name space, of this kind.
    Object(ObjectKind),
    /// Something that this library did not make: a FIFO, a directory, a symbolic link, an
    /// empty file, a file without a valid trailer. The text says which.
    Foreign(&'static str),
    /// The system does not tell (Win32's ERROR_INVALID_HANDLE does not).
    Unknown,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Object(kind) => write!(f, "{} {kind}", kind.article()),
            Found::Foreign(what) => f.write_str(what),
            Found::Unknown => f.write_str("an object of another kind"),
        }
    }
}

/// An error: a [kind](ErrorKind) to match on, the operation, the object's name, and the system's own
/// error as [`source()`](std::error::Error::source).
///
/// The text says what happened and what to do about it, on one line. It does not repeat the source.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    name: Option<String>,
    detail: Option<String>,
    source: Option<io::Error>,
}

impl Error {
    /// An error of `kind` in `operation`, a phrase that completes "cannot …", such as
    /// "open the region".
    #[cold]
    #[must_use]
    pub fn new(kind: ErrorKind, operation: &'static str) -> Self {
        Error(Box::new(Inner { kind, operation, name: None, detail: None, source: None }))
    }

    /// This error, about the object `name`.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// This error with its own text for what happened and what to do, in place of the kind's.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// This error with the system's error as its source.
    #[must_use]
    pub fn with_source(mut self, source: io::Error) -> Self {
        self.0.source = Some(source);
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Whether the error is of this kind: `error.is(ErrorKind::NotFound)`. Kinds with fields are for [`matches!`] on
    /// [`kind`](Self::kind).
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a kind without fields is written down where it is asked for"
    )]
    pub fn is(&self, kind: ErrorKind) -> bool {
        self.0.kind == kind
    }

    /// The operation that failed: a phrase that completes "cannot …".
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The full name of the object that it failed on.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The system's error code: `errno` on POSIX, `GetLastError()` on Windows.
    #[must_use]
    pub fn os_code(&self) -> Option<i32> {
        self.0.source.as_ref().and_then(io::Error::raw_os_error)
    }

    fn explanation(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ErrorKind::InvalidName(rule) => write!(f, "{rule}"),
            ErrorKind::InvalidArgument => f.write_str(
                "an argument is not valid; the documentation of the call says which are",
            ),
            ErrorKind::AlreadyExists => f.write_str(
                "the name is in use; end the program that holds it, choose another name, or open it instead",
            ),
            ErrorKind::NotFound => {
                f.write_str("nobody holds an object of this name; start the program that creates it first")
            }
            ErrorKind::KindMismatch { wanted, found } => write!(
                f,
                "{} {wanted} was asked for, but the name is held by {found}; choose another name",
                wanted.article()
            ),
            ErrorKind::OutOfMemory { requested, available } => out_of_memory(f, *requested, *available),
            ErrorKind::OutOfRange { offset, len, region_len } => write!(
                f,
                "{len} bytes at offset {offset} do not lie inside its {region_len} bytes; ask for a smaller range"
            ),
            ErrorKind::TooLong { len, maximum } => {
                write!(f, "it has {len} bytes, and there is room for {maximum}; make it shorter, or the room larger")
            }
            ErrorKind::AddressInUse => f.write_str(
                "the address is in use or cannot be had; let the system choose one, or ask for another",
            ),
            ErrorKind::UntrustedOwner { owner } => untrusted_owner(f, owner.as_ref()),
            ErrorKind::LimitExceeded { maximum: Some(maximum) } => {
                write!(f, "it would have more permits than its maximum of {maximum}; release fewer")
            }
            ErrorKind::LimitExceeded { maximum: None } => {
                f.write_str("it would have more permits than its maximum, which its creator tells nobody; release fewer")
            }
            ErrorKind::Damaged => f.write_str(
                "its state in memory is not valid; create it before it is opened, and see that nothing else writes there",
            ),
            ErrorKind::LayoutMismatch => f.write_str(
                "the memory was laid out for values of another type; build all programs that share it with the same one",
            ),
            ErrorKind::Contended => f.write_str(
                "the writer overwrote the value each time before it was copied; read again, or let it write less often",
            ),
            ErrorKind::Busy => f.write_str("another one has this role, which one has at a time; try again when it has ended"),
            ErrorKind::Closed => f.write_str("the peer has closed it; connect again to go on"),
            ErrorKind::PeerDied => f.write_str("the peer's process ended without closing; connect again to go on"),
            ErrorKind::AccessDenied => {
                f.write_str("access is denied; ask the object's owner for wider permissions")
            }
            ErrorKind::NotOwner => f.write_str(
                "this thread does not own it; give it up in the thread that locked it, once for each time",
            ),
            ErrorKind::TimedOut => f.write_str("no answer came in time; try again"),
            ErrorKind::Unsupported => f.write_str(
                "this system cannot do that; the documentation of the call says what it needs",
            ),
            ErrorKind::Os => f.write_str("the system refused; its message says why"),
        }
    }
}

fn out_of_memory(f: &mut fmt::Formatter<'_>, requested: u64, available: Option<u64>) -> fmt::Result {
    write!(f, "{requested} bytes were asked for")?;
    if let Some(available) = available {
        write!(f, " and {available} are left")?;
    }
    f.write_str("; ask for less, or end programs that use memory")
}

fn untrusted_owner(f: &mut fmt::Formatter<'_>, owner: Option<&UserId>) -> fmt::Result {
    match owner {
        Some(owner) => write!(f, "it belongs to user {owner}")?,
        None => f.write_str("its owner cannot be told")?,
    }
    f.write_str(
        ", which this program does not trust; if that is the user it should trust, set OpenOptions::trust",
    )
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.0.operation)?;
        if let Some(name) = &self.0.name {
            write!(f, " {}", escaped(name))?;
        }
        f.write_str(": ")?;
        match &self.0.detail {
            Some(detail) => f.write_str(detail),
            None => self.explanation(f),
        }
    }
}

/// Names come from outside: a control character in a name must not break the message's line.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}

/// The same line as [`Display`](fmt::Display), because a `main` that returns an error prints this form.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

/// An I/O error of the kind that fits, with this error as its source.
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        io::Error::new(error.kind().to_io(), error)
    }
}

impl ErrorKind {
    fn to_io(&self) -> io::ErrorKind {
        match self {
            ErrorKind::InvalidName(_)
            | ErrorKind::InvalidArgument
            | ErrorKind::OutOfRange { .. }
            | ErrorKind::TooLong { .. } => io::ErrorKind::InvalidInput,
            ErrorKind::AlreadyExists => io::ErrorKind::AlreadyExists,
            ErrorKind::NotFound => io::ErrorKind::NotFound,
            ErrorKind::OutOfMemory { .. } => io::ErrorKind::OutOfMemory,
            ErrorKind::AddressInUse => io::ErrorKind::AddrInUse,
            ErrorKind::UntrustedOwner { .. } | ErrorKind::AccessDenied | ErrorKind::NotOwner => {
                io::ErrorKind::PermissionDenied
            }
            ErrorKind::KindMismatch { .. } | ErrorKind::Damaged | ErrorKind::LayoutMismatch => {
                io::ErrorKind::InvalidData
            }
            ErrorKind::Busy => io::ErrorKind::ResourceBusy,
            ErrorKind::Closed => io::ErrorKind::BrokenPipe,
            ErrorKind::PeerDied => io::ErrorKind::ConnectionAborted,
            ErrorKind::TimedOut => io::ErrorKind::TimedOut,
            ErrorKind::Unsupported => io::ErrorKind::Unsupported,
            ErrorKind::LimitExceeded { .. } | ErrorKind::Contended | ErrorKind::Os => io::ErrorKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn text_is_one_line_and_leaves_the_cause_to_source() {
        let error = Error::new(ErrorKind::NotFound, "open the region")
            .with_name("Local\\a\nb")
            .with_source(io::Error::from_raw_os_error(2));
        let text = error.to_string();
        assert!(text.starts_with("cannot open the region Local\\a\\nb: "), "{text}");
        assert!(!text.contains('\n'));
        let cause = error.source().expect("the OS error").to_string();
        assert!(!text.contains(&cause), "{text} repeats {cause}");
        assert_eq!(error.os_code(), Some(2));
        assert_eq!(format!("{error:?}"), text, "a main that fails shows the line");
    }

    #[test]
    fn an_error_is_of_its_kind() {
        let error = Error::new(ErrorKind::NotFound, "open the region");
        assert!(error.is(ErrorKind::NotFound));
        assert!(!error.is(ErrorKind::Closed));
    }

    #[test]
    fn an_io_error_has_the_fitting_kind_and_this_one_as_its_source() {
        let error = Error::new(ErrorKind::NotFound, "open the region").with_name("Local\\a");
        let text = error.to_string();
        let error = io::Error::from(error);
        assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::NotFound, text));
        let inner = error.into_inner().expect("the error").downcast::<Error>().expect("ours");
        assert!(inner.is(ErrorKind::NotFound));
    }
}
