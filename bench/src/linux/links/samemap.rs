//! samemap's own: a [`Channel`] in several uses, and a pair of [`SharedEvent`]s.

use std::marker::PhantomData;

use samemap::channel::Spin;
use samemap::sync::{EventOptions, Reset, SharedEvent};
use samemap::{Channel, ChannelOptions, ObjectName};

use crate::linux::arena::ROOM;
use crate::linux::link::{Link, Spec};

/// How a channel is used.
pub trait Use {
    /// How both ends wait.
    const SPIN: Spin = Spin::Adaptive;
    /// Bytes of a ring, where it is not the usual.
    const CAPACITY: Option<usize> = None;
    /// Sends.
    fn send(channel: &mut Channel, message: &[u8]) {
        channel.sender().send(message).expect("send");
    }
    /// Receives.
    fn receive(channel: &mut Channel, into: &mut [u8]) {
        channel.receiver().recv_into(into).expect("receive");
    }
}

/// As it comes: copies in and out.
pub struct AsItComes;
impl Use for AsItComes {}

/// Never spins, so that each message wakes a sleeper.
pub struct NeverSpins;
impl Use for NeverSpins {
    const SPIN: Spin = Spin::Never;
}

/// The message stays where it is, in the ring: both ends touch its first and its last bytes.
pub struct InPlace;

const ENDS: usize = 8;

impl Use for InPlace {
    #[inline]
    fn send(channel: &mut Channel, message: &[u8]) {
        let mut slot = channel.sender().reserve(message.len()).expect("reserve");
        let last = message.len() - ENDS;
        slot.write(0, &message[..ENDS]).expect("inside");
        slot.write(last, &message[last..]).expect("inside");
        slot.commit();
    }

    #[inline]
    fn receive(channel: &mut Channel, into: &mut [u8]) {
        let received = channel.receiver().recv().expect("receive");
        let last = received.len() - ENDS;
        received.read(0, &mut into[..ENDS]).expect("inside");
        received.read(last, &mut into[last..]).expect("inside");
    }
}

/// A channel in a region of its own.
pub struct InUse<U> {
    channel: Channel,
    how: PhantomData<U>,
}

/// As it comes, in rings in which the sender can run far ahead.
pub struct LargeRings;

impl Use for LargeRings {
    const CAPACITY: Option<usize> = Some(4 << 20);
}

pub type Adaptive = InUse<AsItComes>;
pub type Large = InUse<LargeRings>;
pub type Sleeping = InUse<NeverSpins>;
pub type Lent = InUse<InPlace>;

fn options<U: Use>(size: usize) -> ChannelOptions {
    let options = ChannelOptions::new().spin(U::SPIN);
    match U::CAPACITY {
        Some(bytes) => options.capacity(bytes.max(4 * size)),
        None if size > 8 << 10 => options.for_messages_of(size),
        None => options,
    }
}

fn make(spec: &Spec<'_>, options: &ChannelOptions) -> Result<(Channel, String), String> {
    let name = format!("{}-channel", spec.unique());
    let made = ObjectName::new(&name).and_then(|name| Channel::create(&name, options));
    Ok((made.map_err(|error| error.to_string())?, name))
}

fn join(token: &str, options: &ChannelOptions) -> Channel {
    let name = ObjectName::new(token).expect("the first end's name");
    Channel::connect(&name, options).expect("connect")
}

impl<U: Use> Link for InUse<U> {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        make(spec, &options::<U>(spec.size))
            .map(|(channel, token)| (InUse { channel, how: PhantomData }, token))
    }

    fn connect(spec: &Spec<'_>, token: &str) -> Self {
        InUse { channel: join(token, &options::<U>(spec.size)), how: PhantomData }
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        U::send(&mut self.channel, message);
    }

    #[inline]
    fn receive(&mut self, into: &mut [u8]) {
        U::receive(&mut self.channel, into);
    }
}

/// Messages are collected, as many as fill a cache or so, and shown together.
pub struct Batched {
    channel: Channel,
    waiting: u32,
}

/// Messages of a batch.
const BATCH: u32 = 16;

impl Link for Batched {
    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        make(spec, &options::<AsItComes>(spec.size))
            .map(|(channel, token)| (Batched { channel, waiting: 0 }, token))
    }

    fn connect(spec: &Spec<'_>, token: &str) -> Self {
        Batched { channel: join(token, &options::<AsItComes>(spec.size)), waiting: 0 }
    }

    #[inline]
    fn send(&mut self, message: &[u8]) {
        let mut batch = self.channel.sender().batch();
        batch.send(message).expect("send");
        self.waiting += 1;
        if self.waiting < BATCH {
            // Not shown yet.
            std::mem::forget(batch);
        } else {
            drop(batch);
            self.waiting = 0;
        }
    }

    #[inline]
    fn receive(&mut self, into: &mut [u8]) {
        self.channel.receiver().recv_into(into).expect("receive");
    }

    fn flush(&mut self) {
        self.channel.sender().batch().publish();
        self.waiting = 0;
    }
}

/// Two auto-reset events in the arena.
pub struct Events {
    outgoing: SharedEvent,
    incoming: SharedEvent,
}

/// From the first end to the second, and back.
const EVENTS: [usize; 2] = [ROOM + 1024, ROOM + 1152];

impl Link for Events {
    const MAX: usize = 0;

    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        let make = |at| {
            SharedEvent::create(spec.arena.view(), at, &EventOptions::new(Reset::Auto))
                .map_err(|error| error.to_string())
        };
        Ok((Events { outgoing: make(EVENTS[0])?, incoming: make(EVENTS[1])? }, String::new()))
    }

    fn connect(spec: &Spec<'_>, _token: &str) -> Self {
        let open = |at| SharedEvent::open(spec.arena.view(), at).expect("the first end has made it");
        Events { outgoing: open(EVENTS[1]), incoming: open(EVENTS[0]) }
    }

    fn send(&mut self, _message: &[u8]) {
        self.outgoing.set().expect("set");
    }

    fn receive(&mut self, _into: &mut [u8]) {
        self.incoming.wait().expect("wait");
    }
}
