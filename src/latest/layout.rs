//! How a newest value lies in memory: the same for processes of 32 and of 64 bits, in the machine's byte order.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0..4 | 0 not laid out; [`BEGUN`] a process is at it, or was killed there; [`READY`] |
//! | 4..8 | zeros |
//! | 8..16 | length of a value in bytes; of the byte form, the maximum |
//! | 16..20 | number of slots |
//! | 20..24 | the version that the program gives its type |
//! | 24..28 | version of this layout: 1 |
//! | 28..32 | 1 values of one type, 2 byte strings |
//! | 64..128 | the seat of the writer |
//! | 128..192 | the doorbell |
//! | 192..200 | the number of the newest value |
//! | 256.. | slots, on multiples of 64 bytes: 8 bytes word, 8 bytes length (of a byte string), the value |
//!
//! The words and their meaning are those of `samemap_platform::internal::words::newest`.

use std::convert::Infallible;
use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, fence};

use samemap_platform::internal::words::newest::{self, Slots, Word, WritableSlots};
use samemap_platform::internal::{Doorbell, Seat};
use samemap_platform::internal::{SharedReader, SharedSlots, SlotsReader};
use samemap_platform::regions::AtomicReader;

use crate::endpoint::laid_out::{HEAD, HEAD_LEN, Head, Layout, UNTOUCHED};
use crate::{Error, ErrorKind, Result, View};

const BEGUN: u32 = u32::from_ne_bytes(*b"SmL0");
const READY: u32 = u32::from_ne_bytes(*b"SmLt");
const LAYOUT: Layout = Layout { begun: BEGUN, version: 1, maker: "writer", operation: OPEN };

const STATE: usize = 0;
pub(super) const SEAT: usize = 64;
pub(super) const BELL: usize = 128;
const NEWEST: usize = 192;
const SLOTS: usize = 256;

/// Of a slot.
const LENGTH: usize = 8;
const VALUE: usize = 16;

const LINE: usize = 64;

const _: () = assert!(HEAD + HEAD_LEN <= SEAT && SEAT + Seat::SIZE <= BELL);
const _: () = assert!(BELL + Doorbell::SIZE <= NEWEST && NEWEST + LINE <= SLOTS && SLOTS % LINE == 0);

/// More slots than any layout has.
const MOST_SLOTS: u32 = 1024;

/// What kind of values there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Form {
    Fixed = 1,
    Bytes = 2,
}

/// What all processes that share the values must agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) form: Form,
    /// Length of each value, or the maximum, in bytes.
    pub(super) len: u64,
    /// The version that the program gives its type.
    pub(super) version: u32,
}

impl Facts {
    fn head(self, slots: u32) -> Head {
        Head { len: self.len, parts: slots, version: self.version, form: self.form as u32 }
    }

    /// The facts, and the number of slots.
    fn of(head: Head) -> Option<(Facts, u32)> {
        let Head { len, parts: slots, version, form } = head;
        let form = [Form::Fixed, Form::Bytes].into_iter().find(|&known| known as u32 == form)?;
        (slots.is_power_of_two() && (2..=MOST_SLOTS).contains(&slots))
            .then_some((Facts { form, len, version }, slots))
    }
}

/// How many slots values of this length have.
///
/// A reader begins anew when the writer finishes all the other slots while it copies one. A writer that does nothing
/// else writes a line of memory in about 5 ns, and a reader on a distant core waits for each line for a few hundred, a
/// few of them at a time: with 8 slots, some reads of 64 bytes never came through (2 of 3 million, in 64 tries each),
/// and most of 4 KiB. Large values come out of the memory that all cores share, and reader and writer take as long for
/// them, so that four suffice.
const fn slots_for(len: u64) -> u32 {
    match len {
        0..=1024 => 64,
        1025..=16384 => 32,
        16385..=131_072 => 8,
        _ => 4,
    }
}

const fn stride(len: u64) -> Option<u64> {
    match len.checked_add((VALUE + LINE - 1) as u64) {
        Some(sum) => Some(sum / LINE as u64 * LINE as u64),
        None => None,
    }
}

/// Bytes of memory for `slots` slots of values of this length, where there is an address space to hold them.
const fn bytes_of(len: u64, slots: u32) -> Option<u64> {
    let Some(stride) = stride(len) else { return None };
    let Some(all) = stride.checked_mul(slots as u64) else { return None };
    match all.checked_add(SLOTS as u64) {
        Some(sum) if sum <= isize::MAX as u64 => Some(sum),
        _ => None,
    }
}

/// Bytes of memory that values of this length take.
pub(super) const fn bytes_needed(len: u64) -> Option<u64> {
    bytes_of(len, slots_for(len))
}

/// Laid-out memory: checked once, and never looked at again but for the words and values.
#[derive(Clone, Debug)]
pub struct Place {
    view: View,
    at: usize,
    len: usize,
    /// Where readers look, checked once.
    newest: SharedReader,
    slots: SharedSlots,
}

impl Place {
    /// Lays the memory out, or checks that it was laid out so. Only for the process that has the seat.
    pub(super) fn lay_out(view: &View, at: usize, wanted: Facts) -> Result<Place> {
        let state = view.atomic_u32(at.saturating_add(STATE))?;
        if matches!(state.load(Acquire), UNTOUCHED | BEGUN) {
            let slots = slots_for(wanted.len);
            let place = Place::check_size(view, at, wanted.len, slots)?;
            place.check_that_it_is_nobodys()?;
            state.store(BEGUN, Relaxed);
            LAYOUT.write(view, at, wanted.head(slots))?;
            for slot in 0..place.count() {
                place.store(Word::Slot(slot), 0, Relaxed)?;
            }
            place.store(Word::Newest, 0, Relaxed)?;
            state.store(READY, Release);
            return Ok(place);
        }
        Place::check(view, at, &|found| found == wanted, wanted)
    }

    /// Checks that the memory was laid out for values of this type.
    pub(super) fn open(view: &View, at: usize, wanted: Facts) -> Result<Place> {
        LAYOUT.wait_until_ready(view, at)?;
        Place::check(view, at, &|found| found == wanted, wanted)
    }

    /// Checks that the memory was laid out for byte strings, of whatever length.
    pub(super) fn open_bytes(view: &View, at: usize, version: u32) -> Result<Place> {
        LAYOUT.wait_until_ready(view, at)?;
        let wanted = Facts { form: Form::Bytes, len: 0, version };
        Place::check(view, at, &|found| Facts { len: 0, ..found } == wanted, wanted)
    }

    fn check(view: &View, at: usize, agrees: &dyn Fn(Facts) -> bool, wanted: Facts) -> Result<Place> {
        if view.atomic_u32_reader(at)?.load(Acquire) != READY {
            return Err(damaged(FOREIGN));
        }
        let head = LAYOUT.read(view, at)?;
        let (found, slots) =
            Facts::of(head).ok_or_else(|| damaged("the header of the newest value is not valid"))?;
        if !agrees(found) {
            return Err(mismatch(found, wanted));
        }
        Place::check_size(view, at, found.len, slots)
    }

    /// Memory that is not laid out is zero; anything else there belongs to another program. The seat and the doorbell
    /// are the system's: it may have written to the seat by now.
    fn check_that_it_is_nobodys(&self) -> Result<()> {
        let facts: [u64; (SEAT - HEAD) / 8] = self.view.get(self.at + HEAD)?;
        let begun = self.view.atomic_u32(self.at + STATE)?.load(Relaxed) == BEGUN;
        if begun || (facts.iter().all(|&word| word == 0) && self.newest()? == 0) {
            return Ok(());
        }
        Err(damaged(FOREIGN))
    }

    fn check_size(view: &View, at: usize, len: u64, slots: u32) -> Result<Place> {
        let out_of_range = |bytes: u64| {
            let (offset, region_len) = (at as u64, view.len() as u64);
            Error::new(ErrorKind::OutOfRange { offset, len: bytes, region_len }, OPEN)
        };
        let bytes = bytes_of(len, slots).ok_or_else(|| out_of_range(u64::MAX))?;
        if at > view.len() || bytes > (view.len() - at) as u64 {
            return Err(out_of_range(bytes));
        }
        // In range, and so no more than a usize holds.
        let stride = stride(len).ok_or_else(|| out_of_range(bytes))? as usize;
        // Says so now if the words cannot be had: misaligned, or 64 bits of read-only memory for 32-bit processes.
        let newest = SharedReader::at(view, at + NEWEST)?;
        let slots = SharedSlots::at(view, at + SLOTS, slots as usize, stride)?;
        Ok(Place { view: view.clone(), at, len: len as usize, newest, slots })
    }

    pub(super) fn view(&self) -> &View {
        &self.view
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Length of each value, or the maximum, in bytes.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The number of the newest value.
    pub(super) fn newest(&self) -> Result<u64> {
        self.load(Word::Newest, Acquire)
    }

    /// For a reader.
    #[inline]
    pub(super) fn words(&self) -> Words<'_> {
        Words { newest: self.newest.reader(), slots: self.slots.reader() }
    }

    /// Offset in the view of the value in a slot.
    #[inline]
    pub(super) fn value(&self, slot: u64) -> usize {
        self.slot(slot) + VALUE
    }

    /// Offset in the view of the length of the byte string in a slot.
    #[inline]
    pub(super) fn length(&self, slot: u64) -> usize {
        self.slot(slot) + LENGTH
    }

    #[inline]
    fn slot(&self, slot: u64) -> usize {
        self.at + SLOTS + self.slots.reader().offset(slot)
    }

    #[inline]
    fn offset(&self, word: Word) -> usize {
        match word {
            Word::Newest => self.at + NEWEST,
            Word::Slot(slot) => self.slot(slot),
        }
    }
}

impl Slots for Place {
    type Error = Error;

    #[inline]
    fn count(&self) -> u64 {
        self.words().count()
    }

    #[inline]
    fn load(&self, word: Word, order: Ordering) -> Result<u64> {
        let Ok(value) = self.words().load(word, order);
        Ok(value)
    }

    #[inline]
    fn fence(&self, order: Ordering) {
        fence(order);
    }
}

impl WritableSlots for Place {
    #[inline]
    fn store(&self, word: Word, value: u64, order: Ordering) -> Result<()> {
        self.view.atomic_u64(self.offset(word))?.store(value, order);
        Ok(())
    }
}

/// What a reader looks at, without checks: copies of the addresses, which stay in registers while it copies a value.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    newest: AtomicReader<'a, AtomicU64>,
    slots: SlotsReader<'a>,
}

impl Words<'_> {
    /// Copies the value in a slot, or its first bytes.
    #[inline]
    pub(super) fn read_value(&self, slot: u64, into: &mut [u8]) -> Result<()> {
        self.slots.read(slot, VALUE, into)
    }

    /// The length of the byte string in a slot.
    #[inline]
    pub(super) fn length(&self, slot: u64) -> Result<u64> {
        let mut len = [0; 8];
        self.slots.read(slot, LENGTH, &mut len)?;
        Ok(u64::from_ne_bytes(len))
    }
}

impl Slots for Words<'_> {
    type Error = Infallible;

    #[inline]
    fn count(&self) -> u64 {
        self.slots.count() as u64
    }

    #[inline]
    fn load(&self, word: Word, order: Ordering) -> std::result::Result<u64, Infallible> {
        Ok(match word {
            Word::Newest => self.newest.load(order),
            Word::Slot(slot) => self.slots.word(slot).load(order),
        })
    }

    #[inline]
    fn fence(&self, order: Ordering) {
        fence(order);
    }
}

/// The number that a writer carries on from.
pub(super) fn carry_on(place: &Place) -> Result<u64> {
    let newest = place.newest()?;
    if newest > newest::LAST {
        return Err(Error::new(ErrorKind::Damaged, OPEN).with_detail(format!(
            "the number of the newest value is {newest}, which no writer reaches; make the memory anew"
        )));
    }
    Ok(newest)
}

#[cold]
fn mismatch(found: Facts, wanted: Facts) -> Error {
    Error::new(ErrorKind::LayoutMismatch, OPEN).with_detail(format!(
        "the memory holds {}, and this program has {}; build all programs that share it with the same type",
        describe(found),
        describe(wanted)
    ))
}

fn describe(facts: Facts) -> String {
    let version = facts.version;
    match (facts.form, facts.len) {
        (Form::Fixed, len) => format!("values of {len} bytes (version {version})"),
        (Form::Bytes, 0) => format!("byte strings (version {version})"),
        (Form::Bytes, len) => format!("byte strings of at most {len} bytes (version {version})"),
    }
}

#[cold]
fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Damaged, OPEN)
        .with_detail(format!("{what}; use memory that is zero at first, and let nothing else write there"))
}

const FOREIGN: &str = "the memory there holds something else than a newest value";
const OPEN: &str = "open the newest value";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_survive_the_header_and_nonsense_does_not() {
        for len in [0, 1, u64::from(u32::MAX) + 7, u64::MAX] {
            for form in [Form::Fixed, Form::Bytes] {
                let facts = Facts { form, len, version: 9 };
                assert_eq!(Facts::of(facts.head(8)), Some((facts, 8)));
                for slots in [0, 1, 3, 6, 2048, u32::MAX] {
                    assert_eq!(Facts::of(facts.head(slots)), None);
                }
            }
        }
        assert_eq!(Facts::of(Head { len: 0, parts: 8, version: 0, form: 3 }), None);
    }

    #[test]
    fn sizes_do_not_wrap() {
        assert_eq!(bytes_needed(0), Some(256 + 64 * 64));
        assert_eq!(bytes_needed(64), Some(256 + 64 * 128));
        assert_eq!(bytes_needed(1 << 20), Some(256 + 4 * ((1 << 20) + 64)));
        for len in [u64::MAX, u64::MAX / 2, i64::MAX as u64 / 4, isize::MAX as u64] {
            assert_eq!(bytes_needed(len), None, "{len}");
        }
    }
}
