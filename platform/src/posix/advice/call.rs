//! The calls to the system, and their names in errors.

use rustix::io::Errno;

use crate::contract::context::Context;

/// A call to the system, by its purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::posix) enum Call {
    /// Opens the file or directory with an object's name.
    OpenObject,
    /// Makes a file or a directory for a new object.
    MakeFile,
    /// Gives a finished object its name.
    GiveName,
    /// Commits memory for an object with a name.
    Commit,
    /// Commits memory without a name.
    CommitNameless,
    /// Writes the facts of a new object.
    Write,
    /// Reads the facts of an object.
    Read,
    /// Sets the mode of an object's file.
    SetMode,
    /// Locks a byte, or asks for its lock.
    Lock,
    /// Opens another description of an open file.
    OpenAnew,
    /// Copies a descriptor, or asks for its file's state.
    Look,
    /// Maps a view.
    Map,
    /// Writes a view to the disk.
    Flush,
    /// Makes memory without a name.
    MakeMemory,
    /// Makes a descriptor for event loops.
    MakeFlag,
    /// Seals memory without a name, or asks for its seals.
    Seal,
    /// Makes a socket.
    MakeSocket,
    /// Sends descriptors.
    Send,
    /// Receives them.
    Receive,
    /// Opens the file of a region.
    OpenFile,
    /// Makes such a file longer, or takes disk space for it.
    GrowFile,
    /// Lists the objects.
    List,
    /// Asks for random numbers.
    Random,
    /// Takes an object's name away.
    TakeName,
}

/// A call that was refused, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::posix) struct Refused {
    pub(in crate::posix) call: Call,
    pub(in crate::posix) errno: Errno,
}

/// Adds the call to an error number.
pub(in crate::posix) trait Of<T> {
    fn of(self, call: Call) -> Result<T, Refused>;
}

/// Adds the operation and the object to a refused call.
pub(in crate::posix) trait InCall<T> {
    fn in_call(self, context: Context<'_>) -> crate::Result<T>;
}

impl<T> InCall<T> for Result<T, Refused> {
    fn in_call(self, context: Context<'_>) -> crate::Result<T> {
        self.map_err(|refused| context.refused(refused))
    }
}

impl<T> Of<T> for Result<T, Errno> {
    fn of(self, call: Call) -> Result<T, Refused> {
        self.map_err(|errno| Refused { call, errno })
    }
}

impl Call {
    /// The manual pages of the calls that it makes; `#` precedes one use of a call.
    pub(in crate::posix) fn pages(self) -> &'static [&'static str] {
        match self {
            Call::OpenObject => &["open", "stat", "fcntl#copy"],
            Call::MakeFile => &["open", "mkdir", "stat", "fcntl#copy"],
            Call::GiveName => &["link", "rename"],
            // Zeros are written where there is no fallocate.
            Call::Commit | Call::CommitNameless => &["fallocate", "write"],
            Call::Write => &["write"],
            Call::Read => &["read"],
            Call::SetMode => &["chmod", "stat"],
            Call::Lock => &["fcntl#locks"],
            Call::OpenAnew => &["open", "stat", "fcntl#copy"],
            Call::Look => &["stat", "statfs", "fcntl#copy"],
            Call::Map => &["mmap"],
            Call::Flush => &["msync", "fsync"],
            Call::MakeMemory => &["memfd_create", "fcntl#copy"],
            Call::MakeFlag => &["eventfd", "fcntl#copy", "stat"],
            Call::Seal => &["fcntl#seals"],
            Call::MakeSocket => &["socket", "fcntl#copy"],
            Call::Send => &["send", "unix"],
            Call::Receive => &["recv", "unix"],
            Call::OpenFile => &["open", "fcntl#copy"],
            Call::GrowFile => &["fallocate", "truncate", "write"],
            Call::List => &["open", "getdents"],
            Call::Random => &["getrandom"],
            Call::TakeName => &["chmod", "rename", "unlink", "rmdir", "fcntl#locks"],
        }
    }

    /// The name of the call in errors.
    pub(in crate::posix) fn name(self) -> String {
        let names: Vec<&str> =
            self.pages().iter().map(|page| page.split('#').next().unwrap_or(page)).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}
