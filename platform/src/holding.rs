//! Holding a region, and its name.

use crate::seam::region::RawRegion as _;
use crate::{Region, Result};

/// # Forked children
/// A handle belongs to the process that made it. In a forked child (without exec) the copies of regions and views show
/// the same memory as before, but hold nothing: they neither keep the object alive nor end it.
///
/// A *daemon* that opens a region and forks into the background has two ways. It forks first and then opens the region;
/// or its child calls [`hold_again`](Self::hold_again) before the parent ends:
///
/// ```standalone_crate
/// # #[cfg(not(target_os = "linux"))]
/// # fn main() {}
/// # #[cfg(target_os = "linux")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::io::{Read as _, Write as _};
/// use std::os::unix::net::UnixStream;
/// # use samemap_platform as samemap;
/// # use samemap::{Access, CreateOptions, ObjectName, Region};
/// # let name = ObjectName::new(format!("daemon-{}", std::process::id()))?;
///
/// let region = Region::create(&name, &CreateOptions::new(4096))?;
/// let (mut parent, mut child) = UnixStream::pair()?;
/// // SAFETY: this program has no other thread.
/// let pid = unsafe { libc::fork() };
/// if pid != 0 {
///     parent.read_exact(&mut [0])?;
/// #     drop(region);
/// #     let mut status = -1;
/// #     // SAFETY: a child of this process.
/// #     unsafe { libc::waitpid(pid, &raw mut status, 0) };
/// #     assert_eq!(status, 0);
///     std::process::exit(0);
/// }
/// region.hold_again()?;
/// child.write_all(&[1])?;
/// region.view(.., Access::ReadWrite)?.put(0, &1u64)?;
/// # drop(region);
/// # std::process::exit(0);
/// # }
/// ```
impl Region {
    /// In a forked child: makes the child's copy of the region hold it, and its views, too. Does nothing in the process
    /// that opened the region.
    ///
    /// Mutexes, seats and the ends of channels in the region still belong to the parent: open them anew.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) when the object has no holder any more, or its name is gone;
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) where this user may not open it anew.
    ///
    /// # Platform-specific behavior
    /// There is no fork on Windows.
    pub fn hold_again(&self) -> Result<()> {
        self.0.hold_again(self.0.facts().context("hold the region in this process"))
    }

    /// Whether the object still has its name: then a process that opens the name gets this object. False for a region
    /// without a name.
    ///
    /// # Platform-specific behavior
    /// On Windows a name lives as long as its object. On Linux the owner or root can remove the file while it has
    /// holders, by `rm` or [`catalog::take_name`](crate::catalog::take_name). systemd-logind does so when a user's last
    /// session ends (`RemoveIPC=` of logind.conf(5), which services set to `no`). An object that is created under the
    /// name later is another one.
    #[must_use]
    pub fn has_its_name(&self) -> bool {
        self.0.has_its_name()
    }
}
