//! Why a program stops.

use std::error::Error as _;

/// Why a program stops before its work is done.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something went wrong: what, and what to do, on one line.
    Failed(String),
    /// It was asked to end, or the reader of its output is gone. Nothing is wrong.
    Ended,
}

impl From<crate::Error> for Stop {
    /// The error's text leaves the system's own words to its source; a person wants to see both.
    fn from(error: crate::Error) -> Self {
        Stop::Failed(match error.source() {
            Some(cause) => format!("{error} ({cause})"),
            None => error.to_string(),
        })
    }
}
