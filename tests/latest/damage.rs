//! Damage.

use crate::common::*;

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
            // No process looks at the header twice: those that were there go on.
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
    drop(latest.wait_newer_timeout(newest, Duration::from_millis(1))?);
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
        // In steps of the word, as any program with atomics does.
        view.atomic_u64(offset & !7).unwrap().store(value, std::sync::atomic::Ordering::Relaxed);
    }
}
