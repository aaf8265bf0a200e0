//! Opening with patience: waits for an object that does not exist yet.

use std::time::Duration;

use crate::words::Until;
use crate::{ErrorKind, Result};

/// The longest sleep between two attempts, in case the system did not report a change.
const LOOK_AT_LEAST_EACH: Duration = Duration::from_secs(1);

/// Opens the object with the name, and waits for it as long as patience lasts. Any error but a missing object is
/// returned at once.
pub(crate) fn open_in_time<T>(
    patience: Duration,
    watch: impl FnOnce() -> Arrivals,
    mut open: impl FnMut() -> Result<T>,
) -> Result<T> {
    let until = Until::after(Some(patience));
    let is_there = |answer: &Result<T>| !matches!(answer, Err(error) if error.is(ErrorKind::NotFound));
    let mut answer = open();
    if until == Until::Now || is_there(&answer) {
        return answer;
    }
    // The watch begins before the next attempt, so no object is missed between that and the sleep.
    let mut arrivals = watch();
    loop {
        answer = open();
        if is_there(&answer) {
            return answer;
        }
        let (slice, _) = until.slice(LOOK_AT_LEAST_EACH);
        if slice.is_zero() {
            return answer.map_err(|error| error.with_detail(not_made_in_time(patience)));
        }
        arrivals(slice);
    }
}

#[cold]
fn not_made_in_time(patience: Duration) -> String {
    format!("nothing of that name was made within {patience:?}; start what makes it, or wait longer")
}

/// Sleeps until the name may exist, for at most the given time.
pub(crate) type Arrivals = Box<dyn FnMut(Duration)>;

/// For a system that reports nothing: sleeps for growing pauses, the first of zero.
pub(crate) fn look_now_and_then() -> Arrivals {
    const FIRST: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_millis(20);
    let mut pause = FIRST;
    Box::new(move |longest| {
        std::thread::sleep(pause.min(longest));
        pause = (pause * 2).min(LONGEST);
    })
}
