//! A message that is lent in place, and room for one.

use samemap_platform::bytemuck::AnyBitPattern;
use samemap_platform::regions::Part;

use crate::{Error, ErrorKind, Result};

/// What can be done with a message that is lent in place; its type has `len` and `bytes`. The operation is for errors.
macro_rules! lent_message {
    ($message:ident, $operation:expr) => {
        impl $message<'_> {
            /// Whether it has no bytes.
            #[inline]
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Copies `into.len()` bytes at `offset` out.
            ///
            /// # Errors
            /// [`OutOfRange`](crate::ErrorKind::OutOfRange).
            #[inline]
            pub fn read(&self, offset: usize, into: &mut [u8]) -> crate::Result<()> {
                self.bytes().read(offset, into)
            }

            /// Copies a plain-data value out at `offset`.
            ///
            /// # Errors
            /// [`OutOfRange`](crate::ErrorKind::OutOfRange).
            #[inline]
            pub fn get<T: crate::bytemuck::AnyBitPattern>(&self, offset: usize) -> crate::Result<T> {
                self.bytes().get(offset)
            }

            /// A copy of the whole message.
            #[must_use]
            pub fn to_vec(&self) -> Vec<u8> {
                $crate::endpoint::message::to_vec(self.bytes())
            }

            /// Copies the message to the start of `into`, and tells its length.
            ///
            /// # Errors
            /// [`TooLong`](crate::ErrorKind::TooLong) when it is longer than `into`; then the message is not lost, and
            /// is received again.
            #[inline]
            pub fn take_into(self, into: &mut [u8]) -> crate::Result<usize> {
                let len = self.len();
                match into.get_mut(..len) {
                    Some(into) => self.bytes().read(0, into).map(|()| len),
                    None => {
                        let room = into.len();
                        std::mem::forget(self);
                        Err($crate::endpoint::message::no_room(len, room, $operation))
                    }
                }
            }

            /// The message as a plain-data value.
            ///
            /// # Errors
            /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when it has another length than the value.
            #[inline]
            pub fn value<T: crate::bytemuck::AnyBitPattern>(&self) -> crate::Result<T> {
                $crate::endpoint::message::value(self.bytes(), $operation)
            }
        }
    };
}
pub(crate) use lent_message;

/// What can be done with room that is lent in place; its type has `bytes`.
macro_rules! lent_room {
    ($room:ident) => {
        impl $room<'_> {
            /// Copies `from` in at `offset`.
            ///
            /// # Errors
            /// [`OutOfRange`](crate::ErrorKind::OutOfRange).
            #[inline]
            pub fn write(&mut self, offset: usize, from: &[u8]) -> crate::Result<()> {
                self.bytes().write(offset, from)
            }

            /// Copies a plain-data value in at `offset`.
            ///
            /// # Errors
            /// [`OutOfRange`](crate::ErrorKind::OutOfRange).
            #[inline]
            pub fn put<T: crate::bytemuck::NoUninit>(
                &mut self,
                offset: usize,
                value: &T,
            ) -> crate::Result<()> {
                self.bytes().put(offset, value)
            }
        }
    };
}
pub(crate) use lent_room;

/// Copies the whole message to `into`, which then has its length.
pub(crate) fn copy(bytes: Part<'_>, into: &mut Vec<u8>) {
    into.resize(bytes.len(), 0);
    bytes.read(0, into).expect("the same length");
}

pub(crate) fn to_vec(bytes: Part<'_>) -> Vec<u8> {
    let mut copied = Vec::new();
    copy(bytes, &mut copied);
    copied
}

/// The whole message as a plain-data value.
#[inline]
pub(crate) fn value<T: AnyBitPattern>(bytes: Part<'_>, operation: &'static str) -> Result<T> {
    if bytes.len() == size_of::<T>() { bytes.get(0) } else { Err(other_length::<T>(bytes.len(), operation)) }
}

#[cold]
pub(crate) fn other_length<T>(len: usize, operation: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, operation).with_detail(format!(
        "the message has {len} bytes and the value {}; all sides must mean the same type",
        size_of::<T>()
    ))
}

#[cold]
pub(crate) fn no_room(len: usize, room: usize, operation: &'static str) -> Error {
    let kind = ErrorKind::TooLong { len: len as u64, maximum: room as u64 };
    Error::new(kind, operation).with_detail(format!(
        "the message has {len} bytes and the buffer {room}; receive it again with a larger one"
    ))
}
