//! Channels and newest values for tasks: order, cancellation, ends, many at once, and how few threads wait for them.
#![cfg(feature = "tokio")]

mod support;

use std::future::Future;
use std::process::Command;
use std::time::Duration;

use samemap::aio::{
    AsyncChannel, AsyncLatest, AsyncLatestBytes, AsyncListener, AsyncMessageReader, AsyncMessageWriter,
    AsyncReceiver, AsyncSender,
};
use samemap::{
    Awaited, Channel, ChannelOptions, CreateOptions, ErrorKind, Latest, LatestBytes, LatestBytesWriter,
    LatestOptions, LatestWriter, Listener, ObjectName, Region, SharedRegion,
};
#[cfg(target_os = "linux")]
use support::linux;
use support::{DEADLINE, Program, assert_nothing_left, unique_name};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::timeout;

const NAME: &str = "SAMEMAP_TEST_TOKIO_NAME";

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn two_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime")
}

/// Runs it to its end, under a watchdog.
#[track_caller]
fn run<T>(runtime: &Runtime, work: impl Future<Output = T>) -> T {
    runtime.block_on(async { timeout(DEADLINE, work).await }).expect("the end within the deadline")
}

fn object_name(name: &str) -> ObjectName {
    ObjectName::new(name).expect("a valid name")
}

/// Both ends of a channel in a region without a name.
fn pair_of(options: &ChannelOptions) -> (AsyncChannel, AsyncChannel) {
    let region = Region::anonymous(&CreateOptions::new(options.region_len().unwrap())).unwrap();
    let mut listener = Channel::create_in(&region, options).unwrap();
    let peer = Channel::connect_in(&region, options).unwrap();
    assert!(listener.wait_for_peer(Some(Duration::ZERO)).unwrap());
    (AsyncChannel::new(listener).unwrap(), AsyncChannel::new(peer).unwrap())
}

fn pair() -> (AsyncChannel, AsyncChannel) {
    pair_of(&ChannelOptions::new())
}

async fn ping(channel: &mut AsyncChannel, rounds: u64) {
    for number in 0..rounds {
        channel.sender().send_value(&number).await.unwrap();
        assert_eq!(channel.receiver().recv_value::<u64>().await.unwrap(), number);
    }
}

/// Sends back what comes until the peer closes.
async fn echo(mut channel: AsyncChannel) {
    loop {
        let message = match channel.receiver().recv().await {
            Ok(message) => message.to_vec(),
            Err(error) => {
                assert_eq!(*error.kind(), ErrorKind::Closed);
                return;
            }
        };
        channel.sender().send(&message).await.unwrap();
    }
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

/// This test binary's puppet of that name, told to use the channel of this name.
fn puppet(role: &str, name: &str) -> Program {
    let mut command = Command::new(std::env::current_exe().expect("the test's own path"));
    command.args(["--exact", role, "--nocapture"]).env(NAME, name);
    Program::start(command)
}

fn told() -> Option<ObjectName> {
    std::env::var(NAME).ok().map(|name| object_name(&name))
}

/// A part of the tests below: echoes until its peer closes.
#[test]
fn puppet_that_echoes() {
    let Some(name) = told() else { return };
    let runtime = one_thread();
    let channel = AsyncChannel::new(Channel::connect(&name, &ChannelOptions::new()).unwrap()).unwrap();
    run(&runtime, echo(channel));
}

/// A part of the tests below: connects, and does nothing until it is killed.
#[test]
fn puppet_that_does_nothing() {
    let Some(name) = told() else { return };
    let _channel = Channel::connect(&name, &ChannelOptions::new()).unwrap();
    println!("connected");
    std::thread::sleep(DEADLINE);
}

#[test]
fn processes_answer_each_other() {
    let name = unique_name("tokio-processes");
    let runtime = one_thread();
    let listener = Channel::create(&object_name(&name), &ChannelOptions::new()).unwrap();
    let mut channel = AsyncChannel::new(listener).unwrap();
    let puppet = puppet("puppet_that_echoes", &name);
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
    let puppet = puppet("puppet_that_does_nothing", &name);
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
        assert_eq!(*receiving.await.unwrap().kind(), ErrorKind::PeerDied);
        assert_eq!(*sending.await.unwrap().kind(), ErrorKind::PeerDied);
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
        assert_eq!(*receiving.await.unwrap().kind(), ErrorKind::Closed);
        assert_eq!(*sending.await.unwrap().kind(), ErrorKind::Closed);
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

#[cfg(target_os = "linux")]
fn waiters() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the threads of this process");
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == "samemap-waiter").count()
}

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
                let connect = move || Listener::connect(&name, &options).unwrap();
                let channel = tokio::task::spawn_blocking(connect).await.unwrap();
                ping(&mut AsyncChannel::new(channel).unwrap(), 50).await;
            });
        }
        pings.join_all().await;
        let mut listener = echoes.await.unwrap();
        assert!(listener.accept(Some(Duration::ZERO)).unwrap().is_none());
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
    assert_eq!(*peer.receiver().recv().unwrap_err().kind(), ErrorKind::Closed);
    drop(peer);
    assert_nothing_left(&name);
}

/// A part of the test below: a forked child drops what its parent's tasks wait with, and waits anew itself.
#[cfg(target_os = "linux")]
#[test]
fn puppet_that_forks() {
    if std::env::var(NAME).is_err() {
        return;
    }
    let runtime = one_thread();
    let (mut ours, mut theirs) = pair();
    let waits = |runtime: &Runtime, ours: &mut AsyncChannel| {
        run(runtime, async {
            assert!(timeout(Duration::from_millis(10), ours.receiver().recv()).await.is_err());
        });
    };
    waits(&runtime, &mut ours);
    for _ in 0..20 {
        let mut copies = Some((ours, theirs));
        let child = linux::forked::fork(|| {
            // SAFETY: a plain number is set; one that hangs is no trouble to others.
            unsafe { libc::alarm(20) };
            let runtime = one_thread();
            let (mut ours, theirs) = copies.take().expect("copies");
            let copy = run(&runtime, ours.receiver().recv()).map(|_| ()).unwrap_err();
            assert_eq!(*copy.kind(), ErrorKind::Unsupported);
            drop((ours, theirs));
            let (mut ours, theirs) = pair();
            let echo = runtime.spawn(echo(theirs));
            run(&runtime, ping(&mut ours, 10));
            drop(ours);
            run(&runtime, echo).expect("no panics");
        });
        child.finish();
        (ours, theirs) = copies.expect("dropped in the child only");
        waits(&runtime, &mut ours);
    }
    run(&runtime, async {
        theirs.sender().send(b"still here").await.unwrap();
        assert_eq!(ours.receiver().recv().await.unwrap().to_vec(), b"still here");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_forked_child_drops_its_copies_and_waits_for_its_own() {
    let puppet = puppet("puppet_that_forks", "unused").finish();
    assert!(puppet.status.success(), "{puppet:#?}");
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
        assert_eq!(*error.kind(), ErrorKind::LimitExceeded { maximum: 24 });
        ours.sender().send(&[7; 24]).await.unwrap();
        let error = theirs.receiver().recv_into(&mut [0; 8]).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error:?}");
        let mut room = [0; 24];
        assert_eq!(theirs.receiver().recv_into(&mut room).await.unwrap(), 24);
        assert_eq!(room, [7; 24]);
    });
}

// ---- the newest value -----------------------------------------------------------------------------------------------

/// A part of the tests below: writes one value, and does nothing more until it is killed.
#[test]
fn puppet_that_writes_once() {
    let Some(name) = told() else { return };
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
        let puppet = puppet("puppet_that_writes_once", &name);
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
    assert_eq!(*deaf.kind(), ErrorKind::Unsupported);
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
