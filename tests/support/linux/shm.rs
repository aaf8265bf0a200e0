//! Names of one run, the files behind them, and what regions hold.

use std::fs::{File, Permissions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use samemap::traits::SharedRegion as _;
use samemap::{CreateOptions, Error, ErrorKind, ObjectName, OpenOptions, Region, Share};

use super::super::basics::{self, unique_text};

pub use super::super::basics::{name, view_of};

/// A name that no other test, process or run has.
pub fn unique_name(label: &str) -> ObjectName {
    name(&basics::unique_name(label))
}

/// The same in the name space of all users.
pub fn unique_global_name(label: &str) -> ObjectName {
    name(&format!(r"Global\{}", unique_text(label)))
}

/// How the system calls it.
pub fn system_name(name: &ObjectName) -> String {
    name.posix_name().expect("a POSIX name on Linux")
}

/// The file that it is kept in.
pub fn file_of(name: &ObjectName) -> PathBuf {
    PathBuf::from(format!("/dev/shm{}", system_name(name)))
}

/// No file has the name: neither a living object nor a dead one.
#[track_caller]
pub fn assert_no_file(name: &ObjectName) {
    let file = file_of(name);
    assert!(file.symlink_metadata().is_err(), "{} was left behind", file.display());
}

/// No file has the name, and it cannot be opened.
#[track_caller]
pub fn assert_nothing_left(name: &ObjectName) {
    // First, because an open would reclaim it.
    assert_no_file(name);
    assert_not_found(name);
}

#[track_caller]
pub fn assert_not_found(name: &ObjectName) {
    let opened = Region::open(name, &OpenOptions::read_only());
    assert_eq!(kind_of(opened), Some(ErrorKind::NotFound), "open {name}");
}

/// The kind of an error; nothing for a success.
pub fn kind_of<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind().clone())
}

/// What the process made, or moved away, under a temporary name and left.
pub fn unfinished_files_of(pids: &[i32]) -> Vec<String> {
    let prefixes = |pid: &i32| ["new", "gone"].map(|what| format!("samemap.{what}.{pid}."));
    let prefixes: Vec<String> = pids.iter().flat_map(prefixes).collect();
    let entries = std::fs::read_dir("/dev/shm").expect("/dev/shm can be read");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix))).collect()
}

/// Where its holders lock the life byte: the file itself, or the facts in its directory.
pub fn life_file_of(name: &ObjectName) -> PathBuf {
    let path = file_of(name);
    if path.is_dir() { path.join("facts") } else { path }
}

/// Where its data begin.
pub fn data_file_of(name: &ObjectName) -> PathBuf {
    let path = file_of(name);
    if path.is_dir() { path.join("data") } else { path }
}

/// The mode of an object in one file, which its owner alone can set.
pub const PRIVATE_MODE: u32 = 0o1600;

/// The file of a region, byte for byte: a byte of its data is set, so that it can be told from a new one.
pub fn object_bytes(name: &ObjectName, size: u64) -> Vec<u8> {
    let region = Region::create(name, &CreateOptions::new(size)).expect("the name is free");
    view_of(&region).write(0, &[0xDD]).expect("in range");
    std::fs::read(file_of(name)).expect("the object's file")
}

/// Puts a file with the owner's mark on a path.
pub fn write_marked(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a file on the free name");
    set_mode(path, PRIVATE_MODE);
}

pub fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("a file of ours");
}

/// Puts a dead object on the name, as killed holders leave it: a file with valid facts that nobody has
/// locked. Any sweep may remove it again.
pub fn plant_remains(name: &ObjectName, size: u64) {
    write_marked(&file_of(name), &object_bytes(name, size));
}

/// The same of an object that is shared, which is a directory.
pub fn plant_shared_remains(name: &ObjectName, size: u64) {
    let options =
        CreateOptions::new(size).permissions(samemap::Permissions::owner_only().everyone(Share::ReadOnly));
    let region = Region::create(name, &options).expect("the name is free");
    view_of(&region).write(0, &[0xDD]).expect("in range");
    let whole = file_of(name);
    let [data, mut facts] = ["data", "facts"].map(|part| std::fs::read(whole.join(part)).expect("a part"));
    drop(region);
    // Not under a name of ours until it is whole: a sweep would take it for unfinished.
    let made = PathBuf::from(format!("/dev/shm/{}", name.rest()));
    std::fs::create_dir(&made).expect("a free name");
    for (part, bytes, mode, at) in [("data", &data[..], 0o604, DATA_AT), ("locks", &[][..], 0o200, LOCKS_AT)]
    {
        std::fs::write(made.join(part), bytes).expect("a part");
        set_mode(&made.join(part), mode);
        let ino = made.join(part).metadata().expect("a part").ino();
        facts[at..at + 8].copy_from_slice(&ino.to_le_bytes());
    }
    std::fs::write(made.join("facts"), facts).expect("a part");
    set_mode(&made.join("facts"), 0o1604);
    set_mode(&made, 0o715);
    std::fs::rename(&made, whole).expect("a free name");
}

/// Where facts have what (`facts.rs` of the product). They lie in a file of their own, or behind the data.
pub const KIND_AT: usize = 12;
pub const LEN_AT: usize = 16;
pub const NAME_LEN_AT: usize = 24;
pub const FORM_AT: usize = 28;
pub const SYSTEM_NAME_LEN_AT: usize = 32;
pub const DATA_AT: usize = 40;
pub const LOCKS_AT: usize = 48;
pub const NAME_AT: usize = 64;
pub const SYSTEM_NAME_AT: usize = 1024;
/// How much of them is used.
pub const FACTS_LEN: usize = 1280;

/// An object of a kind that this version cannot make, held as its holders would hold it.
pub struct OtherKind(File);

impl OtherKind {
    /// Puts a mutex on the name.
    pub fn hold(name: &ObjectName) -> OtherKind {
        let mut bytes = object_bytes(name, 4096);
        // 2 is a mutex.
        bytes[4096 + KIND_AT..][..4].copy_from_slice(&2_u32.to_le_bytes());
        // Not under a name of ours until it is held: a sweep would take it for dead.
        let made_as = PathBuf::from(format!("/dev/shm/{}", name.rest()));
        write_marked(&made_as, &bytes);
        let file = File::options().read(true).write(true).open(&made_as).expect("a file of ours");
        assert_eq!(life_lock(&file, libc::F_OFD_SETLK, libc::F_RDLCK), libc::F_RDLCK);
        std::fs::rename(&made_as, file_of(name)).expect("a free name");
        OtherKind(file)
    }

    /// Lets go and answers whether nobody else holds it; the last one out would remove it.
    pub fn let_go_and_look(self) -> bool {
        life_lock(&self.0, libc::F_OFD_SETLK, libc::F_UNLCK);
        life_lock(&self.0, libc::F_OFD_GETLK, libc::F_WRLCK) == libc::F_UNLCK
    }
}

/// Makes facts that begin at `at` say another name.
pub fn write_names(file: &File, at: u64, name: &ObjectName, system_name: &str) {
    let (name, write) = (name.to_string(), |bytes: &[u8], to: usize| {
        file.write_all_at(bytes, at + to as u64).expect("facts");
    });
    write(&(name.len() as u32).to_le_bytes(), NAME_LEN_AT);
    write(name.as_bytes(), NAME_AT);
    write(&(system_name.len() as u32).to_le_bytes(), SYSTEM_NAME_LEN_AT);
    write(system_name.as_bytes(), SYSTEM_NAME_AT);
}

/// Locks the life byte of an object's file, or asks about it; answers the kind of lock that comes back.
pub fn life_lock(file: &File, command: i32, kind: i32) -> i32 {
    // SAFETY: an all-zero flock64 is valid, and the commands read and write that one.
    unsafe {
        let mut lock: libc::flock64 = std::mem::zeroed();
        lock.l_type = kind as libc::c_short;
        lock.l_start = 1 << 62;
        lock.l_len = 1;
        let answer = libc::fcntl(file.as_raw_fd(), command, &raw mut lock);
        assert_eq!(answer, 0, "{}", std::io::Error::last_os_error());
        i32::from(lock.l_type)
    }
}

/// The number by which an object is told from any other of the same name: its first word.
pub fn id_of(region: &Region) -> u64 {
    view_of(region).get(0).expect("in range")
}

/// Every byte of the region is zero.
#[track_caller]
pub fn assert_zeros(region: &Region) {
    let view = view_of(region);
    let mut bytes = vec![1; view.len()];
    view.read(0, &mut bytes).expect("in range");
    assert!(bytes.iter().all(|&byte| byte == 0), "a new region is not zeros");
}
