//! What subscribers and viewers have in common: how they find the topic, wait, and learn of the publisher's end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use samemap_platform::internal::Doorbell;
use samemap_platform::internal::words::Until;

use super::layout::{Memory, RECEIVE};
use super::options::{TopicOptions, lobby_name};
use crate::endpoint::readiness::WouldBlock;
use crate::endpoint::spin::Spinner;
use crate::endpoint::wait::{self, Woken};
use crate::{Access, Error, ErrorKind, ObjectName, Region, Result, View};

/// The memory that a reader shares with its publisher, and what it knows of publishers.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Where this process may write to the lobby.
    bell: Option<Doorbell>,
    pub(super) memory: Memory,
    known: Arc<Known>,
    /// The calls that found nothing, for waits on behalf of this reader.
    pub(super) would_block: Arc<WouldBlock>,
}

/// What a reader and those that wait on its behalf know of publishers.
#[derive(Debug, Default)]
struct Known {
    /// The epoch when this reader was last told that a publisher has ended.
    told: AtomicU64,
    /// The epoch of a publisher that was found dead.
    dead: AtomicU64,
}

impl Reader {
    /// Opens the data, and the lobby where this process may write to it.
    pub(super) fn open(name: &ObjectName, options: &TopicOptions) -> Result<Reader> {
        let open = || {
            let data = Region::open(name, &options.to_open(Access::ReadOnly))?;
            let data = data.view(.., Access::ReadOnly)?;
            let memory = Memory::open(&data, options.version)?;
            let lobby = Region::open(
                &lobby_name(name)?,
                &options.to_open(Access::ReadWrite).patience(Duration::ZERO),
            );
            match lobby.and_then(|lobby| lobby.view(.., Access::ReadWrite)) {
                Ok(lobby) => Reader::over(memory.with_lobby(&lobby)?),
                Err(error) if error.is(ErrorKind::AccessDenied) => Reader::over(memory),
                Err(error) => Err(error),
            }
        };
        open().map_err(|error: Error| error.with_name(name.to_string()))
    }

    /// The same in views that the caller has.
    pub(super) fn at(data: &View, lobby: Option<&View>, options: &TopicOptions) -> Result<Reader> {
        let memory = Memory::open(data, options.version)?;
        Reader::over(match lobby {
            Some(lobby) => memory.with_lobby(lobby)?,
            None => memory,
        })
    }

    fn over(memory: Memory) -> Result<Reader> {
        let bell = memory.lobby().is_some().then(|| memory.readers_bell()).transpose()?;
        let reader = Reader { bell, memory, known: Arc::default(), would_block: Arc::default() };
        // A reader that comes when there is no publisher waits for the next one.
        if let Some(epoch) = reader.has_ended(true)? {
            reader.known.told.store(epoch, Relaxed);
        }
        Ok(reader)
    }

    /// What the publisher rings, where it knows of readers.
    pub(super) fn bell(&self) -> Option<&Doorbell> {
        self.bell.as_ref()
    }

    /// The same reader, for those that wait on its behalf: an end that one finds or is told of, the other knows.
    pub(super) fn same(&self) -> Reader {
        Reader {
            bell: self.bell.clone(),
            memory: self.memory.clone(),
            known: Arc::clone(&self.known),
            would_block: Arc::clone(&self.would_block),
        }
    }

    /// Whether a publisher has ended of which this reader was not told: the epoch then. A killed publisher is found only
    /// by `asking` the system, once.
    pub(super) fn has_ended(&self, asking: bool) -> Result<Option<u64>> {
        let epoch = self.memory.epoch();
        if epoch == self.known.told.load(Relaxed) {
            return Ok(None);
        }
        let mut has_ended = is_over(epoch) || epoch == self.known.dead.load(Relaxed);
        if !has_ended && asking && !self.memory.has_publisher()? {
            self.known.dead.store(epoch, Relaxed);
            has_ended = true;
        }
        Ok(has_ended.then_some(epoch))
    }

    /// The error that tells of that end, once.
    #[cold]
    pub(super) fn tell(&self, epoch: u64) -> Error {
        self.known.told.store(epoch, Relaxed);
        let (kind, detail) = if is_over(epoch) {
            (ErrorKind::Closed, "the publisher has ended; receive again to wait for the next one")
        } else {
            (
                ErrorKind::PeerDied,
                "the publisher's process ended without closing; receive again to wait for the next one",
            )
        };
        Error::new(kind, RECEIVE).with_detail(detail)
    }

    /// The end to tell of where this reader has found nothing at its position; `None` where its call would block.
    pub(super) fn end_or_block(&self, asking: bool, position: u64) -> Result<Option<u64>> {
        let ended = self.has_ended(asking)?;
        if ended.is_none() {
            self.would_block.note(position);
        }
        Ok(ended)
    }

    /// Waits for `news`, or for the publisher's end; `false` when time ran out, and the call at this position would block.
    #[cold]
    pub(super) fn wait(
        &self,
        spinner: &mut Spinner,
        limit: Until,
        position: u64,
        news: impl Fn() -> bool,
    ) -> Result<bool> {
        let news = || news() || self.has_ended(false).is_ok_and(|ended| ended.is_some());
        let goes_on = || self.has_ended(true).map(|ended| ended.is_none());
        let woken = wait::wait(spinner, self.bell.as_ref(), limit, news, goes_on)?;
        if woken == Woken::TimedOut {
            self.would_block.note(position);
        }
        Ok(woken != Woken::TimedOut)
    }
}

#[cold]
pub(super) fn never_woken() -> Error {
    Error::new(ErrorKind::Unsupported, "wait for the topic").with_detail(
        "this viewer reads the data alone, and no publisher wakes it; look now and then, or ask for the right to write to the topic's lobby",
    )
}

/// A publisher that left in order makes the count even.
fn is_over(epoch: u64) -> bool {
    epoch % 2 == 0
}
