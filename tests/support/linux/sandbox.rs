//! A child's own view of the file system: its mounts are seen by nobody else and end with it.

use std::ffi::CString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Gives a command's child its own mount name space, and, for an ordinary user, a user name space in which
/// it is root.
pub fn prepare(command: &mut Command) {
    // SAFETY: ids of this process.
    let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
    let ids = (uid != 0).then(|| Ids { uid: id_map(uid), gid: id_map(gid) });
    command.env("SAMEMAP_TEST_SANDBOXED", "1");
    // SAFETY: between fork and exec the closure makes system calls only; its texts were made before.
    unsafe { command.pre_exec(move || enter(ids.as_ref())) };
}

struct Ids {
    uid: CString,
    gid: CString,
}

fn id_map(id: u32) -> CString {
    CString::new(format!("0 {id} 1")).expect("no NUL")
}

fn enter(ids: Option<&Ids>) -> io::Result<()> {
    match ids {
        None => call(|| {
            // SAFETY: flags only; the process has one thread.
            unsafe { libc::unshare(libc::CLONE_NEWNS) }
        })?,
        Some(ids) => {
            call(|| {
                // SAFETY: as above.
                unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) }
            })?;
            write_file(c"/proc/self/setgroups", c"deny")?;
            write_file(c"/proc/self/uid_map", &ids.uid)?;
            write_file(c"/proc/self/gid_map", &ids.gid)?;
        }
    }
    // Nothing that is mounted here reaches the machine.
    mount_raw(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE, None)
}

/// Has root start a command as the root of a container without privileges: in a user name space in which the user `uid`
/// is all that there is, and is called 0.
pub fn contain(command: &mut Command, uid: u32) {
    let ids = Ids { uid: id_map(uid), gid: id_map(uid) };
    // SAFETY: between fork and exec the closure makes system calls only; its texts were made before.
    unsafe { command.pre_exec(move || enter_container(uid, &ids)) };
}

fn enter_container(uid: u32, ids: &Ids) -> io::Result<()> {
    // SAFETY: numbers, and an empty list of groups.
    unsafe {
        call(|| libc::setgroups(0, std::ptr::null()))?;
        call(|| libc::setresgid(uid, uid, uid))?;
        call(|| libc::setresuid(uid, uid, uid))?;
        // Or its own files in /proc would be root's.
        call(|| libc::prctl(libc::PR_SET_DUMPABLE, 1))?;
        call(|| libc::unshare(libc::CLONE_NEWUSER))?;
    }
    write_file(c"/proc/self/setgroups", c"deny")?;
    write_file(c"/proc/self/uid_map", &ids.uid)?;
    write_file(c"/proc/self/gid_map", &ids.gid)
}

fn write_file(path: &std::ffi::CStr, text: &std::ffi::CStr) -> io::Result<()> {
    // SAFETY: texts that end in NUL, and a descriptor of this process's own.
    unsafe {
        let fd = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let written = libc::write(fd, text.as_ptr().cast(), text.count_bytes());
        let error = io::Error::last_os_error();
        libc::close(fd);
        if written < 0 { Err(error) } else { Ok(()) }
    }
}

fn call(call: impl FnOnce() -> i32) -> io::Result<()> {
    if call() == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

type Text<'a> = Option<&'a std::ffi::CStr>;

fn mount_raw(
    source: Text<'_>,
    target: &std::ffi::CStr,
    kind: Text<'_>,
    flags: libc::c_ulong,
    data: Text<'_>,
) -> io::Result<()> {
    let pointer = |text: Text<'_>| text.map_or(std::ptr::null(), std::ffi::CStr::as_ptr);
    call(|| {
        // SAFETY: texts that end in NUL and outlive the call, or null.
        unsafe { libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, pointer(data).cast()) }
    })
}

/// Mounts an empty tmpfs over a folder, in a sandboxed child.
#[track_caller]
pub fn mount_tmpfs(over: &std::ffi::CStr, data: &std::ffi::CStr) {
    assert_sandboxed();
    mount_raw(Some(c"tmpfs"), over, Some(c"tmpfs"), 0, Some(data)).expect("a tmpfs can be mounted");
}

/// Shows a folder to this child through a mount that may not write; its other mounts still may.
#[track_caller]
pub fn bind_read_only(folder: &std::ffi::CStr) {
    assert_sandboxed();
    mount_raw(Some(folder), folder, None, libc::MS_BIND, None).expect("a folder can be bound");
    let flags = libc::MS_BIND | libc::MS_REMOUNT | libc::MS_RDONLY;
    mount_raw(None, folder, None, flags, None).expect("it can be mounted again");
}

/// Shows an empty file in a file's place.
#[track_caller]
pub fn hide(file: &std::ffi::CStr) {
    assert_sandboxed();
    mount_raw(Some(c"/dev/null"), file, None, libc::MS_BIND, None).expect("a file can be bound");
}

/// A `/dev/shm` of this child's own: no sweep of another process meets what is put there.
#[track_caller]
pub fn own_shm() {
    mount_tmpfs(c"/dev/shm", c"mode=1777");
}

/// Mounting over the machine's own folders would be felt by everybody.
#[track_caller]
fn assert_sandboxed() {
    let own = std::env::var("SAMEMAP_TEST_SANDBOXED");
    assert_eq!(own.as_deref(), Ok("1"), "only a sandboxed child may mount");
}
