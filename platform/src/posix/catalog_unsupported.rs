//! Systems whose shared memory objects cannot be listed.

use crate::catalog::{Entry, Reclaimed};
use crate::{Error, ErrorKind, Result};

fn unsupported(operation: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, operation).with_detail(
        "this system cannot list its shared memory objects; what dead holders left is reclaimed at the next create or open of its name",
    )
}

pub(crate) fn list() -> Result<Vec<Entry>> {
    Err(unsupported("list the objects"))
}

pub(crate) fn reclaim() -> Result<Reclaimed> {
    Err(unsupported("reclaim dead objects"))
}
