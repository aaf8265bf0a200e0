//! One writer at a time.

use crate::common::*;

#[test]
fn there_is_one_writer_among_all_processes() {
    let name = unique("busy");
    let busy = |name| {
        let error = LatestWriter::<Page>::create(name, &LatestOptions::new()).unwrap_err();
        assert!(error.is(ErrorKind::Busy), "{error}");
    };
    let writer = LatestWriter::<Page>::create(&name, &LatestOptions::new()).unwrap();
    busy(&name);
    let refused = run(command("refused_writer", &name));
    assert!(refused.status.success(), "{refused:#?}");
    let latest = Latest::<Page>::open(&name, &LatestOptions::new()).unwrap();
    drop(writer);
    for _ in 0..3 {
        let other = part("page_writer", &name);
        other.wait_for_output("writing.");
        busy(&name);
        assert!(latest.has_writer().unwrap());
        other.kill();
        assert!(!latest.has_writer().unwrap());
        drop(LatestWriter::<Page>::create(&name, &LatestOptions::new()).expect("free at once"));
    }
}

pub fn refused_writer(arguments: &[String]) {
    let name = &name(&arguments[0]);
    let error = LatestWriter::<Page>::create(name, &LatestOptions::new()).unwrap_err();
    assert!(error.is(ErrorKind::Busy), "{error}");
}

/// Writers of large values are killed anywhere, mostly in the middle of a write.
#[test]
fn a_killed_writer_leaves_the_last_whole_value() {
    let kills: u64 = std::env::var("SAMEMAP_KILLS").ok().map_or(30, |text| text.parse().expect("a number"));
    let name = unique("killed");
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
        let writer = part("large_writer", &name);
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

pub fn large_writer(arguments: &[String]) {
    let name = &name(&arguments[0]);
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
    let name = unique("forked");
    let parent = run(command("forking_writer", &name));
    assert!(parent.status.success(), "{parent:#?}");
}

#[cfg(target_os = "linux")]
pub fn forking_writer(arguments: &[String]) {
    let name = &name(&arguments[0]);
    let mut writer = LatestWriter::<u64>::create(name, &LatestOptions::new()).unwrap();
    let latest = Latest::<u64>::open(name, &LatestOptions::new()).unwrap();
    writer.write(&1).unwrap();
    let mut copy = Some(writer);
    let child = linux::forked::fork(|| {
        let mut copy = copy.take().expect("the writer");
        let error = copy.write(&2).unwrap_err();
        assert!(error.is(ErrorKind::Unsupported), "{error}");
        assert!(error.to_string().contains("forked"), "{error}");
        assert_eq!(latest.read().unwrap().unwrap().value, 1, "the child reads");
        drop(copy);
    });
    child.finish();
    let mut writer = copy.expect("the parent's own");
    assert!(latest.has_writer().unwrap());
    assert_eq!(writer.write(&3).unwrap(), 2);
}
