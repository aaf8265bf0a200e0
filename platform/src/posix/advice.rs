//! What a refused system call means, and what to do about it (rule C28).
//!
//! The same number has another cause in another call: EACCES of a new file is a directory that this user may not write to,
//! and EACCES of a mapping is a file that was opened with too little. So there is one table of calls and numbers
//! (`table`), and its tests compare it with the calls' manual pages. A filter of system calls (seccomp) can give any
//! number in any call: what no page lists is told as such, with the call's name.

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
/// `{room}` for how much was asked for and is left, and `{number}` for the error's number.
pub(super) type Advice = (Kind, &'static str);

/// What a number means in a call.
pub(super) fn advice(Refused { call, errno }: Refused) -> Advice {
    let found = |rows: &[elsewhere::Row]| {
        rows.iter().find(|row| row.0.contains(&errno)).map(|&(_, kind, text)| (kind, text))
    };
    found(table::of(call)).or_else(|| found(table::IN_ANY_CALL)).unwrap_or((kind_of(errno), table::UNLISTED))
}

/// Of a number that no manual page lists.
fn kind_of(errno: Errno) -> Kind {
    match errno {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => Kind::Denied,
        Errno::NOSYS | Errno::OPNOTSUPP => Kind::Unsupported,
        _ => Kind::Os,
    }
}
