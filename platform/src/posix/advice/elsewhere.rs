//! The rows of the calls without a directory of objects: for views, for files that regions lie over, and for sockets.

use rustix::io::Errno;

use super::call::Kind;

/// The numbers, the kind, the cause and the remedy.
pub(super) type Row = (&'static [Errno], Kind, &'static str);

pub(super) const LEASE: Row = (
    &[Errno::AGAIN],
    Kind::Os,
    "another program has a lease on the file (fcntl F_SETLEASE); end that program, or wait until it gives the lease back",
);

pub(super) const MAP: &[Row] = &[
    (
        &[Errno::NOMEM],
        Kind::Memory,
        "the address space of this process has no room for {requested} bytes; map less, or raise its limit (ulimit -v, sysctl vm.max_map_count)",
    ),
    (
        &[Errno::ACCESS],
        Kind::Denied,
        "its file was not opened for as much as the view asks; ask for less access, or open it with more",
    ),
    (
        &[Errno::PERM],
        Kind::Denied,
        "it is sealed against writing, or a filter of system calls (seccomp) refuses {call}; ask for a view to read, or let the filter allow it",
    ),
    (
        &[Errno::AGAIN],
        Kind::Os,
        "this process keeps all that it maps in memory (mlockall), and may keep no more; map less, or raise its limit (ulimit -l)",
    ),
    (
        &[Errno::NODEV],
        Kind::Unsupported,
        "the file system of the file has no memory that can be mapped and shared; use a file on another one",
    ),
];

pub(super) const FLUSH: &[Row] = &[
    (
        &[Errno::NOSPC],
        Kind::Os,
        "the disk is full, so that some of what was written is not on it; make room there, and flush again",
    ),
    (
        &[Errno::DQUOT],
        Kind::Os,
        "this user's quota on the disk is used up, so that some of what was written is not on it; make room there, and flush again",
    ),
    (
        &[Errno::IO],
        Kind::Os,
        "the disk failed to take what was written, some of which may be lost; look at the system's log (dmesg), and write it anew when that is mended",
    ),
    (
        &[Errno::ROFS, Errno::INVAL],
        Kind::Unsupported,
        "its file system cannot be told to write to the disk, or has become read-only; look at the system's log (dmesg), or use a file on another one",
    ),
];

const NOT_CONNECTED: Row =
    (&[Errno::NOTCONN], Kind::Os, "the socket is not connected; connect it before it is used");

pub(super) const MAKE_SOCKET: &[Row] = &[(
    &[Errno::NOBUFS],
    Kind::Os,
    "the kernel has no memory left for one more socket; end some programs, or give this one's memory cgroup more",
)];

pub(super) const SEND: &[Row] = &[
    NOT_CONNECTED,
    (
        &[Errno::TOOMANYREFS],
        Kind::Os,
        "this user has sent more descriptors than may be on their way at once; let the receivers take some, or raise the limit (ulimit -n)",
    ),
    (
        &[Errno::NOBUFS],
        Kind::Os,
        "the kernel has no room for one more message; let the receiver take some, and try again",
    ),
];

pub(super) const RECEIVE: &[Row] = &[NOT_CONNECTED];

pub(super) const OPEN_FILE: &[Row] = &[
    (&[Errno::NOENT], Kind::NotFound, "there is no file {path}; create it first"),
    (
        &[Errno::NOTDIR],
        Kind::NotFound,
        "a part of the path {path} is no directory, so no file is there; correct the path",
    ),
    (
        &[Errno::ACCESS],
        Kind::Denied,
        "the file {path}, or a directory above it, does not let this user in for what was asked; widen its own permissions, or ask for less",
    ),
    (
        &[Errno::PERM],
        Kind::Denied,
        "the file {path} is marked immutable or append-only (lsattr shows it), or a filter of system calls (seccomp) refuses {call}; change that, or ask for less",
    ),
    (
        &[Errno::ROFS],
        Kind::Denied,
        "the file {path} lies on a file system that is mounted read-only; ask for reading only, or mount it read-write",
    ),
    (
        &[Errno::ISDIR],
        Kind::Invalid,
        "{path} is a directory, and a region lies over a regular file; name a file",
    ),
    (
        &[Errno::NXIO, Errno::NODEV],
        Kind::Invalid,
        "{path} is a socket, a FIFO or a device, and a region lies over a regular file; name a file",
    ),
    (&[Errno::LOOP], Kind::Os, "the path {path} leads through too many symbolic links; name the file itself"),
    (
        &[Errno::NAMETOOLONG],
        Kind::Os,
        "the path {path} is longer than the system takes; use a shorter one, or open the file and pass that",
    ),
    (
        &[Errno::TXTBSY],
        Kind::Os,
        "the file {path} is a program that runs or is in use by the kernel; ask for reading only, or use a copy",
    ),
    LEASE,
];

pub(super) const GROW_FILE: &[Row] = &[
    (&[Errno::NOSPC], Kind::Memory, "{room} on the file's disk; make room there, or ask for less"),
    (
        &[Errno::DQUOT],
        Kind::Memory,
        "{requested} bytes were asked for, and this user's quota on the file's disk is used up; remove some of your files there, ask for less, or have the quota raised",
    ),
    (
        &[Errno::FBIG],
        Kind::Memory,
        "{requested} bytes were asked for, and its file system takes no file so large; ask for less, or use a file on another one",
    ),
    (
        &[Errno::PERM],
        Kind::Denied,
        "the file is sealed, or marked immutable or append-only (lsattr shows it), so that it cannot grow; ask for no more than it has, or change that",
    ),
    (
        &[Errno::TXTBSY],
        Kind::Os,
        "the file is a program that runs or is in use by the kernel; ask for reading only, or use a copy",
    ),
    (
        &[Errno::OPNOTSUPP],
        Kind::Unsupported,
        "its file system cannot make the file longer; use a file on another one",
    ),
];
