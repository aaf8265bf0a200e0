//! A newer value, as what waits for several things waits for it.

use std::sync::Arc;

use samemap_platform::internal::{Doorbell, Watched};
use samemap_platform::internal::{News, WaitTarget};
use samemap_platform::sync::{Awaitable, WaitAny};

use super::raw::{RawReader, never_woken};
use super::watch;
use crate::Result;

/// A value newer than one that was read, or the writer's end: what [`Latest::newer_than`](super::Latest::newer_than) gives
/// to [`wait_any`](crate::wait_any), [`Readiness`](crate::sync::Readiness) and `aio::wait_any`.
#[derive(Debug)]
pub struct Newer<'a> {
    reader: &'a RawReader,
    than: u64,
}

impl<'a> Newer<'a> {
    pub(super) fn new(reader: &'a RawReader, than: u64) -> Newer<'a> {
        Newer { reader, than }
    }
}

impl News for Newer<'_> {
    fn bell(&self) -> Result<&Doorbell> {
        self.reader.bell().ok_or_else(never_woken)
    }

    fn has_come(&self, asking: bool) -> Result<bool> {
        Ok(self.reader.place().newest()? > self.than || asking && self.reader.has_writer_gone()?)
    }
}

impl WaitAny for Newer<'_> {
    fn wait_target(&self) -> WaitTarget<'_> {
        WaitTarget::News(self)
    }
}

impl Awaitable for Newer<'_> {
    fn watched(&self) -> Result<Arc<dyn Watched>> {
        let news = watch::News::new(self.reader)?;
        news.set_seen(self.than);
        Ok(Arc::new(news))
    }
}
