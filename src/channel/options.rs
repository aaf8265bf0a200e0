//! How channels and listeners are made, and connected to.

use std::time::Duration;

use samemap_platform::internal::permissions_and_trust;
use samemap_platform::internal::words::ring::{HEADER, Shape};

use super::layout::Shapes;
use crate::endpoint::spin::Spin;
use crate::{Error, ErrorKind, Permissions, Result, Trust};

/// Bytes of a ring, unless it is said otherwise.
const USUAL: usize = 64 << 10;

/// How a channel is made, or connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ChannelOptions {
    pub(super) send_capacity: usize,
    pub(super) receive_capacity: usize,
    pub(super) permissions: Permissions,
    pub(super) trust: Trust,
    pub(super) spin: Spin,
    pub(super) patience: Duration,
    pub(super) backlog: usize,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        ChannelOptions::new()
    }
}

impl ChannelOptions {
    /// Rings of 64 KiB, for its owner alone, adaptive spinning, a second of patience, and room for 1024 that wait.
    pub fn new() -> Self {
        ChannelOptions {
            send_capacity: USUAL,
            receive_capacity: USUAL,
            permissions: Permissions::owner_only(),
            trust: Trust::OwnAndSystem,
            spin: Spin::Adaptive,
            patience: Duration::from_secs(1),
            backlog: 1024,
        }
    }

    /// Bytes of each of the two rings, one for each direction, rounded up to a power of two; 64 to 1 GiB. The memory is
    /// committed when the channel is made. A message may take up to half of the ring. Ignored when connecting.
    ///
    /// Small rings are best for questions and answers: they stay in the processor's nearest caches. In a stream,
    /// rings of 1 to 4 MiB let the sender run ahead, so that the two processors do not wait for each other's cache
    /// lines: one of 64 KiB messages was five times as fast with them (`docs/performance.md`, its streams).
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.send_capacity = bytes;
        self.receive_capacity = bytes;
        self
    }

    /// Bytes of the ring through which the end that makes the channel sends. Zero is for a channel whose messages go the
    /// other way: 64 bytes, in which messages of up to 24 fit. To be said after [`capacity`](Self::capacity) and
    /// [`for_messages_of`](Self::for_messages_of), which are about both rings.
    pub fn send_capacity(mut self, bytes: usize) -> Self {
        self.send_capacity = bytes;
        self
    }

    /// Bytes of the ring through which the end that makes the channel receives, as for
    /// [`send_capacity`](Self::send_capacity).
    pub fn receive_capacity(mut self, bytes: usize) -> Self {
        self.receive_capacity = bytes;
        self
    }

    /// The smallest capacity that takes messages of this length, and at least four of them at a time.
    pub fn for_messages_of(self, bytes: usize) -> Self {
        // One more, for the end of a lap that is skipped.
        let five = bytes.saturating_add(HEADER + 8).saturating_mul(5);
        self.capacity(five)
    }

    /// How long this end looks for news before it sleeps.
    pub fn spin(mut self, spin: Spin) -> Self {
        self.spin = spin;
        self
    }

    /// How long connecting waits: for a listener that has others to serve before, or for one that is not ready yet,
    /// because it is being made, or is busy with its last peer. One second unless this says otherwise.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many may wait for a [`Listener`](super::Listener) in the order in which they came: 1024 unless this says
    /// otherwise. Fewer than 30 are rounded up to that. Each takes 512 bytes of the listener's region. Clients beyond
    /// that number wait for a place, in no order. Ignored when connecting, and by channels of one peer.
    pub fn backlog(mut self, clients: usize) -> Self {
        self.backlog = clients;
        self
    }

    /// The longest message that a channel made with these options takes in both directions, in bytes.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a capacity beyond the limits.
    pub fn max_message(&self) -> Result<usize> {
        let shapes = self.shapes()?;
        Ok(shapes.to_peer.max_message().min(shapes.to_listener.max_message()))
    }

    /// How many bytes of a region such a channel takes, for [`Channel::create_in`](super::Channel::create_in).
    ///
    /// # Errors
    /// As for [`max_message`](Self::max_message).
    pub fn region_len(&self) -> Result<u64> {
        Ok(self.shapes()?.bytes_needed())
    }

    pub(super) fn shapes(&self) -> Result<Shapes> {
        Ok(Shapes { to_peer: shape(self.send_capacity)?, to_listener: shape(self.receive_capacity)? })
    }
}

fn shape(bytes: usize) -> Result<Shape> {
    let capacity = u32::try_from(bytes).ok().and_then(u32::checked_next_power_of_two);
    capacity.map(|capacity| capacity.max(Shape::MIN_CAPACITY)).and_then(Shape::new).ok_or_else(|| {
        Error::new(ErrorKind::InvalidArgument, "create the channel").with_detail(format!(
            "a capacity of {bytes} bytes was asked for; ask for at most {}",
            Shape::MAX_CAPACITY
        ))
    })
}

permissions_and_trust!(ChannelOptions {
    /// Lets other users in, with the right to write. Ignored when connecting.
    permissions,
    /// Whose channel is accepted when connecting.
    trust
});
