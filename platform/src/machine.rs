//! The system's answers about users, names and the machine.

use crate::seam::per_process;
use crate::seam::system::RawSystem as _;
use crate::system::{self, System};
use crate::{ObjectName, UserId};

/// The number of the machine's active processors, also of those that this thread may not run on.
///
/// # Platform-specific behavior
/// On Windows those of this process's group, which has up to 64.
#[must_use]
pub fn processors() -> usize {
    System::processors()
}

/// A value that each process has once, and that a forked child makes anew.
pub type PerProcess<T> = per_process::PerProcess<T, system::Forks>;

impl UserId {
    /// The user that this process runs as (its effective user).
    #[must_use]
    pub fn current() -> Self {
        System::current_user()
    }
}

impl ObjectName {
    /// The name by which the operating system knows the object: what a C or Python program passes to
    /// `shm_open`, or to `OpenFileMappingW`.
    ///
    /// # Platform-specific behavior
    /// On POSIX it is that of [`posix_name`](Self::posix_name), on Windows the object's name.
    #[must_use]
    pub fn system_name(&self) -> String {
        self.posix_name().unwrap_or_else(|| self.to_string())
    }

    /// The POSIX name, for `shm_open`, of the calling process's user: `Local\X` of user 1000 is
    /// `/samemap.1000.X` and `Global\X` is `/samemap.global.X`. Bytes of the name's UTF-8 form outside
    /// `[A-Za-z0-9_-]` are percent-encoded. A name that would be longer than the system allows is
    /// replaced by `~` and the SHA-256 of `rest` in hexadecimal digits.
    ///
    /// An object that other users may open is a directory of this name, which `shm_open` does not open:
    /// [`catalog::data_path`](crate::catalog::data_path) returns the file in it. In a user namespace the id is the
    /// user's id outside of it.
    ///
    /// # Platform-specific behavior
    /// `None` on Windows, where there are no POSIX names, and on systems that samemap has no backend for.
    #[must_use]
    pub fn posix_name(&self) -> Option<String> {
        System::posix_name(self)
    }
}
