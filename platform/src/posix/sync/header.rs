//! The state of an object to wait for, as it lies in shared memory: 64 bytes, aligned to 8, the same for
//! 32- and 64-bit processes, named or inside a region.
//!
//! | bytes | what, in the machine's byte order |
//! | --- | --- |
//! | 0..4 | 0 nobody initialised it; [`READY`]; or [`MAKING`] and the claim of who is initialising it |
//! | 4..6 | version of this layout: 1 |
//! | 6..8 | kind: 2 mutex, 3 event, 4 semaphore, 5 timer |
//! | 8..12 | the word that `crate::words` works on |
//! | 12..16 | event, timer: 0 auto-reset, 1 manual-reset; semaphore: the maximum |
//! | 16..24 | Windows: the id from which the kernel object's name is made |
//! | 24..64 | zeros |

use std::mem::offset_of;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

use crate::ObjectKind;
use crate::testing::reached;
use crate::words::lock::OWNER;

/// The mark of an initialised header.
pub(super) const READY: u32 = u32::from_le_bytes(*b"SMY\x81");
/// Tells a claim from a small number that somebody else left there. [`READY`] has a higher bit.
const MAKING: u32 = OWNER + 1;
const VERSION: u16 = 1;
/// Length of a header in bytes; in a region, the protected value follows it.
pub(super) const HEADER_LEN: usize = 64;

/// The header itself. Only atomics: others write to it.
#[repr(C, align(8))]
pub(super) struct Header {
    state: AtomicU32,
    version: AtomicU16,
    kind: AtomicU16,
    pub(super) word: AtomicU32,
    setting: AtomicU32,
    _id: AtomicU64,
    _reserved: [AtomicU32; 10],
}

const _: () = {
    assert!(size_of::<Header>() == HEADER_LEN);
    assert!(align_of::<Header>() == 8);
    assert!(offset_of!(Header, state) == 0);
    assert!(offset_of!(Header, version) == 4);
    assert!(offset_of!(Header, kind) == 6);
    assert!(offset_of!(Header, word) == 8);
    assert!(offset_of!(Header, setting) == 12);
    assert!(offset_of!(Header, _id) == 16);
    assert!(offset_of!(Header, _reserved) == 24);
};

/// What an object is when it is new.
#[derive(Clone, Copy)]
pub(super) struct Initial {
    pub(super) kind: ObjectKind,
    pub(super) word: u32,
    pub(super) setting: u32,
}

impl Initial {
    /// The finished header, for an object that gets its name when it is finished.
    pub(super) fn bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, &READY.to_ne_bytes());
        put(4, &VERSION.to_ne_bytes());
        put(6, &kind_code(self.kind).to_ne_bytes());
        put(8, &self.word.to_ne_bytes());
        put(12, &self.setting.to_ne_bytes());
        bytes
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

/// Whether an object's memory is ready, or whose turn it is to make it so.
pub(super) enum Readiness {
    Ready,
    Untouched,
    BeingMade { by: u32 },
    Unknown,
}

impl Header {
    pub(super) fn readiness(&self) -> Readiness {
        match self.state.load(Ordering::Acquire) {
            READY => Readiness::Ready,
            0 => Readiness::Untouched,
            made if made & !OWNER == MAKING => Readiness::BeingMade { by: made & OWNER },
            _ => Readiness::Unknown,
        }
    }

    /// Takes on the making, from nobody or from a maker that died.
    pub(super) fn begin(&self, dead_maker: Option<u32>, claim: u32) -> bool {
        let seen = dead_maker.map_or(0, |dead| MAKING | dead);
        self.state.compare_exchange(seen, MAKING | claim, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Makes it, and says so last.
    pub(super) fn finish(&self, initial: Initial) {
        reached("inside: filled");
        self.version.store(VERSION, Ordering::Relaxed);
        self.kind.store(kind_code(initial.kind), Ordering::Relaxed);
        self.word.store(initial.word, Ordering::Relaxed);
        self.setting.store(initial.setting, Ordering::Relaxed);
        reached("inside: made");
        self.state.store(READY, Ordering::Release);
    }

    /// Whether it is a ready object of this kind.
    pub(super) fn is(&self, kind: ObjectKind) -> bool {
        self.state.load(Ordering::Acquire) == READY
            && self.version.load(Ordering::Relaxed) == VERSION
            && self.kind.load(Ordering::Relaxed) == kind_code(kind)
    }

    /// The kind that it says it is.
    pub(super) fn kind(&self) -> Option<ObjectKind> {
        let code = self.kind.load(Ordering::Relaxed);
        ObjectKind::ALL.into_iter().find(|&kind| kind_code(kind) == code)
    }

    pub(super) fn setting(&self) -> u32 {
        self.setting.load(Ordering::Relaxed)
    }
}
