//! The newest value.

use crate::common::*;

/// Writes one value, and does nothing more until it is killed.
pub fn writes_once(arguments: &[String]) {
    let name = object_name(&arguments[0]);
    let mut writer = LatestWriter::<u64>::create(&name, &LatestOptions::new()).unwrap();
    writer.write(&(100 + writer.newest())).unwrap();
    println!("written");
    std::thread::sleep(DEADLINE);
}

#[test]
fn newer_values_wake_many_tasks() {
    let name = unique_name("tokio-latest");
    let mut writer = LatestWriter::<u64>::create(&object_name(&name), &LatestOptions::new()).unwrap();
    let latest = Latest::<u64>::open(&object_name(&name), &LatestOptions::new()).unwrap();
    let runtime = two_threads();
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let mut latest = AsyncLatest::new(latest.clone()).unwrap();
        tasks.spawn_on(
            async move {
                let mut newest = 0;
                while newest < 200 {
                    let Awaited::Newer(sample) = latest.wait_newer(newest).await.unwrap() else {
                        panic!("the writer lives");
                    };
                    assert!(sample.sequence > newest);
                    assert_eq!(sample.value, sample.sequence * 3);
                    newest = sample.sequence;
                }
            },
            runtime.handle(),
        );
    }
    run(&runtime, async {
        for number in 1..=200 {
            writer.write(&(number * 3)).unwrap();
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        while let Some(end) = tasks.join_next().await {
            end.unwrap();
        }
    });
    drop((writer, latest));
    assert_nothing_left(&name);
}

#[test]
fn a_writers_death_is_told_once_and_the_next_one_is_heard() {
    let name = unique_name("tokio-latest-killed");
    let runtime = one_thread();
    let puppet_writes = || {
        let puppet = start("writes_once", &[&name]);
        puppet.wait_for_output("written");
        puppet
    };
    let first = puppet_writes();
    let latest = Latest::<u64>::open(&object_name(&name), &LatestOptions::new()).unwrap();
    let mut latest = AsyncLatest::new(latest).unwrap();
    run(&runtime, async {
        assert_eq!(latest.wait_newer(0).await.unwrap().newer().map(|sample| sample.value), Some(100));
        let waits = timeout(Duration::from_millis(30), latest.wait_newer(1)).await;
        assert!(waits.is_err(), "{waits:?}");
        first.kill();
        assert_eq!(latest.wait_newer(1).await.unwrap(), Awaited::WriterGone);
        let waits = timeout(Duration::from_millis(200), latest.wait_newer(1)).await;
        assert!(waits.is_err(), "told twice: {waits:?}");
        let next = puppet_writes();
        let mut value = 0;
        assert_eq!(latest.wait_newer_into(1, &mut value).await.unwrap(), Awaited::Newer(2));
        assert_eq!(value, 101);
        next.kill();
        assert_eq!(latest.wait_newer(2).await.unwrap(), Awaited::WriterGone);
    });
    assert!(!latest.into_inner().has_writer().unwrap());
    LatestWriter::<u64>::create(&object_name(&name), &LatestOptions::new()).unwrap();
    assert_nothing_left(&name);
}

#[test]
fn byte_strings_are_awaited_too_and_read_only_views_are_not() {
    let name = unique_name("tokio-latest-bytes");
    let runtime = one_thread();
    let mut writer = LatestBytesWriter::create(&object_name(&name), 100, &LatestOptions::new()).unwrap();
    let open = |options| LatestBytes::open(&object_name(&name), &options).unwrap();
    let deaf = AsyncLatestBytes::new(open(LatestOptions::new().read_only())).err().unwrap();
    assert!(deaf.is(ErrorKind::Unsupported));
    let mut latest = AsyncLatestBytes::new(open(LatestOptions::new())).unwrap();
    run(&runtime, async {
        let (newer, ()) = tokio::join!(latest.wait_newer(0), async {
            writer.write(b"a value").unwrap();
        });
        assert_eq!(newer.unwrap().newer().unwrap().value, b"a value");
        let mut value = Vec::new();
        writer.write(b"").unwrap();
        assert_eq!(latest.wait_newer_into(1, &mut value).await.unwrap(), Awaited::Newer(2));
        assert!(value.is_empty());
        drop(writer);
        assert_eq!(latest.wait_newer(2).await.unwrap(), Awaited::WriterGone);
        assert_eq!(latest.get_ref().newest().unwrap(), 2);
    });
    drop(latest);
    assert_nothing_left(&name);
}
