//! The meaning of a refused system call, and the remedy (rule C28).
//!
//! One error number has different causes in different calls: EACCES for a new file means a directory that this user may
//! not write to, and EACCES for a mapping a file that was opened with too little access. So there is one table of calls
//! and numbers (`table`), which its tests compare with the calls' manual pages. A filter of system calls (seccomp) can
//! return any number from any call: the error for an unlisted number says so, with the call's name.

use rustix::io::Errno;

use crate::ErrorKind;

pub(super) use call::{Call, InCall, Of, Refused};

mod call;
mod table;
#[cfg(test)]
mod tests;

/// A cause and its remedy, by the kind of the error.
///
/// In the text `{call}` stands for the call's name, `{dir}` for the directory of the objects, `{path}` for the file,
/// `{room}` for the bytes asked for and the bytes left, and `{number}` for the error's number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Advice {
    Denied(&'static str),
    /// There is not enough memory or disk space.
    Memory(&'static str),
    NotFound(&'static str),
    /// An argument is of the wrong sort.
    Invalid(&'static str),
    Unsupported(&'static str),
    Os(&'static str),
}

/// The bytes asked for, and the bytes left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) requested: u64,
    pub(super) available: Option<u64>,
}

/// The advice for a number from a call.
pub(super) fn advice(Refused { call, errno }: Refused) -> Advice {
    table::of_call(call, errno).or_else(|| table::of_any_call(errno)).unwrap_or(match errno {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => Advice::Denied(table::UNLISTED),
        Errno::NOSYS | Errno::OPNOTSUPP => Advice::Unsupported(table::UNLISTED),
        _ => Advice::Os(table::UNLISTED),
    })
}

impl Advice {
    pub(super) fn text(self) -> &'static str {
        use Advice::{Denied, Invalid, Memory, NotFound, Os, Unsupported};
        let (Denied(text) | Memory(text) | NotFound(text) | Invalid(text) | Unsupported(text) | Os(text)) =
            self;
        text
    }

    /// The error's kind, with the bytes asked for and the bytes left.
    pub(super) fn kind(self, room: Option<Room>) -> ErrorKind {
        match (self, room) {
            (Advice::Memory(_), Some(Room { requested, available })) => {
                ErrorKind::OutOfMemory { requested, available }
            }
            (Advice::Denied(_), _) => ErrorKind::AccessDenied,
            (Advice::NotFound(_), _) => ErrorKind::NotFound,
            (Advice::Invalid(_), _) => ErrorKind::InvalidArgument,
            (Advice::Unsupported(_), _) => ErrorKind::Unsupported,
            (Advice::Memory(_) | Advice::Os(_), _) => ErrorKind::Os,
        }
    }
}
