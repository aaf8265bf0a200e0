//! Many at once, forks, and streams of bytes.

use crate::common::*;

/// More than one waiter's worth of receivers, each told in turn, while the others wait.
#[test]
fn two_hundred_receivers_wait_with_few_threads() {
    let runtime = two_threads();
    let options = ChannelOptions::new().capacity(64);
    let (ours, theirs): (Vec<_>, Vec<_>) = (0..200).map(|_| pair_of(&options)).unzip();
    run(&runtime, async move {
        let mut echoes: JoinSet<()> = theirs.into_iter().map(echo).collect();
        let mut pings: JoinSet<AsyncChannel> = JoinSet::new();
        for mut channel in ours {
            pings.spawn(async move {
                ping(&mut channel, 20).await;
                channel
            });
        }
        let mut ours = pings.join_all().await;
        // All of the 200 echoes wait now.
        for channel in &mut ours {
            ping(channel, 2).await;
        }
        #[cfg(target_os = "linux")]
        {
            // 400 halves that wait at most, and the other tests of this process.
            let count = waiters();
            assert!((1..=16).contains(&count), "{count} threads wait");
        }
        drop(ours);
        while let Some(echo) = echoes.join_next().await {
            echo.unwrap();
        }
    });
}

#[test]
fn a_listener_accepts_many() {
    let name = unique_name("tokio-listener");
    let runtime = two_threads();
    let listener = Listener::bind(&object_name(&name), &ChannelOptions::new().capacity(4096)).unwrap();
    let mut listener = AsyncListener::new(listener);
    run(&runtime, async {
        let echoes = tokio::spawn(async move {
            let mut echoes = JoinSet::new();
            for _ in 0..20 {
                echoes.spawn(echo(listener.accept().await.unwrap()));
            }
            while let Some(echo) = echoes.join_next().await {
                echo.unwrap();
            }
            listener.into_inner()
        });
        let mut pings = JoinSet::new();
        for _ in 0..20 {
            let name = object_name(&name);
            pings.spawn(async move {
                let options = ChannelOptions::new().patience(DEADLINE);
                let connect = move || Channel::connect(&name, &options).unwrap();
                let channel = tokio::task::spawn_blocking(connect).await.unwrap();
                ping(&mut AsyncChannel::new(channel).unwrap(), 50).await;
            });
        }
        pings.join_all().await;
        let mut listener = echoes.await.unwrap();
        assert!(listener.try_accept().unwrap().is_none());
    });
    assert_nothing_left(&name);
}

/// What a waiter's thread holds goes with the halves, and not when the thread next wakes.
#[test]
fn nothing_is_held_when_the_halves_are_gone() {
    let runtime = one_thread();
    for round in 0..20 {
        let name = unique_name("tokio-gone");
        let listener = Channel::create(&object_name(&name), &ChannelOptions::new()).unwrap();
        let peer = Channel::connect(&object_name(&name), &ChannelOptions::new()).unwrap();
        let mut ours = AsyncChannel::new(listener).unwrap();
        let mut theirs = AsyncChannel::new(peer).unwrap();
        run(&runtime, async {
            assert!(timeout(Duration::from_millis(round % 3), ours.receiver().recv()).await.is_err());
            assert!(timeout(Duration::from_millis(round % 3), theirs.receiver().recv()).await.is_err());
        });
        drop((ours, theirs));
        assert_nothing_left(&name);
    }
}

#[test]
fn a_runtime_that_ends_takes_its_waits_along() {
    let name = unique_name("tokio-shutdown");
    let runtime = two_threads();
    let listener = Channel::create(&object_name(&name), &ChannelOptions::new()).unwrap();
    let mut peer = Channel::connect(&object_name(&name), &ChannelOptions::new()).unwrap();
    let waiting = runtime.spawn(echo(AsyncChannel::new(listener).unwrap()));
    peer.sender().send(b"there?").unwrap();
    assert_eq!(peer.receiver().recv().unwrap().to_vec(), b"there?");
    assert!(!waiting.is_finished());
    runtime.shutdown_timeout(DEADLINE);
    assert!(peer.receiver().recv().unwrap_err().is(ErrorKind::Closed));
    drop(peer);
    assert_nothing_left(&name);
}

#[test]
fn halves_can_block_again() {
    let runtime = one_thread();
    let (ours, theirs) = pair();
    let (sender, mut receiver) = theirs.split();
    run(&runtime, async {
        assert!(timeout(Duration::from_millis(5), receiver.recv()).await.is_err());
    });
    let (mut sender, mut receiver) = (sender.into_inner(), receiver.into_inner());
    let (mut ours_out, ours_in) = ours.split();
    let blocked = std::thread::spawn(move || receiver.recv().unwrap().to_vec());
    std::thread::sleep(Duration::from_millis(20));
    assert!(ours_out.try_send(b"woken").unwrap());
    assert_eq!(blocked.join().unwrap(), b"woken");
    sender.send(b"back").unwrap();
    let mut ours_in: AsyncReceiver = ours_in;
    assert_eq!(ours_in.try_recv().unwrap().unwrap().to_vec(), b"back");
}

/// Both ends always find something to do, and a third task gets its turn all the same.
#[test]
fn busy_tasks_let_others_run() {
    let runtime = one_thread();
    let (ours, theirs) = pair();
    let (mut sender, _keeps) = ours.split();
    let (_keeps_too, mut receiver) = theirs.split();
    run(&runtime, async move {
        let busy = tokio::spawn(async move {
            loop {
                sender.send(b"x").await.unwrap();
                receiver.recv().await.unwrap();
            }
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        busy.abort();
        assert!(busy.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn streams_of_bytes_go_through() {
    let runtime = two_threads();
    let (ours, theirs) = pair_of(&ChannelOptions::new().capacity(4096));
    let (sender, _keeps) = ours.split();
    let (_keeps_too, receiver) = theirs.split();
    let bytes: Vec<u8> = (0..1_000_003_u32).map(|index| (index * 7 % 251) as u8).collect();
    let sent = bytes.clone();
    run(&runtime, async move {
        let writing = tokio::spawn(async move {
            let mut writer = AsyncMessageWriter::from(sender);
            writer.write_all(&sent).await.unwrap();
            writer.shutdown().await.unwrap();
            assert!(writer.write(b"more").await.is_err());
            assert!(writer.into_inner().is_none());
        });
        let mut reader = AsyncMessageReader::from(receiver);
        let mut got = Vec::new();
        let mut piece = [0; 1000];
        loop {
            match reader.read(&mut piece).await.unwrap() {
                0 => break,
                count => got.extend_from_slice(&piece[..count]),
            }
        }
        assert!(got == bytes, "{} bytes of {}", got.len(), bytes.len());
        writing.await.unwrap();
    });
}

#[test]
fn what_is_too_long_is_refused_at_once() {
    let runtime = one_thread();
    let (mut ours, mut theirs) = pair_of(&ChannelOptions::new().capacity(64));
    run(&runtime, async {
        let error = ours.sender().send(&[0; 100]).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooLong { len: 100, maximum: 24 });
        ours.sender().send(&[7; 24]).await.unwrap();
        let error = theirs.receiver().recv_into(&mut [0; 8]).await.unwrap_err();
        assert!(error.is(ErrorKind::TooLong { len: 24, maximum: 8 }), "{error:?}");
        let mut room = [0; 24];
        assert_eq!(theirs.receiver().recv_into(&mut room).await.unwrap(), 24);
        assert_eq!(room, [7; 24]);
    });
}
