//! Makes an object inside a region: once among concurrent callers.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::claims::Claim;
use crate::contract::context::Context;
use crate::memory::Mapped;
use crate::seam::header::{Header, Readiness};
use crate::seam::kind::New;
use crate::seam::object::{Failure, Fill};
use crate::seam::place::Place;
use crate::testing::reached;
use crate::words::Until;
use crate::words::lock::OWNER;
use crate::{Disposition, ErrorKind, Result};

/// How long a process waits for another one to initialise an object inside a region.
const MAKER_PATIENCE: Duration = Duration::from_millis(500);

/// Tells a maker's claim in a header's state from a small foreign number, and from
/// [`READY`](crate::seam::header::READY), which has a higher bit.
const MAKING: u32 = OWNER + 1;

/// Initialises the object at a place, unless it is ready: once among concurrent callers.
pub(super) fn initialise(
    place: &Place,
    held: &Arc<dyn Mapped>,
    new: New,
    fill: Fill<'_>,
    context: Context<'_>,
) -> Result<Disposition> {
    if let Readiness::Ready(_) = place.header().readiness() {
        place.check(new.kind(), context)?;
        return Ok(Disposition::Opened);
    }
    let claim = Claim::of(held).map_err(|refused| Failure::from(refused).in_call(context))?;
    let Some(making) = become_maker(place.header(), &claim).map_err(|kind| context.error(kind))? else {
        place.check(new.kind(), context)?;
        return Ok(Disposition::Opened);
    };
    reached("inside: claimed");
    fill(place)?;
    let header = place.header();
    reached("inside: filled");
    header.fill(new);
    header.word.store(new.signal().into(), Ordering::Relaxed);
    reached("inside: made");
    header.finish();
    mem::forget(making);
    Ok(Disposition::Created)
}

/// A header that this thread fills. Its process's claim outlives this, so a drop before the end restores the untouched
/// state.
struct Making<'a> {
    header: &'a Header,
    state: u32,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        // It fails only when a peer overwrote the state.
        let _ = self.header.state.compare_exchange(self.state, 0, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// Becomes the maker; `None` when another one has made the object, perhaps with another layout.
fn become_maker<'a>(header: &'a Header, claim: &Claim) -> Result<Option<Making<'a>>, ErrorKind> {
    let until = Until::after(Some(MAKER_PATIENCE));
    let state = MAKING | claim.number();
    let begin = |seen| {
        let begun = header.state.compare_exchange(seen, state, Ordering::AcqRel, Ordering::Relaxed);
        // Not made before it is begun: its drop would undo another thread's making, which has the same claim.
        begun.is_ok().then(|| Making { header, state })
    };
    loop {
        match header.readiness() {
            Readiness::Ready(_) | Readiness::OtherVersion => return Ok(None),
            Readiness::Untouched => {
                if let Some(making) = begin(0) {
                    return Ok(Some(making));
                }
            }
            Readiness::Other(state) if state & !OWNER != MAKING => return Err(ErrorKind::Damaged),
            Readiness::Other(state) if claim.is_dead(state & OWNER) => {
                if let Some(making) = begin(state) {
                    return Ok(Some(making));
                }
            }
            Readiness::Other(_) => {}
        }
        if until.is_over() {
            return Err(ErrorKind::TimedOut);
        }
        // It takes microseconds, unless the maker was stopped.
        std::thread::sleep(Duration::from_micros(50));
    }
}
