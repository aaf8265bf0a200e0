//! `ipmpsc` 0.5: a `SharedRingBuffer` each way, in a file in memory, blocking. Its documentation names what is fastest:
//! byte strings by `serde_bytes`, received through `zero_copy_context`; sending always copies. "Zero-copy" receivers look
//! at a message's first and last bytes where it lies, the others copy it out.

use std::marker::PhantomData;

use ipmpsc::{Receiver, Sender, SharedRingBuffer};
use serde_bytes::Bytes;

use crate::linux::leftovers;
use crate::linux::link::{Link, Spec};

/// How a message is read where it lies.
pub trait Use {
    /// Reads it.
    fn read(arrived: &[u8], into: &mut [u8]);
}

/// Copied out.
pub struct Copied;

impl Use for Copied {
    #[inline]
    fn read(arrived: &[u8], into: &mut [u8]) {
        into.copy_from_slice(arrived);
    }
}

/// Only its first and last bytes.
pub struct InPlace;

const ENDS: usize = 8;

impl Use for InPlace {
    #[inline]
    fn read(arrived: &[u8], into: &mut [u8]) {
        let last = arrived.len() - ENDS;
        into[..ENDS].copy_from_slice(&arrived[..ENDS]);
        into[last..].copy_from_slice(&arrived[last..]);
    }
}

/// Bytes of a ring, where messages are small.
const RING: usize = 64 << 10;

/// A ring each way.
pub struct Rings<U> {
    outgoing: Sender,
    incoming: Receiver,
    how: PhantomData<U>,
}

pub type Copies = Rings<Copied>;
pub type ZeroCopy = Rings<InPlace>;

/// From the first end to the second, and back.
const WAYS: [&str; 2] = ["there", "back"];

impl<U: Use> Rings<U> {
    fn over(
        [outgoing, incoming]: [&str; 2],
        ring: impl Fn(&str) -> ipmpsc::Result<SharedRingBuffer>,
    ) -> Result<Self, String> {
        let ring = |way| ring(&path(way)).map_err(|error| error.to_string());
        Ok(Rings {
            outgoing: Sender::new(ring(outgoing)?),
            incoming: Receiver::new(ring(incoming)?),
            how: PhantomData,
        })
    }
}

fn path(way: &str) -> String {
    leftovers::folder().join(way).to_string_lossy().into_owned()
}

impl<U: Use> Link for Rings<U> {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        let bytes = u32::try_from(RING.max(4 * spec.size)).expect("messages are not that long");
        Ok((Rings::over(WAYS, |path| SharedRingBuffer::create(path, bytes))?, String::new()))
    }

    fn connect(_spec: &Spec<'_>, _token: &str) -> Self {
        let [there, back] = WAYS;
        Rings::over([back, there], SharedRingBuffer::open).expect("the first end has made them")
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        self.outgoing.send(&Bytes::new(message)).expect("send");
    }

    #[inline]
    fn receive(&mut self, into: &mut [u8]) {
        let mut context = self.incoming.zero_copy_context();
        let arrived: &Bytes = context.recv().expect("receive");
        U::read(arrived, into);
    }
}
