//! `std::io` over a channel, for code that reads and writes bytes.

use std::io;

use super::receiver::{Received, Receiver};
use super::sender::Sender;
use crate::{ErrorKind, Result};

/// Writes bytes through a channel: each write is a message, or several where it is longer than one may be.
#[derive(Debug)]
pub struct MessageWriter(Sender);

impl MessageWriter {
    /// The sender again.
    #[must_use]
    pub fn into_inner(self) -> Sender {
        self.0
    }
}

impl From<Sender> for MessageWriter {
    fn from(sender: Sender) -> Self {
        MessageWriter(sender)
    }
}

impl io::Write for MessageWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(self.0.max_message())];
        if !piece.is_empty() {
            self.0.send(piece).map_err(to_io)?;
        }
        Ok(piece.len())
    }

    /// Nothing is held back, so there is nothing to do.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads bytes from a channel, whatever messages they came in. The end of the stream is the peer's orderly close; a peer
/// that died is [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
#[derive(Debug)]
pub struct MessageReader {
    receiver: Receiver,
    taken: Taken,
}

impl MessageReader {
    /// The receiver again. A message that was read in part is received whole.
    #[must_use]
    pub fn into_inner(self) -> Receiver {
        self.receiver
    }
}

impl From<Receiver> for MessageReader {
    fn from(receiver: Receiver) -> Self {
        MessageReader { receiver, taken: Taken::default() }
    }
}

impl io::Read for MessageReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            let message = match self.receiver.recv() {
                Ok(message) => message,
                Err(error) if error.is(ErrorKind::Closed) => return Ok(0),
                Err(error) => return Err(to_io(error)),
            };
            // A message without bytes is not the end.
            match self.taken.copy(message, into).map_err(to_io)? {
                0 => {}
                count => return Ok(count),
            }
        }
    }
}

/// How much of the next message was read.
#[derive(Debug, Default)]
pub(crate) struct Taken(usize);

impl Taken {
    /// Copies what follows in the message, and gives the message back when that was its end; how many bytes it was.
    pub(crate) fn copy(&mut self, message: Received<'_>, into: &mut [u8]) -> Result<usize> {
        let rest = message.len().saturating_sub(self.0);
        let count = rest.min(into.len());
        message.read(self.0, &mut into[..count])?;
        if count < rest {
            self.0 += count;
            // Its rest is for the next call.
            std::mem::forget(message);
        } else {
            self.0 = 0;
        }
        Ok(count)
    }
}

pub(crate) fn to_io(error: crate::Error) -> io::Error {
    let kind = match error.kind() {
        ErrorKind::Closed => io::ErrorKind::BrokenPipe,
        ErrorKind::PeerDied => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
