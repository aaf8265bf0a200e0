//! What a backend owes beside its objects: answers about names, users and the machine.

use std::path::{Path, PathBuf};
use std::{io, thread};

use super::flag::RawFlag;
use super::patience::{Arrivals, look_now_and_then};
use crate::contract::catalog::{Entry, Reclaimed};
use crate::contract::context::{Context, Operation};
use crate::{Error, ErrorKind, ObjectName, Result, UserId};

/// Runs before the system ends the process.
pub(crate) type EndHandler = Box<dyn Fn() + Send + Sync>;

/// Whether a list counts holders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    No,
    Holders,
}

/// The system.
pub(crate) trait RawSystem {
    /// The error text of the calls that a backend does not override: they are `Unsupported`. The default is for a system
    /// without a backend.
    const UNSUPPORTED: &'static str = "samemap keeps its rules on Linux and Windows, and has no backend for this system yet; run it on one of those";

    /// The user that this process acts as.
    fn current_user() -> UserId;

    /// The number of the machine's active processors, also of those that this thread may not run on.
    fn processors() -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    /// Keeps this library loaded until the process ends, where the system may call its code later.
    fn stay_loaded() {}

    /// Starts a thread of the library's own, in which no handler of the program runs. The thread runs on when the plug-in
    /// that it came with is closed.
    fn start_thread(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        Self::stay_loaded();
        thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
    }

    /// See [`ObjectName::posix_name`].
    fn posix_name(_name: &ObjectName) -> Option<String> {
        None
    }

    /// Begins to watch for an object with this name, made by any process. The answer sleeps until it may exist; it may
    /// wake spuriously, and never sleeps longer than the given time.
    fn arrivals(_name: &ObjectName) -> Arrivals {
        look_now_and_then()
    }

    /// Waits until the reader of standard output is gone. Returns false at once where the system cannot tell.
    fn wait_until_output_is_broken() -> bool {
        false
    }

    /// See [`console::before_forced_end`](crate::console::before_forced_end). The default is for systems without such
    /// an end.
    fn before_forced_end(_handler: EndHandler) -> io::Result<()> {
        Ok(())
    }

    /// A new flag for event loops.
    fn lowered_flag(context: Context<'_>) -> Result<Box<dyn RawFlag>> {
        Err(Self::unsupported(context.operation))
    }

    /// See [`catalog::list`](crate::catalog::list).
    fn list(_counting: Counting) -> Result<Vec<Entry>> {
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
