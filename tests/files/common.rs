//! What the tests of regions over files share.

pub use std::fs::{self, File, OpenOptions as FileOpenOptions};
pub use std::path::Path;
pub use std::time::Duration;

pub use samemap::regions::{FileOptions, MapRequest};
pub use samemap::sync::SharedMutex;
pub use samemap::traits::{Lockable as _, SharedRegion as _};
pub use samemap::{Access, CreateOptions, Disposition, ErrorKind, OpenOptions, Region};

pub use crate::support::files::TestFile;
pub use crate::support::{DEADLINE as PATIENCE, assert_nothing_left, kind, name, part, unique_name};

pub const TEXT: &[u8] = b"What the file holds.";

pub fn bytes_of(region: &Region) -> Vec<u8> {
    let view = region.view(.., Access::ReadOnly).expect("all of it");
    let mut bytes = vec![0; view.len()];
    view.read(0, &mut bytes).expect("in range");
    bytes
}

pub fn text_of(region: &Region) -> String {
    String::from_utf8(bytes_of(region)).expect("text")
}
