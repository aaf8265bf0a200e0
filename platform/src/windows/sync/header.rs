//! The state of an object inside a region: 64 bytes, aligned to 8, the same for 32- and 64-bit processes.
//!
//! | bytes | what, in the machine's byte order |
//! | --- | --- |
//! | 0..4 | 0 nobody initialised it; [`READY`] |
//! | 4..6 | version of this layout: 1 |
//! | 6..8 | kind: 2 mutex, 3 event, 4 semaphore |
//! | 8..12 | doorbell: whether anybody sleeps; else zero: a word that other systems work on |
//! | 12..16 | event: 0 auto-reset, 1 manual-reset; semaphore: the maximum |
//! | 16..24 | the id from which the kernel objects' names are made; set first, before it is initialised |
//! | 24..32 | event, semaphore: the signal as it was last seen, and how often it was written down |
//! | 32..40 | mutex: process and thread that own it, or zero |
//! | 40..44 | mutex: how often its owner took it |
//! | 44..48 | mutex: 1 when the owner before died |
//! | 48..64 | zeros |
//!
//! Others can write to all of it, so nothing here is believed without a check.

use std::io;
use std::mem::offset_of;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

use crate::ObjectKind;

/// The mark of an initialised header.
const READY: u32 = u32::from_le_bytes(*b"SMY\x81");
const VERSION: u16 = 1;
/// Length of a header in bytes; the value that a mutex protects follows it.
pub(super) const HEADER_LEN: usize = 64;

/// The header itself. Only atomics: others write to it.
#[repr(C, align(8))]
pub(super) struct Header {
    state: AtomicU32,
    version: AtomicU16,
    kind: AtomicU16,
    pub(super) word: AtomicU32,
    setting: AtomicU32,
    id: AtomicU64,
    record: AtomicU64,
    pub(super) owner: AtomicU64,
    pub(super) depth: AtomicU32,
    pub(super) abandoned: AtomicU32,
    reserved: [AtomicU64; 2],
}

const _: () = {
    assert!(size_of::<Header>() == HEADER_LEN);
    assert!(align_of::<Header>() == 8);
    assert!(offset_of!(Header, version) == 4);
    assert!(offset_of!(Header, kind) == 6);
    assert!(offset_of!(Header, word) == 8);
    assert!(offset_of!(Header, setting) == 12);
    assert!(offset_of!(Header, id) == 16);
    assert!(offset_of!(Header, record) == 24);
    assert!(offset_of!(Header, owner) == 32);
    assert!(offset_of!(Header, depth) == 40);
    assert!(offset_of!(Header, abandoned) == 44);
    assert!(offset_of!(Header, reserved) == 48);
};

/// What an event or a semaphore is made of; zeros for a mutex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// How it was made: auto- or manual-reset, the maximum.
    pub(super) setting: u32,
    /// Whether it is set; how many permits it has.
    pub(super) signal: u32,
}

/// What a header says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready(ObjectKind),
    Untouched,
    /// No header of this version.
    Unknown,
}

impl Header {
    pub(super) fn readiness(&self) -> Readiness {
        match self.state.load(Ordering::Acquire) {
            0 => Readiness::Untouched,
            READY if self.version.load(Ordering::Relaxed) == VERSION => {
                kind_of(self.kind.load(Ordering::Relaxed)).map_or(Readiness::Unknown, Readiness::Ready)
            }
            _ => Readiness::Unknown,
        }
    }

    /// The id that everybody who arrives here agrees on; none when it was not chosen yet.
    pub(super) fn id(&self) -> Option<u64> {
        Some(self.id.load(Ordering::Acquire)).filter(|&id| id != 0)
    }

    /// The id, which is this one if none was chosen yet.
    pub(super) fn id_or(&self, new: u64) -> u64 {
        match self.id.compare_exchange(0, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => new,
            Err(chosen) => chosen,
        }
    }

    /// Fills it, and says so last.
    pub(super) fn finish(&self, kind: ObjectKind, new: State) {
        self.version.store(VERSION, Ordering::Relaxed);
        self.kind.store(kind_code(kind), Ordering::Relaxed);
        self.word.store(0, Ordering::Relaxed);
        self.setting.store(new.setting, Ordering::Relaxed);
        self.record.store(u64::from(new.signal), Ordering::Relaxed);
        self.owner.store(0, Ordering::Relaxed);
        self.depth.store(0, Ordering::Relaxed);
        self.abandoned.store(0, Ordering::Relaxed);
        for reserved in &self.reserved {
            reserved.store(0, Ordering::Relaxed);
        }
        self.state.store(READY, Ordering::Release);
    }

    /// The state as it was last written down.
    pub(super) fn state(&self) -> State {
        State {
            setting: self.setting.load(Ordering::Relaxed),
            signal: self.record.load(Ordering::SeqCst) as u32,
        }
    }

    /// Writes down what the kernel says of the signal, after each change of it.
    ///
    /// When all who changed it have written it down, the last of them wrote what it is: whoever asked the
    /// kernel before a later change finds the record changed, or has written before the one who made that
    /// change does. So the record is right when nobody has the kernel's object open any more, unless
    /// somebody was killed between a change and its record.
    pub(super) fn record(&self, signal: impl Fn() -> io::Result<u32>) {
        // Bounded, because a peer that scribbles must not keep us here.
        for _ in 0..1000 {
            let seen = self.record.load(Ordering::SeqCst);
            let Ok(signal) = signal() else { return };
            let changes = (seen >> 32).wrapping_add(1);
            let new = changes << 32 | u64::from(signal);
            if self.record.compare_exchange(seen, new, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                return;
            }
        }
    }
}

fn kind_code(kind: ObjectKind) -> u16 {
    match kind {
        ObjectKind::Region => 1,
        ObjectKind::Mutex => 2,
        ObjectKind::Event => 3,
        ObjectKind::Semaphore => 4,
        ObjectKind::Timer => 5,
    }
}

fn kind_of(code: u16) -> Option<ObjectKind> {
    ObjectKind::ALL.into_iter().find(|&kind| kind_code(kind) == code)
}
