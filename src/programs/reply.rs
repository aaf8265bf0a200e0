//! The way back of the sample's duplex form: one reply, from one client, through a channel beside the region.

use std::thread;
use std::time::{Duration, Instant};

use crate::{Channel, ChannelOptions, Error, ErrorKind, ObjectName, Result, Trust};

use super::ending::Endings;
use super::stop::Stop;

/// How long either side waits before it looks again: the server whether it shall end, a client whether it is its turn.
const LOOK: Duration = Duration::from_millis(100);

/// How long a client waits for the server to take its reply, and for its turn before.
const PATIENCE: Duration = Duration::from_secs(5);

/// The receipt. Only that it comes counts.
const TAKEN: &[u8] = b"taken";

/// The name of the channel that belongs to a region.
fn channel_name(region: &ObjectName) -> Result<ObjectName, Stop> {
    ObjectName::new(format!("{region}.duplex")).map_err(|error| {
        Stop::Failed(format!("the way back is called {region}.duplex: {error}; choose a shorter --name"))
    })
}

/// A server's way back.
#[derive(Debug)]
pub(crate) struct WayBack(Channel);

impl WayBack {
    /// Makes the channel, if its name is free. The server makes it before the region, because the region's message asks
    /// for the reply.
    pub(crate) fn create(region: &ObjectName) -> Result<Self, Stop> {
        Ok(WayBack(Channel::create(&channel_name(region)?, &ChannelOptions::new())?))
    }

    /// Waits for the first whole reply of any client; `Stop::Ended` when the program shall end before.
    pub(crate) fn wait(mut self, endings: &Endings) -> Result<String, Stop> {
        while !self.0.wait_for_peer_timeout(LOOK)? {
            endings.check()?;
        }
        loop {
            endings.check()?;
            match self.look() {
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                // It ended without a reply, or sent what is none: the next one may do better.
                Err(_) => self.wait_for_next(endings)?,
            }
        }
    }

    /// The reply, if it comes soon.
    fn look(&mut self) -> Result<Option<String>> {
        let Some(reply) = self.0.receiver().recv_timeout(LOOK)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&reply.to_vec()).into_owned();
        drop(reply);
        // The reply counts, also when its sender is gone by now.
        let _ = self.0.sender().try_send(TAKEN);
        Ok(Some(text))
    }

    fn wait_for_next(&mut self, endings: &Endings) -> Result<(), Stop> {
        loop {
            endings.check()?;
            match self.0.wait_for_next_peer_timeout(LOOK) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                // It has closed its sender, or wrote rubbish, and is still there.
                Err(error) if error.is(ErrorKind::Busy) => thread::sleep(LOOK),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Told before anything is opened, in terms of the flags.
pub(crate) fn check_length(reply: &str) -> Result<(), Stop> {
    let (len, maximum) = (reply.len(), ChannelOptions::new().max_message()?);
    if len <= maximum {
        return Ok(());
    }
    Err(Stop::Failed(format!("the reply has {len} bytes and may have {maximum}; shorten --reply")))
}

/// Sends the reply, and waits until the server has taken it.
pub(crate) fn send(region: &ObjectName, reply: &str, trust: Trust) -> Result<(), Stop> {
    let name = channel_name(region)?;
    let mut channel = connect(&name, &ChannelOptions::new().trust(trust)).map_err(with_advice)?;
    channel.sender().send(reply.as_bytes()).map_err(with_advice)?;
    match channel.receiver().recv_timeout(PATIENCE).map_err(with_advice)? {
        Some(_) => Ok(()),
        None => Err(Stop::Failed(format!(
            "the server did not take the reply within {} seconds; see whether it is stopped, and try again",
            PATIENCE.as_secs()
        ))),
    }
}

/// When the clients before have had their turn.
fn connect(name: &ObjectName, options: &ChannelOptions) -> Result<Channel> {
    let end = Instant::now() + PATIENCE;
    loop {
        match Channel::connect(name, options) {
            Err(error) if error.is(ErrorKind::Busy) && Instant::now() < end => thread::sleep(LOOK),
            answer => return answer,
        }
    }
}

fn with_advice(error: Error) -> Error {
    match *error.kind() {
        ErrorKind::NotFound => error.with_detail(
            "no server waits for a reply under this name; start samemap-server --duplex, which takes one reply, and try again",
        ),
        ErrorKind::Busy => error.with_detail(
            "another client is about to reply, and the server takes one reply; end that client, or try again",
        ),
        ErrorKind::Closed | ErrorKind::PeerDied => error.with_detail(
            "the server ended before it took the reply; start samemap-server --duplex again, and try again",
        ),
        _ => error,
    }
}
