//! The systems that share the newest value.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, fence};
use std::time::Duration;

use mmap_sync::locks::LockDisabled;
use mmap_sync::synchronizer::Synchronizer;
use samemap::bytemuck::Pod;
use samemap::latest::{LatestBytes, LatestBytesWriter};
use samemap::{Latest, LatestOptions, LatestWriter, ObjectName};

use super::arena::ROOM;
use super::leftovers;
use super::link::Spec;
use super::sharing::{MAX, Newest};

/// A sequence lock in bare memory, of as many slots as samemap has for small values: with one alone, readers of a writer
/// that never rests would hardly come through. It checks nothing, and knows nothing of a second writer.
pub struct Bare;

/// Where it lies in the arena.
const AT: usize = ROOM + 4096;
const SLOTS: u64 = 8;
/// A slot's word, and then its value.
const SLOT: usize = 64 + MAX;

/// The number of the newest value; number `n` is in slot `n % SLOTS`, whose word is `2 * n` when it is whole.
pub struct Slots {
    newest: &'static AtomicU64,
    start: *mut u8,
}

impl Slots {
    fn of(spec: &Spec<'_>) -> Slots {
        // SAFETY: aligned room of the arena, which both ends keep mapped until they have ended their work.
        unsafe {
            let start = spec.arena.view().as_ptr().add(AT);
            Slots { newest: &*start.cast(), start: start.add(64) }
        }
    }

    #[inline]
    fn slot(&self, number: u64) -> (&AtomicU64, *mut libc::c_void) {
        // SAFETY: the arena has room for all of them.
        unsafe {
            let slot = self.start.add((number % SLOTS) as usize * SLOT);
            (&*slot.cast(), slot.add(64).cast())
        }
    }
}

impl<const N: usize> Newest<N> for Bare {
    type Writer = Slots;
    type Reader = Slots;

    fn writer(spec: &Spec<'_>) -> Result<Slots, String> {
        Ok(Slots::of(spec))
    }

    fn reader(spec: &Spec<'_>) -> Result<Slots, String> {
        Ok(Slots::of(spec))
    }

    #[inline]
    fn write(slots: &mut Slots, value: &[u8; N]) {
        let number = slots.newest.load(Relaxed) + 1;
        let (word, bytes) = slots.slot(number);
        word.store(2 * number - 1, Relaxed);
        fence(Release);
        // SAFETY: a slot has room for a value; who reads it meanwhile throws away what it has read.
        unsafe { libc::memcpy(bytes, value.as_ptr().cast(), N) };
        word.store(2 * number, Release);
        slots.newest.store(number, Release);
    }

    #[inline]
    fn read(slots: &mut Slots, into: &mut [u8; N]) {
        loop {
            let number = slots.newest.load(Acquire);
            let (word, bytes) = slots.slot(number);
            if word.load(Acquire) != 2 * number {
                continue;
            }
            // SAFETY: as above; it is done in a function that the compiler does not look into.
            unsafe { libc::memcpy(into.as_mut_ptr().cast(), bytes, N) };
            fence(Acquire);
            if word.load(Relaxed) == 2 * number {
                return;
            }
        }
    }
}

fn name(spec: &Spec<'_>) -> ObjectName {
    ObjectName::new(format!("{}-newest", spec.unique())).expect("a valid name")
}

/// samemap's, of one type.
pub struct Ours;

impl<const N: usize> Newest<N> for Ours
where
    [u8; N]: Pod,
{
    type Writer = LatestWriter<[u8; N]>;
    type Reader = Latest<[u8; N]>;

    fn writer(spec: &Spec<'_>) -> Result<Self::Writer, String> {
        LatestWriter::create(&name(spec), &LatestOptions::new()).map_err(|error| error.to_string())
    }

    fn reader(spec: &Spec<'_>) -> Result<Self::Reader, String> {
        Latest::open(&name(spec), &LatestOptions::new()).map_err(|error| error.to_string())
    }

    #[inline]
    fn write(writer: &mut Self::Writer, value: &[u8; N]) {
        writer.write(value).expect("write");
    }

    #[inline]
    fn read(reader: &mut Self::Reader, into: &mut [u8; N]) {
        // The newest, whether it was read before or not.
        reader.read_into(0, into).expect("read").expect("something was written");
    }
}

/// samemap's, of byte strings.
pub struct OurBytes;

impl<const N: usize> Newest<N> for OurBytes {
    type Writer = LatestBytesWriter;
    type Reader = (LatestBytes, Vec<u8>);

    fn writer(spec: &Spec<'_>) -> Result<Self::Writer, String> {
        LatestBytesWriter::create(&name(spec), N, &LatestOptions::new()).map_err(|error| error.to_string())
    }

    fn reader(spec: &Spec<'_>) -> Result<Self::Reader, String> {
        let opened = LatestBytes::open(&name(spec), &LatestOptions::new());
        Ok((opened.map_err(|error| error.to_string())?, Vec::with_capacity(N)))
    }

    #[inline]
    fn write(writer: &mut Self::Writer, value: &[u8; N]) {
        writer.write(value).expect("write");
    }

    #[inline]
    fn read((reader, bytes): &mut Self::Reader, into: &mut [u8; N]) {
        reader.read_into(0, bytes).expect("read").expect("something was written");
        // It lies in a vector of its own, as with any caller; its ends are looked at.
        into[..ENDS].copy_from_slice(&bytes[..ENDS]);
        into[N - ENDS..].copy_from_slice(&bytes[N - ENDS..]);
    }
}

const ENDS: usize = 8;

/// mmap-sync's `Synchronizer`, on files in memory, as its documentation advises. What its benchmark shows as fastest:
/// values that lie in memory as rkyv would lay them out are written by `write_raw`, and read without `check_bytes`.
///
/// Its writer waits for readers of the older of its two values, for a second at a time by default; here it looks again
/// at once, so that it does write without a pause. It gives up on a reader after a second, as in its examples.
///
/// Its readers look which value is the newest, and then say that they read it. When the writer comes round to that value
/// in between, they read what it is writing: seen about once in 100,000 reads on a busy machine. By default it is rarer, as its
/// writer sleeps most of the time beside such a reader (12 runs of 1.5 s showed none).
type Sync = Synchronizer<wyhash::WyHash, LockDisabled, 1024, 0>;

const GRACE: Duration = Duration::from_secs(1);

fn synchronizer() -> Sync {
    Sync::with_params(leftovers::folder().join("newest").as_os_str())
}

/// What it gives is copied out.
pub struct MmapSync;

/// What it gives is looked at where it lies: its first and its last bytes.
pub struct MmapSyncInPlace;

impl<const N: usize> Newest<N> for MmapSync {
    type Writer = Sync;
    type Reader = Sync;

    fn writer(_spec: &Spec<'_>) -> Result<Sync, String> {
        Ok(synchronizer())
    }

    fn reader(_spec: &Spec<'_>) -> Result<Sync, String> {
        Ok(synchronizer())
    }

    #[inline]
    fn write(writer: &mut Sync, value: &[u8; N]) {
        writer.write_raw::<[u8; N]>(value, GRACE).expect("write");
    }

    #[inline]
    fn read(reader: &mut Sync, into: &mut [u8; N]) {
        // SAFETY: values of this type only were written, and the result is dropped at once.
        let value = unsafe { reader.read::<[u8; N]>(false) }.expect("read");
        into.copy_from_slice(&*value);
    }
}

impl<const N: usize> Newest<N> for MmapSyncInPlace {
    type Writer = Sync;
    type Reader = Sync;

    fn writer(_spec: &Spec<'_>) -> Result<Sync, String> {
        Ok(synchronizer())
    }

    fn reader(_spec: &Spec<'_>) -> Result<Sync, String> {
        Ok(synchronizer())
    }

    #[inline]
    fn write(writer: &mut Sync, value: &[u8; N]) {
        <MmapSync as Newest<N>>::write(writer, value);
    }

    #[inline]
    fn read(reader: &mut Sync, into: &mut [u8; N]) {
        // SAFETY: as above.
        let value = unsafe { reader.read::<[u8; N]>(false) }.expect("read");
        into[..ENDS].copy_from_slice(&value[..ENDS]);
        into[N - ENDS..].copy_from_slice(&value[N - ENDS..]);
    }
}
