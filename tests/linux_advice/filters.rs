//! Filters of system calls (seccomp): any call can fail with any number, and each is told with a cause and a remedy.

use std::os::unix::net::UnixStream;
use std::path::Path;

use samemap::regions::{Courier, FileOptions, MapRequest};
use samemap::sync::SharedMutex;
use samemap::{Access, OpenOptions, Region, Result, catalog};

use crate::support::files::TestFile;
use crate::support::linux::child::{Start, play_sandboxed};
use crate::support::linux::sandbox;
use crate::support::linux::seccomp::{self, FCNTL};
use crate::support::linux::shm::name;
use crate::{assert_told, create, files, private, shared};

#[cfg(target_pointer_width = "64")]
mod calls {
    pub const MMAP: libc::c_long = libc::SYS_mmap;
    pub const FTRUNCATE: libc::c_long = libc::SYS_ftruncate;
}
#[cfg(target_pointer_width = "32")]
mod calls {
    pub const MMAP: libc::c_long = libc::SYS_mmap2;
    pub const FTRUNCATE: libc::c_long = libc::SYS_ftruncate64;
}
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod old_calls {
    pub const OPEN: &[libc::c_long] = &[libc::SYS_openat, libc::SYS_open];
    pub const MKDIR: &[libc::c_long] = &[libc::SYS_mkdirat, libc::SYS_mkdir];
}
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
mod old_calls {
    pub const OPEN: &[libc::c_long] = &[libc::SYS_openat];
    pub const MKDIR: &[libc::c_long] = &[libc::SYS_mkdirat];
}
use calls::{FTRUNCATE, MMAP};
use old_calls::{MKDIR, OPEN};

/// What is tried once the filter is there; some of it over a file.
type Deed = fn(&dyn Fn(), &Path) -> Result<()>;

fn create_private(filter: &dyn Fn(), _: &Path) -> Result<()> {
    filter();
    create(&private()).map(drop)
}

fn create_shared(filter: &dyn Fn(), _: &Path) -> Result<()> {
    filter();
    create(&shared()).map(drop)
}

fn make_nameless(filter: &dyn Fn(), _: &Path) -> Result<()> {
    filter();
    Region::anonymous(&private()).map(drop)
}

fn open_held(filter: &dyn Fn(), _: &Path) -> Result<()> {
    filter();
    Region::open(&name(r"Local\held-by-advice"), &OpenOptions::read_write()).map(drop)
}

fn list(filter: &dyn Fn(), _: &Path) -> Result<()> {
    filter();
    catalog::list().map(drop)
}

fn map(filter: &dyn Fn(), _: &Path) -> Result<()> {
    let region = Region::anonymous(&private())?;
    filter();
    region.map(&MapRequest::new(0, 4096, Access::ReadWrite)).map(drop)
}

fn make_a_lock(filter: &dyn Fn(), _: &Path) -> Result<()> {
    let region = Region::anonymous(&private())?;
    let view = region.view(.., Access::ReadWrite)?;
    filter();
    SharedMutex::<u64>::create(&view, 0, &0).map(drop)
}

fn send(filter: &dyn Fn(), _: &Path) -> Result<()> {
    let region = Region::anonymous(&private())?;
    let (one, _other) = UnixStream::pair().expect("a pair");
    filter();
    Courier::over(one).send(&region, Access::ReadOnly)
}

fn open_file(filter: &dyn Fn(), file: &Path) -> Result<()> {
    filter();
    Region::over_file(file, &FileOptions::read_write().size(4096)).map(drop)
}

fn flush(filter: &dyn Fn(), file: &Path) -> Result<()> {
    let region = Region::over_file(file, &FileOptions::read_write().size(4096))?;
    let view = region.view(.., Access::ReadWrite)?;
    view.put(0, &1_u64)?;
    filter();
    view.flush(..)
}

struct Case {
    calls: &'static [libc::c_long],
    number: i32,
    deed: Deed,
    kind: &'static str,
    words: &'static [&'static str],
}

const fn case(
    calls: &'static [libc::c_long],
    number: i32,
    deed: Deed,
    kind: &'static str,
    words: &'static [&'static str],
) -> Case {
    Case { calls, number, deed, kind, words }
}

const CASES: &[Case] = &[
    case(
        &[libc::SYS_fallocate, libc::SYS_pwrite64],
        libc::ENOSYS,
        create_shared,
        "Unsupported",
        &["(fallocate or write)", "seccomp"],
    ),
    case(&[libc::SYS_fallocate], libc::ENOMEM, create_private, "OutOfMemory", &["4096 bytes", "cgroup"]),
    case(
        &[libc::SYS_fallocate],
        libc::ENOSPC,
        create_private,
        "OutOfMemory",
        &["4096 bytes", "remount,size="],
    ),
    case(&[libc::SYS_fallocate], libc::EDQUOT, create_shared, "OutOfMemory", &["4096 bytes", "quota"]),
    case(&[libc::SYS_fallocate], libc::EFBIG, create_shared, "OutOfMemory", &["4096 bytes", "so large"]),
    case(
        &[libc::SYS_fallocate],
        libc::EPERM,
        create_private,
        "AccessDenied",
        &["error 1", "(fallocate or write)", "seccomp"],
    ),
    case(&[libc::SYS_fallocate], libc::EIO, create_private, "Os", &["dmesg"]),
    case(&[libc::SYS_fallocate], libc::ENOSPC, make_nameless, "OutOfMemory", &["4096 bytes", "cgroup"]),
    case(&[libc::SYS_memfd_create], libc::ENOSYS, make_nameless, "Unsupported", &["memfd_create", "seccomp"]),
    case(
        &[libc::SYS_memfd_create],
        libc::EPERM,
        make_nameless,
        "AccessDenied",
        &["error 1", "memfd_create", "seccomp"],
    ),
    case(&[libc::SYS_memfd_create], libc::ENFILE, make_nameless, "Os", &["whole system", "fs.file-max"]),
    case(&[libc::SYS_linkat], libc::EPERM, create_private, "AccessDenied", &["second name", "SAMEMAP_DIR"]),
    case(&[libc::SYS_linkat], libc::EDQUOT, create_private, "OutOfMemory", &["quota in /dev/shm"]),
    case(&[libc::SYS_linkat], libc::EXDEV, create_private, "Os", &["mounted over /dev/shm"]),
    case(&[libc::SYS_linkat], libc::EMLINK, create_private, "Os", &["as many names"]),
    case(&[libc::SYS_renameat2], libc::EINVAL, create_shared, "Unsupported", &["without replacing"]),
    case(&[libc::SYS_renameat2], libc::EROFS, create_shared, "AccessDenied", &["remount,rw /dev/shm"]),
    case(MKDIR, libc::EMLINK, create_shared, "Os", &["as many names"]),
    case(MKDIR, libc::ENOSPC, create_shared, "OutOfMemory", &["inodes"]),
    case(MKDIR, libc::EDQUOT, create_shared, "OutOfMemory", &["quota in /dev/shm"]),
    case(MKDIR, libc::EPERM, create_shared, "AccessDenied", &["takes no new files"]),
    case(MKDIR, libc::EEXIST, create_shared, "Os", &["random names"]),
    case(OPEN, libc::EACCES, create_private, "AccessDenied", &["may not make files in /dev/shm"]),
    case(OPEN, libc::ENFILE, create_private, "Os", &["whole system"]),
    case(OPEN, libc::ENOMEM, create_private, "Os", &["kernel has no memory", "cgroup"]),
    case(OPEN, libc::EINTR, create_private, "Os", &["signal"]),
    case(OPEN, libc::ELOOP, create_private, "Os", &["error 40", "(open,", "seccomp"]),
    case(OPEN, libc::ENOMEM, open_held, "Os", &["kernel has no memory"]),
    case(OPEN, libc::ETXTBSY, open_held, "Os", &["a program that runs"]),
    case(OPEN, libc::EAGAIN, open_held, "Os", &["lease"]),
    case(OPEN, libc::ENAMETOOLONG, open_held, "Os", &["path in /dev/shm is longer"]),
    case(OPEN, libc::EACCES, list, "AccessDenied", &["may not list /dev/shm"]),
    case(OPEN, libc::EPERM, open_file, "AccessDenied", &["immutable", "lsattr"]),
    case(OPEN, libc::EROFS, open_file, "AccessDenied", &["mounted read-only", "ask for reading only"]),
    case(OPEN, libc::ETXTBSY, open_file, "Os", &["program that runs"]),
    case(&[libc::SYS_fchmod], libc::EPERM, create_shared, "AccessDenied", &["owner", "seccomp", "chmod"]),
    case(&[libc::SYS_pwrite64], libc::ENOSPC, create_shared, "OutOfMemory", &["/dev/shm is full"]),
    case(&[libc::SYS_pwrite64], libc::EIO, create_private, "Os", &["dmesg"]),
    case(&[MMAP], libc::EPERM, map, "AccessDenied", &["sealed", "seccomp", "mmap"]),
    case(&[MMAP], libc::ENOMEM, map, "OutOfMemory", &["4096", "ulimit -v"]),
    case(&[MMAP], libc::EAGAIN, map, "Os", &["ulimit -l"]),
    case(&[MMAP], libc::ENODEV, map, "Unsupported", &["mapped and shared"]),
    case(&[libc::SYS_getrandom], libc::ENOSYS, make_a_lock, "Unsupported", &["getrandom", "seccomp"]),
    case(&[libc::SYS_getrandom], libc::EPERM, make_a_lock, "AccessDenied", &["error 1", "getrandom"]),
    case(&[libc::SYS_sendmsg], libc::ETOOMANYREFS, send, "Os", &["more descriptors", "receivers"]),
    case(&[libc::SYS_sendmsg], libc::ENOBUFS, send, "Os", &["one more message"]),
    case(
        &[libc::SYS_fallocate],
        libc::EDQUOT,
        open_file,
        "OutOfMemory",
        &["4096 bytes", "quota on the file's disk"],
    ),
    case(
        &[libc::SYS_fallocate],
        libc::ENOSPC,
        open_file,
        "OutOfMemory",
        &["4096 bytes", "on the file's disk"],
    ),
    case(&[libc::SYS_fallocate], libc::EPERM, open_file, "AccessDenied", &["cannot grow", "lsattr"]),
    case(&[libc::SYS_fsync], libc::EIO, flush, "Os", &["some of which may be lost"]),
    case(&[libc::SYS_fsync], libc::ENOSPC, flush, "Os", &["disk is full", "flush again"]),
    case(&[libc::SYS_msync], libc::EPERM, flush, "AccessDenied", &["error 1", "msync"]),
];

/// Commands of fcntl that a filter refuses.
const COMMANDS: &[(i32, i32, Deed, &str, &[&str])] = &[
    (libc::F_OFD_SETLK, libc::ENOLCK, create_private, "Os", &["one more lock"]),
    (libc::F_OFD_SETLK, libc::EINVAL, create_private, "Unsupported", &["locks of open file descriptions"]),
    (libc::F_OFD_GETLK, libc::EINVAL, open_held, "Unsupported", &["locks of open file descriptions"]),
    (libc::F_OFD_SETLK, libc::ENOSYS, create_shared, "Unsupported", &["(fcntl)", "seccomp"]),
    (libc::F_OFD_SETLK, libc::ENOLCK, make_a_lock, "Os", &["one more lock"]),
    (libc::F_OFD_SETLK, libc::EAGAIN, make_a_lock, "Os", &["locked every number"]),
    (libc::F_ADD_SEALS, libc::EPERM, make_nameless, "AccessDenied", &["error 1", "(fcntl)"]),
];

#[test]
fn what_a_filter_refuses_is_told_with_a_cause_and_a_remedy() {
    play_sandboxed("what_a_filter_refuses_is_told_with_a_cause_and_a_remedy", Start::role("filtered"));
}

pub fn filtered(_arguments: &[String]) {
    sandbox::own_shm();
    // This process's sweep at its first creation is over.
    drop(create(&private()).expect("a free name"));
    let held = Region::create(&name(r"Local\held-by-advice"), &private()).expect("a free name");
    let before = files();
    for Case { calls, number, deed, kind, words } in CASES {
        let filter = || seccomp::answer(calls, seccomp::Answer::Error(*number), seccomp::Answer::Allow);
        assert_told(in_a_thread(*deed, filter), kind, words);
        assert_eq!(files(), before, "{calls:?} with {number} left something behind");
    }
    for &(command, number, deed, kind, words) in COMMANDS {
        let filter = move || seccomp::refuse_commands(FCNTL, &[command], number);
        assert_told(in_a_thread(deed, filter), kind, words);
        assert_eq!(files(), before, "command {command} with {number} left something behind");
    }
    drop(held);
    assert!(files().is_empty());
}

/// A filter is its thread's for good.
fn in_a_thread(deed: Deed, filter: impl Fn() + Sync) -> Result<()> {
    let file = TestFile::with(b"");
    std::thread::scope(|scope| scope.spawn(|| deed(&filter, file.path())).join().expect("it does not panic"))
}

#[test]
fn a_file_system_that_cannot_take_space_in_advance_is_written_to() {
    Start::role("without_fallocate").start().finish();
}

/// What a region over a file falls back to, and what that says when it fails too.
pub fn without_fallocate(_arguments: &[String]) {
    let missing =
        || seccomp::answer(&[libc::SYS_fallocate], seccomp::Answer::Missing, seccomp::Answer::Allow);
    for deed in [open_file as Deed, create_private, create_shared, make_nameless] {
        in_a_thread(deed, missing).expect("zeros are written");
    }
    let full = || {
        missing();
        seccomp::answer(&[libc::SYS_pwrite64], seccomp::Answer::Error(libc::ENOSPC), seccomp::Answer::Allow);
    };
    assert_told(in_a_thread(open_file, full), "OutOfMemory", &["on the file's disk"]);
    assert_told(in_a_thread(create_private, full), "OutOfMemory", &["4096 bytes", "in /dev/shm"]);
    assert_told(in_a_thread(make_nameless, full), "OutOfMemory", &["4096 bytes", "cgroup"]);
    let sealed = || {
        missing();
        seccomp::answer(&[FTRUNCATE], seccomp::Answer::Error(libc::EPERM), seccomp::Answer::Allow);
    };
    let sparse: Deed = |filter, file| {
        filter();
        let options = FileOptions::read_write().size(4096).leave_holes();
        Region::over_file(file, &options).map(drop)
    };
    assert_told(in_a_thread(sparse, sealed), "AccessDenied", &["cannot grow"]);
}
