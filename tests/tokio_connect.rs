//! Connecting by tasks: many at a time without a thread each, to listeners and to channels, and what ends the wait.
#![cfg(feature = "tokio")]

mod support;

use std::thread;
use std::time::Duration;

use samemap::aio::{AsyncChannel, AsyncListener};
use samemap::{Channel, ChannelOptions, CreateOptions, ErrorKind, Listener, ObjectName, Region};
use support::{DEADLINE, assert_nothing_left, name, unique_name};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::timeout;

fn options() -> ChannelOptions {
    ChannelOptions::new().capacity(256).patience(DEADLINE)
}

/// Runs it to its end, under a watchdog.
#[track_caller]
fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime");
    runtime.block_on(async { timeout(DEADLINE, work).await }).expect("the end within the deadline")
}

/// How many threads this process has, where the system tells.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// How many wait, as a client is told that has no patience.
async fn waiting(name: &ObjectName) -> usize {
    let error =
        AsyncChannel::connect(name, &options().patience(Duration::ZERO)).await.expect_err("no patience");
    assert!(error.is(ErrorKind::TimedOut), "{error}");
    let text = error.to_string();
    let count = text.split("the listener is busy: ").nth(1).and_then(|rest| rest.split(' ').next());
    count.map_or(0, |count| count.parse::<usize>().expect("a number") - 1)
}

#[test]
fn many_tasks_wait_without_a_thread_each() {
    const TASKS: u64 = 200;
    let text = unique_name("tokio-connect");
    let before = threads();
    run(async {
        let mut listener = AsyncListener::new(Listener::bind(&name(&text), &options()).unwrap());
        let mut clients = JoinSet::new();
        for number in 0..TASKS {
            let name = name(&text);
            clients.spawn(async move {
                let mut channel = AsyncChannel::connect(&name, &options()).await.expect("accepted");
                channel.sender().send_value(&number).await.expect("open");
                assert_eq!(channel.receiver().recv_value::<u64>().await.expect("answered"), number);
            });
        }
        while waiting(&name(&text)).await < TASKS as usize {
            tokio::task::yield_now().await;
        }
        // The runtime's two, and one for each 63 that wait.
        let grown = threads().saturating_sub(before);
        assert!(grown <= 2 + 2 + TASKS as usize / 63, "{grown} threads more for {TASKS} tasks");
        let mut answers = JoinSet::new();
        for _ in 0..TASKS {
            let mut channel = listener.accept().await.unwrap();
            answers.spawn(async move {
                let number = channel.receiver().recv_value::<u64>().await.expect("asked");
                channel.sender().send_value(&number).await.expect("open");
            });
        }
        while let Some(client) = clients.join_next().await {
            client.expect("no panics");
        }
        while let Some(answer) = answers.join_next().await {
            answer.expect("no panics");
        }
    });
    assert_nothing_left(&text);
}

#[test]
fn a_task_waits_for_a_channel_that_is_being_made() {
    let name = name(&unique_name("tokio-unmade"));
    let region = Region::create(&name, &CreateOptions::new(options().region_len().unwrap())).unwrap();
    run(async {
        let connecting = tokio::spawn({
            let name = name.clone();
            async move { AsyncChannel::connect(&name, &options()).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut listener = AsyncChannel::new(Channel::create_in(&region, &options()).unwrap()).unwrap();
        let mut peer = connecting.await.expect("no panics").expect("it listens");
        peer.sender().send(b"hello").await.unwrap();
        assert_eq!(listener.receiver().recv().await.unwrap().to_vec(), b"hello");
    });
}

#[test]
fn a_task_waits_for_a_listener_to_turn() {
    let text = unique_name("tokio-turn");
    run(async {
        let mut listener = Channel::create(&name(&text), &options()).unwrap();
        let first = AsyncChannel::connect(&name(&text), &options()).await.unwrap();
        let refused = AsyncChannel::connect(&name(&text), &options()).await.expect_err("it has a peer");
        assert!(refused.is(ErrorKind::Busy));
        drop(first);
        let connecting = tokio::spawn({
            let name = name(&text);
            async move { AsyncChannel::connect(&name, &options()).await }
        });
        let turned = tokio::task::spawn_blocking(move || {
            listener.wait_for_next_peer_timeout(DEADLINE).map(|_| listener)
        });
        let _listener = turned.await.expect("no panics").expect("a peer");
        connecting.await.expect("no panics").expect("it has turned");
    });
    assert_nothing_left(&text);
}

/// A task that gives up leaves its place, and one whose time is over, or whose listener ends, is told so.
#[test]
fn waits_end_with_the_task_with_time_and_with_the_listener() {
    let text = unique_name("tokio-ends");
    run(async {
        let name = name(&text);
        assert_eq!(
            *AsyncChannel::connect(&name, &options()).await.expect_err("nobody").kind(),
            ErrorKind::NotFound
        );
        let listener = Listener::bind(&name, &options()).unwrap();
        let cut = timeout(Duration::from_millis(20), AsyncChannel::connect(&name, &options())).await;
        assert!(cut.is_err(), "nobody accepts");
        assert_eq!(waiting(&name).await, 0, "it has left");
        let short = options().patience(Duration::from_millis(30));
        let error = AsyncChannel::connect(&name, &short).await.expect_err("nobody accepts");
        assert!(error.is(ErrorKind::TimedOut), "{error}");
        let ending = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            drop(listener);
        });
        let error = AsyncChannel::connect(&name, &options()).await.expect_err("it ends");
        assert!(error.is(ErrorKind::NotFound), "{error}");
        ending.join().unwrap();
    });
    assert_nothing_left(&text);
}
