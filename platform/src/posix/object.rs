//! The plan of a creator, the wishes of an opener, and the errors for foreign objects.

use rustix::io::Errno;

use super::facts::Form;
use super::{commit, dir, names};
use crate::contract::context::{Context, Operation};
use crate::seam::ask::Made;
use crate::{
    CreateOptions, Error, ErrorKind, Found, ObjectKind, ObjectName, OpenOptions, Permissions, Result,
};

/// The plan of a new object.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) operation: Operation,
    pub(super) name: &'a ObjectName,
    pub(super) kind: ObjectKind,
    /// The size asked for, in bytes.
    pub(super) asked: u64,
    /// The length of the data: whole pages.
    pub(super) len: u64,
    pub(super) permissions: Permissions,
    pub(super) contents: Contents<'a>,
}

/// The data of a new object.
#[derive(Clone, Copy)]
pub(super) enum Contents<'a> {
    Zeros,
    /// These bytes, followed by zeros.
    Begin(&'a [u8]),
    /// The bytes of the file that this record names.
    LeadTo(&'a [u8]),
}

impl<'a> Plan<'a> {
    pub(super) fn context(&self) -> Context<'a> {
        Context { operation: self.operation, name: Some(self.name) }
    }

    /// One file is enough for an object of its owner alone that has data of its own.
    pub(super) fn form(&self) -> Form {
        match self.contents {
            Contents::LeadTo(_) => Form::Elsewhere,
            _ if self.permissions.mode() & 0o077 != 0 => Form::Beside,
            _ => Form::InFront,
        }
    }
}

/// The wishes of an opener.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) operation: Operation,
    pub(super) name: &'a ObjectName,
    pub(super) kind: ObjectKind,
    pub(super) options: &'a OpenOptions,
}

/// The size asked for, in whole pages.
pub(super) fn planned_len(options: &CreateOptions, context: Context<'_>) -> Result<u64> {
    commit::rounded_to_pages(options.size()).ok_or_else(|| context.out_of_memory(options.size(), None))
}

/// Turns the error of a taken name into `Made::Taken`.
pub(super) fn made<T>(answer: Result<T>) -> Result<Made<T>> {
    match answer {
        Err(error) if error.is(ErrorKind::AlreadyExists) => Ok(Made::Taken(())),
        answer => answer.map(Made::New),
    }
}

// ---- errors -------------------------------------------------------------------------------------------

pub(super) fn mismatch(wanted: ObjectKind, found: Found, context: Context<'_>) -> Error {
    context.error(ErrorKind::KindMismatch { wanted, found })
}

pub(super) fn foreign(what: &'static str, wanted: ObjectKind, context: Context<'_>) -> Error {
    let error = mismatch(wanted, Found::Foreign(what), context);
    let Some(name) = context.name else { return error };
    error.with_detail(format!(
        "{what} that samemap did not make lies at {}; remove it if nobody needs it, or choose another name",
        dir::shown(&names::system_name(name)),
    ))
}

pub(super) fn denied(owner: u32, context: Context<'_>) -> Error {
    context.error(ErrorKind::AccessDenied).with_detail(format!(
        "its owner, user {owner}, did not share it with you for what you ask; ask for less access, or the owner for wider permissions"
    ))
}

pub(super) fn remains_of_another(owner: u32, errno: Errno, context: Context<'_>) -> Error {
    context
        .error(ErrorKind::AccessDenied)
        .with_detail(format!(
            "nobody holds it, but what is left belongs to user {owner}, and only that user or root may remove it (samemap gc); choose another name until then"
        ))
        .with_source(errno.into())
}
