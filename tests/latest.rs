//! The newest value between processes, on every system that has seats and doorbells: whole, in order, from one writer
//! at a time, also when writers are killed and when somebody scribbles.
//!
//! | on demand | how |
//! | --- | --- |
//! | the search for torn values, 60 s in place of 5 | `SAMEMAP_TORN_SECONDS=60 cargo test --release --test latest torn` |
//! | 1,000 killed writers in place of 30 | `SAMEMAP_KILLS=1000 cargo test --release --test latest killed` |

#![cfg(any(target_os = "linux", windows))]

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use samemap::{
    Access, Awaited, CreateOptions, ErrorKind, Latest, LatestBytes, LatestBytesWriter, LatestOptions,
    LatestWriter, ObjectName, Region, SharedRegion as _, Snapshot, View,
};
#[cfg(target_os = "linux")]
use support::linux;
use support::{DEADLINE, Program, assert_nothing_left, run, unique_name, wait_until};

const PART: &str = "SAMEMAP_TEST_PART";

/// 4 KiB.
type Page = [u64; 512];
/// 1 MiB.
type Large = [Page; 256];

// ---- one value after the other ------------------------------------------------------------------------

#[test]
fn the_newest_value_is_read_with_its_number() {
    let name = name("basics");
    let mut writer = LatestWriter::<u64>::create(&name, &LatestOptions::new()).unwrap();
    let latest = Latest::<u64>::open(&name, &LatestOptions::new()).unwrap();
    assert_eq!((latest.read().unwrap(), latest.newest().unwrap(), writer.newest()), (None, 0, 0));
    let mut into = 77;
    assert_eq!((latest.read_into(0, &mut into).unwrap(), into), (None, 77));
    // Several times round all slots.
    for sequence in 1..=300 {
        assert_eq!(writer.write(&(sequence * 3)).unwrap(), sequence);
        let snapshot = Snapshot { sequence, value: sequence * 3 };
        assert_eq!(latest.read().unwrap(), Some(snapshot));
        assert_eq!(latest.read_if_newer(sequence - 1).unwrap(), Some(snapshot));
        assert_eq!(latest.clone().read_if_newer(sequence).unwrap(), None);
        assert_eq!((latest.newest().unwrap(), writer.newest()), (sequence, sequence));
    }
    assert_eq!((latest.read_into(7, &mut into).unwrap(), into), (Some(300), 900));
    assert!(latest.has_writer().unwrap());
    drop(writer);
    assert!(!latest.has_writer().unwrap());
    assert_eq!(latest.read().unwrap().map(|snapshot| snapshot.value), Some(900), "it outlives its writer");
    let mut next = LatestWriter::<u64>::create(&name, &LatestOptions::new()).unwrap();
    assert_eq!((next.newest(), next.write(&1).unwrap()), (300, 301));
    drop((latest, next));
    assert_nothing_left(&name.to_string());
}

#[test]
fn byte_strings_have_any_length_up_to_the_maximum() {
    let name = name("bytes");
    let mut writer = LatestBytesWriter::create(&name, 100, &LatestOptions::new()).unwrap();
    let latest = LatestBytes::open(&name, &LatestOptions::new()).unwrap();
    assert_eq!((writer.max_len(), latest.max_len(), latest.read().unwrap()), (100, 100, None));
    let mut into = vec![9];
    for len in (0..=100).chain([3, 0, 77]) {
        let value: Vec<u8> = (0..len).collect();
        let sequence = writer.write(&value).unwrap();
        assert_eq!(latest.read_into(sequence - 1, &mut into).unwrap(), Some(sequence));
        assert_eq!(into, value);
        assert_eq!(latest.read().unwrap(), Some(Snapshot { sequence, value }));
    }
    let error = writer.write(&[0; 101]).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("101 bytes, and at most 100"), "{error}");
    assert_eq!(latest.read().unwrap().unwrap().value.len(), 77, "nothing was written");
    let error =
        LatestBytesWriter::create(&self::name("endless"), usize::MAX, &LatestOptions::new()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(*LatestBytes::bytes_needed(usize::MAX / 2).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn several_lie_side_by_side_in_a_view() {
    let size = Latest::<Large>::SIZE + Latest::<()>::SIZE + LatestBytes::bytes_needed(33).unwrap();
    let region = Region::anonymous(&CreateOptions::new(size as u64 + 64)).unwrap();
    let view = region.view(..size as u64, Access::ReadWrite).unwrap();
    let offsets = [0, Latest::<Large>::SIZE, Latest::<Large>::SIZE + Latest::<()>::SIZE];
    let options = LatestOptions::new();
    let mut large = LatestWriter::<Large>::at(&view, offsets[0], &options).unwrap();
    let mut nothing = LatestWriter::<()>::at(&view, offsets[1], &options).unwrap();
    let mut bytes = LatestBytesWriter::at(&view, offsets[2], 33, &options).unwrap();
    let mut pages = large_pages();
    let value = as_large(&mut pages);
    for round in 1..=20 {
        value.iter_mut().for_each(|page| *page = page_of(round));
        large.write(value).unwrap();
        nothing.write(&()).unwrap();
        bytes.write(&[round as u8; 33]).unwrap();
    }
    let latest = Latest::<Large>::at(&view, offsets[0], &options).unwrap();
    value[255] = [0; 512];
    assert_eq!(latest.read_into(0, value).unwrap(), Some(20));
    value.iter().for_each(|page| check_page(20, page));
    assert_eq!(Latest::<()>::at(&view, offsets[1], &options).unwrap().read().unwrap().unwrap().sequence, 20);
    assert_eq!(
        LatestBytes::at(&view, offsets[2], &options).unwrap().read().unwrap().unwrap().value,
        [20; 33]
    );
    // The last byte of the last slot is the last byte of the view.
    let short = region.view(..size as u64 - 1, Access::ReadWrite).unwrap();
    let error = LatestBytes::at(&short, offsets[2], &options).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error}");
    for offset in [4, usize::MAX - 63, usize::MAX] {
        assert!(LatestWriter::<u8>::at(&view, offset, &options).is_err());
        assert!(Latest::<u8>::at(&view, offset, &options).is_err());
    }
}

#[test]
fn another_type_or_version_is_told_with_both() {
    let name = name("mismatch");
    let options = LatestOptions::new().version(3);
    let writer = LatestWriter::<[u8; 64]>::create(&name, &options).unwrap();
    let told = |error: samemap::Error, words: [&str; 2]| {
        assert_eq!(*error.kind(), ErrorKind::LayoutMismatch, "{error}");
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)) && text.contains(&name.to_string()), "{text}");
    };
    let has = "values of 64 bytes (version 3)";
    told(Latest::<[u8; 128]>::open(&name, &options).unwrap_err(), [has, "values of 128 bytes (version 3)"]);
    let older = LatestOptions::new().version(2);
    told(Latest::<[u8; 64]>::open(&name, &older).unwrap_err(), [has, "values of 64 bytes (version 2)"]);
    told(LatestBytes::open(&name, &options).unwrap_err(), [has, "byte strings (version 3)"]);
    let reader = Latest::<[u8; 64]>::open(&name, &options).unwrap();
    drop(writer);
    told(LatestWriter::<[u8; 4096]>::create(&name, &options).unwrap_err(), [has, "values of 4096 bytes"]);
    told(
        LatestBytesWriter::create(&name, 64, &options).unwrap_err(),
        [has, "byte strings of at most 64 bytes (version 3)"],
    );
    // None of them kept the seat.
    drop(LatestWriter::<[u8; 64]>::create(&name, &options).unwrap());
    drop(reader);
}

#[test]
fn memory_of_somebody_else_is_left_alone() {
    let name = name("foreign");
    let region = Region::create(&name, &CreateOptions::new(1 << 16)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let error = Latest::<u64>::open(&name, &LatestOptions::new()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound, "{error}");
    for (offset, kind) in [(0, ErrorKind::Damaged), (24, ErrorKind::Damaged), (192, ErrorKind::Damaged)] {
        view.put(offset, &0x4547_4d49u32).unwrap();
        let error = LatestWriter::<u64>::create(&name, &LatestOptions::new()).unwrap_err();
        assert_eq!(*error.kind(), kind, "{error}");
        assert_eq!(view.get::<u32>(offset).unwrap(), 0x4547_4d49);
        view.put(offset, &0u32).unwrap();
    }
    let error = LatestWriter::<Large>::create(&name, &LatestOptions::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error}");
    assert!(LatestWriter::<u64>::create(&name, &LatestOptions::new()).is_ok(), "zeros are free");
}

#[test]
fn read_only_readers_read_and_cannot_wait() {
    let name = name("read-only");
    let mut writer = LatestWriter::<u64>::create(&name, &LatestOptions::new()).unwrap();
    let latest = Latest::<u64>::open(&name, &LatestOptions::new().read_only()).unwrap();
    assert_eq!(latest.read().unwrap(), None);
    writer.write(&5).unwrap();
    assert_eq!(latest.read().unwrap(), Some(Snapshot { sequence: 1, value: 5 }));
    assert_eq!(latest.wait_newer(0, None).unwrap().newer().map(|newer| newer.value), Some(5));
    let error = latest.wait_newer(1, Some(Duration::ZERO)).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(*latest.has_writer().unwrap_err().kind(), ErrorKind::AccessDenied);
    let region = Region::anonymous(&CreateOptions::new(1 << 16)).unwrap();
    for access in [Access::ReadOnly, Access::CopyOnWrite] {
        let view = region.view(.., access).unwrap();
        let error = LatestWriter::<u64>::at(&view, 0, &LatestOptions::new()).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::AccessDenied, "{error}");
    }
}

// ---- torn values --------------------------------------------------------------------------------------

/// A process that writes as fast as it can, and readers that look at every byte.
#[test]
fn no_reader_sees_a_torn_value() {
    let seconds = std::env::var("SAMEMAP_TORN_SECONDS").ok().map_or(5, |text| text.parse().expect("seconds"));
    let (pages, bytes) = (name("torn-pages"), name("torn-bytes"));
    let writers = [("page_writer", &pages), ("bytes_writer", &bytes)]
        .map(|(body, name)| Program::start(part(body, name)));
    writers.iter().for_each(|writer| writer.wait_for_output("writing."));
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let read = std::thread::scope(|scope| {
        let readers =
            [scope.spawn(|| read_pages(&pages, deadline)), scope.spawn(|| read_bytes(&bytes, deadline))];
        readers.map(|reader| reader.join().unwrap())
    });
    for Found { read, newest, given_up } in read {
        println!("{read} read of {newest} written, {given_up} times given up");
        assert!(read > 100 && newest > read / 100, "{read} read of {newest} written");
    }
    writers.into_iter().for_each(|writer| writer.kill());
}

/// What a reader has found.
#[derive(Default)]
struct Found {
    /// How many values.
    read: u64,
    /// The number of the last one.
    newest: u64,
    /// How often the writer was faster in all of its tries.
    given_up: u64,
}

impl Found {
    /// Counts what `read` reads until then, and checks that it is newer each time.
    fn until(deadline: Instant, mut read: impl FnMut(u64) -> samemap::Result<Option<u64>>) -> Found {
        let mut found = Found::default();
        while Instant::now() < deadline {
            match read(found.newest) {
                Ok(None) => {}
                Ok(Some(sequence)) => {
                    assert!(sequence > found.newest);
                    (found.newest, found.read) = (sequence, found.read + 1);
                }
                // A machine with more to do than processors may stop a reader in each of its tries.
                Err(error) if *error.kind() == ErrorKind::Contended => found.given_up += 1,
                Err(error) => panic!("{error}"),
            }
        }
        found
    }
}

fn read_pages(name: &ObjectName, deadline: Instant) -> Found {
    let latest = Latest::<Page>::open(name, &LatestOptions::new()).unwrap();
    let mut value = [0; 512];
    Found::until(deadline, |newest| {
        let read = latest.read_into(newest, &mut value)?;
        read.iter().for_each(|&sequence| check_page(sequence, &value));
        Ok(read)
    })
}

fn read_bytes(name: &ObjectName, deadline: Instant) -> Found {
    let latest = LatestBytes::open(name, &LatestOptions::new()).unwrap();
    let mut value = Vec::new();
    Found::until(deadline, |newest| {
        let read = latest.read_into(newest, &mut value)?;
        read.iter().for_each(|&sequence| check_bytes(sequence, &value));
        Ok(read)
    })
}

/// A machine with more to do than processors may stop a reader in each of its tries.
#[track_caller]
fn uncontended<T>(read: samemap::Result<Option<T>>) -> Option<T> {
    match read {
        Ok(read) => read,
        Err(error) if *error.kind() == ErrorKind::Contended => None,
        Err(error) => panic!("{error}"),
    }
}

fn page_writer(name: &ObjectName) {
    let mut writer = LatestWriter::<Page>::create(name, &LatestOptions::new()).unwrap();
    println!("writing.");
    loop {
        writer.write(&page_of(writer.newest() + 1)).unwrap();
    }
}

const MAX_LEN: usize = 4096;

fn bytes_writer(name: &ObjectName) {
    let mut writer = LatestBytesWriter::create(name, MAX_LEN, &LatestOptions::new()).unwrap();
    println!("writing.");
    loop {
        writer.write(&bytes_of(writer.newest() + 1)).unwrap();
    }
}

/// What value number `sequence` is; no two have a word in common.
fn page_of(sequence: u64) -> Page {
    [sequence; 512]
}

#[track_caller]
fn check_page(sequence: u64, page: &Page) {
    assert!(page.iter().all(|&word| word == sequence), "torn: number {sequence}, {page:?}");
}

fn bytes_of(sequence: u64) -> Vec<u8> {
    let len = (sequence.wrapping_mul(2_654_435_761) >> 3) as usize % MAX_LEN;
    vec![(sequence % 251) as u8; len]
}

#[track_caller]
fn check_bytes(sequence: u64, bytes: &[u8]) {
    assert!(bytes == bytes_of(sequence), "torn: number {sequence}, {bytes:?}");
}

// ---- one writer at a time -----------------------------------------------------------------------------

#[test]
fn there_is_one_writer_among_all_processes() {
    let name = name("busy");
    let busy = |name| {
        let error = LatestWriter::<Page>::create(name, &LatestOptions::new()).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::WriterBusy, "{error}");
    };
    let writer = LatestWriter::<Page>::create(&name, &LatestOptions::new()).unwrap();
    busy(&name);
    let refused = run(part("refused_writer", &name));
    assert!(refused.status.success(), "{refused:#?}");
    let latest = Latest::<Page>::open(&name, &LatestOptions::new()).unwrap();
    drop(writer);
    for _ in 0..3 {
        let other = Program::start(part("page_writer", &name));
        other.wait_for_output("writing.");
        busy(&name);
        assert!(latest.has_writer().unwrap());
        other.kill();
        assert!(!latest.has_writer().unwrap());
        drop(LatestWriter::<Page>::create(&name, &LatestOptions::new()).expect("free at once"));
    }
}

fn refused_writer(name: &ObjectName) {
    let error = LatestWriter::<Page>::create(name, &LatestOptions::new()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::WriterBusy, "{error}");
}

/// Writers of large values are killed anywhere, mostly in the middle of a write.
#[test]
fn a_killed_writer_leaves_the_last_whole_value() {
    let kills: u64 = std::env::var("SAMEMAP_KILLS").ok().map_or(30, |text| text.parse().expect("a number"));
    let name = name("killed");
    let mut random = Random::new();
    let mut first = LatestWriter::<Large>::create(&name, &LatestOptions::new()).unwrap();
    let latest = Latest::<Large>::open(&name, &LatestOptions::new()).unwrap();
    let mut pages = large_pages();
    let value = as_large(&mut pages);
    value.iter_mut().for_each(|page| *page = page_of(1));
    first.write(value).unwrap();
    drop(first);
    let (mut newest, mut half_written) = (1, 0);
    for _ in 0..kills {
        let writer = Program::start(part("large_writer", &name));
        writer.wait_for_output("writing.");
        let moment = Instant::now() + Duration::from_micros(random.next() % 4000);
        while Instant::now() < moment {
            newest = check_large(&latest, newest, value);
        }
        writer.kill();
        newest = check_large(&latest, newest, value);
        assert_eq!(latest.newest().unwrap(), newest, "the last whole value is there");
        half_written += u64::from(has_half_written_slot(&name));
    }
    println!("{half_written} of {kills} writers were killed in the middle of a write; {newest} values");
    assert!(half_written > 0, "of {kills} writers none was killed in the middle of a write");
    assert!(newest > kills, "each wrote");
}

/// Room for a large value, in the heap.
fn large_pages() -> Vec<Page> {
    vec![[0; 512]; 256]
}

fn as_large(pages: &mut [Page]) -> &mut Large {
    &mut samemap::bytemuck::cast_slice_mut(pages)[0]
}

fn large_writer(name: &ObjectName) {
    let mut writer = LatestWriter::<Large>::create(name, &LatestOptions::new()).unwrap();
    let mut pages = large_pages();
    let value = as_large(&mut pages);
    let mut said = false;
    loop {
        value.iter_mut().for_each(|page| *page = page_of(writer.newest() + 1));
        writer.write(value).unwrap();
        if !said {
            println!("writing.");
            said = true;
        }
    }
}

#[track_caller]
fn check_large(latest: &Latest<Large>, newest: u64, value: &mut Large) -> u64 {
    // Once more, also if there is nothing newer: it is still whole.
    let Some(sequence) = uncontended(latest.read_into(0, value)) else { return newest };
    assert!(sequence >= newest, "{sequence} after {newest}");
    value.iter().for_each(|page| check_page(sequence, page));
    sequence
}

/// By the layout that the library documents.
fn has_half_written_slot(name: &ObjectName) -> bool {
    let region = Region::open(name, &samemap::OpenOptions::read_only()).unwrap();
    let view = region.view(.., Access::ReadOnly).unwrap();
    let slots: u32 = view.get(16).unwrap();
    let stride = size_of::<Large>() + 64;
    (0..slots as usize).any(|slot| view.get::<u64>(256 + slot * stride).unwrap() % 2 == 1)
}

#[test]
#[cfg(target_os = "linux")]
fn a_forked_childs_copy_of_the_writer_writes_nothing() {
    let name = name("forked");
    let parent = run(part("forking_writer", &name));
    assert!(parent.status.success(), "{parent:#?}");
}

#[cfg(target_os = "linux")]
fn forking_writer(name: &ObjectName) {
    let mut writer = LatestWriter::<u64>::create(name, &LatestOptions::new()).unwrap();
    let latest = Latest::<u64>::open(name, &LatestOptions::new()).unwrap();
    writer.write(&1).unwrap();
    let mut copy = Some(writer);
    let child = linux::forked::fork(|| {
        let mut copy = copy.take().expect("the writer");
        let error = copy.write(&2).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::WriterBusy, "{error}");
        assert!(error.to_string().contains("forked"), "{error}");
        assert_eq!(latest.read().unwrap().unwrap().value, 1, "the child reads");
        drop(copy);
    });
    child.finish();
    let mut writer = copy.expect("the parent's own");
    assert!(latest.has_writer().unwrap());
    assert_eq!(writer.write(&3).unwrap(), 2);
}

// ---- waiting ------------------------------------------------------------------------------------------

const TURNS: u64 = 500;

#[test]
fn readers_and_writers_wake_each_other_in_turn() {
    let (there, back) = (name("there"), name("back"));
    let mut writer = LatestWriter::<u64>::create(&there, &LatestOptions::new()).unwrap();
    let mut other_side = part("answerer", &there);
    other_side.env("SAMEMAP_TEST_BACK", back.to_string());
    let other_side = Program::start(other_side);
    other_side.wait_for_output("answering.");
    let answers = Latest::<u64>::open(&back, &LatestOptions::new()).unwrap();
    for turn in 1..=TURNS {
        writer.write(&turn).unwrap();
        let answer = answers.wait_newer(turn - 1, Some(DEADLINE)).unwrap().newer().expect("an answer");
        assert_eq!((answer.sequence, answer.value), (turn, turn + 1));
    }
    let other_side = other_side.finish();
    assert!(other_side.status.success(), "{other_side:#?}");
    assert_eq!(answers.wait_newer(TURNS, None).unwrap(), Awaited::WriterGone);
}

fn answerer(name: &ObjectName) {
    let back = ObjectName::new(std::env::var("SAMEMAP_TEST_BACK").unwrap()).unwrap();
    let mut writer = LatestWriter::<u64>::create(&back, &LatestOptions::new()).unwrap();
    let questions = Latest::<u64>::open(name, &LatestOptions::new()).unwrap();
    println!("answering.");
    for turn in 1..=TURNS {
        let question = questions.wait_newer(turn - 1, Some(DEADLINE)).unwrap().newer().expect("a question");
        writer.write(&(question.value + 1)).unwrap();
    }
}

#[test]
fn a_wait_ends_with_its_time_and_with_its_writer() {
    let name = name("gone");
    let seen = |sequence| LatestOptions::new().version(sequence);
    let mut writer = LatestBytesWriter::create(&name, 8, &seen(0)).unwrap();
    let latest = LatestBytes::open(&name, &seen(0)).unwrap();
    for timeout in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(120)] {
        let began = Instant::now();
        assert_eq!(latest.wait_newer(0, Some(timeout)).unwrap(), Awaited::TimedOut);
        assert!(began.elapsed() >= timeout);
    }
    writer.write(b"last").unwrap();
    drop(writer);
    let last = latest.wait_newer(0, None).unwrap().newer().expect("the value, though the writer is gone");
    assert_eq!(last.value, b"last");
    assert_eq!(latest.wait_newer(1, None).unwrap(), Awaited::WriterGone);
    // Told once; now the wait is for the next one.
    let short = Some(Duration::from_millis(120));
    assert_eq!(latest.wait_newer(1, short).unwrap(), Awaited::TimedOut);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| latest.wait_newer(1, Some(DEADLINE)).unwrap().newer());
        let mut writer = LatestBytesWriter::create(&name, 8, &seen(0)).unwrap();
        writer.write(b"next").unwrap();
        assert_eq!(waiter.join().unwrap(), Some(Snapshot { sequence: 2, value: b"next".to_vec() }));
    });
    let mut into = Vec::new();
    assert_eq!(latest.wait_newer_into(2, None, &mut into).unwrap(), Awaited::WriterGone);
}

#[test]
fn a_sleeper_learns_that_its_writer_was_killed() {
    let name = name("killed-asleep");
    let writer = Program::start(part("silent_writer", &name));
    writer.wait_for_output("silent.");
    let latest = Latest::<u64>::open(&name, &LatestOptions::new()).unwrap();
    let began = std::thread::scope(|scope| {
        let waiter = scope.spawn(|| latest.wait_newer(0, None).unwrap());
        // Asleep by now, or soon: it is right in any case.
        std::thread::sleep(Duration::from_millis(20));
        writer.kill();
        let began = Instant::now();
        assert_eq!(waiter.join().unwrap(), Awaited::WriterGone);
        began
    });
    assert!(began.elapsed() < DEADLINE / 10, "{:?}", began.elapsed());
}

fn silent_writer(name: &ObjectName) {
    let _writer = LatestWriter::<u64>::create(name, &LatestOptions::new()).unwrap();
    println!("silent.");
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// All that sleep are woken, in several processes.
#[test]
fn one_write_wakes_all_who_wait() {
    let name = name("all");
    let mut writer = LatestWriter::<u64>::create(&name, &LatestOptions::new()).unwrap();
    let crowd: Vec<_> = (0..3).map(|_| Program::start(part("follower", &name))).collect();
    crowd.iter().for_each(|follower| follower.wait_for_output("following."));
    let mut sequence = 0;
    wait_until("all have had enough", || {
        sequence = writer.write(&(sequence + 1)).unwrap();
        sequence >= FOLLOWED
    });
    for follower in crowd {
        let follower = follower.finish();
        assert!(follower.status.success(), "{follower:#?}");
    }
}

const FOLLOWED: u64 = 100;

fn follower(name: &ObjectName) {
    let latest = Latest::<u64>::open(name, &LatestOptions::new()).unwrap();
    println!("following.");
    let mut seen = 0;
    while seen < FOLLOWED {
        let next = latest.wait_newer(seen, Some(DEADLINE)).unwrap().newer().expect("a newer one");
        assert!(next.sequence > seen && next.value == next.sequence);
        seen = next.sequence;
    }
}

// ---- damage -------------------------------------------------------------------------------------------

/// Every word of the header, and of the first slots, takes every kind of nonsense while readers and a writer use them.
#[test]
fn scribbled_memory_brings_errors_or_other_bytes() {
    let options = LatestOptions::new();
    let size = LatestBytes::bytes_needed(200).unwrap();
    let region = Region::anonymous(&CreateOptions::new(size as u64)).unwrap();
    let view = region.view(..size as u64, Access::ReadWrite).unwrap();
    let mut random = Random::new();
    let mut errors = 0;
    for offset in (0..64).chain(128..256 + 32).step_by(4) {
        for nonsense in [1, 0x7fff_ffff, u32::MAX, random.next() as u32] {
            view.fill(0, size, 0).unwrap();
            let mut writer = LatestBytesWriter::at(&view, 0, 200, &options).unwrap();
            let latest = LatestBytes::at(&view, 0, &options).unwrap();
            // So many that the newest lies in the first slot.
            for round in 0..64 {
                writer.write(&[round; 150]).unwrap();
            }
            view.put(offset, &nonsense).unwrap();
            errors += u32::from(use_it(&latest).is_err());
            // Nobody looks at the header twice: who was there goes on.
            writer.write(&[1; 200]).unwrap();
            errors += u32::from(use_it(&latest).is_err());
            drop(writer);
            errors += u32::from(LatestBytes::at(&view, 0, &options).and_then(|it| use_it(&it)).is_err());
            let again = LatestBytesWriter::at(&view, 0, 200, &options);
            errors += u32::from(again.and_then(|mut writer| writer.write(&[7; 200])).is_err());
            errors += u32::from(use_it(&latest).is_err());
        }
    }
    assert!(errors > 50, "{errors}");
}

fn use_it(latest: &LatestBytes) -> samemap::Result<()> {
    let newest = latest.newest()?;
    if let Some(read) = latest.read()? {
        assert!(read.value.len() <= latest.max_len());
    }
    drop(latest.wait_newer(newest, Some(Duration::from_millis(1)))?);
    latest.has_writer()?;
    latest.read_if_newer(newest.wrapping_sub(1)).map(|_| ())
}

/// While they run, all the time, over everything: calls end, and lengths stay within the maximum.
#[test]
fn a_peer_that_never_stops_scribbling_harms_nobody() {
    let options = LatestOptions::new();
    let size = LatestBytes::bytes_needed(64).unwrap();
    let region = Region::anonymous(&CreateOptions::new(size as u64)).unwrap();
    let view = region.view(..size as u64, Access::ReadWrite).unwrap();
    let mut writer = LatestBytesWriter::at(&view, 0, 64, &options).unwrap();
    let latest = LatestBytes::at(&view, 0, &options).unwrap();
    let deadline = Instant::now() + Duration::from_millis(1500);
    let (mut values, mut errors) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| scribble_until(deadline, &view, size));
        while Instant::now() < deadline {
            writer.write(&[5; 64]).unwrap();
            match use_it(&latest) {
                Ok(()) => values += 1,
                Err(_) => errors += 1,
            }
        }
    });
    assert!(values > 0 && errors > 0, "{values} values, {errors} errors");
}

/// Mostly over the number of the newest value and the words of slots.
fn scribble_until(deadline: Instant, view: &View, size: usize) {
    let mut random = Random::new();
    while Instant::now() < deadline {
        let offset = match random.next() % 3 {
            0 => 192,
            1 => 256 + random.next() as usize % 64 * 128,
            _ => random.next() as usize % (size - 8),
        };
        let value = if random.next() % 2 == 0 { random.next() } else { random.next() % 200 };
        // In steps of the word, as whoever uses atomics does.
        view.atomic_u64(offset & !7).unwrap().store(value, std::sync::atomic::Ordering::Relaxed);
    }
}

struct Random(u64);

impl Random {
    fn new() -> Random {
        use std::hash::{BuildHasher as _, RandomState};
        Random(RandomState::new().hash_one(1) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

// ---- the parts ----------------------------------------------------------------------------------------

fn name(label: &str) -> ObjectName {
    ObjectName::new(unique_name(label)).unwrap()
}

/// This program again, in a part.
fn part(part: &str, name: &ObjectName) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child_entry", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PART, format!("{part}\n{name}"));
    command
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    let Ok(text) = std::env::var(PART) else { return };
    let (part, name) = text.split_once('\n').unwrap();
    let name = ObjectName::new(name).unwrap();
    // Rather than go on without its test.
    #[cfg(target_os = "linux")]
    // SAFETY: a plain number is set.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL)
    };
    match part {
        "page_writer" => page_writer(&name),
        "bytes_writer" => bytes_writer(&name),
        "large_writer" => large_writer(&name),
        "silent_writer" => silent_writer(&name),
        "refused_writer" => refused_writer(&name),
        "answerer" => answerer(&name),
        "follower" => follower(&name),
        #[cfg(target_os = "linux")]
        "forking_writer" => forking_writer(&name),
        other => panic!("no such part: {other}"),
    }
}
