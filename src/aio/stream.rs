//! tokio's traits of streams over a channel, for code that reads and writes bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::ends::{AsyncReceiver, AsyncSender};
use crate::ErrorKind;
use crate::channel::stream::{Taken, to_io};

/// Writes bytes through a channel: each write is a message, or several where it is longer than one may be.
#[derive(Debug)]
pub struct AsyncMessageWriter {
    /// Dropped, and with it closed, when the writer is shut down.
    sender: Option<AsyncSender>,
}

impl AsyncMessageWriter {
    /// The sender again; `None` after a shutdown.
    #[must_use]
    pub fn into_inner(self) -> Option<AsyncSender> {
        self.sender
    }
}

impl From<AsyncSender> for AsyncMessageWriter {
    fn from(sender: AsyncSender) -> Self {
        AsyncMessageWriter { sender: Some(sender) }
    }
}

impl AsyncWrite for AsyncMessageWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(sender) = &mut self.sender else {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, "the writer was shut down")));
        };
        let piece = &bytes[..bytes.len().min(sender.max_message())];
        if !piece.is_empty() {
            let room = ready!(sender.poll_room(piece.len(), context)).map_err(to_io)?;
            let mut slot = sender.sender.lend(room);
            slot.write(0, piece).map_err(to_io)?;
            slot.commit();
        }
        Poll::Ready(Ok(piece.len()))
    }

    /// Nothing is held back, so there is nothing to do.
    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes this direction: the peer reads what was sent, and then the end of the stream.
    fn poll_shutdown(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sender = None;
        Poll::Ready(Ok(()))
    }
}

/// Reads bytes from a channel, whatever messages they came in. The end of the stream is the peer's orderly close; a peer
/// that died is [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
#[derive(Debug)]
pub struct AsyncMessageReader {
    receiver: AsyncReceiver,
    taken: Taken,
}

impl AsyncMessageReader {
    /// The receiver again. A message that was read in part is received whole.
    #[must_use]
    pub fn into_inner(self) -> AsyncReceiver {
        self.receiver
    }
}

impl From<AsyncReceiver> for AsyncMessageReader {
    fn from(receiver: AsyncReceiver) -> Self {
        AsyncMessageReader { receiver, taken: Taken::default() }
    }
}

impl AsyncRead for AsyncMessageReader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while into.remaining() > 0 {
            let record = match ready!(this.receiver.poll_record(context)) {
                Ok(record) => record,
                Err(error) if error.is(ErrorKind::Closed) => break,
                Err(error) => return Poll::Ready(Err(to_io(error))),
            };
            let message = this.receiver.receiver.lend(record);
            let room = message.len().min(into.remaining());
            let count = this.taken.copy(message, into.initialize_unfilled_to(room)).map_err(to_io)?;
            into.advance(count);
            if count > 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}
