//! How an end waits for its peer.

use std::time::Duration;

use samemap_platform::internal::Doorbell;
use samemap_platform::internal::words::Until;

use crate::Result;

/// The pause between two looks at something that no doorbell announces.
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

/// Why a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// What was waited for.
    News,
    /// Time ran out.
    TimedOut,
    /// There will be none.
    Alone,
}

/// Sleeps in slices until `news` says so, or time runs out; after each slice without news, and at the end, `goes_on`
/// says whether there may still be some.
pub(crate) fn sleep_until(
    bell: &Doorbell,
    limit: Until,
    news: impl Fn() -> bool,
    goes_on: impl Fn() -> Result<bool>,
) -> Result<Woken> {
    loop {
        if !limit.is_over() {
            bell.sleep(limit.left().unwrap_or(Duration::MAX), &news);
        }
        if news() {
            return Ok(Woken::News);
        }
        // Before the time is looked at: a caller that often waits for a short time learns of an end, too.
        if !goes_on()? {
            // What came before the end counts.
            return Ok(if news() { Woken::News } else { Woken::Alone });
        }
        if limit.is_over() {
            return Ok(Woken::TimedOut);
        }
    }
}
