//! `shmem-ipc` 0.3: its `sharedring` of bytes each way, between processes that trust each other (`send_trusted`), filled
//! and emptied by slices as in its own benchmark, and blocking on its eventfds. The ring is larger than in that
//! benchmark, where it holds two messages.

use std::fs::File;
use std::os::fd::{AsRawFd as _, FromRawFd as _};

use shmem_ipc::sharedring::{Receiver, Sender};

use crate::linux::link::{Link, Spec};
use crate::linux::links::kernel::wake_up;

/// Bytes of a ring, where messages are small.
const RING: usize = 64 << 10;

fn capacity(size: usize) -> usize {
    RING.max(4 * size)
}

/// A ring each way.
pub struct Rings {
    outgoing: Sender<u8>,
    incoming: Receiver<u8>,
}

/// A descriptor that the second end inherits.
fn inheritable(file: &File) -> Result<i32, String> {
    // SAFETY: the file is open; the copy is left to the process's end, as the second end may start at any time.
    let fd = unsafe { libc::dup(file.as_raw_fd()) };
    if fd < 0 { Err(std::io::Error::last_os_error().to_string()) } else { Ok(fd) }
}

fn open_all(fds: &[i32]) -> [File; 3] {
    let fds: [i32; 3] = fds.try_into().expect("three descriptors");
    // SAFETY: inherited from the first end, for this.
    fds.map(|fd| unsafe { File::from_raw_fd(fd) })
}

impl Link for Rings {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        let capacity = capacity(spec.size);
        let outgoing = Sender::<u8>::new(capacity).map_err(|error| error.to_string())?;
        let incoming = Receiver::<u8>::new(capacity).map_err(|error| error.to_string())?;
        let there = [outgoing.memfd().as_file(), outgoing.empty_signal(), outgoing.full_signal()];
        let back = [incoming.memfd().as_file(), incoming.empty_signal(), incoming.full_signal()];
        let fds: Result<Vec<i32>, String> = there.into_iter().chain(back).map(inheritable).collect();
        let token: Vec<String> = fds?.iter().map(i32::to_string).collect();
        Ok((Rings { outgoing, incoming }, token.join(":")))
    }

    fn connect(spec: &Spec<'_>, token: &str) -> Self {
        let capacity = capacity(spec.size);
        let fds: Vec<i32> = token.split(':').map(|fd| fd.parse().expect("a descriptor")).collect();
        let [memory, empty, full] = open_all(&fds[..3]);
        let incoming = Receiver::open(capacity, memory, empty, full).expect("open the ring");
        let [memory, empty, full] = open_all(&fds[3..]);
        let outgoing = Sender::open(capacity, memory, empty, full).expect("open the ring");
        Rings { outgoing, incoming }
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        let mut rest = wake_up(message);
        while !rest.is_empty() {
            let before = rest.len();
            let write = |room: &mut [u8]| {
                let (now, later) = rest.split_at(rest.len().min(room.len()));
                room[..now.len()].copy_from_slice(now);
                rest = later;
                now.len()
            };
            // SAFETY: one sender and one receiver of each ring, both set up by this file.
            unsafe { self.outgoing.send_trusted(write) }.expect("send");
            if rest.len() == before {
                self.outgoing.block_until_writable().expect("wait for room");
            }
        }
    }

    #[inline]
    fn receive(&mut self, into: &mut [u8]) {
        let mut byte = [0];
        let mut rest = if into.is_empty() { &mut byte } else { into };
        while !rest.is_empty() {
            let mut taken = 0;
            let read = |there: &[u8]| {
                taken = rest.len().min(there.len());
                rest[..taken].copy_from_slice(&there[..taken]);
                taken
            };
            // SAFETY: as above.
            unsafe { self.incoming.receive_trusted(read) }.expect("receive");
            rest = &mut rest[taken..];
            if taken == 0 {
                self.incoming.block_until_readable().expect("wait for bytes");
            }
        }
    }
}
