//! The seats of ends.

use std::thread;
use std::time::Duration;

use samemap_platform::internal::Seat;
use samemap_platform::internal::words::Until;

use super::wait::MOMENT;
use crate::{Error, ErrorKind, Result, View};

/// How long a free seat may seem taken: on Windows a process that looks at a seat has it for an instant.
const GRACE: Duration = Duration::from_millis(20);

/// Takes the seat at an offset; `None` while another end has it.
pub(crate) fn take(view: &View, at: usize) -> Result<Option<Seat>> {
    take_first(view, [at]).map(|taken| taken.map(|(_, seat)| seat))
}

/// Takes the first free one of several seats, and says which of them it is.
pub(crate) fn take_first(
    view: &View,
    seats: impl IntoIterator<Item = usize> + Clone,
) -> Result<Option<(usize, Seat)>> {
    within_grace(|| {
        for (index, at) in seats.clone().into_iter().enumerate() {
            if let Some(seat) = Seat::take(view, at)? {
                return Ok(Some((index, seat)));
            }
        }
        Ok(None)
    })
}

/// Whether no end has the seat at an offset any more.
pub(crate) fn is_free(view: &View, at: usize) -> Result<bool> {
    within_grace(|| Ok((!Seat::is_taken(view, at)?).then_some(()))).map(|free| free.is_some())
}

/// Tries for as long as a free seat may seem taken.
fn within_grace<T>(mut attempt: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let grace = Until::after(Some(GRACE));
    loop {
        let answer = attempt()?;
        if answer.is_some() || grace.is_over() {
            return Ok(answer);
        }
        thread::sleep(MOMENT);
    }
}

/// The seat of an end, which leaves it before its peers are told that it has ended.
#[derive(Debug)]
pub(crate) struct OwnSeat(Option<Seat>);

impl OwnSeat {
    pub(crate) fn new(seat: Seat) -> OwnSeat {
        OwnSeat(Some(seat))
    }

    /// Whether the end belongs to this process, and not to the one that forked it.
    #[inline]
    pub(crate) fn is_ours(&self) -> bool {
        self.0.as_ref().is_some_and(Seat::is_ours)
    }

    pub(crate) fn leave(&mut self) {
        self.0 = None;
    }
}

/// The error for a forked child's copy of an end.
#[cold]
pub(crate) fn forked(operation: &'static str, advice: &str) -> Error {
    Error::new(ErrorKind::Unsupported, operation)
        .with_detail(format!("this is a forked child's copy, and belongs to its parent; {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, CreateOptions, Region};

    fn seat_in_memory() -> View {
        let region = Region::anonymous(&CreateOptions::new(Seat::SIZE as u64)).unwrap();
        region.view(.., Access::ReadWrite).unwrap()
    }

    #[test]
    fn a_seat_that_is_taken_for_an_instant_is_waited_for() {
        let view = seat_in_memory();
        let looker = Seat::take(&view, 0).unwrap().expect("a free seat");
        let look = thread::spawn(move || {
            thread::sleep(GRACE / 4);
            drop(looker);
        });
        assert!(take(&view, 0).unwrap().is_some());
        look.join().unwrap();
    }

    #[test]
    fn a_seat_that_is_taken_is_not_waited_for_long() {
        let view = seat_in_memory();
        let _holder = Seat::take(&view, 0).unwrap().expect("a free seat");
        assert!(take(&view, 0).unwrap().is_none());
        assert!(!is_free(&view, 0).unwrap());
    }
}
