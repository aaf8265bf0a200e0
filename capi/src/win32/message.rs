//! The calls for the last error, and what the codes mean, in words of our own.

use std::ffi::c_void;

use super::codes::error;
use super::last_error::{self, Count};
use super::memory::allocate;
use super::pointers::Buffer;

/// The text of a code that this library gives.
fn text_of(code: u32) -> Option<&'static str> {
    Some(match code {
        error::SUCCESS => "Nothing went wrong.",
        error::FILE_NOT_FOUND => "Nothing has this name.",
        error::PATH_NOT_FOUND => "The path leads nowhere, or the name has a backslash that is no prefix's.",
        error::TOO_MANY_OPEN_FILES => "This process has as many descriptors open as it may.",
        error::ACCESS_DENIED => "Access is denied, or the view reaches past the end.",
        error::INVALID_HANDLE => "The handle is not open, or an object of another kind has the name.",
        error::NOT_ENOUGH_MEMORY => "There is not enough memory, or the file is too short.",
        error::GEN_FAILURE => "The system refused.",
        error::NOT_SUPPORTED => "This cannot be had here.",
        error::FILE_EXISTS => "The file exists.",
        error::INVALID_PARAMETER => "An argument is not valid.",
        error::DISK_FULL => "The disk has no room.",
        error::INSUFFICIENT_BUFFER => "The memory for the answer is too small.",
        error::INVALID_NAME => "The name is not valid.",
        error::NEGATIVE_SEEK => "The place lies before the file's beginning.",
        error::BUSY => "It is in use.",
        error::ALREADY_EXISTS => "It exists already.",
        error::FILENAME_EXCED_RANGE => "The name is too long.",
        rare => return text_of_rare(rare),
    })
}

fn text_of_rare(code: u32) -> Option<&'static str> {
    Some(match code {
        super::codes::wait::TIMEOUT => "Time ran out.",
        error::NOT_OWNER => "This thread does not own the mutex.",
        error::TOO_MANY_POSTS => "The semaphore would have more permits than its maximum.",
        error::MR_MID_NOT_FOUND => "There is no text for this code.",
        error::INVALID_ADDRESS => "The address is in use, or no view begins there.",
        error::FILE_INVALID => "The file is empty.",
        error::MAPPED_ALIGNMENT => "The offset or the base address is no multiple of 65536.",
        error::FILE_CORRUPT => "The object's state in memory is not valid.",
        error::TIMEOUT => "No answer came in time.",
        _ => return None,
    })
}

const ALLOCATE: u32 = 0x0100;
const FROM_SYSTEM: u32 = 0x1000;
/// Line breaks become spaces.
const ONE_LINE: u32 = 0x00FF;

/// The text with its end, in units of either width.
fn ended(flags: u32, code: u32) -> Result<String, u32> {
    if flags & FROM_SYSTEM == 0 {
        return Err(error::NOT_SUPPORTED);
    }
    let text = text_of(code).ok_or(error::MR_MID_NOT_FOUND)?;
    Ok(format!("{text}{}", if flags & ONE_LINE == ONE_LINE { " " } else { "\r\n" }))
}

/// Gives text to the caller, with a zero behind it, and returns its length.
fn give<T: Copy + Default>(flags: u32, mut text: Vec<T>, buffer: Buffer<T>, room: u32) -> Result<u32, u32> {
    let length = text.len();
    text.push(T::default());
    if flags & ALLOCATE != 0 {
        let units = text.len().max(room as usize);
        let memory = allocate(units * size_of::<T>(), false)?;
        Buffer::at(memory.cast()).fill(&text)?;
        buffer.as_place().put(memory.cast())?;
    } else if text.len() > room as usize {
        return Err(error::INSUFFICIENT_BUFFER);
    } else {
        buffer.fill(&text)?;
    }
    Ok(length as u32)
}

super::calls! {
    fn GetLastError() -> Count<u32> {
        Ok(last_error::get())
    }

    fn SetLastError(code: u32) -> () {
        last_error::set(code);
        Ok(())
    }

    fn FormatMessageA(
        flags: u32,
        _source: *const c_void,
        code: u32,
        _language: u32,
        buffer: Buffer<u8>,
        size: u32,
        _arguments: *const c_void,
    ) -> Count<u32> {
        give(flags, ended(flags, code)?.into_bytes(), buffer, size)
    }

    fn FormatMessageW(
        flags: u32,
        _source: *const c_void,
        code: u32,
        _language: u32,
        buffer: Buffer<u16>,
        size: u32,
        _arguments: *const c_void,
    ) -> Count<u32> {
        give(flags, ended(flags, code)?.encode_utf16().collect(), buffer, size)
    }
}
