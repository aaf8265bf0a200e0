//! How an end waits for its peer.

use std::thread;
use std::time::Duration;

use samemap_platform::internal::Doorbell;
use samemap_platform::internal::words::Until;

use super::spin::Spinner;
use crate::Result;

/// The pause between two looks at something that no doorbell announces.
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

/// The calls that wait for news and take nothing; the type has `has_news_within`, and `$news` is for their docs.
macro_rules! waits_for_news {
    ($end:ident, $news:literal) => {
        impl $end {
            #[doc = concat!("Waits until there is ", $news, ".")]
            ///
            /// # Errors
            /// What the system says.
            pub fn wait(&mut self) -> crate::Result<()> {
                while !self.has_news_within(samemap_platform::internal::words::Until::Forever)? {}
                Ok(())
            }

            #[doc = concat!("Waits for at most `timeout` until there is ", $news, "; `false` when time ran out.")]
            ///
            /// # Errors
            /// Those of [`wait`](Self::wait).
            pub fn wait_timeout(&mut self, timeout: std::time::Duration) -> crate::Result<bool> {
                self.has_news_within(samemap_platform::internal::words::Until::after(Some(timeout)))
            }

            #[doc = concat!("Whether there is ", $news, ".")]
            ///
            /// # Errors
            /// Those of [`wait`](Self::wait).
            pub fn try_wait(&mut self) -> crate::Result<bool> {
                self.has_news_within(samemap_platform::internal::words::Until::Now)
            }
        }
    };
}
pub(crate) use waits_for_news;

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

/// Calls `look` until it finds something.
#[inline]
pub(crate) fn for_ever<R>(mut look: impl FnMut() -> Result<Option<R>>) -> Result<R> {
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
    }
}

/// Waits for news, and then takes what there is; `None` when time ran out. The end has just looked and found nothing.
pub(crate) fn take_within<E, R>(
    end: &mut E,
    timeout: Option<Duration>,
    wait: impl Fn(&mut E, Until) -> Result<bool>,
    mut take: impl FnMut(&mut E) -> Result<Option<R>>,
) -> Result<Option<R>> {
    let limit = Until::after(timeout);
    while wait(end, limit)? {
        let found = take(end)?;
        // Nothing where there is some room, but not enough yet, or where a peer took a word back.
        if found.is_some() || limit.is_over() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Looks for a while, and then sleeps, until `news` says so, or time runs out.
pub(crate) fn wait(
    spinner: &mut Spinner,
    bell: Option<&Doorbell>,
    limit: Until,
    news: impl Fn() -> bool,
    goes_on: impl Fn() -> Result<bool>,
) -> Result<Woken> {
    if spinner.look(limit, &news, &goes_on)? {
        return Ok(Woken::News);
    }
    spinner.sleeps();
    sleep_until(bell, limit, news, goes_on)
}

/// Sleeps in slices until `news` says so, or time runs out; after each slice without news, and at the end, `goes_on`
/// says whether there may still be some. Without a doorbell no process rings, and the slices are short.
pub(crate) fn sleep_until(
    bell: Option<&Doorbell>,
    limit: Until,
    news: impl Fn() -> bool,
    goes_on: impl Fn() -> Result<bool>,
) -> Result<Woken> {
    loop {
        let left = limit.left().unwrap_or(Duration::MAX);
        match bell {
            _ if left.is_zero() => {}
            Some(bell) => bell.sleep(left, &news),
            None => thread::sleep(left.min(MOMENT)),
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
