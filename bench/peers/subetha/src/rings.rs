//! The crate's rings.

use std::path::PathBuf;

use subetha_cxc::shared_ring::{Consumer, Producer};
use subetha_cxc::{BlockingSpscRing, FrameRing, RingError, SharedRing, SharedRingSpsc};

use crate::job::Job;

/// Slots of a ring.
const SLOTS: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    First,
    Second,
}

/// A ring each way.
pub trait Link: Sized {
    /// The longest message in bytes.
    const MAX: usize;
    /// One of the two, made by the first end.
    type Half;
    fn half(job: &Job, end: End, path: PathBuf) -> Result<Self::Half, RingError>;
    fn of(outgoing: Self::Half, incoming: Self::Half) -> Self;
    fn send(&mut self, message: &[u8]);
    /// Copies the message to the start of `into`, which was made with [`room`](Self::room) bytes.
    fn receive(&mut self, into: &mut Vec<u8>);
    /// Its rings of slots hand out whole ones.
    fn room(_size: usize) -> usize {
        Self::MAX
    }
}

/// Where the files lie.
const FOLDER: &str = "/dev/shm";

pub fn connect<L: Link>(job: &Job, end: End) -> Result<L, String> {
    let half = |which: &str| {
        let path = PathBuf::from(FOLDER).join(format!("{}{which}", job.name));
        L::half(job, end, path).map_err(|error| format!("{error:?}"))
    };
    let (there, back) = (half("there")?, half("back")?);
    Ok(if end == End::First { L::of(there, back) } else { L::of(back, there) })
}

/// All files whose names begin with that one.
pub fn remove_files(name: &str) {
    let Ok(entries) = std::fs::read_dir(FOLDER) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(name.as_bytes()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Removes the files whatever happens.
pub struct Files<'a>(pub &'a str);

impl Drop for Files<'_> {
    fn drop(&mut self) {
        remove_files(self.0);
    }
}

/// Tries until it does not find the ring full, or empty.
#[inline]
fn spin<T>(mut attempt: impl FnMut() -> Result<T, RingError>) -> T {
    loop {
        match attempt() {
            Ok(done) => return done,
            Err(RingError::Full | RingError::Empty) => std::hint::spin_loop(),
            Err(error) => panic!("{error:?}"),
        }
    }
}

pub struct Ring {
    outgoing: SharedRing,
    incoming: SharedRing,
}

impl Link for Ring {
    const MAX: usize = 56;
    type Half = SharedRing;

    fn half(_job: &Job, end: End, path: PathBuf) -> Result<SharedRing, RingError> {
        match end {
            End::First => SharedRing::create(path, SLOTS),
            End::Second => SharedRing::open(path, SLOTS),
        }
    }

    fn of(outgoing: SharedRing, incoming: SharedRing) -> Self {
        Ring { outgoing, incoming }
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        spin(|| self.outgoing.try_push_spsc(message));
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        spin(|| self.incoming.try_pop_spsc(into));
    }
}

pub struct Spsc {
    outgoing: Producer,
    incoming: Consumer,
}

impl Link for Spsc {
    const MAX: usize = 64;
    type Half = (Producer, Consumer);

    fn half(_job: &Job, end: End, path: PathBuf) -> Result<Self::Half, RingError> {
        match end {
            End::First => SharedRingSpsc::create_pair(path, SLOTS),
            End::Second => SharedRingSpsc::open_pair(path, SLOTS),
        }
    }

    fn of(outgoing: Self::Half, incoming: Self::Half) -> Self {
        Spsc { outgoing: outgoing.0, incoming: incoming.1 }
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        spin(|| self.outgoing.try_push(message));
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        spin(|| self.incoming.try_pop(into));
    }
}

/// Bytes of a frame ring's region, of which a message may take half.
const REGION: usize = 4 << 20;

/// Bytes of a frame ring's slot, of which 8 are its own.
fn slot(size: usize) -> usize {
    if (57..=120).contains(&size) { 128 } else { 64 }
}

pub struct Frames {
    outgoing: FrameRing,
    incoming: FrameRing,
}

impl Link for Frames {
    const MAX: usize = REGION / 2;
    type Half = FrameRing;

    fn half(job: &Job, end: End, path: PathBuf) -> Result<FrameRing, RingError> {
        let slot = slot(job.size);
        match end {
            End::First => FrameRing::create(path, SLOTS, slot, REGION),
            End::Second => FrameRing::open(path, SLOTS, slot, REGION),
        }
    }

    fn of(outgoing: FrameRing, incoming: FrameRing) -> Self {
        Frames { outgoing, incoming }
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        spin(|| self.outgoing.send(message));
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        spin(|| self.incoming.recv_into(into));
    }

    fn room(size: usize) -> usize {
        size
    }
}

pub struct Blocking {
    outgoing: BlockingSpscRing,
    incoming: BlockingSpscRing,
}

impl Link for Blocking {
    const MAX: usize = 64;
    type Half = BlockingSpscRing;

    fn half(_job: &Job, end: End, path: PathBuf) -> Result<BlockingSpscRing, RingError> {
        let made = match end {
            End::First => BlockingSpscRing::create(path, SLOTS),
            End::Second => BlockingSpscRing::open(path, SLOTS),
        };
        Ok(made.unwrap_or_else(|error| panic!("{error:?}")))
    }

    fn of(outgoing: BlockingSpscRing, incoming: BlockingSpscRing) -> Self {
        Blocking { outgoing, incoming }
    }

    fn send(&mut self, message: &[u8]) {
        self.outgoing.send_blocking(message, None).expect("send");
    }

    fn receive(&mut self, into: &mut Vec<u8>) {
        self.incoming.recv_blocking(into, None).expect("receive");
    }
}
