//! Names of objects, and objects without one.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use samemap::names::NameSpace;
use samemap::sync::SyncOptions;
use samemap::{ObjectName, OpenOptions, Trust};

use super::codes::error;
use super::errors::code_of;
use super::pointers::{In, Text};
use super::security::{self, SecurityAttributes};

/// The name that a program passes. Null and empty text are none.
pub(super) fn read(text: &dyn Text) -> Result<Option<ObjectName>, u32> {
    match text.read()? {
        None => Ok(None),
        Some(text) if text.is_empty() => Ok(None),
        Some(text) => ObjectName::new(text).map(Some).map_err(|cause| code_of(&cause)),
    }
}

/// The name of an object that is to be opened.
pub(super) fn to_open(text: &dyn Text) -> Result<ObjectName, u32> {
    match text.read()? {
        None => Err(error::INVALID_PARAMETER),
        // It leads to the directory of names, which is no object of any kind that is asked for.
        Some(text) if text.is_empty() => Err(error::INVALID_HANDLE),
        Some(text) => ObjectName::new(text).map_err(|cause| code_of(&cause)),
    }
}

/// The owners whose objects are opened. Under `Global\` the object's own permissions decide, as on Windows; nobody else
/// can have put anything under `Local\`.
pub(super) fn trust(name: &ObjectName) -> Trust {
    match name.name_space() {
        NameSpace::Local => Trust::OwnAndSystem,
        NameSpace::Global => Trust::Anyone,
    }
}

/// How an object with that name is opened.
pub(super) fn open_options(name: &ObjectName) -> OpenOptions {
    OpenOptions::read_write().trust(trust(name))
}

/// The name for an object to wait for, and what the caller asks for beside it. One without a name of its own gets one
/// that nobody else has: the library has no mutex that can be waited for among others, and no timer, without a name.
pub(super) fn to_make(
    text: &dyn Text,
    security: &In<SecurityAttributes>,
) -> Result<(ObjectName, SyncOptions), u32> {
    let name = read(text)?.map_or_else(private, Ok)?;
    let options = SyncOptions::new().permissions(security::permissions(security)?).trust(trust(&name));
    Ok((name, options))
}

fn private() -> Result<ObjectName, u32> {
    static RANDOM: OnceLock<RandomState> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    let random = RANDOM.get_or_init(RandomState::new).hash_one((process, number));
    ObjectName::new(format!("unnamed-{process}-{number}-{random:016x}")).map_err(|cause| code_of(&cause))
}
