//! Waits for the first of several, some of which are objects, and others readers whose news a doorbell announces.

use std::time::Duration;

use super::bell::Doorbell;
use super::count::{WAIT_ANY, check_count};
use super::target::{AsObject, News, WaitAny, WaitTarget};
use crate::Result;
use crate::contract::context::Context;
use crate::seam::object::{Failure, RawObject as _};
use crate::seam::watch::{Asking, Beside, RawWatch as _};
use crate::system::{Bell, Object, Watch};
use crate::words::{Until, bell};

/// Waits until one of up to 64 has news, and returns the lowest index of those; `None` when time ran out.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for none or for more than 64; and theirs.
pub fn wait_for_news(readers: &[&dyn News], until: Until) -> Result<Option<usize>> {
    check_count(readers.len(), WAIT_ANY)?;
    let news = readers.iter().copied().enumerate().collect();
    Mixed { objects: Vec::new(), news }.wait(until)
}

/// The objects and the readers of a list, with their indices there.
pub(super) struct Mixed<'a> {
    objects: Vec<(usize, AsObject<'a>)>,
    news: Vec<(usize, &'a dyn News)>,
}

impl<'a> Mixed<'a> {
    pub(super) fn of(list: &[&'a dyn WaitAny]) -> Mixed<'a> {
        let mut mixed = Mixed { objects: Vec::new(), news: Vec::new() };
        for (index, each) in list.iter().enumerate() {
            match each.wait_target() {
                WaitTarget::Object(object) => mixed.objects.push((index, object)),
                WaitTarget::News(news) => mixed.news.push((index, news)),
            }
        }
        mixed
    }

    /// Takes the first object that stands before the first reader with news, or else finds that reader.
    pub(super) fn wait(&self, until: Until) -> Result<Option<usize>> {
        let bells = self.news.iter().map(|(_, news)| news.bell().map(Doorbell::raw));
        let bells: Vec<&Bell> = bells.collect::<Result<_>>()?;
        // A failed look fails again below, and says why.
        let has_come = |asking| self.first_news(asking).map_or(true, |first| first.is_some());
        let news = Beside { bells: &bells, has_come: &has_come };
        let mut asking = Asking::No;
        loop {
            let first = self.first_ready(asking)?;
            if first.is_some() || asking == Asking::Yes && until.is_over() {
                return Ok(first);
            }
            let taken = self.sleep(until, &news)?;
            if taken.is_some() {
                return Ok(taken);
            }
            asking = Asking::Yes;
        }
    }

    /// A look that asks the system asks for every reader: the next waits know all that one death has ended, and do not sleep.
    fn first_news(&self, asking: Asking) -> Result<Option<usize>> {
        let mut first = None;
        for &(index, news) in &self.news {
            if first.is_some() && asking == Asking::No {
                break;
            }
            match news.has_come(asking == Asking::Yes) {
                Ok(false) => {}
                Ok(true) => first = first.or(Some(index)),
                Err(error) if first.is_none() => return Err(error),
                // A later wait that reaches this reader returns the error.
                Err(_) => {}
            }
        }
        Ok(first)
    }

    fn first_ready(&self, asking: Asking) -> Result<Option<usize>> {
        let first = self.first_news(asking)?;
        let stands_before = |&&(index, _): &&(usize, AsObject<'a>)| first.is_none_or(|first| index < first);
        let before: Vec<&Object> =
            self.objects.iter().take_while(stands_before).map(|(_, object)| object.raw()).collect();
        if before.is_empty() {
            return Ok(first);
        }
        let taken = self.taken(Object::wait_any(&before, Some(Duration::ZERO)))?;
        Ok(taken.or(first))
    }

    /// Sleeps until there may be news, or takes an object.
    fn sleep(&self, until: Until, news: &Beside<'_, Bell>) -> Result<Option<usize>> {
        if self.objects.is_empty() {
            let limit = until.left().unwrap_or(Duration::MAX);
            bell::sleep_on_any(news.bells, limit, || (news.has_come)(Asking::No));
            return Ok(None);
        }
        let objects: Vec<&Object> = self.objects.iter().map(|(_, object)| object.raw()).collect();
        self.taken(Watch::wait_any_beside(&objects, until.left(), news))
    }

    /// The index in the list of what a wait for the objects took.
    fn taken(&self, answer: Result<Option<usize>, Failure>) -> Result<Option<usize>> {
        match answer {
            Ok(taken) => Ok(taken.map(|taken| self.objects[taken].0)),
            Err(failure) => {
                let name = failure.0.index.and_then(|index| self.objects[index].1.name());
                Err(failure.in_call(Context { operation: WAIT_ANY, name }))
            }
        }
    }
}
