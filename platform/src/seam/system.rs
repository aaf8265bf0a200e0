//! What a system owes beside its objects: answers about names, users and the machine.

use std::io;
use std::path::{Path, PathBuf};

use super::patience::{Arrivals, look_now_and_then};
use crate::contract::catalog::{Entry, Reclaimed};
use crate::contract::context::Operation;
use crate::{Error, ErrorKind, ObjectName, Result, UserId};

/// What is done before the system ends the process.
pub(crate) type EndHandler = Box<dyn Fn() + Send + Sync>;

/// The system itself.
pub(crate) trait RawSystem {
    /// Why the calls that a system leaves as they are here are `Unsupported` on it.
    const UNSUPPORTED: &'static str = "";

    /// The user that this process acts as.
    fn current_user() -> UserId;

    /// How many processors the machine has at work, whichever of them this thread may run on.
    fn processors() -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    /// Keeps the library that this code is in loaded until the process ends, if anything of it is called later.
    fn stay_loaded() {}

    /// See [`ObjectName::posix_name`].
    fn posix_name(_name: &ObjectName) -> Option<String> {
        None
    }

    /// Begins to watch for what gets this name, in every process: what sleeps until that may have happened. It may end for
    /// any reason, and never sleeps longer than it is told to.
    fn arrivals(_name: &ObjectName) -> Arrivals {
        look_now_and_then()
    }

    /// Waits until the reader of standard output is gone. False, at once, where that cannot be told.
    fn wait_until_output_is_broken() -> bool {
        false
    }

    /// See [`console::before_forced_end`](crate::console::before_forced_end). Here there is no such end.
    fn before_forced_end(_handler: EndHandler) -> io::Result<()> {
        Ok(())
    }

    /// See [`catalog::list`](crate::catalog::list).
    fn list() -> Result<Vec<Entry>> {
        Err(Self::unsupported("list the objects"))
    }

    /// See [`catalog::reclaim`](crate::catalog::reclaim).
    fn reclaim() -> Result<Reclaimed> {
        Err(Self::unsupported("reclaim dead objects"))
    }

    /// See [`catalog::take_name`](crate::catalog::take_name).
    fn take_name(_name: &ObjectName) -> Result<bool> {
        Err(Self::unsupported("take the name from its holders"))
    }

    /// See [`catalog::data_path`](crate::catalog::data_path).
    fn data_path(_name: &ObjectName) -> Option<PathBuf> {
        None
    }

    /// See [`catalog::directory`](crate::catalog::directory).
    fn directory() -> Option<PathBuf> {
        None
    }

    /// See [`catalog::set_directory`](crate::catalog::set_directory).
    fn set_directory(_path: &Path) -> Result<()> {
        Err(Self::unsupported("choose the directory of the objects"))
    }

    #[doc(hidden)]
    fn unsupported(operation: Operation) -> Error {
        Error::new(ErrorKind::Unsupported, operation).with_detail(Self::UNSUPPORTED)
    }
}
