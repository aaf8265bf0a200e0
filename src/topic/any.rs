//! Waiting for several readers, here or [beside objects](crate::wait_any).

use std::sync::Arc;
use std::time::Duration;

use samemap_platform::internal::words::Until;
use samemap_platform::internal::{Doorbell, News, WaitTarget, Watched, wait_for_news};
use samemap_platform::sync::{Awaitable, WaitAny};

use super::reader::never_woken;
use super::subscriber::Subscriber;
use super::viewer::Viewer;
use crate::Result;
use crate::endpoint::wait::for_ever;

/// A reader that [`wait_any`] takes: a [`Subscriber`], or a [`Viewer`] that is [woken](Viewer::is_woken).
pub trait Waits: WaitAny {}

impl Waits for Subscriber {}

impl Waits for Viewer {}

impl WaitAny for Subscriber {
    fn wait_target(&self) -> WaitTarget<'_> {
        WaitTarget::News(self)
    }
}

impl WaitAny for Viewer {
    fn wait_target(&self) -> WaitTarget<'_> {
        WaitTarget::News(self)
    }
}

impl News for Subscriber {
    fn bell(&self) -> Result<&Doorbell> {
        self.reader.bell().ok_or_else(never_woken)
    }

    fn has_come(&self, asking: bool) -> Result<bool> {
        self.check_ours()?;
        Ok(self.consumer.has_news(&self.reader.memory) || self.reader.has_ended(asking)?.is_some())
    }
}

impl News for Viewer {
    fn bell(&self) -> Result<&Doorbell> {
        self.reader.bell().ok_or_else(never_woken)
    }

    fn has_come(&self, asking: bool) -> Result<bool> {
        Ok(self.viewer.has_news(&self.reader.memory) || self.reader.has_ended(asking)?.is_some())
    }
}

impl Awaitable for Subscriber {
    fn watched(&self) -> Result<Arc<dyn Watched>> {
        Ok(Arc::new(self.watch()?))
    }
}

impl Awaitable for Viewer {
    fn watched(&self) -> Result<Arc<dyn Watched>> {
        Ok(Arc::new(self.watch()?))
    }
}

/// Waits until one of up to 64 readers has a message, or an end to be told of, and returns the lowest index of those.
///
/// A reader that always has news hides those behind it in the list: receive from all that have something before the next
/// wait. [`sync::wait_any`](crate::sync::wait_any) takes readers beside objects, channels and newest values.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for none, or more than 64;
/// [`Unsupported`](crate::ErrorKind::Unsupported) for a viewer that is not woken; and what the system says.
pub fn wait_any(readers: &[&dyn Waits]) -> Result<usize> {
    for_ever(|| any_by(readers, Until::Forever))
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
    let news: Vec<&dyn News> = readers.iter().filter_map(|reader| reader.wait_target().news()).collect();
    wait_for_news(&news, limit)
}
