//! The base directory: where the objects of this process lie. A process chooses it once, at its first use:
//!
//! 1. the directory of `set_directory`, or else of the variable `SAMEMAP_DIR`, which a program with more rights than
//!    its starter ignores;
//! 2. /dev/shm, the directory of `shm_open`;
//! 3. where there is none, a directory of this user: `samemap` in `XDG_RUNTIME_DIR`, or else `/tmp/samemap.` and the
//!    user's id. `Global\` names are `Unsupported` there, because other users have other directories.
//!
//! A directory that is asked for is used if only this user and root can remove or replace its entries, and if its file
//! system supports the locks and the memory that the lifetime needs. Processes that share names must use one base
//! directory: a process with another one has another name space.

use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use rustix::io::Errno;

use super::kernel::{self, runs_with_more_rights};
use crate::contract::context::Context;
use crate::{Error, ErrorKind, NameSpace, ObjectName, Result};

/// The directory of `shm_open`. glibc and musl agree on it.
const USUAL: &str = "/dev/shm";

const VARIABLE: &str = "SAMEMAP_DIR";

/// No directory, so no object can lie here.
const NOWHERE: &str = "/dev/null";

#[derive(Debug)]
pub(super) struct Base {
    path: PathBuf,
    c_path: CString,
    /// Whether the directory is for this user alone.
    own: bool,
    /// Why the directory that was asked for is not used.
    refused: Option<String>,
}

impl Base {
    fn new(path: PathBuf, own: bool) -> Base {
        let c_path = CString::new(path.as_os_str().as_bytes()).expect("a path holds no NUL");
        Base { path, c_path, own, refused: None }
    }

    fn refused(why: String) -> Base {
        Base { refused: Some(why), ..Base::new(NOWHERE.into(), false) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn c_path(&self) -> &CStr {
        &self.c_path
    }

    /// Whether `shm_open` reaches the objects here.
    pub(super) fn is_usual(&self) -> bool {
        self.path == Path::new(USUAL)
    }

    fn chosen() -> Base {
        let asked = std::env::var_os(VARIABLE).filter(|path| !path.is_empty() && !runs_with_more_rights());
        match asked {
            Some(path) => match checked(Path::new(&path)) {
                Ok(path) => Base::new(path, false),
                Err(why) => Base::refused(format!("{VARIABLE} asks for {}, and {why}", shown(&path))),
            },
            None if Path::new(USUAL).is_dir() => Base::new(USUAL.into(), false),
            None => own_directory(),
        }
    }
}

// ---- the choice ---------------------------------------------------------------------------------------

/// Set once; without a lock, which a fork could leave locked in the child.
static BASE: AtomicPtr<Base> = AtomicPtr::new(ptr::null_mut());

/// Where the objects of this process lie.
pub(super) fn base() -> &'static Base {
    // SAFETY: null, or set below and never freed.
    match unsafe { BASE.load(Ordering::Acquire).as_ref() } {
        Some(base) => base,
        None => settle(Base::chosen()),
    }
}

/// The first choice stands.
fn settle(choice: Base) -> &'static Base {
    let choice = Box::into_raw(Box::new(choice));
    let settled = BASE.compare_exchange(ptr::null_mut(), choice, Ordering::AcqRel, Ordering::Acquire);
    let stands = settled.map_or_else(
        |earlier| {
            // SAFETY: made above, and no other thread has seen it.
            drop(unsafe { Box::from_raw(choice) });
            earlier
        },
        |_| choice,
    );
    // SAFETY: set, and never freed.
    unsafe { &*stands }
}

pub(super) fn set_directory(path: &Path) -> Result<()> {
    let context = Context { operation: "choose the directory of the objects", name: None };
    let refused = |why: String| {
        let error = context.error(ErrorKind::InvalidArgument);
        error.with_detail(format!("{} was asked for, and {why}", shown(path.as_os_str())))
    };
    let wanted = checked(path).map_err(refused)?;
    let base = settle(Base::new(wanted.clone(), false));
    if base.path == wanted {
        return Ok(());
    }
    let settled =
        format!("this process uses {} already; choose before the first object", base.path.display());
    Err(refused(settled))
}

pub(super) fn directory() -> Option<PathBuf> {
    let base = base();
    base.refused.is_none().then(|| base.path.clone())
}

/// Refuses a name that cannot lie in the base directory.
pub(super) fn check(name: &ObjectName, context: Context<'_>) -> Result<()> {
    let base = base();
    if let Some(why) = &base.refused {
        return Err(context.error(ErrorKind::InvalidArgument).with_detail(why.clone()));
    }
    if base.own && name.name_space() == NameSpace::Global {
        return Err(context.error(ErrorKind::Unsupported).with_detail(format!(
            "this system has no {USUAL} that all users share; mount a tmpfs there (mount -t tmpfs -o mode=1777 tmpfs {USUAL}), or have all programs use one directory ({VARIABLE})"
        )));
    }
    Ok(())
}

/// The error of making or listing when the directory is missing.
pub(super) fn missing(errno: Errno, context: Context<'_>) -> Error {
    let base = base();
    let (kind, detail) = match &base.refused {
        Some(why) => (ErrorKind::InvalidArgument, why.clone()),
        None => {
            let path = base.path.display();
            (ErrorKind::Unsupported, format!("the directory of the objects, {path}, is gone; make it anew"))
        }
    };
    context.error(kind).with_detail(detail).with_source(errno.into())
}

// ---- a directory that is asked for --------------------------------------------------------------------

/// The directory without links, if it may be used; otherwise the reason.
fn checked(path: &Path) -> Result<PathBuf, String> {
    if !path.is_absolute() {
        return Err("that is no absolute path; begin with a slash".to_owned());
    }
    let real =
        std::fs::canonicalize(path).map_err(|error| format!("it cannot be reached ({error}); make it"))?;
    if real == Path::new(USUAL) {
        return Ok(real);
    }
    for directory in real.ancestors() {
        check_owner_and_mode(directory)?;
    }
    check_file_system(&real)?;
    Ok(real)
}

/// Only this user and root may remove or replace the entries.
fn check_owner_and_mode(directory: &Path) -> Result<(), String> {
    let shown = directory.display();
    let found = std::fs::symlink_metadata(directory)
        .map_err(|error| format!("{shown} cannot be reached ({error})"))?;
    if !found.is_dir() {
        return Err(format!("{shown} is no directory"));
    }
    let me = rustix::process::geteuid().as_raw();
    if found.uid() != 0 && found.uid() != me {
        return Err(format!(
            "{shown} belongs to user {}, who could replace what lies there; use a directory of your own or of root",
            found.uid()
        ));
    }
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    if found.mode() & WRITABLE_BY_OTHERS != 0 && found.mode() & STICKY == 0 {
        return Err(format!(
            "{shown} may be written to by others, who could replace what lies there; take that from them (chmod go-w), or make it sticky (chmod 1777)"
        ));
    }
    Ok(())
}

fn check_file_system(directory: &Path) -> Result<(), String> {
    let found =
        rustix::fs::statfs(directory).map_err(|errno| format!("its file system cannot be told ({errno})"))?;
    kernel::check_file_system(&found).map_err(|(found, known)| {
        let (last, others) = known.split_last().expect("every kernel has one");
        format!(
            "its file system ({found}) is not known to keep the locks and the memory of objects; use one on {} or {last}",
            others.join(", ")
        )
    })
}

fn shown(path: &OsStr) -> String {
    Path::new(path).display().to_string()
}

// ---- the user's directory -----------------------------------------------------------------------------

/// The user's directory; makes it if it is missing.
fn own_directory() -> Base {
    let runtime =
        std::env::var_os("XDG_RUNTIME_DIR").filter(|path| !path.is_empty() && !runs_with_more_rights());
    let usual = || PathBuf::from(format!("/tmp/samemap.{}", rustix::process::geteuid().as_raw()));
    let path = runtime.map_or_else(usual, |runtime| Path::new(&runtime).join("samemap"));
    // A failure does not matter: the next call checks the directory that is there.
    let _ = std::fs::DirBuilder::new().mode(0o700).create(&path);
    match checked(&path) {
        Ok(real) => Base::new(real, true),
        Err(why) => Base::refused(format!(
            "this system has no {USUAL}, so {} is used, and {why}; mount a tmpfs at {USUAL} (mount -t tmpfs -o mode=1777 tmpfs {USUAL}), or choose a directory ({VARIABLE})",
            path.display()
        )),
    }
}
