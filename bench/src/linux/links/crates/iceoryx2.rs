//! `iceoryx2` 0.10: publish-subscribe, and its events, of its `ipc::Service`.
//!
//! What its own benchmarks choose, where they say: a service each way of `[u8]`, one publisher and one subscriber in
//! each, no history; messages are loaned uninitialised, and receivers look without a pause. Its benchmarks lose messages
//! when a buffer is full (safe overflow, a buffer of one), ours may not: no overflow, the sender retries until it has
//! delivered, and buffers are deep, because a sender that finds one full yields its processor. Errors only in its log.

use std::mem::MaybeUninit;

use iceoryx2::port::{listener::Listener, notifier::Notifier, publisher::Publisher, subscriber::Subscriber};
use iceoryx2::prelude::{
    BackpressureStrategy, Config, FileName, LogLevel, Node, NodeBuilder, Path, SemanticString as _,
    ServiceName, SignalHandlingMode, ipc, set_log_level,
};

use iceoryx2::service::port_factory::event::PortFactory as EventFactory;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;

use crate::linux::leftovers;
use crate::linux::link::{Link, Spec};

/// Its files lie in the folder of the measurement, and its memory beside it.
fn config() -> Result<Config, String> {
    let mut config = Config::default();
    let folder = leftovers::folder();
    let root = Path::new(folder.as_os_str().as_encoded_bytes()).map_err(say)?;
    config.global.set_root_path(&root);
    config.global.prefix = FileName::new(format!("{}-", leftovers::name()).as_bytes()).map_err(say)?;
    Ok(config)
}

fn node() -> Result<Node<ipc::Service>, String> {
    set_log_level(LogLevel::Error);
    // Whoever measures must be able to stop it.
    let builder = NodeBuilder::new().signal_handling_mode(SignalHandlingMode::Disabled);
    builder.config(&config()?).create().map_err(say)
}

fn say(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

fn service_name(way: &str) -> ServiceName {
    ServiceName::new(way).expect("a short word is a name")
}

/// From the first end to the second, and back.
const WAYS: [&str; 2] = ["there", "back"];

/// Bytes of all messages that a subscriber's buffer holds, where they are small.
const BUFFER: usize = 64 << 10;

/// How many messages a subscriber's buffer holds.
fn depth(size: usize) -> usize {
    (BUFFER / size.max(1)).clamp(8, 1024)
}

/// How a message is written into what is loaned, and read where it arrived.
pub trait Use {
    /// Writes it.
    fn fill(loaned: &mut [MaybeUninit<u8>], message: &[u8]);
    /// Reads it.
    fn read(arrived: &[u8], into: &mut [u8]);
}

/// Copied in and out.
pub struct Copied;

impl Use for Copied {
    #[inline]
    fn fill(loaned: &mut [MaybeUninit<u8>], message: &[u8]) {
        loaned.write_copy_of_slice(message);
    }

    #[inline]
    fn read(arrived: &[u8], into: &mut [u8]) {
        into.copy_from_slice(arrived);
    }
}

/// Made and read where it lies: both ends touch its first and its last bytes.
pub struct InPlace;

const ENDS: usize = 8;

impl Use for InPlace {
    #[inline]
    fn fill(loaned: &mut [MaybeUninit<u8>], message: &[u8]) {
        let last = message.len() - ENDS;
        loaned[..ENDS].write_copy_of_slice(&message[..ENDS]);
        loaned[last..].write_copy_of_slice(&message[last..]);
    }

    #[inline]
    fn read(arrived: &[u8], into: &mut [u8]) {
        let last = arrived.len() - ENDS;
        into[..ENDS].copy_from_slice(&arrived[..ENDS]);
        into[last..].copy_from_slice(&arrived[last..]);
    }
}

/// Publish-subscribe, a service each way.
pub struct PubSub<U> {
    outgoing: Publisher<ipc::Service, [u8], ()>,
    incoming: Subscriber<ipc::Service, [u8], ()>,
    _node: Node<ipc::Service>,
    how: std::marker::PhantomData<U>,
}

pub type Copies = PubSub<Copied>;
pub type Lent = PubSub<InPlace>;

/// A service of messages for so many subscribers.
fn messages(
    node: &Node<ipc::Service>,
    way: &str,
    size: usize,
    readers: usize,
) -> Result<PortFactory<ipc::Service, [u8], ()>, String> {
    let builder = node.service_builder(&service_name(way)).publish_subscribe::<[u8]>();
    builder
        .max_publishers(1)
        .max_subscribers(readers)
        .history_size(0)
        .subscriber_max_buffer_size(depth(size))
        .enable_safe_overflow(false)
        .open_or_create()
        .map_err(say)
}

fn publisher_of(
    service: &PortFactory<ipc::Service, [u8], ()>,
    size: usize,
) -> Result<Publisher<ipc::Service, [u8], ()>, String> {
    let publisher = service
        .publisher_builder()
        .initial_max_slice_len(size.max(1))
        .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered);
    publisher.create().map_err(say)
}

/// A port, and the node that it belongs to.
pub type OfNode<P> = (P, Node<ipc::Service>);

/// A publisher for so many readers.
pub fn publisher(size: usize, readers: usize) -> Result<OfNode<Publisher<ipc::Service, [u8], ()>>, String> {
    let node = node()?;
    Ok((publisher_of(&messages(&node, WAYS[0], size, readers)?, size)?, node))
}

/// One of its readers.
pub fn subscriber(size: usize, readers: usize) -> Result<OfNode<Subscriber<ipc::Service, [u8], ()>>, String> {
    let node = node()?;
    Ok((messages(&node, WAYS[0], size, readers)?.subscriber_builder().create().map_err(say)?, node))
}

/// What wakes so many readers.
pub fn notifier(node: &Node<ipc::Service>, readers: usize) -> Result<Notifier<ipc::Service>, String> {
    events(node, readers)?.notifier_builder().create().map_err(say)
}

/// What one of them sleeps on.
pub fn listener(node: &Node<ipc::Service>, readers: usize) -> Result<Listener<ipc::Service>, String> {
    events(node, readers)?.listener_builder().create().map_err(say)
}

fn events(node: &Node<ipc::Service>, readers: usize) -> Result<EventFactory<ipc::Service>, String> {
    let builder = node.service_builder(&service_name(WAYS[0])).event();
    builder.max_notifiers(1).max_listeners(readers).open_or_create().map_err(say)
}

impl<U: Use> PubSub<U> {
    fn open(size: usize, [outgoing, incoming]: [&str; 2]) -> Result<Self, String> {
        let node = node()?;
        let incoming = messages(&node, incoming, size, 1)?.subscriber_builder().create().map_err(say)?;
        let outgoing = publisher_of(&messages(&node, outgoing, size, 1)?, size)?;
        Ok(PubSub { outgoing, incoming, _node: node, how: std::marker::PhantomData })
    }
}

impl<U: Use> Link for PubSub<U> {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        Ok((PubSub::open(spec.size, WAYS)?, String::new()))
    }

    fn connect(spec: &Spec<'_>, _token: &str) -> Self {
        let [there, back] = WAYS;
        PubSub::open(spec.size, [back, there]).expect("the first end has made them")
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        let mut sample = self.outgoing.loan_slice_uninit(message.len()).expect("loan");
        U::fill(sample.payload_mut(), message);
        // SAFETY: every byte of shared memory has a value; in place, it may be one of an earlier message.
        let sample = unsafe { sample.assume_init() };
        sample.send().expect("send");
    }

    #[inline]
    fn receive(&mut self, into: &mut [u8]) {
        let sample = loop {
            if let Some(sample) = self.incoming.receive().expect("receive") {
                break sample;
            }
        };
        U::read(sample.payload(), into);
    }
}

/// Its event service, each way: wake-ups only.
pub struct Events {
    outgoing: Notifier<ipc::Service>,
    incoming: Listener<ipc::Service>,
    _node: Node<ipc::Service>,
}

impl Events {
    fn open([outgoing, incoming]: [&str; 2]) -> Result<Events, String> {
        let node = node()?;
        let service = |way| {
            let builder = node.service_builder(&service_name(way)).event();
            builder.max_notifiers(1).max_listeners(1).open_or_create().map_err(say)
        };
        let incoming = service(incoming)?.listener_builder().create().map_err(say)?;
        let outgoing = service(outgoing)?.notifier_builder().create().map_err(say)?;
        Ok(Events { outgoing, incoming, _node: node })
    }
}

impl Link for Events {
    const MAX: usize = 0;

    fn create(_spec: &Spec<'_>) -> Result<(Self, String), String> {
        Ok((Events::open(WAYS)?, String::new()))
    }

    fn connect(_spec: &Spec<'_>, _token: &str) -> Self {
        let [there, back] = WAYS;
        Events::open([back, there]).expect("the first end has made them")
    }

    fn send(&mut self, _message: &[u8]) {
        self.outgoing.notify().expect("notify");
    }

    fn receive(&mut self, _into: &mut [u8]) {
        // It may come back without one.
        while self.incoming.blocking_wait(|_| ()).expect("wait") == 0 {}
    }
}
