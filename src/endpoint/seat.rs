//! The seats of ends.

use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// How long a free seat may seem taken: on Windows a process that looks at a seat has it for an instant.
const GRACE: Duration = Duration::from_millis(20);

/// Tries for that long.
pub(crate) fn within_grace<T>(mut take: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let begin = Instant::now();
    loop {
        let taken = take()?;
        if taken.is_some() || begin.elapsed() >= GRACE {
            return Ok(taken);
        }
        thread::sleep(Duration::from_millis(1));
    }
}
