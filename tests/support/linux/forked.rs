//! A copy of this process that goes on by itself: fork without exec.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A forked child of this process.
pub struct Forked(i32);

/// Forks; the child does `body` and ends without running anything else, as after an ordinary fork.
///
/// For a process that plays a role: it does nothing else meanwhile, so that the child may do more than call
/// the system.
pub fn fork(body: impl FnOnce()) -> Forked {
    // SAFETY: no other thread of this process holds a lock that the child needs: the main thread waits for
    // this one, and glibc's allocator sees to its own locks.
    run_in(unsafe { libc::fork() }, body)
}

/// The same by the system call itself, of which no handler is told.
pub fn raw_fork(body: impl FnOnce()) -> Forked {
    // SAFETY: as above; without flags, and so with copies of everything, it is a fork.
    let pid = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    run_in(pid as i32, body)
}

fn run_in(pid: i32, body: impl FnOnce()) -> Forked {
    match pid {
        -1 => panic!("{}", std::io::Error::last_os_error()),
        0 => {
            let status = i32::from(catch_unwind(AssertUnwindSafe(body)).is_err());
            // SAFETY: ends the process without running its destructors.
            unsafe { libc::_exit(status) }
        }
        pid => Forked(pid),
    }
}

impl Forked {
    pub fn pid(&self) -> i32 {
        self.0
    }

    /// Kills it where it is, unless it has ended already; returns when it is gone.
    pub fn kill(self) {
        // SAFETY: a child of this process that was not waited for.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
        self.wait();
    }

    /// Waits for its end, however it comes; answers the signal that ended it.
    pub fn wait(self) -> Option<i32> {
        let mut status = 0;
        // SAFETY: as above.
        let ended = unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        assert_eq!(ended, self.0, "{}", std::io::Error::last_os_error());
        libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status))
    }

    /// Waits for its end, which must be a good one.
    #[track_caller]
    pub fn finish(self) {
        let mut status = 0;
        // SAFETY: a child of this process that was not waited for.
        let ended = unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        assert_eq!(ended, self.0, "{}", std::io::Error::last_os_error());
        assert_eq!(status, 0, "a forked child failed");
    }
}
