use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::{Keeper, MappedRange, SharedReader, SharedSlots, View};
use crate::{Access, ErrorKind, Result};

/// Private memory, which needs no system. It records the flushed ranges.
struct Memory {
    words: Box<[AtomicU64]>,
    flushed: Mutex<Vec<(usize, usize)>>,
}

impl Memory {
    fn of(words: usize) -> Arc<Memory> {
        let words = (0..words).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Memory { words, flushed: Mutex::default() })
    }

    fn view(self: &Arc<Self>, access: Access) -> View {
        let base = NonNull::from(&*self.words).cast();
        let keeper = Arc::clone(self) as Arc<dyn Keeper>;
        // SAFETY: the words live as long as the keeper, and only views touch them from now on.
        unsafe { View::from_mapped(MappedRange { base, len: size_of_val(&*self.words), access, keeper }) }
    }
}

impl Keeper for Memory {
    fn flush(&self, start: *const u8, len: usize) -> Result<()> {
        self.flushed.lock().expect("no panic").push((start.addr(), len));
        Ok(())
    }
}

fn view_of(words: usize, access: Access) -> View {
    Memory::of(words).view(access)
}

#[test]
fn text_stops_at_nul_and_at_the_end() {
    let view = view_of(4, Access::ReadWrite);
    view.write_utf16(0, "smörgås").expect("16 bytes fit");
    assert_eq!(view.read_utf16(0).unwrap(), "smörgås");
    let error = view.write_utf16(18, "smörgås").expect_err("no room for the NUL");
    assert!(matches!(error.kind(), ErrorKind::OutOfRange { offset: 18, len: 16, region_len: 32 }));
    view.fill(0, 32, b'a').unwrap();
    assert_eq!(view.read_utf16(0).unwrap().chars().count(), 16);
    assert_eq!(view.read_utf16(1).unwrap().chars().count(), 15);
    assert_eq!(view.read_utf16(31).unwrap(), "");
    assert!(view.read_utf16(32).is_err());
    view.put(0, &0xD800u16).unwrap();
    assert!(view.read_utf16(0).unwrap().starts_with('\u{FFFD}'));
}

#[test]
fn ranges_are_checked_without_overflow() {
    let view = view_of(2, Access::ReadWrite);
    let mut byte = [0];
    assert!(view.read(15, &mut byte).is_ok());
    assert!(view.read(16, &mut []).is_ok());
    for offset in [16, 17, usize::MAX] {
        assert!(view.read(offset, &mut byte).is_err());
        assert!(view.write(offset, &byte).is_err());
    }
    assert!(view.get::<[u8; 17]>(0).is_err());
    assert!(view.fill(1, usize::MAX, 0).is_err());
}

#[test]
fn atomics_want_alignment_and_write_access() {
    let view = view_of(2, Access::ReadWrite);
    view.atomic_u64(8).unwrap().store(7, Ordering::Relaxed);
    assert_eq!(view.atomic_u64_reader(8).unwrap().load(Ordering::Acquire), 7);
    assert!(view.atomic_u32(2).unwrap_err().is(ErrorKind::InvalidArgument));
    let view = view_of(2, Access::ReadOnly);
    assert!(view.atomic_u32(0).unwrap_err().is(ErrorKind::AccessDenied));
    assert!(view.put(0, &1u8).unwrap_err().is(ErrorKind::AccessDenied));
    assert_eq!(view.atomic_u32_reader(4).unwrap().load(Ordering::Relaxed), 0);
}

#[test]
fn a_part_is_bounded_by_itself() {
    let view = view_of(2, Access::ReadWrite);
    let part = view.part(4, 8).unwrap();
    part.fill(0, 8, 7).unwrap();
    assert_eq!(view.get::<[u8; 16]>(0).unwrap(), [0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0]);
    assert!(part.part(8, 0).is_ok_and(|rest| rest.is_empty()));
    assert!(part.part(1, 8).is_err());
    assert!(part.put(7, &0u16).is_err());
    let read_only = view_of(1, Access::ReadOnly);
    let denied = read_only.part(0, 4).unwrap().write(0, &[1]).unwrap_err();
    assert!(denied.is(ErrorKind::AccessDenied));
}

#[test]
fn the_keeper_flushes_the_range_that_was_asked_for() {
    let memory = Memory::of(2);
    let view = memory.view(Access::ReadWrite);
    view.flush(..).unwrap();
    view.flush(3..=5).unwrap();
    view.flush(16..).unwrap();
    for range in [0..=16, 17..=20, usize::MAX - 1..=usize::MAX - 1, 0..=usize::MAX] {
        let error = view.flush(range).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutOfRange { region_len: 16, .. }), "{error}");
    }
    let start = view.as_ptr().addr();
    assert_eq!(*memory.flushed.lock().unwrap(), [(start, 16), (start + 3, 3)]);
}

#[test]
fn slots_are_read_where_they_lie() {
    let view = view_of(9, Access::ReadWrite);
    let (newest, shared) =
        (SharedReader::at(&view, 0).expect("inside"), SharedSlots::at(&view, 8, 4, 16).expect("inside"));
    (0..9u64).for_each(|word| view.put(word as usize * 8, &(word + 10)).expect("inside"));
    let slots = shared.reader();
    drop(view);
    assert_eq!((newest.reader().load(Ordering::Acquire), slots.count()), (10, 4));
    for index in [0, 3, 6, u64::MAX] {
        let first = index % 4 * 2 + 1;
        assert_eq!(slots.word(index).load(Ordering::Acquire), first + 10);
        assert_eq!(slots.offset(index), (first as usize - 1) * 8);
        let mut bytes = [0; 8];
        slots.read(index, 8, &mut bytes).expect("inside");
        assert_eq!(u64::from_ne_bytes(bytes), first + 11);
    }
}

#[test]
fn what_lies_outside_of_slots_is_refused() {
    let view = view_of(9, Access::ReadOnly);
    let kind =
        |at, count, stride| SharedSlots::at(&view, at, count, stride).expect_err("no slots").kind().clone();
    for (count, stride) in [(0, 16), (3, 16), (4, 0), (4, 12)] {
        assert_eq!(kind(8, count, stride), ErrorKind::InvalidArgument, "{count} of {stride}");
    }
    assert_eq!(kind(4, 4, 16), ErrorKind::InvalidArgument, "not aligned");
    for (at, count, stride) in
        [(16, 4, 16), (8, 8, 16), (8, 1 << (usize::BITS - 1), 16), (80, 1, 8), (0, 4, usize::MAX - 7)]
    {
        assert!(matches!(kind(at, count, stride), ErrorKind::OutOfRange { .. }), "{at}: {count} of {stride}");
    }
    let shared = SharedSlots::at(&view, 8, 4, 16).expect("inside");
    for (offset, len) in [(9, 8), (16, 1), (17, 0), (usize::MAX, 1), (0, 17)] {
        let refused = shared.reader().read(0, offset, &mut vec![0; len]).expect_err("outside");
        assert!(matches!(refused.kind(), ErrorKind::OutOfRange { .. }), "{offset}, {len}");
    }
    assert!(SharedReader::at(&view, 72).is_err() && SharedReader::at(&view, 4).is_err());
}
