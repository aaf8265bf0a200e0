//! Connecting to a channel.

use std::sync::atomic::Ordering;
use std::thread;

use samemap_platform::Seat;
use samemap_platform::words::Until;
use samemap_platform::words::ring::Shape;

use super::connection::{MOMENT, Woken, sleep_until};
use super::end::{Channel, Connected};
use super::layout::{self, CONNECTED, Control, LISTENING, MAKING, Side, bytes_needed};
use super::options::ChannelOptions;
use crate::{Access, Error, ErrorKind, ObjectName, OpenOptions, Region, Result, SharedRegion, View};

const CONNECT: &str = "connect to the channel";

impl Channel {
    /// Connects to the channel of that name.
    ///
    /// # Errors
    /// Those of [`SharedRegion::open`]; [`Busy`](ErrorKind::Busy) when it has a peer, or a listener that has not turned from
    /// its last one within [`patience`](ChannelOptions::patience); [`NotFound`](ErrorKind::NotFound) when its listener has
    /// ended; [`Damaged`](ErrorKind::Damaged) when the region holds no channel.
    pub fn connect(name: &ObjectName, options: &ChannelOptions) -> Result<Channel> {
        let open = OpenOptions::read_write().trust(options.trust.clone());
        Channel::connect_in(&Region::open(name, &open)?, options)
    }

    /// Connects to the channel in a region.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub fn connect_in(region: &Region, options: &ChannelOptions) -> Result<Channel> {
        let view = region.view(.., Access::ReadWrite)?;
        if (view.len() as u64) < bytes_needed(Shape::new(Shape::MIN_CAPACITY).expect("within its own limits"))
        {
            return Err(layout::damaged(CONNECT));
        }
        let limit = Until::after(Some(options.patience));
        wait_until_made(&view, limit)?;
        let control = Control::at(&view)?;
        let seat = loop {
            wait_for_listener(&view, &control, limit)?;
            // Whoever has it may be gone before it has connected: then the state is as it was.
            if let Some(seat) = Seat::take(&view, Side::Peer.seat())? {
                if become_peer(&control) {
                    break seat;
                }
            }
            if limit.is_over() {
                return Err(Error::new(ErrorKind::Busy, CONNECT));
            }
            thread::sleep(MOMENT);
        };
        control.listener_bell.ring();
        let shape = control.shape(&view)?;
        Channel::over(&control, Connected { region, view, side: Side::Peer, seat }, shape, options.spin)
    }
}

/// Until the region holds a channel. Nothing is written to it before.
fn wait_until_made(view: &View, limit: Until) -> Result<()> {
    while !Control::is_made(view)? {
        if limit.is_over() {
            let is_being_made = Seat::is_taken(view, Side::Listener.seat())?;
            return Err(if is_being_made { Error::new(ErrorKind::Busy, CONNECT) } else { nobody_listens() });
        }
        thread::sleep(MOMENT);
    }
    Ok(())
}

/// Until the listener is ready for a peer.
fn wait_for_listener(view: &View, control: &Control, limit: Until) -> Result<()> {
    let is_ready = || control.state.load(Ordering::Acquire) == LISTENING;
    if !is_ready() {
        let goes_on = || Ok(Seat::is_taken(view, Side::Listener.seat())? && !has_peer(view, control)?);
        if sleep_until(&control.peer_bell, limit, is_ready, goes_on)? != Woken::News {
            return Err(not_ready(view, control)?);
        }
    }
    // A listener that was killed leaves its word.
    if Seat::is_taken(view, Side::Listener.seat())? { Ok(()) } else { Err(nobody_listens()) }
}

fn has_peer(view: &View, control: &Control) -> Result<bool> {
    Ok(control.state.load(Ordering::Acquire) == CONNECTED && Seat::is_taken(view, Side::Peer.seat())?)
}

fn not_ready(view: &View, control: &Control) -> Result<Error> {
    if !Seat::is_taken(view, Side::Listener.seat())? {
        return Ok(nobody_listens());
    }
    Ok(match control.state.load(Ordering::Acquire) {
        MAKING | LISTENING | CONNECTED => Error::new(ErrorKind::Busy, CONNECT),
        _ => layout::damaged(CONNECT),
    })
}

fn nobody_listens() -> Error {
    Error::new(ErrorKind::NotFound, CONNECT).with_detail("the channel's listener has ended; start it again")
}

fn become_peer(control: &Control) -> bool {
    control.state.compare_exchange(LISTENING, CONNECTED, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}
