//! How a topic lies in memory: the same for processes of 32 and of 64 bits, in the machine's byte order.
//!
//! The *data*, which the publisher alone writes:
//!
//! | bytes | what |
//! | --- | --- |
//! | 0..4 | 0 not laid out; [`BEGUN`] a publisher lays it out, or was killed while it did; [`READY`] |
//! | 4..8 | zeros |
//! | 8..16 | capacity of the ring in bytes |
//! | 16..20 | number of places for subscribers |
//! | 20..24 | the version that the program gives its messages |
//! | 24..28 | version of this layout: 1 |
//! | 32..40 | a random number, which the lobby has too |
//! | 128..136 | the number of the newest message |
//! | 256..264 | the first message that is kept |
//! | 384..392 | the epoch, which counts publishers that came and ended: odd while one is there, or was killed |
//! | 512.. | for each place: 8 bytes the subscriber that was thrown out of it last, 8 bytes the message that is pinned for it |
//! | then, on a multiple of 64 | the index: 8 bytes for each slot |
//! | then, on a multiple of 64 | the ring |
//!
//! The *lobby*, which subscribers write, and viewers that the publisher wakes:
//!
//! | bytes | what |
//! | --- | --- |
//! | 0..4 | 0 not laid out; [`READY`] |
//! | 8..16 | the data's random number |
//! | 16..20 | number of places |
//! | 128..192 | the publisher's seat |
//! | 256..320 | the publisher's doorbell |
//! | 384..448 | the readers' doorbell |
//! | 512..520 | counts joins |
//! | 1024.. | places of 256 bytes: 64 bytes its seat, 8 bytes the number of the join, 4 bytes the process id; from byte 128 on, 8 bytes the message that is needed next |
//!
//! The words and their meaning are those of `samemap_platform::internal::words::topic`.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::fence;

use samemap_platform::internal::words::topic::{Extent, LINE, Shape, TopicMemory, Word};
use samemap_platform::internal::{Doorbell, Seat, Sleepers};
use samemap_platform::regions::Part;

use crate::endpoint::laid_out::{Head, Layout, UNTOUCHED};
use crate::{Error, ErrorKind, Result, View};

const BEGUN: u32 = u32::from_ne_bytes(*b"SmT0");
const READY: u32 = u32::from_ne_bytes(*b"SmTp");
const LAYOUT: Layout = Layout { begun: BEGUN, version: 1, maker: "publisher", operation: OPEN };

const STATE: usize = 0;
const NONCE: usize = 32;
const NEWEST: usize = 128;
const OLDEST: usize = 256;
const EPOCH: usize = 384;
const VERDICTS: usize = 512;
const VERDICT: usize = 16;

const LOBBY_NONCE: usize = 8;
const LOBBY_PLACES: usize = 16;
pub(super) const PUBLISHER_SEAT: usize = 128;
const PUBLISHER_BELL: usize = 256;
const READERS_BELL: usize = 384;
const JOINS: usize = 512;
const PLACES: usize = 1024;
const PLACE: usize = 256;
/// Of a place.
const SINCE: usize = 64;
const PROCESS: usize = 72;
const POSITION: usize = 128;

const _: () = assert!(Seat::SIZE <= SINCE && POSITION + 8 <= PLACE && JOINS + 8 <= PLACES);
const _: () =
    assert!(PUBLISHER_SEAT + Seat::SIZE <= PUBLISHER_BELL && READERS_BELL + Doorbell::SIZE <= JOINS);

const fn on_a_line(bytes: usize) -> usize {
    bytes.next_multiple_of(LINE)
}

/// Offset of the index in the data.
const fn index_at(shape: Shape) -> usize {
    on_a_line(VERDICTS + shape.places() as usize * VERDICT)
}

/// Offset of the ring in the data.
const fn ring_at(shape: Shape) -> usize {
    on_a_line(index_at(shape) + shape.slots() as usize * 8)
}

/// Bytes of the data.
pub(super) const fn data_len(shape: Shape) -> u64 {
    ring_at(shape) as u64 + shape.capacity()
}

/// Bytes of the lobby.
pub(super) const fn lobby_len(places: u32) -> u64 {
    PLACES as u64 + places as u64 * PLACE as u64
}

/// Offset of a place's seat in the lobby.
pub(super) const fn seat_of(place: u32) -> usize {
    PLACES + place as usize * PLACE
}

/// What all processes that share the topic agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) shape: Shape,
    /// The version that the program gives its messages.
    pub(super) version: u32,
}

impl Facts {
    fn head(self) -> Head {
        Head { len: self.shape.capacity(), parts: self.shape.places(), version: self.version, form: 0 }
    }

    fn of(head: Head) -> Option<Facts> {
        let shape = Shape::new(head.len, head.parts)?;
        Some(Facts { shape, version: head.version })
    }
}

/// A topic's memory: checked once, and never looked at again but for the words and messages.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    /// Where this process may write to it. Dropped before the data, so that there is no lobby without its data.
    lobby: Option<View>,
    data: View,
    shape: Shape,
    index: usize,
    ring: usize,
}

impl Memory {
    /// Lays the memory out, or checks that it was laid out so. Only for the process that has the publisher's seat.
    pub(super) fn lay_out(data: &View, lobby: &View, wanted: Facts) -> Result<Memory> {
        let state = data.atomic_u32(STATE)?;
        let memory = if matches!(state.load(Acquire), UNTOUCHED | BEGUN) {
            let memory = Memory::over(data, wanted.shape)?;
            state.store(BEGUN, Relaxed);
            LAYOUT.write(data, 0, wanted.head())?;
            data.put(NONCE, &random())?;
            data.fill(VERDICTS, memory.ring - VERDICTS, 0)?;
            memory.store(Word::Newest, 0, Relaxed);
            memory.store(Word::Oldest, 1, Relaxed);
            memory
        } else {
            let found = Memory::facts(data)?;
            if found != wanted {
                return Err(mismatch(found, wanted));
            }
            Memory::over(data, wanted.shape)?
        };
        let memory = memory.with_lobby_laid_out(lobby)?;
        // Now readers find a lobby, too.
        state.store(READY, Release);
        Ok(memory)
    }

    fn with_lobby_laid_out(mut self, lobby: &View) -> Result<Memory> {
        let nonce: u64 = self.data.get(NONCE)?;
        let places = self.shape.places();
        if (lobby.len() as u64) < lobby_len(places) {
            return Err(out_of_range(lobby_len(places), lobby));
        }
        let state = lobby.atomic_u32(STATE)?;
        let is_ours = state.load(Acquire) == READY && lobby.get::<u64>(LOBBY_NONCE)? == nonce;
        if !is_ours {
            check_that_nobody_is_in(lobby, places)?;
            lobby.put(LOBBY_NONCE, &nonce)?;
            lobby.put(LOBBY_PLACES, &places)?;
            for place in 0..places {
                lobby.atomic_u64(seat_of(place) + SINCE)?.store(0, Relaxed);
            }
            state.store(READY, Release);
        }
        self.lobby = Some(lobby.clone());
        Ok(self)
    }

    /// Checks that the memory was laid out for messages of this version.
    pub(super) fn open(data: &View, version: u32) -> Result<Memory> {
        LAYOUT.wait_until_ready(data, 0)?;
        let found = Memory::facts(data)?;
        if found.version != version {
            return Err(mismatch(found, Facts { version, ..found }));
        }
        Memory::over(data, found.shape)
    }

    /// The same memory, with the lobby that belongs to it.
    pub(super) fn with_lobby(mut self, lobby: &View) -> Result<Memory> {
        let places = self.shape.places();
        if (lobby.len() as u64) < lobby_len(places) {
            return Err(out_of_range(lobby_len(places), lobby));
        }
        let is_ready = lobby.atomic_u32(STATE)?.load(Acquire) == READY;
        if !is_ready || lobby.get::<u64>(LOBBY_NONCE)? != self.data.get::<u64>(NONCE)? {
            return Err(damaged(OPEN, "the lobby under this name does not belong to the topic"));
        }
        self.lobby = Some(lobby.clone());
        Ok(self)
    }

    fn facts(data: &View) -> Result<Facts> {
        const FOREIGN: &str = "the memory there holds something else than a topic";
        if data.atomic_u32_reader(STATE)?.load(Acquire) != READY {
            return Err(damaged(OPEN, FOREIGN));
        }
        Facts::of(LAYOUT.read(data, 0)?).ok_or_else(|| damaged(OPEN, FOREIGN))
    }

    fn over(data: &View, shape: Shape) -> Result<Memory> {
        if (data.len() as u64) < data_len(shape) {
            return Err(out_of_range(data_len(shape), data));
        }
        // Says so now if the words cannot be had: misaligned, or 64 bits of read-only memory for 32-bit processes.
        data.atomic_u64_reader(NEWEST)?;
        Ok(Memory { data: data.clone(), lobby: None, shape, index: index_at(shape), ring: ring_at(shape) })
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// The lobby, where this process may write to it.
    pub(super) fn lobby(&self) -> Option<&View> {
        self.lobby.as_ref()
    }

    /// The bytes of a message.
    #[inline]
    pub(super) fn bytes(&self, extent: Extent) -> Part<'_> {
        self.part(extent.at(), extent.len())
    }

    /// Bytes of the ring.
    #[inline]
    pub(super) fn part(&self, at: usize, len: usize) -> Part<'_> {
        self.data.part(self.ring + at, len).expect("the ring lies inside the view")
    }

    /// Counts publishers that came and ended: odd while one is there, or was killed.
    pub(super) fn epoch(&self) -> u64 {
        self.data.atomic_u64_reader(EPOCH).map_or(0, |word| word.load(Acquire))
    }

    pub(super) fn set_epoch(&self, epoch: u64) {
        if let Ok(word) = self.data.atomic_u64(EPOCH) {
            word.store(epoch, Release);
        }
    }

    /// What the publisher sleeps on.
    pub(super) fn publisher_bell(&self) -> Result<Doorbell> {
        Doorbell::at(self.lobby_or_none()?, PUBLISHER_BELL, Sleepers::One)
    }

    /// What readers sleep on.
    pub(super) fn readers_bell(&self) -> Result<Doorbell> {
        Doorbell::at(self.lobby_or_none()?, READERS_BELL, Sleepers::Many)
    }

    fn lobby_or_none(&self) -> Result<&View> {
        self.lobby.as_ref().ok_or_else(|| Error::new(ErrorKind::AccessDenied, OPEN))
    }

    /// Whether there is a publisher, where the lobby tells.
    pub(super) fn has_publisher(&self) -> Result<bool> {
        self.lobby.as_ref().map_or(Ok(true), |lobby| Seat::is_taken(lobby, PUBLISHER_SEAT))
    }

    /// Writes which process has a place, for people to read.
    pub(super) fn sign(&self, place: u32) -> Result<()> {
        self.lobby_or_none()?.put(seat_of(place) + PROCESS, &std::process::id())
    }

    /// Which process says that it has the place.
    pub(super) fn signature(&self, place: u32) -> u32 {
        self.lobby.as_ref().and_then(|lobby| lobby.get(seat_of(place) + PROCESS).ok()).unwrap_or(0)
    }

    #[inline]
    fn find(&self, word: Word) -> (Option<&View>, usize) {
        let data = Some(&self.data);
        let lobby = self.lobby.as_ref();
        match word {
            Word::Newest => (data, NEWEST),
            Word::Oldest => (data, OLDEST),
            Word::Entry(slot) => (data, self.index + slot as usize * 8),
            Word::Thrown(place) => (data, VERDICTS + place as usize * VERDICT),
            Word::Pinned(place) => (data, VERDICTS + place as usize * VERDICT + 8),
            Word::Joins => (lobby, JOINS),
            Word::Since(place) => (lobby, seat_of(place) + SINCE),
            Word::Position(place) => (lobby, seat_of(place) + POSITION),
        }
    }
}

impl TopicMemory for Memory {
    #[inline]
    fn load(&self, word: Word, order: Ordering) -> u64 {
        // All words lie inside the views; one that cannot be read says what no word does.
        let (view, at) = self.find(word);
        view.and_then(|view| view.atomic_u64_reader(at).ok()).map_or(u64::MAX, |word| word.load(order))
    }

    #[inline]
    fn store(&self, word: Word, value: u64, order: Ordering) {
        let (view, at) = self.find(word);
        let word = view.and_then(|view| view.atomic_u64(at).ok());
        debug_assert!(word.is_some());
        if let Some(word) = word {
            word.store(value, order);
        }
    }

    fn replace(&self, word: Word, current: u64, new: u64) {
        let (view, at) = self.find(word);
        if let Some(word) = view.and_then(|view| view.atomic_u64(at).ok()) {
            let _ = word.compare_exchange(current, new, Relaxed, Relaxed);
        }
    }

    fn count(&self, word: Word) -> u64 {
        let (view, at) = self.find(word);
        view.and_then(|view| view.atomic_u64(at).ok()).map_or(0, |word| word.fetch_add(1, AcqRel))
    }

    #[inline]
    fn fence(&self, order: Ordering) {
        fence(order);
    }
}

/// A lobby of another topic, which has just ended, may be made anew.
fn check_that_nobody_is_in(lobby: &View, places: u32) -> Result<()> {
    for place in 0..places {
        if Seat::is_taken(lobby, seat_of(place))? {
            return Err(Error::new(ErrorKind::Busy, OPEN).with_detail(
                "subscribers of another topic of that name still have its lobby open; end those processes first",
            ));
        }
    }
    Ok(())
}

fn random() -> u64 {
    // The keys of std are random in each process, and change with each call.
    RandomState::new().build_hasher().finish()
}

#[cold]
fn mismatch(found: Facts, wanted: Facts) -> Error {
    let describe = |Facts { shape, version }: Facts| {
        format!("{} bytes for messages of version {version}, {} places", shape.capacity(), shape.places())
    };
    Error::new(ErrorKind::LayoutMismatch, OPEN).with_detail(format!(
        "the topic has {}, and this program wants {}; give all programs that share it the same options",
        describe(found),
        describe(wanted)
    ))
}

#[cold]
fn out_of_range(len: u64, view: &View) -> Error {
    Error::new(ErrorKind::OutOfRange { offset: 0, len, region_len: view.len() as u64 }, OPEN)
}

#[cold]
pub(super) fn damaged(operation: &'static str, what: &str) -> Error {
    Error::new(ErrorKind::Damaged, operation)
        .with_detail(format!("{what}; use memory that is zero at first, and let nothing else write there"))
}

/// The error of a reader that finds rubbish.
#[cold]
pub(super) fn senseless() -> Error {
    damaged(RECEIVE, "the topic's memory holds what no samemap program writes")
}

pub(super) const OPEN: &str = "open the topic";
pub(super) const RECEIVE: &str = "receive from the topic";
