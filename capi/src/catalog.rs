//! What lives in the name space.

use std::ffi::{CString, c_char, c_int, c_void};
use std::path::Path;

use samemap::catalog::{self, Entry, State};
use samemap::names::ObjectKind;
use samemap::{Error, ErrorKind, Result};

use crate::arguments::{invalid, name, put, text};
use crate::region::text_of;
use crate::status::{SAMEMAP_OK, border, samemap_status_t};

/// The kind of an object.
pub type samemap_kind_t = i32;

/// The kind cannot be told.
pub const SAMEMAP_KIND_UNKNOWN: i32 = 0;
/// Shared memory.
pub const SAMEMAP_KIND_REGION: i32 = 1;
/// A mutex.
pub const SAMEMAP_KIND_MUTEX: i32 = 2;
/// An event.
pub const SAMEMAP_KIND_EVENT: i32 = 3;
/// A semaphore.
pub const SAMEMAP_KIND_SEMAPHORE: i32 = 4;
/// A timer.
pub const SAMEMAP_KIND_TIMER: i32 = 5;

/// What is known of an entry.
pub type samemap_state_t = i32;

/// A process holds the object.
pub const SAMEMAP_STATE_LIVE: i32 = 0;
/// The object's holders have died; it cannot be opened, and samemap_catalog_reclaim() removes it.
pub const SAMEMAP_STATE_DEAD: i32 = 1;
/// samemap did not make the object, and leaves it alone.
pub const SAMEMAP_STATE_FOREIGN: i32 = 2;
/// This user may not look at the object.
pub const SAMEMAP_STATE_UNREADABLE: i32 = 3;

/// An entry of the catalog. It is valid during the call that it is given to. Later versions add fields at the end.
#[repr(C)]
pub struct samemap_entry_t {
    /// The object's name; NULL where it cannot be told.
    pub name: *const c_char,
    /// The system's name for it, such as a file's.
    pub system_name: *const c_char,
    /// The owner: a user's number on POSIX, a SID on Windows.
    pub owner: *const c_char,
    /// What it is.
    pub kind: samemap_kind_t,
    /// What is known of it.
    pub state: samemap_state_t,
    /// Its length in bytes.
    pub size: u64,
    /// How many holders it has; -1 where they were not counted, or cannot be.
    pub holders: i64,
}

/// What samemap_catalog_list() calls for each entry; an answer other than 0 ends the list.
pub type samemap_entry_callback_t =
    Option<unsafe extern "C" fn(entry: *const samemap_entry_t, context: *mut c_void) -> c_int>;

/// Calls `callback` with each entry of the name spaces that this process can see, and with `context`, in this
/// thread. The callback may call this library, and must return: no C++ exception, no longjmp. `counted` asks for
/// the number of holders, which takes time where there are many locks.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_catalog_list(
    counted: bool,
    callback: samemap_entry_callback_t,
    context: *mut c_void,
) -> samemap_status_t {
    border(|| {
        let callback = callback.ok_or_else(|| invalid("the callback is NULL"))?;
        let entries = if counted { catalog::list_counted()? } else { catalog::list()? };
        for entry in entries {
            let texts = Texts::of(&entry);
            // SAFETY: the caller keeps the header's rules; the entry lives during the call.
            if unsafe { callback(&entry_of(&entry, &texts), context) } != 0 {
                break;
            }
        }
        Ok(SAMEMAP_OK)
    })
}

/// The texts of an entry, as C reads them.
struct Texts {
    name: Option<CString>,
    system_name: CString,
    owner: CString,
}

impl Texts {
    fn of(entry: &Entry) -> Texts {
        let text = |text: &str| CString::new(text).unwrap_or_default();
        Texts {
            name: entry.name.as_ref().map(text_of),
            system_name: text(&entry.system_name),
            owner: text(entry.owner.as_str()),
        }
    }
}

fn entry_of(entry: &Entry, texts: &Texts) -> samemap_entry_t {
    samemap_entry_t {
        name: texts.name.as_ref().map_or(std::ptr::null(), |name| name.as_ptr()),
        system_name: texts.system_name.as_ptr(),
        owner: texts.owner.as_ptr(),
        kind: match entry.kind {
            Some(ObjectKind::Region) => SAMEMAP_KIND_REGION,
            Some(ObjectKind::Mutex) => SAMEMAP_KIND_MUTEX,
            Some(ObjectKind::Event) => SAMEMAP_KIND_EVENT,
            Some(ObjectKind::Semaphore) => SAMEMAP_KIND_SEMAPHORE,
            Some(ObjectKind::Timer) => SAMEMAP_KIND_TIMER,
            _ => SAMEMAP_KIND_UNKNOWN,
        },
        state: match entry.state {
            State::Live => SAMEMAP_STATE_LIVE,
            State::Dead => SAMEMAP_STATE_DEAD,
            State::Foreign(_) => SAMEMAP_STATE_FOREIGN,
            _ => SAMEMAP_STATE_UNREADABLE,
        },
        size: entry.size,
        holders: entry.holders.and_then(|holders| i64::try_from(holders).ok()).unwrap_or(-1),
    }
}

/// Removes what killed processes have left; `removed` (how many) and `bytes` (how much memory) may be NULL.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_catalog_reclaim(removed: *mut usize, bytes: *mut u64) -> samemap_status_t {
    border(|| {
        let reclaimed = catalog::reclaim()?;
        // SAFETY: the caller keeps the header's rules.
        unsafe {
            put(removed, reclaimed.removed.len());
            put(bytes, reclaimed.bytes);
        }
        Ok(SAMEMAP_OK)
    })
}

/// Takes the name from the object that has it, which lives on without a name; `taken`, which may be NULL, tells
/// whether there was one.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_catalog_take_name(
    name: *const c_char,
    taken: *mut bool,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let was_there = catalog::take_name(&unsafe { self::name(name) }?)?;
        // SAFETY: the caller keeps the header's rules.
        unsafe { put(taken, was_there) };
        Ok(SAMEMAP_OK)
    })
}

/// Makes this process keep its objects in another directory than the system's, such as one of a container. Call it
/// before anything is opened. SAMEMAP_ERROR_UNSUPPORTED on Windows.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_catalog_set_directory(path: *const c_char) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        catalog::set_directory(Path::new(unsafe { text(path, "the path") }?))?;
        Ok(SAMEMAP_OK)
    })
}

/// Copies to `buffer` the path of the file that programs without this library open and map, where shm_open() does
/// not reach the region: the region lets other users in, or it lies in another directory. SAMEMAP_ERROR_NOT_FOUND
/// where there is no such file, and always on Windows.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_catalog_data_path(
    name: *const c_char,
    buffer: *mut c_char,
    size: usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (name, into) =
            unsafe { (self::name(name)?, crate::arguments::buffer(buffer.cast::<c_void>(), size)?) };
        let path = catalog::data_path(&name).ok_or_else(no_file)?;
        copy_text(path.to_string_lossy().as_bytes(), into)?;
        Ok(SAMEMAP_OK)
    })
}

fn no_file() -> Error {
    Error::new(ErrorKind::NotFound, "tell the region's file")
        .with_detail("there is no such region, or shm_open() reaches it")
}

/// Copies a text and a zero byte.
fn copy_text(text: &[u8], into: &mut [u8]) -> Result<()> {
    let Some((end, to)) = into.get_mut(..=text.len()).and_then(|into| into.split_last_mut()) else {
        let kind = ErrorKind::TooLong { len: text.len() as u64 + 1, maximum: into.len() as u64 };
        return Err(Error::new(kind, "copy the text"));
    };
    to.copy_from_slice(text);
    *end = 0;
    Ok(())
}
