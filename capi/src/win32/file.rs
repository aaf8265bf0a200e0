//! Files, as far as mappings need them.

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::codes::{error, right};
use super::errors::code_of_io;
use super::handle::Handle;
use super::handles::{self, Object, Opened};
use super::last_error::{self, Done, HandleOrInvalid, Waited};
use super::open_file::OpenFile;
use super::pointers::{Buffer, In, Narrow, Out, Text, Wide};
use super::security::SecurityAttributes;

const CREATE_NEW: u32 = 1;
const CREATE_ALWAYS: u32 = 2;
const OPEN_EXISTING: u32 = 3;
const OPEN_ALWAYS: u32 = 4;
const TRUNCATE_EXISTING: u32 = 5;

/// Attributes and flags that change nothing here: what a file is for, and in which order it is read.
const HARMLESS: u32 = 0x1800_01A1;

/// A path of Windows' kind, with either slash.
fn path_of(text: &dyn Text) -> Result<String, u32> {
    match text.read()? {
        Some(text) if !text.is_empty() => Ok(text.replace('\\', "/")),
        _ => Err(error::PATH_NOT_FOUND),
    }
}

fn rights_of(access: u32) -> u32 {
    let all = access & (right::GENERIC_ALL | right::MAXIMUM_ALLOWED) != 0;
    let read = all || access & (right::GENERIC_READ | right::FILE_READ) != 0;
    let write = all || access & (right::GENERIC_WRITE | right::FILE_WRITE) != 0;
    (if read { right::FILE_READ } else { 0 }) | (if write { right::FILE_WRITE } else { 0 })
}

fn create(text: &dyn Text, access: u32, disposition: u32, flags: u32) -> Result<Handle, u32> {
    if flags & !HARMLESS != 0 {
        return Err(error::NOT_SUPPORTED);
    }
    let (path, rights) = (path_of(text)?, rights_of(access));
    let path = Path::new(&path);
    let (file, existed) = open(path, rights, disposition)?;
    let is_told = existed && matches!(disposition, CREATE_ALWAYS | OPEN_ALWAYS);
    let handle = handles::open(Opened::new(Object::File(Arc::new(OpenFile(file))), rights))?;
    last_error::set(if is_told { error::ALREADY_EXISTS } else { error::SUCCESS });
    Ok(handle)
}

/// Opens a file, and tells whether it existed.
fn open(path: &Path, rights: u32, disposition: u32) -> Result<(File, bool), u32> {
    let writes = rights & right::FILE_WRITE != 0;
    let mut options = OpenOptions::new();
    // A handle without rights asks for facts, and the system has nothing less than reading.
    options.read(rights & right::FILE_READ != 0 || !writes).write(writes);
    let existed = path.exists();
    match disposition {
        CREATE_NEW if existed => Err(error::FILE_EXISTS),
        CREATE_NEW => new(path),
        CREATE_ALWAYS | OPEN_ALWAYS if !existed => new(path),
        CREATE_ALWAYS => truncated(path, &options).map(|file| (file, true)),
        OPEN_EXISTING | OPEN_ALWAYS => existing(path, &options).map(|file| (file, true)),
        TRUNCATE_EXISTING if !writes => Err(error::INVALID_PARAMETER),
        TRUNCATE_EXISTING => truncated(path, &options).map(|file| (file, true)),
        _ => Err(error::INVALID_PARAMETER),
    }
}

fn existing(path: &Path, options: &OpenOptions) -> Result<File, u32> {
    let file = options.open(path).map_err(|cause| code_of_path(path, &cause))?;
    match file.metadata() {
        Ok(facts) if facts.is_dir() => Err(error::ACCESS_DENIED),
        _ => Ok(file),
    }
}

/// An existing file without its bytes, which takes the right to write to it whatever its handle gets.
fn truncated(path: &Path, options: &OpenOptions) -> Result<File, u32> {
    let file = existing(path, options.clone().write(true))?;
    file.set_len(0).map_err(|cause| code_of_io(&cause))?;
    existing(path, options)
}

/// A new file. It is open for everything: the table knows the rights of its handle.
fn new(path: &Path) -> Result<(File, bool), u32> {
    let made = OpenOptions::new().read(true).write(true).create_new(true).open(path);
    made.map(|file| (file, false)).map_err(|cause| code_of_path(path, &cause))
}

/// Windows tells a file that is missing from a folder that is.
fn code_of_path(path: &Path, cause: &io::Error) -> u32 {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match cause.kind() {
        io::ErrorKind::NotFound if folder.is_some_and(|folder| !folder.is_dir()) => error::PATH_NOT_FOUND,
        _ => code_of_io(cause),
    }
}

fn with_file<T>(
    handle: Handle,
    wanted: u32,
    call: impl FnOnce(&OpenFile) -> io::Result<T>,
) -> Result<T, u32> {
    let opened = handles::copy(handle)?;
    let Object::File(file) = &opened.object else { return Err(error::INVALID_HANDLE) };
    opened.check(wanted)?;
    call(file).map_err(|cause| code_of_io(&cause))
}

fn size_of(file: Handle) -> Result<u64, u32> {
    Ok(with_file(file, 0, |file| file.0.metadata())?.len())
}

fn seek(file: Handle, distance: i64, from: u32) -> Result<u64, u32> {
    let target = match from {
        0 => SeekFrom::Start(u64::try_from(distance).map_err(|_| error::NEGATIVE_SEEK)?),
        1 => SeekFrom::Current(distance),
        2 => SeekFrom::End(distance),
        _ => return Err(error::INVALID_PARAMETER),
    };
    let sought = with_file(file, 0, |file| Ok((&file.0).seek(target)))?;
    sought.map_err(|_| error::NEGATIVE_SEEK)
}

/// Overlapped reading and writing is not here.
fn check_overlapped(overlapped: *const c_void) -> Result<(), u32> {
    if overlapped.is_null() { Ok(()) } else { Err(error::NOT_SUPPORTED) }
}

super::calls! {
    fn CreateFileA(
        path: Narrow,
        access: u32,
        _share: u32,
        _security: In<SecurityAttributes>,
        disposition: u32,
        flags: u32,
        _like: Handle,
    ) -> HandleOrInvalid {
        create(&path, access, disposition, flags)
    }

    fn CreateFileW(
        path: Wide,
        access: u32,
        _share: u32,
        _security: In<SecurityAttributes>,
        disposition: u32,
        flags: u32,
        _like: Handle,
    ) -> HandleOrInvalid {
        create(&path, access, disposition, flags)
    }

    fn GetFileSizeEx(file: Handle, size: Out<i64>) -> Done {
        size.put(size_of(file)? as i64)
    }

    fn GetFileSize(file: Handle, high: Out<u32>) -> Waited {
        let size = size_of(file)?;
        last_error::set(error::SUCCESS);
        high.put_if_asked((size >> 32) as u32);
        Ok(size as u32)
    }

    fn SetFilePointerEx(file: Handle, distance: i64, position: Out<i64>, from: u32) -> Done {
        let sought = seek(file, distance, from)?;
        position.put_if_asked(sought as i64);
        Ok(())
    }

    fn SetEndOfFile(file: Handle) -> Done {
        with_file(file, right::FILE_WRITE, |file| file.0.set_len((&file.0).stream_position()?))
    }

    fn FlushFileBuffers(file: Handle) -> Done {
        with_file(file, right::FILE_WRITE, |file| file.0.sync_all())
    }

    fn ReadFile(
        file: Handle,
        buffer: Buffer<u8>,
        count: u32,
        done: Out<u32>,
        overlapped: *const c_void,
    ) -> Done {
        let mut buffer = buffer;
        check_overlapped(overlapped)?;
        let bytes = buffer.bytes(count as usize)?;
        let read = with_file(file, right::FILE_READ, |file| (&file.0).read(bytes))?;
        done.put(read as u32)
    }

    fn WriteFile(
        file: Handle,
        bytes: In<u8>,
        count: u32,
        done: Out<u32>,
        overlapped: *const c_void,
    ) -> Done {
        check_overlapped(overlapped)?;
        let bytes = if count == 0 { Vec::new() } else { bytes.list(count as usize)? };
        with_file(file, right::FILE_WRITE, |file| (&file.0).write_all(&bytes))?;
        done.put(count)
    }
}
