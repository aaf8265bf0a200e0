//! Calls on the directory of objects (see `base`). They replace `shm_open`, so that an object gets its name only when
//! it is finished.

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;

use rustix::fs::{self, CWD, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::base::base;
use super::kernel::{FOLDER, file_type, mode_of};
use super::names;
use crate::seam::random::random;

/// The prefix of the names for unfinished objects, where they need a name. No object has it, because after `samemap.`
/// comes a user's number or `global`.
pub(super) const NEW_PREFIX: &str = "samemap.new.";

/// The prefix of the names for directories that are being removed.
pub(super) const GONE_PREFIX: &str = "samemap.gone.";

/// The flags to open files with: no links are followed, the call does not wait, and children do not inherit.
pub(super) const CAREFULLY: OFlags =
    OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// The path of this name in the directory.
pub(super) fn path_of(system_name: &str) -> CString {
    let base = base().c_path().to_bytes();
    let mut path = Vec::with_capacity(base.len() + 1 + system_name.len() + 1);
    path.extend_from_slice(base);
    path.push(b'/');
    path.extend_from_slice(system_name.as_bytes());
    CString::new(path).expect("a system name holds no NUL")
}

/// The path of this name, for errors.
pub(super) fn shown(system_name: &str) -> String {
    base().path().join(system_name).display().to_string()
}

/// The state of the file at `path`, without following links.
pub(super) fn stat(path: &CStr) -> Result<Stat, Errno> {
    fs::lstat(path)
}

/// The owner of the file at `path`.
pub(super) fn owner_of(path: &CStr) -> u32 {
    stat(path).map_or(u32::MAX, |stat| stat.st_uid)
}

/// Whether the directory exists.
pub(super) fn exists() -> bool {
    fs::stat(base().c_path()).is_ok_and(|stat| file_type(mode_of(&stat)).is_dir())
}

/// The device of the directory.
pub(super) fn device() -> Option<u64> {
    #[allow(clippy::unnecessary_cast, reason = "the field's type differs between processors")]
    fs::stat(base().c_path()).ok().map(|stat| stat.st_dev as u64)
}

/// Whether the directory lies in the same file system as this file.
pub(super) fn has_device_of(file: &Stat) -> bool {
    fs::stat(base().c_path()).is_ok_and(|stat| stat.st_dev == file.st_dev)
}

/// Opens an object's directory, to reach its entries.
pub(super) fn open_folder(path: &CStr) -> Result<OwnedFd, Errno> {
    fs::open(path, FOLDER | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// Moves `path` to an unused name, for its removal, and returns that name.
pub(super) fn move_away(path: &CStr) -> Result<CString, Errno> {
    let moved =
        at_random_name(GONE_PREFIX, |gone| fs::renameat_with(CWD, path, CWD, gone, RenameFlags::NOREPLACE));
    moved.map(|((), gone)| gone)
}

/// Makes a file or a directory at an unused name with this prefix, and returns it with its path.
pub(super) fn at_random_name<T>(
    prefix: &str,
    make: impl Fn(&CStr) -> Result<T, Errno>,
) -> Result<(T, CString), Errno> {
    const ATTEMPTS: u32 = 100;
    for _ in 0..ATTEMPTS {
        let path = path_of(&format!("{prefix}{}.{:016x}", std::process::id(), random()));
        match make(&path) {
            Err(Errno::EXIST) => {}
            made => return made.map(|made| (made, path)),
        }
    }
    Err(Errno::EXIST)
}

/// The names in the directory that may be this library's.
pub(super) fn our_names() -> Result<Vec<String>, Errno> {
    let entries = std::fs::read_dir(base().path())
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter(|name| name.starts_with(names::PREFIX)).collect())
}
