//! One value after the other.

use crate::common::*;

#[test]
fn the_newest_value_is_read_with_its_number() {
    let name = unique("basics");
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
    let name = unique("bytes");
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
    assert!(matches!(error.kind(), ErrorKind::TooLong { .. }), "{error}");
    assert!(error.to_string().contains("101 bytes, and at most 100"), "{error}");
    assert_eq!(latest.read().unwrap().unwrap().value.len(), 77, "nothing was written");
    let error =
        LatestBytesWriter::create(&self::unique("endless"), usize::MAX, &LatestOptions::new()).unwrap_err();
    assert!(error.is(ErrorKind::InvalidArgument));
    assert!(LatestBytes::bytes_needed(usize::MAX / 2).unwrap_err().is(ErrorKind::InvalidArgument));
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
    let name = unique("mismatch");
    let options = LatestOptions::new().version(3);
    let writer = LatestWriter::<[u8; 64]>::create(&name, &options).unwrap();
    let told = |error: samemap::Error, words: [&str; 2]| {
        assert!(error.is(ErrorKind::LayoutMismatch), "{error}");
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
    let name = unique("foreign");
    let region = Region::create(&name, &CreateOptions::new(1 << 16)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let error = Latest::<u64>::open(&name, &LatestOptions::new()).unwrap_err();
    assert!(error.is(ErrorKind::NotFound), "{error}");
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
    let name = unique("read-only");
    let mut writer = LatestWriter::<u64>::create(&name, &LatestOptions::new()).unwrap();
    let latest = Latest::<u64>::open(&name, &LatestOptions::new().read_only()).unwrap();
    assert_eq!(latest.read().unwrap(), None);
    writer.write(&5).unwrap();
    assert_eq!(latest.read().unwrap(), Some(Snapshot { sequence: 1, value: 5 }));
    assert_eq!(latest.wait_newer(0).unwrap().newer().map(|newer| newer.value), Some(5));
    let error = latest.wait_newer_timeout(1, Duration::ZERO).unwrap_err();
    assert!(error.is(ErrorKind::Unsupported), "{error}");
    assert!(latest.has_writer().unwrap_err().is(ErrorKind::AccessDenied));
    let region = Region::anonymous(&CreateOptions::new(1 << 16)).unwrap();
    for access in [Access::ReadOnly, Access::CopyOnWrite] {
        let view = region.view(.., access).unwrap();
        let error = LatestWriter::<u64>::at(&view, 0, &LatestOptions::new()).unwrap_err();
        assert!(error.is(ErrorKind::AccessDenied), "{error}");
    }
}
