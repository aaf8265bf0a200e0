//! The causes and the remedies, call by call.

use rustix::io::Errno;

use super::call::{Call, Kind};
use super::elsewhere::{FLUSH, GROW_FILE, LEASE, MAKE_SOCKET, MAP, OPEN_FILE, RECEIVE, Row, SEND};

/// The rows that are the same for every call.
pub(super) const IN_ANY_CALL: &[Row] = &[
    (
        &[Errno::MFILE],
        Kind::Os,
        "this process has as many files open as it may; close some, or raise its limit (ulimit -n)",
    ),
    (
        &[Errno::NFILE],
        Kind::Os,
        "the whole system has as many files open as it may; end some programs, or raise the limit (sysctl fs.file-max)",
    ),
    (
        &[Errno::BADF],
        Kind::Os,
        "something else in this process closed its descriptor, as a daemon does that closes all it has; open the object after that",
    ),
    (
        &[Errno::NOMEM],
        Kind::Os,
        "the kernel has no memory left for the call ({call}); end some programs, or give this one's memory cgroup more",
    ),
    (
        &[Errno::IO],
        Kind::Os,
        "the file system or its disk failed; look at the system's log (dmesg), and try again when that is mended",
    ),
    (&[Errno::STALE], Kind::Os, "something else was put in its place while it was opened; open it anew"),
    (&[Errno::INTR], Kind::Os, "a signal interrupted the call ({call}); try again"),
    (
        &[Errno::NOSYS],
        Kind::Unsupported,
        "this kernel does not know the call ({call}), or a filter of system calls (seccomp) hides it; let the filter allow it, or use a newer kernel",
    ),
];

/// The text for a number that no page lists for the call.
pub(super) const UNLISTED: &str = "the system answered error {number}, which the call ({call}) has no reason for; if a filter of system calls (seccomp) or a security module refuses it, let that allow it";

const NAME_TOO_LONG: Row = (
    &[Errno::NAMETOOLONG],
    Kind::Os,
    "its path in {dir} is longer than the system takes; choose a shorter name, or a directory with a shorter path (SAMEMAP_DIR)",
);
const NO_DIRECTORY: Row = (
    &[Errno::NOENT, Errno::NOTDIR],
    Kind::Os,
    "{dir}, or what lay there, went away meanwhile; make the directory anew if it is gone, and try again",
);
const MAY_NOT_WRITE_THERE: Row = (
    &[Errno::ACCESS],
    Kind::Denied,
    "this user may not make files in {dir}; let its owner open it to all (chmod 1777 {dir}), or choose another directory (SAMEMAP_DIR)",
);
const READ_ONLY: Row = (
    &[Errno::ROFS],
    Kind::Denied,
    "{dir} is mounted read-only; mount it read-write (mount -o remount,rw {dir}), or choose another directory (SAMEMAP_DIR)",
);
const NO_NAME_LEFT: Row = (
    &[Errno::NOSPC],
    Kind::Memory,
    "{dir} has no room for one more file, as when its inodes are used up (df -i {dir}); remove what nobody needs (samemap gc), or give it more (mount -o remount,nr_inodes=… {dir})",
);
const QUOTA: Row = (
    &[Errno::DQUOT],
    Kind::Memory,
    "this user's quota in {dir} is used up; remove some of your files there, or have the quota raised",
);
const NO_KERNEL_MEMORY: Row = (
    &[Errno::NOMEM],
    Kind::Memory,
    "the kernel has no memory left for one more file; end some programs, or give this one's memory cgroup more",
);
const LINKS: Row = (
    &[Errno::MLINK],
    Kind::Os,
    "{dir} holds as many names as its file system takes; remove what nobody needs (samemap gc)",
);
const RUNS: Row =
    (&[Errno::TXTBSY], Kind::Os, "the file is a program that runs; end it, or choose another name");

const MOUNTED_IN_IT: Row =
    (&[Errno::BUSY], Kind::Os, "something is mounted in the object's directory; unmount it, and try again");
const MEMORY: &str = "{room} of the machine's memory or of this program's cgroup; ask for less, end some programs, or give the cgroup more";

/// The rows of a call.
pub(super) fn of(call: Call) -> &'static [Row] {
    match call {
        Call::OpenObject => OPEN_OBJECT,
        Call::MakeFile => MAKE_FILE,
        Call::GiveName => GIVE_NAME,
        Call::Commit => COMMIT,
        Call::CommitNameless => COMMIT_NAMELESS,
        Call::Write => WRITE,
        Call::SetMode => SET_MODE,
        Call::Lock => LOCK,
        Call::OpenAnew => OPEN_ANEW,
        Call::Map => MAP,
        Call::Flush => FLUSH,
        Call::MakeSocket => MAKE_SOCKET,
        Call::Send => SEND,
        Call::Receive => RECEIVE,
        Call::OpenFile => OPEN_FILE,
        Call::GrowFile => GROW_FILE,
        Call::List => LIST,
        Call::TakeName => TAKE_NAME,
        Call::Read | Call::Look | Call::MakeMemory | Call::MakeFlag | Call::Seal | Call::Random => &[],
    }
}

const OPEN_OBJECT: &[Row] = &[
    NO_DIRECTORY,
    NAME_TOO_LONG,
    LEASE,
    RUNS,
    (
        &[Errno::ACCESS],
        Kind::Denied,
        "this user may not look into {dir}; let its owner open it to all (chmod 1777 {dir}), or choose another directory (SAMEMAP_DIR)",
    ),
    (
        &[Errno::ROFS],
        Kind::Denied,
        "{dir} is mounted read-only; open the object for reading only, or mount the directory read-write (mount -o remount,rw {dir})",
    ),
];

const MAKE_FILE: &[Row] = &[
    MAY_NOT_WRITE_THERE,
    READ_ONLY,
    NO_NAME_LEFT,
    QUOTA,
    NO_KERNEL_MEMORY,
    NO_DIRECTORY,
    NAME_TOO_LONG,
    LINKS,
    (
        &[Errno::PERM],
        Kind::Denied,
        "{dir} takes no new files: it is marked immutable (chattr -i {dir}), or a filter of system calls (seccomp) refuses {call}; change that, or choose another directory (SAMEMAP_DIR)",
    ),
    (
        &[Errno::EXIST],
        Kind::Os,
        "a hundred random names in {dir} were all taken; remove what nobody needs (samemap gc), and see what makes them",
    ),
];

const GIVE_NAME: &[Row] = &[
    MAY_NOT_WRITE_THERE,
    READ_ONLY,
    NO_NAME_LEFT,
    QUOTA,
    NO_KERNEL_MEMORY,
    NO_DIRECTORY,
    NAME_TOO_LONG,
    LINKS,
    (
        &[Errno::PERM],
        Kind::Denied,
        "the file system of {dir} gives no file a second name, the directory is marked immutable (chattr -i {dir}), or a filter of system calls (seccomp) refuses {call}; change that, or choose another directory (SAMEMAP_DIR)",
    ),
    (&[Errno::XDEV], Kind::Os, "something was mounted over {dir} while the object was made; try again"),
    MOUNTED_IN_IT,
    (
        &[Errno::INVAL],
        Kind::Unsupported,
        "the file system of {dir} cannot rename a file without replacing another; choose a directory on a tmpfs (SAMEMAP_DIR)",
    ),
];

const COMMIT: &[Row] = &[
    (
        &[Errno::NOSPC],
        Kind::Memory,
        "{room} in {dir}; ask for less, remove what nobody needs (samemap gc), or make it larger (mount -o remount,size=… {dir}; docker run --shm-size)",
    ),
    (&[Errno::NOMEM], Kind::Memory, MEMORY),
    (
        &[Errno::FBIG],
        Kind::Memory,
        "{requested} bytes were asked for, and no file in {dir} can be so large; ask for less",
    ),
    (
        &[Errno::DQUOT],
        Kind::Memory,
        "{requested} bytes were asked for, and this user's quota in {dir} is used up; ask for less, remove some of your files there, or have the quota raised",
    ),
];

const COMMIT_NAMELESS: &[Row] = &[
    (&[Errno::NOSPC, Errno::NOMEM], Kind::Memory, MEMORY),
    (
        &[Errno::FBIG],
        Kind::Memory,
        "{requested} bytes were asked for, and no memory can be so large; ask for less",
    ),
];

const WRITE: &[Row] = &[
    (
        &[Errno::NOSPC],
        Kind::Memory,
        "{dir} is full; remove what nobody needs (samemap gc), or make it larger (mount -o remount,size=… {dir}; docker run --shm-size)",
    ),
    QUOTA,
    (
        &[Errno::FBIG],
        Kind::Memory,
        "this process may make no file as large as the object needs; raise its limit (ulimit -f)",
    ),
];

const SET_MODE: &[Row] = &[
    (
        &[Errno::PERM],
        Kind::Denied,
        "only the owner of the object's file may set its mode, and this user is another, or a filter of system calls (seccomp) refuses {call}; run this as its owner, or let the filter allow it",
    ),
    READ_ONLY,
    NO_DIRECTORY,
];

const LOCK: &[Row] = &[
    (
        &[Errno::NOLCK],
        Kind::Os,
        "the kernel has no room for one more lock, or the file system's lock service is away; end some programs that hold objects, and try again",
    ),
    (
        &[Errno::INVAL],
        Kind::Unsupported,
        "this kernel has no locks of open file descriptions (Linux 3.15 has), or not in this file system; use a newer kernel, or choose a directory on a tmpfs (SAMEMAP_DIR)",
    ),
    (
        &[Errno::ACCESS],
        Kind::Denied,
        "this process has no open file of the region that it could take a lock on; open the region for writing, or let its owner share it so",
    ),
    (&[Errno::AGAIN], Kind::Os, "another process is removing it at this moment; try again"),
    (
        &[Errno::DEADLK],
        Kind::Os,
        "another process that may write to it has locked every number that was tried; end that process",
    ),
];

const OPEN_ANEW: &[Row] = &[
    (
        &[Errno::NOENT],
        Kind::Os,
        "/proc, by which an open file is opened once more, is not mounted here; mount it (mount -t proc proc /proc)",
    ),
    (
        &[Errno::ACCESS],
        Kind::Denied,
        "the mode of its file does not let this user open it once more for what was asked; ask for less access, or its owner for wider permissions",
    ),
    (
        &[Errno::PERM],
        Kind::Denied,
        "it is sealed against what was asked, or a filter of system calls (seccomp) refuses {call}; ask for less access, or let the filter allow it",
    ),
    (
        &[Errno::ROFS],
        Kind::Denied,
        "it lies on a file system that is mounted read-only; ask for reading only, or mount it read-write",
    ),
    LEASE,
    RUNS,
];

const LIST: &[Row] = &[
    (
        &[Errno::ACCESS],
        Kind::Denied,
        "this user may not list {dir}; let its owner open it to all (chmod 1777 {dir}), or choose another directory (SAMEMAP_DIR)",
    ),
    NO_DIRECTORY,
    NAME_TOO_LONG,
];

const TAKE_NAME: &[Row] = &[
    (
        &[Errno::ACCESS, Errno::PERM],
        Kind::Denied,
        "only its owner, or root, may take the name away; run this as one of them",
    ),
    READ_ONLY,
    NO_DIRECTORY,
    MOUNTED_IN_IT,
    (
        &[Errno::NOTEMPTY, Errno::EXIST],
        Kind::Os,
        "something that samemap did not make lies in the object's directory in {dir}; remove it, and try again",
    ),
    (
        &[Errno::NOSPC, Errno::DQUOT],
        Kind::Os,
        "{dir} has no room to move the name away; make room there, and try again",
    ),
    (
        &[Errno::INVAL],
        Kind::Unsupported,
        "the file system of {dir} cannot rename without replacing, or has no locks of open file descriptions; choose a directory on a tmpfs (SAMEMAP_DIR)",
    ),
    (
        &[Errno::NOLCK],
        Kind::Os,
        "the kernel has no room for one more lock; end some programs that hold objects, and try again",
    ),
];
