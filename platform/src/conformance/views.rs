//! Views and safe access: rules C10, C11, C13 and C14. Base addresses (C12) are in
//! [`addresses`](super::addresses).

use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::puppet::{Harness, Puppet};
use super::random::Random;
use super::support::{
    SIZE, assert_free, bytes_of, create, error_of, fails, good, is_filled_with, map_all, open, tell,
    unique_name, word_for,
};
use super::system;
use crate::{Access, ErrorKind, MapRequest, OpenOptions, SharedRegion};

/// Every access that there is.
const ACCESSES: [Access; 3] = [Access::ReadOnly, Access::ReadWrite, Access::CopyOnWrite];

/// A region of three granules in which no two neighbouring bytes are equal.
fn patterned<R: SharedRegion>() -> (R, Vec<u8>) {
    let region: R = create(&unique_name(), 3 * SIZE);
    let mut random = Random::seeded(0x5A5A);
    let mut pattern: Vec<u8> = Vec::new();
    for _ in 0..3 * SIZE {
        let byte = random.next() as u8;
        pattern.push(if pattern.last() == Some(&byte) { !byte } else { byte });
    }
    map_all(&region, Access::ReadWrite).write(0, &pattern).expect("a new region can be filled");
    (region, pattern)
}

/// Any byte range is a view, of exactly that length, over exactly those bytes.
pub fn c10_any_byte_range_is_a_view<R: SharedRegion>(_: &Harness) {
    let (region, pattern) = patterned::<R>();
    let len = region.len();
    for offset in [0, 1, 7, 4095, 4096, 4097, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE + 4095, len - 1] {
        for wanted in [1, 2, 4095, 4096, 4097, SIZE, SIZE + 1, len] {
            let wanted = wanted.min(len - offset);
            let view = region
                .view(offset..offset + wanted, Access::ReadWrite)
                .unwrap_or_else(|error| panic!("{wanted} bytes at {offset}: {}", tell(&error)));
            assert_eq!(view.len() as u64, wanted, "at {offset}");
            assert_eq!(view.access(), Access::ReadWrite);
            let (from, to) = (offset as usize, (offset + wanted) as usize);
            assert!(bytes_of(&view) == pattern[from..to], "{wanted} bytes at {offset} are other bytes");
        }
    }
}

/// Writing through a view at an odd offset changes those bytes, and no neighbour.
pub fn c10_view_writes_its_own_bytes_only<R: SharedRegion>(_: &Harness) {
    let (region, mut pattern) = patterned::<R>();
    let whole = map_all(&region, Access::ReadWrite);
    for (from, to) in
        [(1, 2), (4095, 4097), (SIZE as usize - 3, SIZE as usize + 3), (pattern.len() - 1, pattern.len())]
    {
        let view = region.view(from as u64..to as u64, Access::ReadWrite).expect("a range inside");
        for byte in &mut pattern[from..to] {
            *byte = !*byte;
        }
        view.write(0, &pattern[from..to]).expect("a write of the view's length");
        assert!(bytes_of(&whole) == pattern, "a write to {from}..{to} landed elsewhere too");
    }
}

/// Ranges may be written in every way that Rust has.
pub fn c10_all_kinds_of_ranges<R: SharedRegion>(_: &Harness) {
    let (region, _) = patterned::<R>();
    let len = region.len();
    let length =
        |range: (Bound<u64>, Bound<u64>)| region.view(range, Access::ReadWrite).map(|view| view.len() as u64);
    use Bound::{Excluded, Included, Unbounded};
    for (range, wanted) in [
        ((Unbounded, Unbounded), len),
        ((Included(10), Unbounded), len - 10),
        ((Unbounded, Excluded(10)), 10),
        ((Unbounded, Included(10)), 11),
        ((Included(3), Included(3)), 1),
        ((Excluded(3), Included(5)), 2),
        ((Included(len - 1), Unbounded), 1),
    ] {
        let got = length(range).unwrap_or_else(|error| panic!("{range:?}: {}", tell(&error)));
        assert_eq!(got, wanted, "{range:?}");
    }
    for range in [(Unbounded, Included(u64::MAX)), (Excluded(u64::MAX), Unbounded)] {
        let error = error_of(length(range), &format!("{range:?}"));
        assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{range:?}: {}", tell(&error));
    }
}

/// An empty range, and an inverted one, are errors.
pub fn c10_empty_range_is_an_error<R: SharedRegion>(_: &Harness) {
    let (region, _) = patterned::<R>();
    let len = region.len();
    for range in [0..0, 1..1, len..len, len..len - 1, len..0] {
        let result = region.view(range.clone(), Access::ReadWrite);
        fails(result, &format!("mapping {range:?}"), &ErrorKind::InvalidArgument);
    }
    let request = MapRequest::new(0, 0, Access::ReadWrite);
    fails(region.map(&request), "mapping no bytes", &ErrorKind::InvalidArgument);
}

/// A range outside the region is `OutOfRange`, which tells the range and the region's length.
pub fn c10_range_outside_is_out_of_range<R: SharedRegion>(_: &Harness) {
    let (region, _) = patterned::<R>();
    let region_len = region.len();
    for (offset, len) in [
        (0, region_len + 1),
        (region_len, 1),
        (region_len - 1, 2),
        (1, region_len),
        (u64::MAX, 1),
        (1, u64::MAX),
        (u64::MAX, u64::MAX),
        (u64::MAX - region_len + 1, region_len),
        (0, 1 << 63),
    ] {
        let request = MapRequest::new(offset, len, Access::ReadWrite);
        let kind = ErrorKind::OutOfRange { offset, len, region_len };
        fails(region.map(&request), &format!("mapping {len} bytes at {offset}"), &kind);
    }
}

/// Access by copy ends at the view's end, also where more memory is mapped behind it.
pub fn c10_access_ends_with_the_view<R: SharedRegion>(_: &Harness) {
    let (region, pattern) = patterned::<R>();
    let view = region.view(10..20, Access::ReadWrite).expect("a range inside");
    let mut bytes = [0; 2];
    let outside = ErrorKind::OutOfRange { offset: 9, len: 2, region_len: 10 };
    fails(view.read(9, &mut bytes), "reading past the view", &outside);
    fails(view.write(9, &bytes), "writing past the view", &outside);
    fails(view.fill(9, 2, 1), "filling past the view", &outside);
    fails(view.get::<u16>(9), "getting past the view", &outside);
    fails(view.put(9, &0_u16), "putting past the view", &outside);
    for offset in [10, 11, usize::MAX - 1, usize::MAX] {
        assert!(view.read(offset, &mut bytes).is_err(), "reading at {offset}");
        assert!(view.write(offset, &bytes).is_err(), "writing at {offset}");
        assert!(view.atomic_u32(offset).is_err(), "an atomic at {offset}");
    }
    assert!(bytes_of(&map_all(&region, Access::ReadWrite)) == pattern, "a refused access changed something");
}

/// A view has at most its region's access: all nine pairs.
pub fn c11_view_has_at_most_its_regions_access<R: SharedRegion>(_: &Harness) {
    let name = unique_name();
    let creator: R = create(&name, SIZE);
    assert_eq!(creator.access(), Access::ReadWrite);
    for held in ACCESSES {
        let region: R = open(&name, held);
        assert_eq!(region.access(), held);
        for asked in ACCESSES {
            let result = region.view(.., asked);
            if asked == Access::ReadWrite && held != Access::ReadWrite {
                fails(result, &format!("a {asked} view of a {held} region"), &ErrorKind::AccessDenied);
            } else {
                let view = result.unwrap_or_else(|error| panic!("{asked} of {held}: {}", tell(&error)));
                assert_eq!(view.access(), asked);
            }
        }
    }
}

/// A read-only view refuses every safe way to write, lets every way to read, and changes nothing.
pub fn c11_read_only_view_refuses_writes<R: SharedRegion>(_: &Harness) {
    let name = unique_name();
    let creator: R = create(&name, SIZE);
    let writer = map_all(&creator, Access::ReadWrite);
    writer.put(8, &0x0102_0304_u32).expect("a new region can be written");
    let opened: R = open(&name, Access::ReadOnly);
    for view in [map_all(&creator, Access::ReadOnly), map_all(&opened, Access::ReadOnly)] {
        fails(view.write(8, &[1]), "a write", &ErrorKind::AccessDenied);
        fails(view.fill(8, 1, 1), "a fill", &ErrorKind::AccessDenied);
        fails(view.put(8, &1_u32), "a put", &ErrorKind::AccessDenied);
        fails(view.write_utf16(8, "x"), "text", &ErrorKind::AccessDenied);
        fails(view.atomic_u32(8), "an atomic that can store", &ErrorKind::AccessDenied);
        fails(view.atomic_u64(8), "an atomic that can store", &ErrorKind::AccessDenied);
        assert_eq!(view.get::<u32>(8).expect("reading is allowed"), 0x0102_0304);
        assert_eq!(
            view.atomic_u32_reader(8).expect("loading is allowed").load(Ordering::Acquire),
            0x0102_0304
        );
        writer.put(12, &7_u32).expect("the writer still writes");
        assert_eq!(view.get::<u32>(12).expect("reading is allowed"), 7, "a writer's writes do not arrive");
        writer.put(12, &0_u32).expect("the writer still writes");
    }
}

/// A read-only view is read-only to the memory management unit: a process that writes to it all the same
/// is ended by the system, and nothing was written.
pub fn c11_read_only_view_is_read_only_to_the_mmu<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    let view = map_all(&region, Access::ReadWrite);
    for held in [Access::ReadWrite, Access::ReadOnly, Access::CopyOnWrite] {
        let mut puppet = Puppet::start(harness);
        puppet.open("region", held, &name);
        puppet.view("view", "region", Access::ReadOnly);
        assert_eq!(puppet.expect("read view 100 1"), "00");
        puppet.tell("poke view 100 1");
        match puppet.answer_or_end() {
            Ok(answer) => panic!("a {held} region's read-only view was written to: {answer:?}"),
            Err(status) => assert!(system::died_of_a_fault(status), "ended otherwise: {status}"),
        }
        assert!(is_filled_with(&view, 0), "the write arrived");
    }
    // The same write where it is allowed: it is the view that stops it, not the test.
    let mut puppet = Puppet::opener(harness, &name);
    puppet.expect("poke view 100 1");
    assert_eq!(view.get::<u8>(100).expect("inside"), 1);
}

/// What is written to a copy-on-write view stays there: it reaches no object, no other process and no
/// other such view; and is gone with the view.
pub fn c11_copy_on_write_reaches_nobody<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let creator: R = create(&name, SIZE);
    let object = map_all(&creator, Access::ReadWrite);
    object.fill(0, SIZE as usize, 1).expect("a new region can be filled");
    let mut puppet = Puppet::opener(harness, &name);
    for held in ACCESSES {
        let region: R = open(&name, held);
        let (mine, other) = (map_all(&region, Access::CopyOnWrite), map_all(&region, Access::CopyOnWrite));
        assert!(is_filled_with(&mine, 1), "a new private view shows the object");
        mine.fill(0, SIZE as usize, 2).expect("a copy-on-write view can be written");
        mine.atomic_u32(0).expect("so can its words").store(3, Ordering::Release);
        assert_eq!(mine.get::<u32>(0).expect("inside"), 3);
        assert!(is_filled_with(&object, 1), "the object of a {held} region changed");
        assert!(is_filled_with(&other, 1), "another private view of a {held} region changed");
        assert_eq!(puppet.expect("filled view"), "1", "another process sees it");
        drop(mine);
        assert!(is_filled_with(&map_all(&region, Access::CopyOnWrite), 1), "it outlived its view");
    }
}

/// What a copy-on-write view has made its own stays as it is, whatever others write to the object.
pub fn c11_copy_on_write_keeps_its_own<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    let mut puppet = Puppet::opener(harness, &name);
    let private = map_all(&region, Access::CopyOnWrite);
    private.fill(0, SIZE as usize, 2).expect("a copy-on-write view can be written");
    puppet.expect("fill view 0 all 9");
    assert!(is_filled_with(&private, 2), "another process's writes reached private pages");
    // And its bytes at an odd offset are the same private kind.
    let odd = region.view(4097..4099, Access::CopyOnWrite).expect("a range inside");
    assert!(is_filled_with(&odd, 9), "a new private view shows the object");
    odd.write(0, &[5, 6]).expect("a copy-on-write view can be written");
    assert_eq!(puppet.expect("filled view"), "9");
}

/// A handle and its views may be dropped in any order; the object lives until the last of them goes.
pub fn c13_any_drop_order<R: SharedRegion>(harness: &Harness) {
    let mut puppet = Puppet::start(harness);
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let name = unique_name();
        let region: R = create(&name, SIZE);
        let (first, second) = (map_all(&region, Access::ReadWrite), map_all(&region, Access::ReadWrite));
        first.fill(0, SIZE as usize, 4).expect("a new region can be filled");
        // Each shows that its bytes are there, and drops its holder when it is dropped.
        let mut holders: [Option<Box<dyn Fn() -> bool>>; 3] = [
            Some(Box::new(move || is_filled_with(&map_all(&region, Access::ReadWrite), 4))),
            Some(Box::new(move || is_filled_with(&first, 4))),
            Some(Box::new(move || is_filled_with(&second, 4))),
        ];
        for (dropped, which) in order.into_iter().enumerate() {
            puppet.open("region", Access::ReadWrite, &name);
            puppet.expect("drop-region region");
            holders[which] = None;
            let work = holders.iter().flatten().all(|works| works());
            assert!(work, "order {order:?}, {dropped} dropped before");
        }
        assert_free::<R>(&name);
    }
}

/// A view alone, its region's handle dropped, keeps the object and its name for every process.
pub fn c13_view_alone_keeps_its_object<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    let view = region.view(5..6, Access::ReadWrite).expect("a range inside");
    drop(region);
    view.put(0, &77_u8).expect("a view without its region can be written");
    let mut puppet = Puppet::opener(harness, &name);
    assert_eq!(puppet.expect("read view 5 1"), "4d");
    assert_eq!(puppet.end("quit").code(), Some(0));
    drop(view);
    assert_free::<R>(&name);
}

/// Safe access copies, or goes through atomics: values and words arrive as they were put.
///
/// No safe call gives out a reference to plain bytes:
/// ```compile_fail,E0133
/// # use samemap_platform as samemap;
/// fn bytes(view: &samemap::View) -> &[u8] {
///     view.as_slice()
/// }
/// ```
/// Nor can the reader of a read-only word store:
/// ```compile_fail,E0599
/// # use samemap_platform as samemap;
/// fn store(view: &samemap::View) {
///     view.atomic_u32_reader(0).unwrap().store(1, std::sync::atomic::Ordering::SeqCst);
/// }
/// ```
pub fn c14_safe_access_copies_or_is_atomic<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    let view = map_all(&region, Access::ReadWrite);
    let mut puppet = Puppet::opener(harness, &name);
    view.put(3, &[1_u8, 2, 3]).expect("inside");
    view.atomic_u64(8).expect("aligned").store(0x0807_0605_0403_0201, Ordering::Release);
    view.write_utf16(16, "Aß").expect("inside");
    let word = if cfg!(target_endian = "big") { "0807060504030201" } else { "0102030405060708" };
    assert_eq!(puppet.expect("read view 3 3"), "010203");
    assert_eq!(puppet.expect("read view 8 8"), word);
    assert_eq!(puppet.expect("read view 16 6"), "4100df000000");
    puppet.expect("fill view 0 4 255");
    assert_eq!(view.get::<u32>(0).expect("inside"), u32::MAX);
    assert_eq!(view.atomic_u32(0).expect("aligned").fetch_add(1, Ordering::AcqRel), u32::MAX);
    assert_eq!(view.get::<[u8; 6]>(0).expect("inside"), [0, 0, 0, 0, 2, 3]);
    fails(view.atomic_u32(1), "a word off its alignment", &ErrorKind::InvalidArgument);
    // Alignment in memory counts, not the offset in the view.
    let odd = region.view(1.., Access::ReadWrite).expect("a range inside");
    fails(odd.atomic_u64(8), "a word off its alignment", &ErrorKind::InvalidArgument);
    assert_eq!(odd.atomic_u64(7).expect("aligned in memory").load(Ordering::Acquire), 0x0807_0605_0403_0201);
}

/// Regions and views can be sent to and shared by threads, which see each other's words whole.
pub fn c14_threads_share_regions_and_views<R: SharedRegion>(_: &Harness) {
    const ROUNDS: u64 = 20_000;
    fn moves_and_is_shared<T: Send + Sync + 'static>(thing: T) -> T {
        thing
    }
    let region = moves_and_is_shared(create::<R>(&unique_name(), SIZE));
    let view = moves_and_is_shared(map_all(&region, Access::ReadWrite));
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let word = view.atomic_u64(0).expect("aligned");
            // The two halves of the word are always equal.
            (0..ROUNDS).for_each(|round| word.store(round << 32 | round, Ordering::Release));
            ended.store(true, Ordering::Release);
        });
        scope.spawn(|| {
            while !ended.load(Ordering::Acquire) {
                let own = map_all(&region, Access::ReadWrite);
                let seen = own.atomic_u64_reader(0).expect("aligned").load(Ordering::Acquire);
                assert_eq!(seen >> 32, seen & 0xFFFF_FFFF, "a torn word");
                let _racing_copy: [u8; 64] = own.get(0).expect("inside");
            }
        });
    });
    assert_eq!(
        thread::spawn(move || {
            drop(region);
            view.len()
        })
        .join()
        .expect("no panic") as u64,
        SIZE
    );
}

/// A region opened for reading tells so, and reads what others write.
pub fn c11_opened_for_reading_reads<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    map_all(&region, Access::ReadWrite).fill(0, SIZE as usize, 6).expect("a new region can be filled");
    let mut puppet = Puppet::start(harness);
    for access in [Access::ReadOnly, Access::CopyOnWrite] {
        assert_eq!(puppet.open("region", access, &name), SIZE);
        puppet.view("view", "region", Access::ReadOnly);
        assert_eq!(puppet.expect("filled view"), "6");
        let refused = puppet.ask("view other region 0 1 rw");
        assert!(
            refused.is_err_and(|error| error.starts_with("AccessDenied")),
            "{} was widened",
            word_for(access)
        );
    }
    let opened = good(R::open(&name, &OpenOptions::read_only()));
    assert_eq!((opened.access(), opened.len()), (Access::ReadOnly, SIZE));
}
