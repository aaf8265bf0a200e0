//! What peers put into files: a folder of the memory file system for each measurement, gone after it.

use std::fs;
use std::path::{Path, PathBuf};

use samemap::catalog::{self, State};
use samemap::{CreateOptions, Region};

/// Where peers' files lie, as their documentation recommends where it says anything: in memory.
const SHM: &str = "/dev/shm";

/// What the names of a measurement begin with, by the process of its first end.
fn prefix(pid: u32) -> String {
    format!("samemap-bench-{pid}")
}

/// A folder of this process; on dropping it is gone, with all that is in it, and so is what else of that name lies
/// beside it.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes it.
    pub fn create() -> Result<Folder, String> {
        let path = Path::new(SHM).join(prefix(std::process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove_of(std::process::id());
    }
}

/// Removes what the measurement of that first end, which has ended, may have left.
pub fn remove_of(pid: u32) {
    let folder = prefix(pid);
    // What cannot be removed is not there any more.
    let _ = fs::remove_dir_all(Path::new(SHM).join(&folder));
    let beside = format!("{folder}-");
    for entry in fs::read_dir(SHM).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&beside) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Removes samemap's own objects of that measurement, whose ends were killed. A dead name is free for whoever creates
/// it next, so each is created once more and let go; what else is dead in the name space is somebody else's.
pub fn reclaim_of(pid: u32) {
    let of_it = format!("-{pid}-");
    for entry in catalog::list().into_iter().flatten() {
        let Some(name) = entry.name.filter(|_| entry.state == State::Dead) else { continue };
        if name.to_string().contains("bench-") && name.to_string().contains(&of_it) {
            drop(Region::create(&name, &CreateOptions::new(1)));
        }
    }
}

/// Where a maker's files lie.
pub fn folder_of_maker(pid: u32) -> PathBuf {
    std::env::temp_dir().join(format!("samemap-bench-{pid}"))
}

/// The folder of this measurement, for either end.
pub fn folder() -> PathBuf {
    std::env::temp_dir()
}

/// Its name, which is also what names beside it begin with.
pub fn name() -> String {
    folder().file_name().expect("the folder has a name").to_string_lossy().into_owned()
}
