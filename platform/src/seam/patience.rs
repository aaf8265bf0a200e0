//! Opening with patience: a name that nobody has yet is waited for.

use std::time::Duration;

use crate::words::Until;
use crate::{ErrorKind, Result};

/// The longest sleep between two looks at a name: for what the system did not tell, or forgot to.
const LOOK_AT_LEAST_EACH: Duration = Duration::from_secs(1);

/// Opens what has the name, or waits until something has it, for as long as patience lasts. Whatever is wrong but that
/// nothing has it is told at once.
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
    // It watches from here on, so that nothing comes between a look and the sleep behind it.
    let mut arrivals = watch();
    loop {
        answer = open();
        if is_there(&answer) {
            return answer;
        }
        let (slice, _) = until.slice(LOOK_AT_LEAST_EACH);
        if slice.is_zero() {
            return answer.map_err(|error| error.with_detail(nobody_came(patience)));
        }
        arrivals(slice);
    }
}

#[cold]
fn nobody_came(patience: Duration) -> String {
    format!("nothing of that name was made within {patience:?}; start what makes it, or wait longer")
}

/// What sleeps until a name may have come, and for no longer than it is told to.
pub(crate) type Arrivals = Box<dyn FnMut(Duration)>;

/// Where the system does not tell: it looks again after a while, at first at once.
pub(crate) fn look_now_and_then() -> Arrivals {
    const FIRST: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_millis(20);
    let mut pause = FIRST;
    Box::new(move |longest| {
        std::thread::sleep(pause.min(longest));
        pause = (pause * 2).min(LONGEST);
    })
}
