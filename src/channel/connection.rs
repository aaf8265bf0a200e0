//! What the two halves of a channel's end have in common: its region, its seat, and how they wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use samemap_platform::{Doorbell, Seat};

use super::layout::Side;
use crate::{Error, ErrorKind, Region, Result, View};

/// One end of a channel, open in this process.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) view: View,
    pub(super) side: Side,
    /// Says that this end lives, as long as the process does.
    seat: Seat,
    /// Keeps the region's handle, for those who want to share it.
    pub(super) region: Region,
    /// The other end was found dead. Told to all later calls, though somebody new may have come meanwhile.
    peer_died: AtomicBool,
}

impl Connection {
    pub(super) fn new(region: Region, view: View, side: Side, seat: Seat) -> Connection {
        Connection { view, side, seat, region, peer_died: AtomicBool::new(false) }
    }

    /// Whether this handle belongs to this process, and not to the one that forked it.
    pub(super) fn is_ours(&self) -> bool {
        self.seat.is_ours()
    }

    /// Whether the other end's process lives and has the channel open.
    pub(super) fn peer_lives(&self) -> Result<bool> {
        if self.peer_died.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let lives = Seat::is_taken(&self.view, self.side.other().seat())?;
        if !lives {
            self.peer_died.store(true, Ordering::Relaxed);
        }
        Ok(lives)
    }

    /// Before a new peer comes.
    pub(super) fn forget_peer(&self) {
        self.peer_died.store(false, Ordering::Relaxed);
    }
}

/// When a wait ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    At(Instant),
    Never,
}

impl Limit {
    /// What no clock can tell is never.
    pub(super) fn after(timeout: Option<Duration>) -> Limit {
        timeout.and_then(|timeout| Instant::now().checked_add(timeout)).map_or(Limit::Never, Limit::At)
    }

    pub(super) fn left(self) -> Duration {
        match self {
            Limit::At(end) => end.saturating_duration_since(Instant::now()),
            Limit::Never => Duration::MAX,
        }
    }
}

/// Sleeps in slices until `news` says so, or time runs out; after each slice without news, `check` looks whether it is
/// worth while to go on. The answer is whether there was news.
pub(super) fn sleep_until(
    bell: &Doorbell,
    limit: Limit,
    news: impl Fn() -> bool,
    check: impl Fn() -> Result<bool>,
) -> Result<bool> {
    loop {
        let left = limit.left();
        if left.is_zero() {
            return Ok(news());
        }
        bell.sleep(left, &news);
        if news() {
            return Ok(true);
        }
        if !check()? {
            // What came before the end counts.
            return Ok(news());
        }
    }
}

#[cold]
pub(super) fn closed(operation: &'static str) -> Error {
    Error::new(ErrorKind::Closed, operation)
}

#[cold]
pub(super) fn peer_died(operation: &'static str) -> Error {
    Error::new(ErrorKind::PeerDied, operation)
}
