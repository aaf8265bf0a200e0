//! The state of an object to wait for, as it lies in shared memory: 64 bytes, aligned to 8, the same for 32- and
//! 64-bit processes. It lies inside a region, and on Linux in the page of a named object, too.
//!
//! | bytes | what, in the machine's byte order |
//! | --- | --- |
//! | 0..4 | 0: not initialised; [`READY`]; or, on Linux, a mark and the claim of its maker |
//! | 4..6 | version of this layout: 2 |
//! | 6..8 | kind: 2 mutex, 3 event, 4 semaphore, 5 timer |
//! | 8..16 | the word that `crate::words` works on: a number whose lower half is the value and whose upper half is the tag; on Windows the value of a doorbell only |
//! | 16..24 | Windows: the id from which the kernel objects' names are made; set before all else. Linux: the id of the table where waits for all are decided, or zero |
//! | 24..32 | Windows: the last known signal of an event or semaphore, and how often it was stored |
//! | 32..40 | Windows: process and thread that own the mutex, or zero |
//! | 40..44 | Windows: how often its owner took it |
//! | 44..48 | Windows: 1 when the previous owner died |
//! | 48..52 | event, timer: 0 auto-reset, 1 manual-reset; semaphore: the maximum |
//! | 52..64 | zeros |
//!
//! Other processes can write to all of it, so every value is checked.

use std::mem::offset_of;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

use super::kind::New;
use crate::{ErrorKind, Found, ObjectKind, Reset};

/// The mark of an initialised header.
pub(crate) const READY: u32 = u32::from_le_bytes(*b"SMY\x81");
const VERSION: u16 = 2;
/// Length of a header in bytes; in a region, the value that a mutex protects follows it.
pub(crate) const HEADER_LEN: usize = 64;

/// The header. All fields are atomics, because other processes write to them.
#[repr(C, align(8))]
#[derive(Default)]
pub(crate) struct Header {
    pub(crate) state: AtomicU32,
    version: AtomicU16,
    kind: AtomicU16,
    pub(crate) word: AtomicU64,
    pub(crate) id: AtomicU64,
    pub(crate) record: AtomicU64,
    pub(crate) ownership: Ownership,
    setting: AtomicU32,
    reserved: [AtomicU32; 3],
}

/// Which thread owns a mutex, where the kernel does not tell.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct Ownership {
    pub(crate) owner: AtomicU64,
    pub(crate) depth: AtomicU32,
    pub(crate) abandoned: AtomicU32,
}

const _: () = {
    assert!(size_of::<Header>() == HEADER_LEN);
    assert!(align_of::<Header>() == 8);
    assert!(offset_of!(Header, state) == 0);
    assert!(offset_of!(Header, version) == 4);
    assert!(offset_of!(Header, kind) == 6);
    assert!(offset_of!(Header, word) == 8);
    assert!(offset_of!(Header, setting) == 48);
    assert!(offset_of!(Header, id) == 16);
    assert!(offset_of!(Header, record) == 24);
    assert!(offset_of!(Header, ownership) == 32);
    assert!(offset_of!(Ownership, owner) == 0);
    assert!(offset_of!(Ownership, depth) == 8);
    assert!(offset_of!(Ownership, abandoned) == 12);
    assert!(offset_of!(Header, reserved) == 52);
};

/// The state of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    Ready(ObjectKind),
    Untouched,
    /// Ready, for programs with another version of this layout.
    OtherVersion,
    /// A state that only one system has, or an invalid one.
    Other(u32),
}

impl Header {
    pub(crate) fn readiness(&self) -> Readiness {
        match self.state.load(Ordering::Acquire) {
            0 => Readiness::Untouched,
            READY if self.version.load(Ordering::Relaxed) != VERSION => Readiness::OtherVersion,
            READY => ObjectKind::of_code(self.kind.load(Ordering::Relaxed).into())
                .map_or(Readiness::Other(READY), Readiness::Ready),
            state => Readiness::Other(state),
        }
    }

    /// Checks that it is the header of a ready object of this kind.
    pub(crate) fn check(&self, wanted: ObjectKind) -> Result<(), ErrorKind> {
        match self.readiness() {
            Readiness::Ready(kind) if kind == wanted => Ok(()),
            Readiness::Ready(kind) => Err(ErrorKind::KindMismatch { wanted, found: Found::Object(kind) }),
            Readiness::OtherVersion => Err(ErrorKind::LayoutMismatch),
            Readiness::Untouched | Readiness::Other(_) => Err(ErrorKind::Damaged),
        }
    }

    /// Says what it is the header of.
    pub(crate) fn name(&self, new: New) {
        self.version.store(VERSION, Ordering::Relaxed);
        self.kind.store(new.kind().code(), Ordering::Relaxed);
        self.setting.store(new.setting(), Ordering::Relaxed);
    }

    /// Fills all but the state, the id and the signal.
    pub(crate) fn fill(&self, new: New) {
        self.name(new);
        self.word.store(0, Ordering::Relaxed);
        self.record.store(0, Ordering::Relaxed);
        self.ownership.owner.store(0, Ordering::Relaxed);
        self.ownership.depth.store(0, Ordering::Relaxed);
        self.ownership.abandoned.store(0, Ordering::Relaxed);
        for reserved in &self.reserved {
            reserved.store(0, Ordering::Relaxed);
        }
    }

    /// Marks the header as initialised.
    pub(crate) fn finish(&self) {
        self.state.store(READY, Ordering::Release);
    }

    /// The half of the word that holds the value: threads sleep on it, and a doorbell has nothing else.
    #[inline]
    pub(crate) fn value(&self) -> &AtomicU32 {
        let half = usize::from(cfg!(target_endian = "big"));
        // SAFETY: a half of the word, aligned, and an atomic. It is accessed as a whole and by this half at once only as
        // the documentation of `View` says of atomics of two sizes: by the kernel, and on 32-bit processors.
        unsafe { &*self.word.as_ptr().cast::<AtomicU32>().add(half) }
    }

    #[inline]
    pub(crate) fn setting(&self) -> u32 {
        self.setting.load(Ordering::Relaxed)
    }
}

impl New {
    /// The header's setting of a new object: its reset mode or maximum.
    pub(crate) fn setting(self) -> u32 {
        match self {
            New::Mutex => 0,
            New::Event { reset: Reset::Auto, .. } | New::Timer { reset: Reset::Auto } => 0,
            New::Event { reset: Reset::Manual, .. } | New::Timer { reset: Reset::Manual } => 1,
            New::Semaphore { maximum, .. } => maximum,
        }
    }

    /// The header's signal of a new object: whether it is set, or its permits.
    pub(crate) fn signal(self) -> u32 {
        match self {
            New::Mutex | New::Timer { .. } => 0,
            New::Event { is_set, .. } => is_set.into(),
            New::Semaphore { permits, .. } => permits,
        }
    }
}

/// The reset mode of a header's setting.
#[inline]
pub(crate) fn reset_of(setting: u32) -> Option<Reset> {
    match setting {
        0 => Some(Reset::Auto),
        1 => Some(Reset::Manual),
        _ => None,
    }
}
