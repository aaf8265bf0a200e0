//! From `errno` to the contract's errors.

use rustix::io::Errno;

pub(super) use crate::contract::context::Context;
use crate::{Error, ErrorKind};

impl Context<'_> {
    /// An error of the system that has no better place in the contract.
    #[cold]
    pub(super) fn os(self, errno: Errno) -> Error {
        self.error(kind_of(errno)).with_source(errno.into()).with_advice(errno)
    }
}

fn kind_of(errno: Errno) -> ErrorKind {
    match errno {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => ErrorKind::AccessDenied,
        Errno::NOLCK => ErrorKind::Unsupported,
        _ => ErrorKind::Os,
    }
}

trait WithAdvice {
    fn with_advice(self, errno: Errno) -> Self;
}

impl WithAdvice for Error {
    fn with_advice(self, errno: Errno) -> Self {
        match errno {
            Errno::MFILE => self.with_detail(
                "this process has too many files open; close some, or raise its limit (ulimit -n)",
            ),
            Errno::BADF => self.with_detail(
                "its descriptor was closed by something else in this process, as a daemon does that closes all it has; open it after that",
            ),
            Errno::NFILE => self.with_detail("the whole system has too many files open; close some"),
            Errno::NOLCK => self.with_detail(
                "there are no locks of open file descriptions here (F_OFD_SETLK, Linux 3.15), and without them nobody can tell what lives; let this process make that call, or choose a directory whose file system has them (SAMEMAP_DIR)",
            ),
            Errno::ROFS => self.with_detail("shared memory is mounted read-only; mount it read-write"),
            _ => self,
        }
    }
}
