//! Waiting for several readers.

use std::time::Duration;

use samemap_platform::internal::Doorbell;
use samemap_platform::internal::words::Until;

use self::sealed::Reader;
use super::reader::never_woken;
use super::subscriber::Subscriber;
use super::viewer::Viewer;
use crate::Result;

/// A reader that [`wait_any`] takes: a [`Subscriber`], or a [`Viewer`] that is [woken](Viewer::is_woken).
pub trait Waits: Reader {}

impl Waits for Subscriber {}

impl Waits for Viewer {}

impl Reader for Subscriber {
    fn bell(&self) -> Option<&Doorbell> {
        self.reader.bell()
    }

    fn has_news(&self, asking: bool) -> Result<bool> {
        self.check_ours()?;
        Ok(self.consumer.has_news(&self.reader.memory) || self.reader.has_ended(asking)?.is_some())
    }
}

impl Reader for Viewer {
    fn bell(&self) -> Option<&Doorbell> {
        self.reader.bell()
    }

    fn has_news(&self, asking: bool) -> Result<bool> {
        Ok(self.viewer.has_news(&self.reader.memory) || self.reader.has_ended(asking)?.is_some())
    }
}

mod sealed {
    use samemap_platform::internal::Doorbell;

    use crate::Result;

    /// What a wait for several readers needs of each. Other crates cannot implement it.
    pub trait Reader {
        /// What rings when there is news.
        fn bell(&self) -> Option<&Doorbell>;
        /// Whether there is a message, or an end to be told of; a killed publisher is found only by `asking` the system.
        fn has_news(&self, asking: bool) -> Result<bool>;
    }
}

/// Waits until one of up to 64 readers has a message, or an end to be told of, and returns the lowest index of those.
///
/// A reader that always has news hides those behind it in the list: receive from all that have something before the next
/// wait.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for none, or more than 64;
/// [`Unsupported`](crate::ErrorKind::Unsupported) for a viewer that is not woken; and what the system says.
pub fn wait_any(readers: &[&dyn Waits]) -> Result<usize> {
    loop {
        if let Some(index) = any_by(readers, Until::Forever)? {
            return Ok(index);
        }
    }
}

/// Waits as [`wait_any`] does, for at most `timeout`; `None` when time ran out.
///
/// # Errors
/// Those of [`wait_any`].
pub fn wait_any_timeout(readers: &[&dyn Waits], timeout: Duration) -> Result<Option<usize>> {
    any_by(readers, Until::after(Some(timeout)))
}

/// The lowest index of those that have a message, or an end to be told of; `None` when there is none.
///
/// # Errors
/// Those of [`wait_any`].
pub fn try_wait_any(readers: &[&dyn Waits]) -> Result<Option<usize>> {
    any_by(readers, Until::Now)
}

fn any_by(readers: &[&dyn Waits], limit: Until) -> Result<Option<usize>> {
    let bells: Option<Vec<&Doorbell>> = readers.iter().map(|reader| reader.bell()).collect();
    let Some(bells) = bells else { return Err(never_woken()) };
    // A failed look fails again below, and says why.
    let news = || readers.iter().any(|reader| reader.has_news(false).unwrap_or(true));
    let mut asking = false;
    loop {
        for (index, reader) in readers.iter().enumerate() {
            if reader.has_news(asking)? {
                return Ok(Some(index));
            }
        }
        if asking && limit.is_over() {
            return Ok(None);
        }
        Doorbell::sleep_on_any(&bells, limit.left().unwrap_or(Duration::MAX), news)?;
        asking = true;
    }
}
