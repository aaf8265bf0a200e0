//! How a topic is shared.

use std::time::Duration;

use samemap_platform::internal::permissions_and_trust;
use samemap_platform::internal::words::topic::{LINE, Shape};

use super::layout::{Facts, OPEN, data_len, lobby_len};
use crate::endpoint::spin::Spin;
use crate::{Access, CreateOptions, Error, ErrorKind, ObjectName, OpenOptions, Permissions, Result, Trust};
use samemap_platform::Share;

/// How a topic is made and opened: the same options for its publisher and for its readers, each of which heeds those that
/// concern it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TopicOptions {
    capacity: u64,
    subscribers: u32,
    pub(super) version: u32,
    permissions: Permissions,
    trust: Trust,
    patience: Duration,
    pub(super) spin: Spin,
    pub(super) history: u64,
    pub(super) throw_out_after: Option<Duration>,
}

impl Default for TopicOptions {
    fn default() -> Self {
        TopicOptions::new()
    }
}

impl TopicOptions {
    /// A ring of 1 MiB and 64 places for subscribers, for its owner alone. Readers begin with the next message, and the
    /// publisher waits for subscribers as long as its calls say.
    pub fn new() -> Self {
        TopicOptions {
            capacity: 1 << 20,
            subscribers: 64,
            version: 0,
            permissions: Permissions::owner_only(),
            trust: Trust::OwnAndSystem,
            patience: Duration::ZERO,
            spin: Spin::Adaptive,
            history: 0,
            throw_out_after: None,
        }
    }

    /// Bytes of the ring, rounded up to a multiple of 64, and to at least 256; the publisher sets it. The memory is
    /// committed when the topic is made, and is the same whatever the number of readers.
    ///
    /// A message takes its length, rounded up to a multiple of 64, and at least 64. The longest one is a third of the
    /// ring. The newest messages are kept for readers to begin with or to catch up: of equal messages that take *n*
    /// bytes, `capacity / n - 1` (rounded down) while another one is written; of any, the newest that take at most
    /// `capacity - 2 * longest` bytes together; but never more than the smaller one of `capacity / 64 - 1` and 16,383.
    pub fn capacity(mut self, bytes: usize) -> Self {
        let bytes = (bytes as u64).max(Shape::MIN_CAPACITY);
        self.capacity = bytes.checked_next_multiple_of(LINE as u64).unwrap_or(u64::MAX);
        self
    }

    /// The smallest capacity that keeps `count` messages of this length while another one is written, and takes such
    /// messages at all.
    pub fn for_messages_of(self, len: usize, count: usize) -> Self {
        let each = len.max(1).checked_next_multiple_of(LINE).unwrap_or(usize::MAX);
        self.capacity(each.saturating_mul(count.saturating_add(1).max(3)))
    }

    /// The number of places for subscribers that keep up, at most 1024; the publisher sets it. Each takes 272 bytes.
    /// Viewers need none.
    pub fn subscribers(mut self, most: u32) -> Self {
        self.subscribers = most;
        self
    }

    /// The version that the program gives its messages: a program with another version gets
    /// [`LayoutMismatch`](ErrorKind::LayoutMismatch).
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// How long a reader waits for a topic that no publisher has made yet: see [`OpenOptions::patience`].
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long this end looks for news before it sleeps.
    pub fn spin(mut self, spin: Spin) -> Self {
        self.spin = spin;
        self
    }

    /// A reader begins with up to so many of the messages that are kept; `u64::MAX` is all of them. Without this it begins
    /// with the next one.
    pub fn history(mut self, messages: u64) -> Self {
        self.history = messages;
        self
    }

    /// The publisher throws out a subscriber that holds it back for so long without receiving. Without this it throws out
    /// none but by [`Publisher::throw_out`](super::Publisher::throw_out), and waits for each that lives.
    pub fn throw_out_after(mut self, patience: Duration) -> Self {
        self.throw_out_after = Some(patience);
        self
    }

    /// The longest message of a topic that is made with these options, in bytes.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a capacity or a number of places beyond the limits.
    pub fn max_message(&self) -> Result<usize> {
        Ok(self.facts()?.shape.max_message())
    }

    /// How many bytes the data and the lobby of such a topic take, for [`Publisher::at`](super::Publisher::at).
    ///
    /// # Errors
    /// Those of [`max_message`](Self::max_message).
    pub fn bytes_needed(&self) -> Result<(u64, u64)> {
        let shape = self.facts()?.shape;
        Ok((data_len(shape), lobby_len(shape.places())))
    }

    pub(super) fn facts(&self) -> Result<Facts> {
        let shape = Shape::new(self.capacity, self.subscribers);
        let shape = shape.filter(|&shape| data_len(shape) <= isize::MAX as u64).ok_or_else(|| {
            Error::new(ErrorKind::InvalidArgument, OPEN).with_detail(format!(
                "a capacity of {} bytes and {} places were asked for; ask for at most {} and {}",
                self.capacity,
                self.subscribers,
                Shape::MAX_CAPACITY.min(isize::MAX as u64),
                Shape::MAX_PLACES
            ))
        })?;
        Ok(Facts { shape, version: self.version })
    }

    /// The data: its owner alone writes there.
    pub(super) fn data_to_create(&self, size: u64) -> CreateOptions {
        let mut permissions = Permissions::owner_only();
        if self.permissions.group_share().is_some() {
            permissions = permissions.group(Share::ReadOnly);
        }
        if self.permissions.everyone_share().is_some() {
            permissions = permissions.everyone(Share::ReadOnly);
        }
        if let Some(id) = self.permissions.named_group() {
            permissions = permissions.group_id(id);
        }
        CreateOptions::new(size).permissions(permissions).trust(self.trust.clone())
    }

    pub(super) fn lobby_to_create(&self, size: u64) -> CreateOptions {
        CreateOptions::new(size).permissions(self.permissions).trust(self.trust.clone())
    }

    pub(super) fn to_open(&self, access: Access) -> OpenOptions {
        OpenOptions::new(access).trust(self.trust.clone()).patience(self.patience)
    }
}

permissions_and_trust!(TopicOptions {
    /// Lets other users in, where the publisher makes the topic: those that are let in to write can subscribe, those that
    /// are let in to read can view. None of them can write to the data.
    permissions,
    /// Which user's topic is accepted, where there is one already.
    trust
});

/// The name of the lobby of the topic with that name.
pub(super) fn lobby_name(name: &ObjectName) -> Result<ObjectName> {
    ObjectName::new(format!("{name}.lobby"))
}
