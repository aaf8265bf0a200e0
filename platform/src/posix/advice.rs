//! The meaning of a refused system call, and the remedy (rule C28).
//!
//! One error number has different causes in different calls: EACCES for a new file means a directory that this user may
//! not write to, and EACCES for a mapping a file that was opened with too little access. So there is one table of calls
//! and numbers (`table`), which its tests compare with the calls' manual pages. A filter of system calls (seccomp) can
//! return any number from any call: the error for an unlisted number says so, with the call's name.

use rustix::io::Errno;

pub(super) use call::{Call, Kind, Of, Refused, Room};

mod call;
mod elsewhere;
mod table;
#[cfg(test)]
mod tests;

/// A cause and its remedy.
///
/// In the text `{call}` stands for the call's name, `{dir}` for the directory of the objects, `{path}` for the file,
/// `{room}` for the bytes asked for and the bytes left, and `{number}` for the error's number.
pub(super) type Advice = (Kind, &'static str);

/// The advice for a number from a call.
pub(super) fn advice(Refused { call, errno }: Refused) -> Advice {
    let found = |rows: &[elsewhere::Row]| {
        rows.iter().find(|row| row.0.contains(&errno)).map(|&(_, kind, text)| (kind, text))
    };
    found(table::of(call)).or_else(|| found(table::IN_ANY_CALL)).unwrap_or((kind_of(errno), table::UNLISTED))
}

/// The kind of a number that no manual page lists.
fn kind_of(errno: Errno) -> Kind {
    match errno {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => Kind::Denied,
        Errno::NOSYS | Errno::OPNOTSUPP => Kind::Unsupported,
        _ => Kind::Os,
    }
}
