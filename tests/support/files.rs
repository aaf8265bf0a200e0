//! Files of a test.

use std::fs;
use std::path::{Path, PathBuf};

use super::basics::unique_text;

/// A file in a folder of its own, both removed with the value.
pub struct TestFile {
    path: PathBuf,
}

impl TestFile {
    pub fn with(bytes: &[u8]) -> TestFile {
        let dir = std::env::temp_dir().join(unique_text("dir"));
        fs::create_dir(&dir).expect("a free path");
        let path = dir.join("file");
        fs::write(&path, bytes).expect("room on the disk");
        TestFile { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn dir(&self) -> &Path {
        self.path.parent().expect("it lies in one")
    }

    pub fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    #[cfg(unix)]
    pub fn assert_has_disk_space(&self, size: u64) {
        use std::os::unix::fs::MetadataExt as _;
        let blocks = fs::metadata(&self.path).expect("it exists").blocks();
        assert!(blocks * 512 >= size, "C8: {blocks} blocks for {size} bytes");
    }

    #[cfg(windows)]
    pub fn assert_has_disk_space(&self, _size: u64) {}
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let removed = fs::remove_dir_all(self.dir());
        assert!(removed.is_ok() || std::thread::panicking(), "{}: {removed:?}", self.dir().display());
    }
}
