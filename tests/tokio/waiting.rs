//! Order, ends, and futures that are dropped while they wait.

use crate::common::*;

/// Echoes until its peer closes.
pub fn echoes(arguments: &[String]) {
    let name = object_name(&arguments[0]);
    let runtime = one_thread();
    let channel = AsyncChannel::new(Channel::connect(&name, &ChannelOptions::new()).unwrap()).unwrap();
    run(&runtime, echo(channel));
}

/// Connects, and does nothing until it is killed.
pub fn does_nothing(arguments: &[String]) {
    let name = object_name(&arguments[0]);
    let _channel = Channel::connect(&name, &ChannelOptions::new()).unwrap();
    println!("connected");
    std::thread::sleep(DEADLINE);
}

#[test]
fn tasks_answer_each_other() {
    for runtime in [one_thread(), two_threads()] {
        let (mut ours, theirs) = pair();
        let echo = runtime.spawn(echo(theirs));
        run(&runtime, async {
            ping(&mut ours, 10_000).await;
            drop(ours);
            echo.await.unwrap();
        });
    }
}

#[test]
fn processes_answer_each_other() {
    let name = unique_name("tokio-processes");
    let runtime = one_thread();
    let listener = Channel::create(&object_name(&name), &ChannelOptions::new()).unwrap();
    let mut channel = AsyncChannel::new(listener).unwrap();
    let puppet = start("echoes", &[&name]);
    run(&runtime, async {
        channel.wait_for_peer().await.unwrap();
        ping(&mut channel, 10_000).await;
    });
    drop(channel);
    assert!(puppet.end().status.success());
    assert_nothing_left(&name);
}

/// With a peer that is killed while both halves wait for it.
#[test]
fn the_death_of_a_peer_wakes_both_halves() {
    let name = unique_name("tokio-killed");
    let runtime = two_threads();
    let listener = Channel::create(&object_name(&name), &ChannelOptions::new().capacity(1024)).unwrap();
    let mut channel = AsyncChannel::new(listener).unwrap();
    let puppet = start("does_nothing", &[&name]);
    run(&runtime, channel.wait_for_peer()).unwrap();
    let (mut sender, mut receiver) = channel.split();
    let receiving = runtime.spawn(async move { receiver.recv().await.map(|_| ()).unwrap_err() });
    let sending = runtime.spawn(async move {
        loop {
            if let Err(error) = sender.send(&[0; 100]).await {
                return error;
            }
        }
    });
    puppet.wait_for_output("connected");
    std::thread::sleep(Duration::from_millis(120));
    assert!(!receiving.is_finished() && !sending.is_finished(), "the peer lives");
    puppet.kill();
    run(&runtime, async {
        assert!(receiving.await.unwrap().is(ErrorKind::PeerDied));
        assert!(sending.await.unwrap().is(ErrorKind::PeerDied));
    });
    assert_nothing_left(&name);
}

#[test]
fn a_close_wakes_both_halves_after_what_was_sent() {
    let runtime = one_thread();
    let (ours, mut theirs) = pair_of(&ChannelOptions::new().capacity(64));
    let (mut sender, mut receiver) = ours.split();
    run(&runtime, async {
        let receiving = tokio::spawn(async move {
            assert_eq!(receiver.recv().await.unwrap().to_vec(), b"last");
            receiver.recv().await.map(|_| ()).unwrap_err()
        });
        let sending = tokio::spawn(async move {
            loop {
                if let Err(error) = sender.send(&[0; 24]).await {
                    return error;
                }
            }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        theirs.sender().send(b"last").await.unwrap();
        drop(theirs);
        assert!(receiving.await.unwrap().is(ErrorKind::Closed));
        assert!(sending.await.unwrap().is(ErrorKind::Closed));
    });
}

/// Numbers through a ring that holds few of them.
async fn send_numbers(mut sender: AsyncSender, count: u64) {
    for number in 0..count {
        sender.send_value(&number).await.unwrap();
    }
}

#[test]
fn a_full_ring_holds_the_sender_back() {
    for runtime in [one_thread(), two_threads()] {
        let (ours, theirs) = pair_of(&ChannelOptions::new().capacity(64));
        let (sender, _keeps) = ours.split();
        let (_keeps_too, mut receiver) = theirs.split();
        run(&runtime, async move {
            let sending = tokio::spawn(send_numbers(sender, 5_000));
            for number in 0..5_000 {
                assert_eq!(receiver.recv_value::<u64>().await.unwrap(), number);
            }
            sending.await.unwrap();
        });
    }
}

/// Futures that are dropped while they wait, or just before they are told, lose nothing and say nothing twice.
#[test]
fn cancelled_futures_lose_nothing() {
    for runtime in [one_thread(), two_threads()] {
        let (ours, theirs) = pair_of(&ChannelOptions::new().capacity(64));
        let (mut sender, _keeps) = ours.split();
        let (_keeps_too, mut receiver) = theirs.split();
        let (sent, received) = run(&runtime, async move {
            let sending = tokio::spawn(async move {
                let mut cancelled = 0;
                for number in 0..3_000_u64 {
                    while timeout(Duration::from_micros(number % 50), sender.send_value(&number))
                        .await
                        .is_err()
                    {
                        cancelled += 1;
                    }
                }
                cancelled
            });
            let mut cancelled = 0;
            for number in 0..3_000 {
                let value = loop {
                    match timeout(Duration::from_micros(number % 70), receiver.recv_value::<u64>()).await {
                        Ok(value) => break value.unwrap(),
                        Err(_) => cancelled += 1,
                    }
                };
                assert_eq!(value, number);
                if number % 64 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            (sending.await.unwrap(), cancelled)
        });
        assert!(sent + received > 0, "nothing was cancelled, so nothing was tested");
    }
}

/// Polls a future a few times, and drops it.
#[test]
fn a_future_dropped_after_it_was_woken_leaves_the_message() {
    let runtime = two_threads();
    let (mut ours, mut theirs) = pair();
    run(&runtime, async {
        for number in 0..200_u64 {
            {
                let mut waiting = std::pin::pin!(ours.receiver().recv_value::<u64>());
                tokio::select! {
                    biased;
                    _ = &mut waiting => panic!("nothing was sent"),
                    () = std::future::ready(()) => {}
                }
                // The waiter wakes this task; the future is not polled again.
                theirs.sender().send_value(&number).await.unwrap();
                tokio::task::yield_now().await;
            }
            assert_eq!(ours.receiver().recv_value::<u64>().await.unwrap(), number);
        }
    });
}
