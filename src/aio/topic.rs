//! Topics, for tasks.

use std::future::poll_fn;

use samemap_platform::bytemuck::{self, AnyBitPattern, NoUninit};
use samemap_platform::regions::Part;

use super::waiter::Wait;
use crate::Result;
use crate::topic::watch::{RoomNews, TopicNews};
use crate::topic::{Publisher, Received, Slot, Subscriber, Viewed, Viewer};

/// A [`Publisher`] for tasks: it waits without blocking the thread.
#[derive(Debug)]
pub struct AsyncPublisher {
    // Dropped before the publisher ends.
    wait: Wait<RoomNews>,
    publisher: Publisher,
}

impl AsyncPublisher {
    /// Takes over the publisher.
    #[must_use]
    pub fn new(publisher: Publisher) -> Self {
        AsyncPublisher { wait: Wait::new(publisher.watch()), publisher }
    }

    /// Publishes a copy of `message`; waits for subscribers that need what it would overwrite.
    ///
    /// # Errors
    /// Those of [`Publisher::publish`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn publish(&mut self, message: &[u8]) -> Result<()> {
        let mut slot = self.reserve(message.len()).await?;
        slot.write(0, message)?;
        slot.commit().map(drop)
    }

    /// Publishes a plain-data value.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish).
    pub async fn publish_value<T: NoUninit>(&mut self, value: &T) -> Result<()> {
        self.publish(bytemuck::bytes_of(value)).await
    }

    /// Room for a message of up to `len` bytes, to be filled in place; waits for subscribers that need what lies there.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish).
    pub async fn reserve(&mut self, len: usize) -> Result<Slot<'_>> {
        let AsyncPublisher { wait, publisher } = self;
        let room = poll_fn(|context| wait.poll_for(context, |_| publisher.room(len)));
        let room = room.await?;
        Ok(publisher.lend(room))
    }

    /// The publisher, for what does not wait.
    pub fn get_mut(&mut self) -> &mut Publisher {
        &mut self.publisher
    }

    /// The blocking publisher again.
    #[must_use]
    pub fn into_inner(self) -> Publisher {
        let AsyncPublisher { wait, publisher } = self;
        drop(wait);
        publisher
    }
}

/// A [`Subscriber`] for tasks: it waits without blocking the thread.
#[derive(Debug)]
pub struct AsyncSubscriber {
    // Dropped before the subscriber leaves.
    wait: Wait<TopicNews>,
    subscriber: Subscriber,
}

impl AsyncSubscriber {
    /// Takes over the subscriber.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(subscriber: Subscriber) -> Result<Self> {
        Ok(AsyncSubscriber { wait: Wait::new(subscriber.watch()?), subscriber })
    }

    /// The next message, in place; waits until there is one.
    ///
    /// # Errors
    /// Those of [`Subscriber::recv`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn recv(&mut self) -> Result<Received<'_>> {
        let AsyncSubscriber { wait, subscriber } = self;
        let message = poll_fn(|context| wait.poll_for(context, |_| subscriber.next_or_end(false)));
        let message = message.await?;
        Ok(subscriber.lend(message))
    }

    /// Receives a plain-data value.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv), and of [`Subscriber::recv_value`].
    pub async fn recv_value<T: AnyBitPattern>(&mut self) -> Result<T> {
        self.recv().await?.value()
    }

    /// The subscriber, for what does not wait.
    pub fn get_mut(&mut self) -> &mut Subscriber {
        &mut self.subscriber
    }

    /// The blocking subscriber again.
    #[must_use]
    pub fn into_inner(self) -> Subscriber {
        let AsyncSubscriber { wait, subscriber } = self;
        drop(wait);
        subscriber
    }
}

/// A [`Viewer`] for tasks: it waits without blocking the thread.
#[derive(Debug)]
pub struct AsyncViewer {
    wait: Wait<TopicNews>,
    viewer: Viewer,
}

impl AsyncViewer {
    /// Takes over the viewer.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for one that is [not woken](Viewer::is_woken).
    pub fn new(viewer: Viewer) -> Result<Self> {
        Ok(AsyncViewer { wait: Wait::new(viewer.watch()?), viewer })
    }

    /// A copy of the next message that is kept; waits until there is one.
    ///
    /// # Errors
    /// Those of [`Viewer::recv`]; [`Os`](crate::ErrorKind::Os) when no thread can be had to wait.
    pub async fn recv(&mut self) -> Result<Viewed<Vec<u8>>> {
        self.recv_with(|bytes| {
            let mut copied = vec![0; bytes.len()];
            bytes.read(0, &mut copied).map(|()| copied)
        })
        .await
        .and_then(|viewed| {
            Ok(Viewed { sequence: viewed.sequence, missed: viewed.missed, value: viewed.value? })
        })
    }

    /// What `read` makes of the next message in place, as [`Viewer::recv_with`] does; waits until there is one.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub async fn recv_with<R>(&mut self, mut read: impl FnMut(Part<'_>) -> R) -> Result<Viewed<R>> {
        let AsyncViewer { wait, viewer } = self;
        poll_fn(|context| wait.poll_for(context, |_| viewer.read_or_end(false, &mut read))).await
    }

    /// The viewer, for what does not wait.
    pub fn get_mut(&mut self) -> &mut Viewer {
        &mut self.viewer
    }

    /// The blocking viewer again.
    #[must_use]
    pub fn into_inner(self) -> Viewer {
        self.viewer
    }
}
