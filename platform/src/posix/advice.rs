//! The meaning of a refused system call, and the remedy (rule C28).
//!
//! One error number has different causes in different calls: EACCES for a new file means a directory that this user may
//! not write to, and EACCES for a mapping a file that was opened with too little access. So there is one table of calls
//! and numbers (`table`), which its tests compare with the calls' manual pages. A filter of system calls (seccomp) can
//! return any number from any call: the error for an unlisted number says so, with the call's name.

use rustix::io::Errno;

pub(super) use call::{Call, InCall, Of, Refused};
pub(super) use form::{Advice, Room};

mod call;
mod form;
mod table;
#[cfg(test)]
mod tests;

/// The advice for a number from a call.
pub(super) fn advice(Refused { call, errno }: Refused) -> Advice {
    table::of_call(call, errno).or_else(|| table::of_any_call(errno)).unwrap_or(match errno {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => Advice::Denied(table::UNLISTED),
        Errno::NOSYS | Errno::OPNOTSUPP => Advice::Unsupported(table::UNLISTED),
        _ => Advice::Os(table::UNLISTED),
    })
}
