//! The operation and the object of a call, for its errors.

use crate::{Error, ErrorKind, ObjectName};

/// The operation that is tried: a phrase that completes "cannot …".
pub(crate) type Operation = &'static str;

/// The operation and the object that an error is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) operation: Operation,
    pub(crate) name: Option<&'a ObjectName>,
}

impl Context<'_> {
    #[cold]
    pub(crate) fn error(self, kind: ErrorKind) -> Error {
        let error = Error::new(kind, self.operation);
        match self.name {
            Some(name) => error.with_name(name.to_string()),
            None => error,
        }
    }

    #[cold]
    pub(crate) fn out_of_memory(self, requested: u64, available: Option<u64>) -> Error {
        self.error(ErrorKind::OutOfMemory { requested, available })
    }

    /// The error for an invalid argument, with a text that says what is wrong with it.
    #[cold]
    pub(crate) fn invalid(self, detail: impl Into<String>) -> Error {
        self.error(ErrorKind::InvalidArgument).with_detail(detail)
    }
}
