//! Viewers: they read what is there when they look, and may miss messages.

use std::time::Duration;

use bytemuck::AnyBitPattern;
use samemap_platform::bytemuck;
use samemap_platform::internal::words::Until;
use samemap_platform::internal::words::topic::{self, Reading};
use samemap_platform::regions::Part;

use super::layout::{RECEIVE, senseless};
use super::options::TopicOptions;
use super::reader::Reader;
use crate::endpoint::message::{copy, other_length, to_vec};
use crate::endpoint::spin::Spinner;
use crate::endpoint::wait::{for_ever, take_within, waits_for_news};
use crate::{Error, ErrorKind, ObjectName, Result, View};

/// A message that a [`Viewer`] has read, whole, and how many it missed before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Viewed<T> {
    /// The number of the message: 1 for the first one of the topic, and one more for each that follows.
    pub sequence: u64,
    /// How many messages were overwritten since the last one that this viewer read.
    pub missed: u64,
    /// What was read.
    pub value: T,
}

/// A reader of a topic that never delays the publisher and may miss messages: see the [module's documentation](crate::topic).
///
/// It only reads the data, and needs no place.
#[derive(Debug)]
pub struct Viewer {
    pub(super) reader: Reader,
    pub(super) viewer: topic::Viewer,
    spinner: Spinner,
}

impl Viewer {
    /// Opens the topic with that name, whose publisher lives, or has ended while readers hold the topic. Reading the
    /// data suffices; where this process may write to the lobby, the publisher wakes it.
    ///
    /// # Errors
    /// Those of [`Subscriber::open`](super::Subscriber::open), but for those of places.
    pub fn open(name: &ObjectName, options: &TopicOptions) -> Result<Viewer> {
        Ok(Viewer::over(Reader::open(name, options)?, options))
    }

    /// Views the topic in these views: of the data, which may be read-only, and of the lobby if there is one.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn at(data: &View, lobby: Option<&View>, options: &TopicOptions) -> Result<Viewer> {
        Ok(Viewer::over(Reader::at(data, lobby, options)?, options))
    }

    fn over(reader: Reader, options: &TopicOptions) -> Viewer {
        let viewer = topic::Viewer::begin(&reader.memory, reader.memory.shape(), options.history);
        reader.would_block.note(viewer.position());
        Viewer { reader, viewer, spinner: Spinner::new(options.spin) }
    }

    /// The longest message that can come, in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.reader.memory.shape().max_message()
    }

    /// The number of the next message, if that is not missed.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.viewer.position()
    }

    /// Whether the publisher wakes this viewer when it waits. If not, it looks each millisecond, and does not learn that
    /// a publisher was killed.
    #[must_use]
    pub fn is_woken(&self) -> bool {
        self.reader.memory.lobby().is_some()
    }

    /// A copy of the next message that is kept; waits until there is one.
    ///
    /// # Errors
    /// [`Closed`](ErrorKind::Closed) when the publisher has ended and everything was read,
    /// [`PeerDied`](ErrorKind::PeerDied) when it was killed and everything was read: both are told once for each
    /// publisher, and the next call waits for the messages of the next one. [`Contended`](ErrorKind::Contended) when
    /// the publisher overwrote 256 messages, each while it was read; [`Damaged`](ErrorKind::Damaged) when the memory
    /// holds no valid state.
    pub fn recv(&mut self) -> Result<Viewed<Vec<u8>>> {
        let mut value = Vec::new();
        let Viewed { sequence, missed, .. } = self.recv_into(&mut value)?;
        Ok(Viewed { sequence, missed, value })
    }

    /// A copy of the next message that is kept; waits for at most `timeout`, and is `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Viewed<Vec<u8>>>> {
        self.read_within(Some(timeout), to_vec)
    }

    /// A copy of the next message that is kept, if there is one. This does not ask the system whether the publisher
    /// lives: one that was killed is told here when a wait of any kind, or a [`Readiness`](crate::sync::Readiness), has
    /// found out.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> Result<Option<Viewed<Vec<u8>>>> {
        self.try_recv_with(to_vec)
    }

    /// Copies the next message to `into`, which then has its length; waits until there is one. After an error `into` may
    /// be a mix of several.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub fn recv_into(&mut self, into: &mut Vec<u8>) -> Result<Viewed<()>> {
        self.recv_with(|bytes| copy(bytes, into))
    }

    /// Receives a plain-data value.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv); [`InvalidArgument`](ErrorKind::InvalidArgument) when the message has another
    /// length than the value: it is lost then.
    pub fn recv_value<T: AnyBitPattern>(&mut self) -> Result<Viewed<T>> {
        let Viewed { sequence, missed, value } = self.recv_with(|bytes| (bytes.len(), bytes.get(0)))?;
        match value {
            (len, Ok(value)) if len == size_of::<T>() => Ok(Viewed { sequence, missed, value }),
            (len, _) => Err(other_length::<T>(len, RECEIVE)),
        }
    }

    /// What `read` makes of the next message in place; waits until there is one.
    ///
    /// The bytes may change while `read` looks at them. Then it is called again, for a later message, and only what it
    /// made of a whole one is returned.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub fn recv_with<R>(&mut self, mut read: impl FnMut(Part<'_>) -> R) -> Result<Viewed<R>> {
        for_ever(|| self.read_within(None, &mut read))
    }

    /// What `read` makes of the next message in place, as [`recv_with`](Self::recv_with) does; waits for at most
    /// `timeout`, and is `None` when time ran out.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub fn recv_with_timeout<R>(
        &mut self,
        timeout: Duration,
        read: impl FnMut(Part<'_>) -> R,
    ) -> Result<Option<Viewed<R>>> {
        self.read_within(Some(timeout), read)
    }

    /// What `read` makes of the next message in place, as [`recv_with`](Self::recv_with) does, if there is one.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    #[inline]
    pub fn try_recv_with<R>(&mut self, mut read: impl FnMut(Part<'_>) -> R) -> Result<Option<Viewed<R>>> {
        self.read_or_end(false, &mut read)
    }

    pub(crate) fn watch(&self) -> Result<super::watch::TopicNews> {
        super::watch::TopicNews::new(&self.reader, None)
    }

    fn has_news_within(&mut self, limit: Until) -> Result<bool> {
        let Viewer { reader, viewer, spinner } = self;
        reader.wait(spinner, limit, viewer.position(), || viewer.has_news(&reader.memory))
    }

    fn read_within<R>(
        &mut self,
        timeout: Option<Duration>,
        mut read: impl FnMut(Part<'_>) -> R,
    ) -> Result<Option<Viewed<R>>> {
        match self.read_or_end(false, &mut read)? {
            None => {
                take_within(self, timeout, Viewer::has_news_within, |own| own.read_or_end(true, &mut read))
            }
            found => Ok(found),
        }
    }

    /// Reads the next message; an error when there is none and the publisher has ended.
    #[inline]
    pub(crate) fn read_or_end<R>(
        &mut self,
        asking: bool,
        read: &mut impl FnMut(Part<'_>) -> R,
    ) -> Result<Option<Viewed<R>>> {
        if let Some(found) = self.read(read)? {
            return Ok(Some(found));
        }
        let Some(epoch) = self.reader.end_or_block(asking, self.viewer.position())? else { return Ok(None) };
        // What was published before that end counts, and may have come since the last look.
        match self.read(read)? {
            None => Err(self.reader.tell(epoch)),
            found => Ok(found),
        }
    }

    #[inline]
    fn read<R>(&mut self, read: &mut impl FnMut(Part<'_>) -> R) -> Result<Option<Viewed<R>>> {
        let Viewer { reader: Reader { memory, .. }, viewer, .. } = self;
        match viewer.read(memory, |_, extent| read(memory.bytes(extent))) {
            Reading::Message { sequence, missed, copied } => {
                Ok(Some(Viewed { sequence, missed, value: copied }))
            }
            Reading::Nothing => Ok(None),
            Reading::Contended => Err(Error::new(ErrorKind::Contended, RECEIVE)),
            Reading::Damaged => Err(senseless()),
        }
    }
}

waits_for_news!(Viewer, "a message, or an end to be told of");
