//! Topics.

use crate::common::*;

fn small() -> TopicOptions {
    TopicOptions::new().capacity(4096)
}

/// Publishes one message, and does nothing more until it is killed.
pub fn publishes_once(arguments: &[String]) {
    let mut publisher = Publisher::create(&object_name(&arguments[0]), &small()).unwrap();
    publisher.publish(b"one").unwrap();
    println!("published");
    std::thread::sleep(DEADLINE);
}

#[test]
fn every_message_reaches_every_task() {
    let name = unique_name("tokio-topic");
    let publisher = Publisher::create(&object_name(&name), &small()).unwrap();
    let mut publisher = AsyncPublisher::new(publisher);
    let runtime = two_threads();
    let mut tasks = JoinSet::new();
    for _ in 0..5 {
        let subscriber = Subscriber::open(&object_name(&name), &small()).unwrap();
        let mut subscriber = AsyncSubscriber::new(subscriber).unwrap();
        tasks.spawn_on(
            async move {
                for number in 1..=500_u64 {
                    assert_eq!(subscriber.recv_value::<u64>().await.unwrap(), number);
                }
                assert!(subscriber.recv().await.unwrap_err().is(ErrorKind::Closed));
            },
            runtime.handle(),
        );
    }
    let viewer = Viewer::open(&object_name(&name), &small()).unwrap();
    let mut viewer = AsyncViewer::new(viewer).unwrap();
    tasks.spawn_on(
        async move {
            let mut seen = 0;
            let end = loop {
                match viewer.recv().await {
                    Ok(viewed) => {
                        seen += viewed.missed + 1;
                        assert_eq!(viewed.sequence, seen);
                        assert_eq!(viewed.value, seen.to_ne_bytes());
                    }
                    Err(error) => break error,
                }
            };
            assert!(end.is(ErrorKind::Closed) && seen == 500, "{end}");
        },
        runtime.handle(),
    );
    run(&runtime, async {
        for number in 1..=500_u64 {
            publisher.publish_value(&number).await.unwrap();
        }
        drop(publisher);
        while let Some(end) = tasks.join_next().await {
            end.unwrap();
        }
    });
    assert_nothing_left(&name);
}

#[test]
fn a_wait_that_is_given_up_loses_nothing_and_a_death_is_told_once() {
    let name = unique_name("tokio-topic-killed");
    let runtime = one_thread();
    let mortal = start("publishes_once", &[&name]);
    mortal.wait_for_output("published");
    let options = small().history(1);
    let subscriber = Subscriber::open(&object_name(&name), &options).unwrap();
    let mut subscriber = AsyncSubscriber::new(subscriber).unwrap();
    run(&runtime, async {
        assert_eq!(subscriber.recv().await.unwrap().to_vec(), b"one");
        assert!(timeout(Duration::from_millis(30), subscriber.recv()).await.is_err());
        mortal.kill();
        assert!(subscriber.recv().await.unwrap_err().is(ErrorKind::PeerDied));
        assert!(timeout(Duration::from_millis(200), subscriber.recv()).await.is_err(), "told once");
        let mut next = AsyncPublisher::new(Publisher::create(&object_name(&name), &small()).unwrap());
        // Full: it waits, and is given up.
        while next.get_mut().try_publish(&[1; 500]).unwrap() {}
        assert!(timeout(Duration::from_millis(30), next.publish(&[2; 500])).await.is_err());
        let newest = next.get_mut().newest();
        let (published, received) = tokio::join!(next.publish(&[3; 500]), async {
            for sequence in 2..=newest {
                assert_eq!(subscriber.recv().await.unwrap().sequence(), sequence);
            }
            subscriber.recv().await.map(|message| message.to_vec())
        });
        published.unwrap();
        assert_eq!(received.unwrap(), [3; 500]);
        // One that ends holds nobody back.
        while next.get_mut().try_publish(&[1; 500]).unwrap() {}
        let (published, ()) = tokio::join!(next.publish(&[4; 500]), async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(subscriber);
        });
        published.unwrap();
    });
    assert_nothing_left(&name);
}
