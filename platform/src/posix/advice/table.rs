//! The causes and the remedies: for each call the numbers that its manual pages list, as far as they can come.

use rustix::io::Errno;

use super::call::Call::{
    self, Commit, CommitNameless, Flush, GiveName, GrowFile, List, Lock, MakeFile, MakeSocket, Map, OpenAnew,
    OpenFile, OpenObject, Receive, Send, SetMode, TakeName, Write,
};
use super::form::Advice::{self, Denied, Invalid, Memory, NotFound, Os, Unsupported};

/// The advice for a number that the call itself gives a reason for.
pub(super) fn of_call(call: Call, errno: Errno) -> Option<Advice> {
    of_directory(call, errno)
        .or_else(|| of_object(call, errno))
        .or_else(|| of_memory(call, errno))
        .or_else(|| of_file(call, errno))
        .or_else(|| of_socket(call, errno))
}

/// The advice for a number that means the same in every call.
pub(super) fn of_any_call(errno: Errno) -> Option<Advice> {
    Some(match errno {
        Errno::MFILE => {
            Os("this process has as many files open as it may; close some, or raise its limit (ulimit -n)")
        }
        Errno::NFILE => Os(
            "the whole system has as many files open as it may; end some programs, or raise the limit (sysctl fs.file-max)",
        ),
        Errno::BADF => Os(
            "other code in this process closed the descriptor, as a daemon does that closes all it has; open the object after that",
        ),
        Errno::NOMEM => Os(
            "the kernel has no memory left for the call ({call}); end some programs, or give the memory cgroup of this one more",
        ),
        Errno::IO => Os(
            "the file system or its disk failed; look at the system's log (dmesg), and try again when that is mended",
        ),
        Errno::STALE => Os("another file took its place while it was opened; open it anew"),
        Errno::INTR => Os("a signal interrupted the call ({call}); try again"),
        Errno::NOSYS => Unsupported(
            "this kernel does not have the call ({call}), or a filter of system calls (seccomp) hides it; let the filter allow it, or use a newer kernel",
        ),
        _ => return None,
    })
}

/// The text for a number that no page lists for the call.
pub(super) const UNLISTED: &str = "the system answered error {number}, which the call ({call}) has no reason for; if a filter of system calls (seccomp) or a security module refuses it, let that allow it";

/// The directory of the objects: its entries and its room.
fn of_directory(call: Call, errno: Errno) -> Option<Advice> {
    Some(match (call, errno) {
        (OpenObject | MakeFile | GiveName | SetMode | List | TakeName, Errno::NOENT | Errno::NOTDIR) => Os(
            "{dir}, or a file in it, was removed meanwhile; make the directory anew if it is gone, and try again",
        ),
        (OpenObject | MakeFile | GiveName | List, Errno::NAMETOOLONG) => Os(
            "its path in {dir} is longer than the system takes; choose a shorter name, or a directory with a shorter path (SAMEMAP_DIR)",
        ),
        (OpenObject, Errno::ACCESS) => Denied(
            "this user may not look into {dir}; let its owner open it to all (chmod 1777 {dir}), or choose another directory (SAMEMAP_DIR)",
        ),
        (List, Errno::ACCESS) => Denied(
            "this user may not list {dir}; let its owner open it to all (chmod 1777 {dir}), or choose another directory (SAMEMAP_DIR)",
        ),
        (MakeFile | GiveName, Errno::ACCESS) => Denied(
            "this user may not make files in {dir}; let its owner open it to all (chmod 1777 {dir}), or choose another directory (SAMEMAP_DIR)",
        ),
        (OpenObject, Errno::ROFS) => Denied(
            "{dir} is mounted read-only; open the object for reading only, or mount the directory read-write (mount -o remount,rw {dir})",
        ),
        (MakeFile | GiveName | SetMode | TakeName, Errno::ROFS) => Denied(
            "{dir} is mounted read-only; mount it read-write (mount -o remount,rw {dir}), or choose another directory (SAMEMAP_DIR)",
        ),
        (MakeFile, Errno::PERM) => Denied(
            "{dir} takes no new files: it is marked immutable (chattr -i {dir}), or a filter of system calls (seccomp) refuses {call}; change that, or choose another directory (SAMEMAP_DIR)",
        ),
        (GiveName, Errno::PERM) => Denied(
            "the file system of {dir} gives no file a second name, the directory is marked immutable (chattr -i {dir}), or a filter of system calls (seccomp) refuses {call}; change that, or choose another directory (SAMEMAP_DIR)",
        ),
        (MakeFile | GiveName, Errno::NOSPC) => Memory(
            "{dir} has no room for one more file, as when its inodes are used up (df -i {dir}); remove what nobody needs (samemap gc), or give it more (mount -o remount,nr_inodes=… {dir})",
        ),
        (Write, Errno::NOSPC) => Memory(
            "{dir} is full; remove what nobody needs (samemap gc), or make it larger (mount -o remount,size=… {dir}; docker run --shm-size)",
        ),
        (MakeFile | GiveName | Write, Errno::DQUOT) => Memory(
            "this user's quota in {dir} is used up; remove some of your files there, or have the quota raised",
        ),
        (MakeFile | GiveName, Errno::NOMEM) => Memory(
            "the kernel has no memory left for one more file; end some programs, or give the memory cgroup of this one more",
        ),
        (MakeFile | GiveName, Errno::MLINK) => {
            Os("{dir} holds as many names as its file system takes; remove what nobody needs (samemap gc)")
        }
        (MakeFile, Errno::EXIST) => Os(
            "a hundred random names in {dir} were all taken; remove what nobody needs (samemap gc), and see what makes them",
        ),
        (GiveName, Errno::XDEV) => {
            Os("another file system was mounted over {dir} while the object was made; try again")
        }
        (TakeName, Errno::NOSPC | Errno::DQUOT) => {
            Os("{dir} has no room to move the name away; make room there, and try again")
        }
        _ => return None,
    })
}

/// An object: its file or its directory, its mode and its locks.
fn of_object(call: Call, errno: Errno) -> Option<Advice> {
    Some(match (call, errno) {
        (OpenObject | OpenAnew | OpenFile, Errno::AGAIN) => Os(
            "another program has a lease on the file (fcntl F_SETLEASE); end that program, or wait until it gives the lease back",
        ),
        (OpenObject | OpenAnew, Errno::TXTBSY) => {
            Os("the file is a program that runs; end it, or choose another name")
        }
        (OpenAnew, Errno::NOENT) => Os(
            "/proc, by which an open file is opened once more, is not mounted here; mount it (mount -t proc proc /proc)",
        ),
        (OpenAnew, Errno::ACCESS) => Denied(
            "the mode of its file does not let this user open it once more for what was asked; ask for less access, or its owner for wider permissions",
        ),
        (OpenAnew, Errno::PERM) => Denied(
            "it is sealed against what was asked, or a filter of system calls (seccomp) refuses {call}; ask for less access, or let the filter allow it",
        ),
        (OpenAnew, Errno::ROFS) => Denied(
            "it lies on a file system that is mounted read-only; ask for reading only, or mount it read-write",
        ),
        (SetMode, Errno::PERM) => Denied(
            "only the owner of the object's file may set its mode, and this user is another, or a filter of system calls (seccomp) refuses {call}; run this as its owner, or let the filter allow it",
        ),
        (GiveName | TakeName, Errno::BUSY) => {
            Os("a file system is mounted in the object's directory; unmount it, and try again")
        }
        (GiveName, Errno::INVAL) => Unsupported(
            "the file system of {dir} cannot rename a file without replacing another; choose a directory on a tmpfs (SAMEMAP_DIR)",
        ),
        (TakeName, Errno::INVAL) => Unsupported(
            "the file system of {dir} cannot rename without replacing, or has no locks of open file descriptions; choose a directory on a tmpfs (SAMEMAP_DIR)",
        ),
        (TakeName, Errno::ACCESS | Errno::PERM) => {
            Denied("only its owner, or root, may take the name away; run this as one of them")
        }
        (TakeName, Errno::NOTEMPTY | Errno::EXIST) => Os(
            "a file that samemap did not make lies in the object's directory in {dir}; remove it, and try again",
        ),
        (Lock | TakeName, Errno::NOLCK) => Os(
            "the kernel has no room for one more lock, or the file system's lock service is away; end some programs that hold objects, and try again",
        ),
        (Lock, Errno::INVAL) => Unsupported(
            "this kernel has no locks of open file descriptions (Linux 3.15 has), or not in this file system; use a newer kernel, or choose a directory on a tmpfs (SAMEMAP_DIR)",
        ),
        (Lock, Errno::ACCESS) => Denied(
            "this process has no open file of the region that it could take a lock on; open the region for writing, or let its owner share it so",
        ),
        (Lock, Errno::AGAIN) => Os("another process removes it at this moment; try again"),
        (Lock, Errno::DEADLK) => Os(
            "another process that may write to it has locked every number that was tried; end that process",
        ),
        _ => return None,
    })
}

/// Memory: committed, mapped and flushed.
fn of_memory(call: Call, errno: Errno) -> Option<Advice> {
    Some(match (call, errno) {
        (Commit, Errno::NOSPC) => Memory(
            "{room} in {dir}; ask for less, remove what nobody needs (samemap gc), or make it larger (mount -o remount,size=… {dir}; docker run --shm-size)",
        ),
        (Commit, Errno::NOMEM) | (CommitNameless, Errno::NOSPC | Errno::NOMEM) => Memory(
            "{room} of the machine's memory or of this program's cgroup; ask for less, end some programs, or give the cgroup more",
        ),
        (Commit, Errno::DQUOT) => Memory(
            "{requested} bytes were asked for, and this user's quota in {dir} is used up; ask for less, remove some of your files there, or have the quota raised",
        ),
        (Commit | CommitNameless, Errno::FBIG) => Memory(
            "{requested} bytes were asked for, and no file and no memory can be so large; ask for less",
        ),
        (Write, Errno::FBIG) => {
            Memory("this process may make no file as large as the object needs; raise its limit (ulimit -f)")
        }
        (Map, Errno::NOMEM) => Memory(
            "the address space of this process has no room for {requested} bytes; map less, or raise its limit (ulimit -v, sysctl vm.max_map_count)",
        ),
        (Map, Errno::ACCESS) => Denied(
            "its file was not opened for as much as the view asks; ask for less access, or open it with more",
        ),
        (Map, Errno::PERM) => Denied(
            "it is sealed against writing, or a filter of system calls (seccomp) refuses {call}; ask for a view to read, or let the filter allow it",
        ),
        (Map, Errno::AGAIN) => Os(
            "this process keeps all that it maps in memory (mlockall), and may keep no more; map less, or raise its limit (ulimit -l)",
        ),
        (Map, Errno::NODEV) => Unsupported(
            "the file system of the file has no memory that can be mapped and shared; use a file on another one",
        ),
        (Flush, Errno::NOSPC) => Os(
            "the disk is full, so some of the written bytes are not on it; make room there, and flush again",
        ),
        (Flush, Errno::DQUOT) => Os(
            "this user's quota on the disk is used up, so some of the written bytes are not on it; make room there, and flush again",
        ),
        (Flush, Errno::IO) => Os(
            "the disk failed to take the written bytes, some of which may be lost; look at the system's log (dmesg), and write them anew when that is mended",
        ),
        (Flush, Errno::ROFS | Errno::INVAL) => Unsupported(
            "its file system cannot be told to write to the disk, or has become read-only; look at the system's log (dmesg), or use a file on another one",
        ),
        _ => return None,
    })
}

/// Files that regions lie over.
fn of_file(call: Call, errno: Errno) -> Option<Advice> {
    Some(match (call, errno) {
        (OpenFile, Errno::NOENT) => NotFound("there is no file {path}; create it first"),
        (OpenFile, Errno::NOTDIR) => {
            NotFound("a part of the path {path} is no directory, so no file is there; correct the path")
        }
        (OpenFile, Errno::ACCESS) => Denied(
            "the file {path}, or a directory above it, does not let this user in for what was asked; widen its own permissions, or ask for less",
        ),
        (OpenFile, Errno::PERM) => Denied(
            "the file {path} is marked immutable or append-only (lsattr shows it), or a filter of system calls (seccomp) refuses {call}; change that, or ask for less",
        ),
        (OpenFile, Errno::ROFS) => Denied(
            "the file {path} lies on a file system that is mounted read-only; ask for reading only, or mount it read-write",
        ),
        (OpenFile, Errno::ISDIR) => {
            Invalid("{path} is a directory, and a region lies over a regular file; name a file")
        }
        (OpenFile, Errno::NXIO | Errno::NODEV) => Invalid(
            "{path} is a socket, a FIFO or a device, and a region lies over a regular file; name a file",
        ),
        (OpenFile, Errno::LOOP) => {
            Os("the path {path} leads through too many symbolic links; name the file itself")
        }
        (OpenFile, Errno::NAMETOOLONG) => Os(
            "the path {path} is longer than the system takes; use a shorter one, or open the file and pass that",
        ),
        (OpenFile, Errno::TXTBSY) => Os(
            "the file {path} is a program that runs, or the kernel uses it; ask for reading only, or use a copy",
        ),
        (GrowFile, Errno::NOSPC) => Memory("{room} on the file's disk; make room there, or ask for less"),
        (GrowFile, Errno::DQUOT) => Memory(
            "{requested} bytes were asked for, and this user's quota on the file's disk is used up; remove some of your files there, ask for less, or have the quota raised",
        ),
        (GrowFile, Errno::FBIG) => Memory(
            "{requested} bytes were asked for, and its file system takes no file so large; ask for less, or use a file on another one",
        ),
        (GrowFile, Errno::PERM) => Denied(
            "the file is sealed, or marked immutable or append-only (lsattr shows it), so that it cannot grow; ask for no more than it has, or change that",
        ),
        (GrowFile, Errno::TXTBSY) => {
            Os("the file is a program that runs, or the kernel uses it; ask for reading only, or use a copy")
        }
        (GrowFile, Errno::OPNOTSUPP) => {
            Unsupported("its file system cannot make the file longer; use a file on another one")
        }
        _ => return None,
    })
}

/// Sockets that regions are sent through.
fn of_socket(call: Call, errno: Errno) -> Option<Advice> {
    Some(match (call, errno) {
        (Send | Receive, Errno::NOTCONN) => Os("the socket is not connected; connect it before it is used"),
        (MakeSocket, Errno::NOBUFS) => Os(
            "the kernel has no memory left for one more socket; end some programs, or give the memory cgroup of this one more",
        ),
        (Send, Errno::TOOMANYREFS) => Os(
            "this user has sent more descriptors than may be on their way at once; let the receivers take some, or raise the limit (ulimit -n)",
        ),
        (Send, Errno::NOBUFS) => {
            Os("the kernel has no room for one more message; let the receiver take some, and try again")
        }
        _ => return None,
    })
}
