//! What the tests share.

pub use std::os::unix::net::UnixStream;
pub use std::path::PathBuf;
pub use std::thread;
pub use std::time::Duration;

pub use samemap::regions::{Courier, FileOptions, MapRequest};
pub use samemap::sync::{SharedMutex, SyncOptions};
pub use samemap::traits::{LockGuard as _, Lockable as _, SharedRegion as _};
pub use samemap::{
    Access, CreateOptions, ErrorKind, Mutex, ObjectName, OpenOptions, Permissions, Region, Share, Trust, View,
};
pub use samemap_platform::internal::Seat;

pub use crate::support::SetAtEnd;
pub use crate::support::files::TestFile;
pub use crate::support::linux::child::{Child, Start};
pub use crate::support::linux::forked::{Forked, fork, raw_fork};
pub use crate::support::linux::shm::{
    assert_no_file, assert_not_found, assert_nothing_left, id_of, kind_of, name, unique_name, view_of,
};
pub use crate::support::linux::users::root_or_aside;
pub use crate::support::part::{Part, hear, say};

pub const PATIENCE: Duration = Duration::from_secs(20);
pub const MARK: u64 = 0x5A3E_3A9A;

/// How an object can lie there: for its owner alone, shared, and leading to a file.
pub const FORMS: [&str; 3] = ["private", "shared", "file"];

pub fn region(form: &str, name: &ObjectName) -> Region {
    let options = CreateOptions::new(8192);
    match form {
        "private" => Region::create(name, &options),
        "shared" => {
            Region::create(name, &options.permissions(Permissions::owner_only().everyone(Share::ReadWrite)))
        }
        _ => {
            std::fs::write(file_under(name), [0; 8192]).expect("a temporary file");
            Region::create_over_file(name, file_under(name), &FileOptions::read_write())
        }
    }
    .expect("a free name")
}

/// The file that a region of the form `file` lies over.
pub fn file_under(name: &ObjectName) -> PathBuf {
    std::env::temp_dir().join(format!("{}.bin", name.rest()))
}

pub fn create_marked(name: &ObjectName) -> Region {
    let region = Region::create(name, &CreateOptions::new(65536)).expect("a free name");
    view_of(&region).put(0, &MARK).expect("in range");
    region
}

pub fn view(region: &Region, access: Access) -> View {
    region.map(&MapRequest::new(0, 4096, access)).expect("a view")
}

/// Somebody holds the marked object, and its name leads to it.
#[track_caller]
pub fn assert_held(name: &ObjectName) {
    let opened = Region::open(name, &OpenOptions::read_only()).expect("it is held");
    assert_eq!(id_of(&opened), MARK);
    drop(opened);
    let created = Region::create(name, &CreateOptions::new(1));
    assert_eq!(kind_of(created), Some(ErrorKind::AlreadyExists));
}

/// The test kills this process; its child is ended by the end of input.
pub fn wait_for_the_kill<T>(everything: T) {
    loop {
        thread::park();
        std::hint::black_box(&everything);
    }
}
