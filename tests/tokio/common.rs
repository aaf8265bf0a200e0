//! What the tests of tasks share.

pub use std::future::Future;
pub use std::time::Duration;

pub use crate::support::name as object_name;
pub use crate::support::part::start;
pub use crate::support::{DEADLINE, assert_nothing_left, unique_name};
pub use samemap::aio::{
    AsyncChannel, AsyncLatest, AsyncLatestBytes, AsyncListener, AsyncMessageReader, AsyncMessageWriter,
    AsyncPublisher, AsyncReceiver, AsyncSender, AsyncSubscriber, AsyncViewer,
};
pub use samemap::latest::{Awaited, LatestBytes, LatestBytesWriter};
pub use samemap::topic::{Publisher, Subscriber, TopicOptions, Viewer};
pub use samemap::traits::SharedRegion;
pub use samemap::{
    Channel, ChannelOptions, CreateOptions, ErrorKind, Latest, LatestOptions, LatestWriter, Listener, Region,
};
pub use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
pub use tokio::runtime::{Builder, Runtime};
pub use tokio::task::JoinSet;
pub use tokio::time::timeout;

pub fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

pub fn two_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime")
}

/// Runs it to its end, under a watchdog.
#[track_caller]
pub fn run<T>(runtime: &Runtime, work: impl Future<Output = T>) -> T {
    runtime.block_on(async { timeout(DEADLINE, work).await }).expect("the end within the deadline")
}

/// Both ends of a channel in a region without a name.
pub fn pair_of(options: &ChannelOptions) -> (AsyncChannel, AsyncChannel) {
    let region = Region::anonymous(&CreateOptions::new(options.region_len().unwrap())).unwrap();
    let mut listener = Channel::create_in(&region, options).unwrap();
    let peer = Channel::connect_in(&region, options).unwrap();
    assert!(listener.try_wait_for_peer().unwrap());
    (AsyncChannel::new(listener).unwrap(), AsyncChannel::new(peer).unwrap())
}

pub fn pair() -> (AsyncChannel, AsyncChannel) {
    pair_of(&ChannelOptions::new())
}

pub async fn ping(channel: &mut AsyncChannel, rounds: u64) {
    for number in 0..rounds {
        channel.sender().send_value(&number).await.unwrap();
        assert_eq!(channel.receiver().recv_value::<u64>().await.unwrap(), number);
    }
}

/// Sends back what comes until the peer closes.
pub async fn echo(mut channel: AsyncChannel) {
    loop {
        let message = match channel.receiver().recv().await {
            Ok(message) => message.to_vec(),
            Err(error) => {
                assert!(error.is(ErrorKind::Closed));
                return;
            }
        };
        channel.sender().send(&message).await.unwrap();
    }
}

#[cfg(target_os = "linux")]
pub fn waiters() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the threads of this process");
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == "samemap-waiter").count()
}
