//! The form of an advice.

use crate::ErrorKind;

/// A cause and its remedy, by the kind of the error.
///
/// In the text `{call}` stands for the call's name, `{dir}` for the directory of the objects, `{path}` for the file,
/// `{room}` for the bytes asked for and the bytes left, and `{number}` for the error's number.
#[derive(Clone, Copy, Debug)]
pub(in crate::posix) enum Advice {
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
pub(in crate::posix) struct Room {
    pub(in crate::posix) requested: u64,
    pub(in crate::posix) available: Option<u64>,
}

impl Advice {
    pub(in crate::posix) fn text(self) -> &'static str {
        use Advice::{Denied, Invalid, Memory, NotFound, Os, Unsupported};
        let (Denied(text) | Memory(text) | NotFound(text) | Invalid(text) | Unsupported(text) | Os(text)) =
            self;
        text
    }

    /// The error's kind, with the bytes asked for and the bytes left.
    pub(in crate::posix) fn kind(self, room: Option<Room>) -> ErrorKind {
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
