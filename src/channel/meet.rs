//! Connecting to a channel that waits for its one peer.

use std::sync::atomic::Ordering;

use samemap_platform::internal::Seat;
use samemap_platform::internal::words::Until;
use samemap_platform::internal::words::ring::Shape;

use super::end::{Channel, Connected};
use super::layout::{self, CONNECTED, Control, LISTENING, MAKING, Shapes, Side};
use super::options::ChannelOptions;
use super::step::{Condition, News, Step};
use crate::{Access, Error, ErrorKind, Region, Result, View};

pub(super) const CONNECT: &str = "connect to the channel";

/// A view of a region that is large enough for a channel.
pub(super) fn whole_view(region: &Region) -> Result<View> {
    let view = region.view(.., Access::ReadWrite)?;
    let shape = Shape::new(Shape::MIN_CAPACITY).expect("within its own limits");
    let smallest = Shapes { to_peer: shape, to_listener: shape }.bytes_needed();
    if (view.len() as u64) < smallest { Err(layout::damaged(CONNECT)) } else { Ok(view) }
}

/// Becomes the peer of a channel that its listener has made for this client.
pub(super) fn meet_at_once(region: &Region, options: &ChannelOptions) -> Result<Channel> {
    let view = whole_view(region)?;
    match view.atomic_u64(layout::MARK_AT)?.load(Ordering::Acquire) {
        layout::MARK => {}
        0 => return Err(nobody_listens()),
        _ => return Err(layout::damaged(CONNECT)),
    }
    let limit = Until::after(Some(options.patience));
    match meet(region, &view, &Control::at(&view)?, limit, options)? {
        Step::Done(channel) => Ok(*channel),
        Step::Sleep(_) | Step::WaitAMoment => Err(nobody_listens()),
    }
}

/// Becomes the peer of a channel that waits for one.
pub(super) fn meet(
    region: &Region,
    view: &View,
    control: &Control,
    limit: Until,
    options: &ChannelOptions,
) -> Result<Step> {
    let state = control.state.load(Ordering::Acquire);
    // A listener that was killed leaves its word.
    if !Seat::is_taken(view, Side::Listener.seat())? {
        return Err(nobody_listens());
    }
    match state {
        LISTENING => {}
        CONNECTED if Seat::is_taken(view, Side::Peer.seat())? => {
            return Err(Error::new(ErrorKind::Busy, CONNECT));
        }
        MAKING | CONNECTED if limit.is_over() => return Err(Error::new(ErrorKind::Busy, CONNECT)),
        MAKING | CONNECTED => {
            let (bell, condition) = (control.peer_bell.clone(), Condition::Listener(control.state.clone()));
            return Ok(Step::Sleep(Box::new(News { bell, condition })));
        }
        _ => return Err(layout::damaged(CONNECT)),
    }
    // The process that has the seat may end before it has connected: then the state is as it was.
    if let Some(seat) = Seat::take(view, Side::Peer.seat())? {
        if become_peer(control) {
            control.listener_bell.ring();
            let shapes = control.shapes(view)?;
            let end = Connected { region, view: view.clone(), side: Side::Peer, seat };
            return Channel::over(control, end, shapes, options.spin).map(Box::new).map(Step::Done);
        }
    }
    if limit.is_over() { Err(Error::new(ErrorKind::Busy, CONNECT)) } else { Ok(Step::WaitAMoment) }
}

fn become_peer(control: &Control) -> bool {
    control.state.compare_exchange(LISTENING, CONNECTED, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}

pub(super) fn nobody_listens() -> Error {
    Error::new(ErrorKind::NotFound, CONNECT).with_detail("the channel's listener has ended; start it again")
}
