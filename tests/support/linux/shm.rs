//! Names of one run, the files behind them, and what regions hold.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use samemap::{CreateOptions, Error, ErrorKind, ObjectName, OpenOptions, Region, SharedRegion as _, View};

use super::super::basics::{self, unique_text};

pub use super::super::basics::name;

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

/// The files that the process made under a temporary name and left.
pub fn unfinished_files_of(pids: &[i32]) -> Vec<String> {
    let prefixes: Vec<String> = pids.iter().map(|pid| format!("samemap.new.{pid}.")).collect();
    let entries = std::fs::read_dir("/dev/shm").expect("/dev/shm can be read");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix))).collect()
}

/// The file of a region, byte for byte: a byte of its data is set, so that it can be told from a new one.
pub fn object_bytes(name: &ObjectName, size: u64) -> Vec<u8> {
    let region = Region::create(name, &CreateOptions::new(size)).expect("the name is free");
    view_of(&region).write(0, &[0xDD]).expect("in range");
    std::fs::read(file_of(name)).expect("the object's file")
}

/// Puts a dead object on the name, as killed holders leave it: a file with a valid trailer that nobody has
/// locked. Any sweep may remove it again.
pub fn plant_remains(name: &ObjectName, size: u64) {
    std::fs::write(file_of(name), object_bytes(name, size)).expect("a file on the free name");
}

/// An object of a kind that this version cannot make, held as its holders would hold it.
pub struct OtherKind(File);

impl OtherKind {
    /// Puts a mutex on the name.
    pub fn hold(name: &ObjectName) -> OtherKind {
        let mut bytes = object_bytes(name, 4096);
        // The kind stands in the trailer, behind the magic and the version; 2 is a mutex.
        bytes[4096 + 12..4096 + 16].copy_from_slice(&2_u32.to_le_bytes());
        // Not under a name of ours until it is held: a sweep would take it for dead.
        let made_as = PathBuf::from(format!("/dev/shm/{}", name.rest()));
        std::fs::write(&made_as, bytes).expect("a free name");
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

/// Makes the trailer of an object with one page of data say another name.
pub fn write_trailer_name(file: &File, name: &ObjectName) {
    let name = name.to_string();
    file.write_all_at(&(name.len() as u32).to_le_bytes(), 4096 + 24).expect("a trailer");
    file.write_all_at(name.as_bytes(), 4096 + 64).expect("a trailer");
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

/// A view of all of it.
pub fn view_of(region: &Region) -> View {
    region.view(.., region.access()).expect("a view of the whole region")
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
