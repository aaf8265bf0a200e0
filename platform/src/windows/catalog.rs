//! Listing and reclaiming: there is nothing to do on Windows (rule C17).

use std::path::PathBuf;

use crate::contract::catalog::{Entry, Reclaimed};
use crate::{Error, ErrorKind, ObjectName, Result};

pub(crate) fn list() -> Result<Vec<Entry>> {
    Err(unsupported("list the objects"))
}

pub(crate) fn reclaim() -> Result<Reclaimed> {
    Err(unsupported("reclaim what was left behind"))
}

pub(crate) fn take_name(_name: &ObjectName) -> Result<bool> {
    Err(unsupported("take the name from its holders"))
}

pub(crate) fn data_path(_name: &ObjectName) -> Option<PathBuf> {
    None
}

fn unsupported(operation: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, operation).with_detail(
        "on Windows the kernel keeps the names and reclaims an object when its last handle goes, so nothing \
         is ever left behind; to see the living objects, use the Sysinternals tools WinObj and Handle",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_that_nothing_is_ever_left() {
        for error in [list().unwrap_err(), reclaim().unwrap_err()] {
            assert_eq!(*error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("last handle"), "{error}");
        }
    }
}
