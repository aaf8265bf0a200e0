//! What the tests of channels on Linux share.

pub use std::os::unix::process::ExitStatusExt as _;
pub use std::sync::OnceLock;

pub use samemap::ObjectName;
pub use samemap_platform::internal::Seat;

pub use crate::common::*;
pub use crate::support::lacks;
pub use crate::support::linux::child::{Child, Fate, Start};
pub use crate::support::linux::forked::fork;
pub use crate::support::linux::shm::{assert_nothing_left, kind_of, unique_name};
pub use crate::support::part::hear;

pub fn options() -> ChannelOptions {
    ChannelOptions::new().capacity(4096).patience(PATIENCE)
}

pub fn role(role: &str, name: &ObjectName) -> Child {
    Start::role(role).argument(name).start()
}

pub fn peer(arguments: &[String]) -> Channel {
    Channel::connect(&name(&arguments[0]), &options()).expect("it listens")
}

/// A listener, and a peer in another process.
pub fn with_peer(what: &str, text: &str) -> (ObjectName, Channel, Child) {
    let name = unique_name(text);
    let mut channel = Channel::create(&name, &options()).expect("a free name");
    let child = role(what, &name);
    assert!(channel.wait_for_peer_timeout(PATIENCE).expect("a peer"));
    (name, channel, child)
}
