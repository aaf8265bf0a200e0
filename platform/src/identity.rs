//! What only the system tells of a user and of a name.

use crate::{ObjectName, UserId, system};

impl UserId {
    /// The user that this process runs as (its effective user).
    #[must_use]
    pub fn current() -> Self {
        system::current_user()
    }
}

impl ObjectName {
    /// The name by which the operating system knows the object: what a C or Python program passes to
    /// `shm_open`, or to `OpenFileMappingW`.
    ///
    /// # Platform-specific behavior
    /// On POSIX the name that [`posix_name`](Self::posix_name) gives; on Windows the name itself.
    #[must_use]
    pub fn system_name(&self) -> String {
        self.posix_name().unwrap_or_else(|| self.to_string())
    }

    /// The POSIX name, for `shm_open`, of the calling process's user: `Local\X` of user 1000 is
    /// `/samemap.1000.X` and `Global\X` is `/samemap.global.X`. Bytes of the name's UTF-8 form outside
    /// `[A-Za-z0-9_-]` are percent-encoded. A name that would be longer than the system allows is
    /// replaced by `~` and the SHA-256 of `rest` in hexadecimal digits.
    ///
    /// An object that others than its owner are let in to is a directory of this name, which `shm_open` does not open:
    /// [`catalog::data_path`](crate::catalog::data_path) has the file in it. In a user namespace the id is that of the
    /// user outside of it.
    ///
    /// # Platform-specific behavior
    /// `None` on Windows, where there are no POSIX names, and on systems that samemap has no backend for.
    #[must_use]
    pub fn posix_name(&self) -> Option<String> {
        system::posix_name(self)
    }
}
