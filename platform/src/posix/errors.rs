//! From `errno` to the contract's errors.

use std::path::Path;

use rustix::io::Errno;

use super::advice::{Call, Refused, Room, advice};
use super::base::base;
use super::commit::Shortage;
use crate::contract::context::Context;
use crate::{Error, ErrorKind};

/// The details of an error's text, beside the call.
#[derive(Clone, Copy, Default)]
struct About<'a> {
    path: Option<&'a Path>,
    room: Option<Room>,
}

/// Whether this process or the system has no room for one more descriptor: a later call may succeed.
pub(super) fn is_shortage(errno: Errno) -> bool {
    matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS)
}

impl Context<'_> {
    /// The error for a refused system call.
    #[cold]
    pub(super) fn os(self, call: Call, errno: Errno) -> Error {
        self.refused(Refused { call, errno })
    }

    /// The error for the refused one of several calls.
    #[cold]
    pub(super) fn refused(self, refused: Refused) -> Error {
        self.told(refused, About::default())
    }

    /// The error for a refused call on a file.
    #[cold]
    pub(super) fn refused_file(self, call: Call, errno: Errno, path: &Path) -> Error {
        self.told(Refused { call, errno }, About { path: Some(path), room: None })
    }

    /// The error for a refused call that asked for this many bytes.
    #[cold]
    pub(super) fn refused_bytes(self, refused: Refused, requested: u64) -> Error {
        self.told(refused, About { path: None, room: Some(Room { requested, available: None }) })
    }

    /// The error for a lack of memory or disk space.
    #[cold]
    pub(super) fn short(self, call: Call, shortage: Shortage, requested: u64) -> Error {
        let room = |available| About { path: None, room: Some(Room { requested, available }) };
        let (left, remedy) = match shortage {
            Shortage::Os(errno, left) => return self.told(Refused { call, errno }, room(left)),
            // No system call failed, so the error has no source.
            Shortage::NoRoom(left) => {
                let refused = Refused { call, errno: Errno::NOSPC };
                return self.because(refused, room(Some(left)));
            }
            Shortage::FileLimit(limit) => (
                limit,
                "this process may make no file longer than that; ask for less, or raise its limit (ulimit -f)",
            ),
            Shortage::Machine(left) => {
                (left, "that is all the memory that the machine has left; ask for less, or end some programs")
            }
        };
        let error = self.error(ErrorKind::OutOfMemory { requested, available: Some(left) });
        error.with_detail(format!("{requested} bytes were asked for, and {left} can be had: {remedy}"))
    }

    fn told(self, refused: Refused, about: About<'_>) -> Error {
        self.because(refused, about).with_source(refused.errno.into())
    }

    fn because(self, refused: Refused, about: About<'_>) -> Error {
        let advice = advice(refused);
        self.error(advice.kind(about.room)).with_detail(filled(advice.text(), refused, about))
    }
}

/// The kind and the text of a refused call, without further details.
pub(super) fn words(refused: Refused) -> (ErrorKind, String) {
    let advice = advice(refused);
    (advice.kind(None), filled(advice.text(), refused, About::default()))
}

fn filled(text: &str, Refused { call, errno }: Refused, about: About<'_>) -> String {
    let mut filled = text
        .replace("{call}", &call.name())
        .replace("{number}", &errno.raw_os_error().to_string())
        .replace("{dir}", &base().path().display().to_string());
    if let Some(Room { requested, available }) = about.room {
        let left = available.map_or("more than there are".to_owned(), |left| format!("and {left} are left"));
        filled = filled
            .replace("{room}", &format!("{requested} bytes were asked for, {left}"))
            .replace("{requested}", &requested.to_string());
    }
    match about.path {
        Some(path) => filled.replace("{path}", &path.display().to_string()),
        None => filled,
    }
}
