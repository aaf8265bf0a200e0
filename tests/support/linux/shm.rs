//! Names of one run, the files behind them, and what regions hold.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use samemap::{
    Access, CreateOptions, Error, ErrorKind, ObjectName, OpenOptions, Region, SharedRegion as _, View,
};

use super::random::Random;

/// A name that no other test, process or run has.
pub fn unique_name(label: &str) -> ObjectName {
    name(&unique_text(label))
}

/// The same in the name space of all users.
pub fn unique_global_name(label: &str) -> ObjectName {
    name(&format!(r"Global\{}", unique_text(label)))
}

fn unique_text(label: &str) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("linux-{label}-{}-{count}-{:08x}", std::process::id(), Random::new().next() as u32)
}

/// A name that must be a good one.
pub fn name(text: &str) -> ObjectName {
    ObjectName::new(text).expect("a valid name")
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

/// Puts a dead object on the name, as killed holders leave it: a file with a valid trailer that nobody has
/// locked. A byte of its data is set, so that it can be told from a new one.
pub fn plant_remains(name: &ObjectName, size: u64) {
    let file = file_of(name);
    let region = Region::create(name, &CreateOptions::new(size)).expect("the name is free");
    region.view(.., Access::ReadWrite).expect("a view").write(0, &[0xDD]).expect("in range");
    let bytes = std::fs::read(&file).expect("the object's file");
    drop(region);
    std::fs::write(&file, bytes).expect("a file on the free name");
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
