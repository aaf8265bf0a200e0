//! Regions over files: Win32's sections of files.

use std::fs::{File, OpenOptions as FileOpenOptions};
use std::io;
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_DISK_FULL, ERROR_FILE_INVALID, ERROR_HANDLE_DISK_FULL, ERROR_INVALID_HANDLE,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_DISK, GetFileType};
use windows_sys::Win32::System::Memory::{
    PAGE_PROTECTION_FLAGS, PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY,
};

use super::calls::Created;
use super::error::{Attempt, code_of, is_denied, is_not_found};
use super::names::WideName;
use super::region::{Region, open};
use super::rights::READ_RIGHTS;
use super::section::Section;
use super::security::Security;
use crate::contract::file::{Source, not_regular};
use crate::seam::ask::{Made, open_or_make};
use crate::{Access, Disposition, Error, ErrorKind, FileOptions, FileSource, ObjectName, Result, testing};

pub(super) fn anonymous(source: FileSource, options: &FileOptions, attempt: Attempt<'_>) -> Result<Region> {
    make(None, &OpenFile::new(source, options, attempt)?, options, attempt)?.or_taken(attempt.context)
}

pub(super) fn create(
    name: &ObjectName,
    source: FileSource,
    options: &FileOptions,
    attempt: Attempt<'_>,
) -> Result<Region> {
    // Opens first, so that the file does not grow in vain.
    match Section::open(&WideName::new(name), READ_RIGHTS) {
        Ok(_) => return Err(attempt.error(ErrorKind::AlreadyExists)),
        Err(cause) if is_denied(&cause) => return Err(attempt.error(ErrorKind::AlreadyExists)),
        Err(cause) if is_not_found(&cause) => {}
        Err(cause) => return Err(attempt.failed(cause)),
    }
    make(Some(name), &OpenFile::new(source, options, attempt)?, options, attempt)?.or_taken(attempt.context)
}

pub(super) fn create_or_open(
    name: &ObjectName,
    source: FileSource,
    options: &FileOptions,
    attempt: Attempt<'_>,
) -> Result<(Region, Disposition)> {
    let (mut source, mut file) = (Some(source), None);
    open_or_make(
        attempt.context,
        || open(name, options.access(), options.accepted(), attempt),
        || {
            if let Some(source) = source.take() {
                file = Some(OpenFile::new(source, options, attempt)?);
            }
            make(Some(name), file.as_ref().expect("opened in the first round"), options, attempt)
        },
    )
}

// ---- creating -----------------------------------------------------------------------------------------

fn make(
    name: Option<&ObjectName>,
    opened: &OpenFile,
    options: &FileOptions,
    attempt: Attempt<'_>,
) -> Result<Made<Region>> {
    let attempt = attempt.of_bytes(opened.len);
    let security = Security::new(options.asked_permissions()).map_err(|cause| attempt.failed(cause))?;
    let wide = name.map(WideName::new);
    let file = opened.file.try_clone().map_err(|cause| attempt.failed_on_file(cause))?;
    let protection = protection_for(options.access());
    match Section::over_file(file, protection, wide.as_ref(), opened.len, &security) {
        Ok(Created::New(section)) => {
            testing::reached("create: made");
            Region::of(section, name, options.access(), attempt).map(Made::New)
        }
        Ok(Created::Existing(_)) => Ok(Made::Taken(())),
        Err(cause) if is_denied(&cause) && is_taken(wide.as_ref()) => Ok(Made::Taken(())),
        Err(cause) => Err(not_made(cause, opened.len, attempt)),
    }
}

/// Whether a section has the name, also one that this user may not open.
fn is_taken(name: Option<&WideName>) -> bool {
    name.is_some_and(|name| match Section::open(name, READ_RIGHTS) {
        Ok(_) => true,
        Err(cause) => is_denied(&cause),
    })
}

fn protection_for(access: Access) -> PAGE_PROTECTION_FLAGS {
    match access {
        Access::ReadOnly => PAGE_READONLY,
        Access::ReadWrite => PAGE_READWRITE,
        Access::CopyOnWrite => PAGE_WRITECOPY,
    }
}

/// An open file, and the length of the region.
struct OpenFile {
    file: File,
    len: u64,
}

impl OpenFile {
    fn new(source: FileSource, options: &FileOptions, attempt: Attempt<'_>) -> Result<OpenFile> {
        let file = match source.0 {
            Source::File(file) => file,
            Source::Path(path) => open_file(&path, options.access(), attempt)?,
        };
        // SAFETY: the handle is open; the call changes nothing.
        if unsafe { GetFileType(file.as_raw_handle()) } != FILE_TYPE_DISK {
            return Err(not_regular(attempt.context));
        }
        let facts = file.metadata().map_err(|cause| attempt.failed_on_file(cause))?;
        if !facts.is_file() {
            return Err(not_regular(attempt.context));
        }
        Ok(OpenFile { file, len: options.wanted_len(facts.len(), attempt.context)? })
    }
}

fn open_file(path: &Path, access: Access, attempt: Attempt<'_>) -> Result<File> {
    let opened = FileOpenOptions::new().read(true).write(access.writes_object()).open(path);
    opened.map_err(|cause| match code_of(&cause) {
        // A device such as CON, where this process has none.
        ERROR_INVALID_HANDLE => not_regular(attempt.context).with_source(cause),
        ERROR_ACCESS_DENIED if path.is_dir() => not_regular(attempt.context).with_source(cause),
        _ => not_opened(attempt.failed_on_file(cause), path),
    })
}

// ---- errors -------------------------------------------------------------------------------------------

fn not_made(cause: io::Error, len: u64, attempt: Attempt<'_>) -> Error {
    match code_of(&cause) {
        ERROR_DISK_FULL | ERROR_HANDLE_DISK_FULL => no_room(len, attempt).with_source(cause),
        ERROR_FILE_INVALID => attempt
            .error(ErrorKind::InvalidArgument)
            .with_detail("the file is empty, or its volume was changed from outside")
            .with_source(cause),
        _ if is_denied(&cause) => attempt
            .failed(cause)
            .with_detail("the file was not opened for what the region's access needs, or a region of this name may not be made; open the file for reading, and for writing too where it is written to"),
        _ => attempt.failed(cause),
    }
}

fn no_room(len: u64, attempt: Attempt<'_>) -> Error {
    attempt.error(ErrorKind::OutOfMemory { requested: len, available: None }).with_detail(format!(
        "the file would have {len} bytes, and its disk has no room for them; free some, or ask for less"
    ))
}

/// The error for a path that leads to no file.
fn not_opened(error: Error, path: &Path) -> Error {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => error.with_detail(format!("there is no file {path}; create it first")),
        ErrorKind::AccessDenied => error.with_detail(format!(
            "the file {path} does not let this user in for what was asked; widen its permissions, or ask for less"
        )),
        ErrorKind::Busy => error.with_detail(format!(
            "another program has the file {path} open and does not share it; close it there, or have it share the file"
        )),
        ErrorKind::InvalidArgument => error.with_detail(format!("no file can have the path {path}; correct it")),
        _ => error,
    }
}
