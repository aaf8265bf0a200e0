//! What the tests share.

pub use std::ffi::CString;
pub use std::os::unix::ffi::OsStrExt as _;
pub use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
pub use std::os::unix::net::UnixListener;
pub use std::path::{Path, PathBuf};
pub use std::time::{Duration, Instant};

pub use crate::support::linux::child::{Start, play_sandboxed};
pub use crate::support::linux::sandbox;
pub use crate::support::linux::shm::{
    OtherKind, assert_no_file, assert_not_found, assert_nothing_left, file_of, kind_of, name, object_bytes,
    system_name, unique_global_name, unique_name, view_of, write_marked, write_names,
};
pub use crate::support::linux::users::{ALICE, NOBODY, User, as_users};
pub use samemap::catalog::{self, State};
pub use samemap::names::{Found, ObjectKind};
pub use samemap::traits::SharedRegion as _;
pub use samemap::{
    Access, CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Permissions, Region,
    Result, Share,
};

pub const A_SECOND: Duration = Duration::from_secs(1);
