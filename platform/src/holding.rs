//! What a process holds, and whether it still has its name.

use crate::seam::region::RawRegion as _;
use crate::{Region, Result};

/// # Forked children
/// A handle belongs to the process that made it. In a forked child (without exec) the copies of regions and views show
/// the same memory as before, and hold nothing: they neither keep the object alive nor end it.
///
/// A *daemon* that opens a region and forks into the background has two ways to go on. It forks first and opens then; or
/// its child calls [`hold_again`](Self::hold_again) while the parent still holds, and the parent ends after that.
impl Region {
    /// Makes this process, a forked child, a holder of its copy of the region in its own right, and its views with it.
    /// Nothing in the process that opened the region.
    ///
    /// Mutexes, seats and the ends of channels that lie in the region stay the parent's: open them anew.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) when nobody holds the object any more, or its name is gone;
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) where this user may not open it anew.
    ///
    /// # Platform-specific behavior
    /// There is no fork on Windows.
    pub fn hold_again(&self) -> Result<()> {
        self.0.hold_again(self.0.facts().context("hold the region in this process"))
    }

    /// Whether the object still has its name: the next process that opens the name meets this very object. False for a
    /// region without a name.
    ///
    /// # Platform-specific behavior
    /// On Windows a name lives as long as its object. On Linux an owner, or root, can remove the file under its living
    /// holders: by `rm`, by [`catalog::take_name`](crate::catalog::take_name), and systemd-logind does it when the last
    /// session of a user ends (`RemoveIPC=` of logind.conf(5), which services set to `no`). What is created under the
    /// name from then on is another object.
    #[must_use]
    pub fn has_its_name(&self) -> bool {
        self.0.has_its_name()
    }
}
