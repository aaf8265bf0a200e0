//! An object of any kind that is open in this process.

use std::sync::Arc;
use std::time::Duration;

use super::event::Event;
use super::futex::Expectation;
use super::lock::LockHandle;
use super::place::PlaceKey;
use super::semaphore::Semaphore;
use super::timer::Timer;
use super::wait::{Awaited, Wait};
use super::word::PlaceWord;
use crate::contract::context::Context;
use crate::memory::Mapped;
use crate::posix::lifetime;
use crate::posix::mapping;
use crate::posix::region::Held;
use crate::seam::object::{Failure, Took};
use crate::seam::place::Place;
use crate::{Access, ErrorKind, MapRequest, ObjectKind, Result};

/// An object that is open in this process. Its kind is a byte of its own, which is fast to compare.
#[derive(Clone)]
#[repr(u8)]
pub(crate) enum Object {
    Mutex(LockHandle),
    Event(Event),
    Semaphore(Semaphore),
    Timer(Timer),
}

impl Object {
    /// The object at a place, whose kind was checked.
    pub(super) fn at(
        place: &Place,
        held: &Arc<dyn Mapped>,
        kind: ObjectKind,
        context: Context<'_>,
    ) -> Result<Object> {
        let place = place.clone();
        Ok(match kind {
            ObjectKind::Mutex => {
                Object::Mutex(LockHandle::at(place, held).map_err(|failure| failure.in_call(context))?)
            }
            ObjectKind::Event => Object::Event(Event { word: PlaceWord::at(place) }),
            ObjectKind::Semaphore => Object::Semaphore(Semaphore { word: PlaceWord::at(place) }),
            ObjectKind::Timer => Object::Timer(Timer { place, held: Arc::clone(held) }),
            ObjectKind::Region => unreachable!("nobody waits for a region"),
        })
    }

    /// The object that lies in a shared-memory object of its own.
    pub(super) fn mapped(object: lifetime::Object, kind: ObjectKind, context: Context<'_>) -> Result<Object> {
        let named = Arc::new(Held::Named(object));
        let request = MapRequest::new(0, page_size(), Access::ReadWrite);
        let view = mapping::map(&named, &request, context)?;
        let place = Place::inside(&view, 0, 0, context.operation)?;
        place.check(kind, context)?;
        let held: Arc<dyn Mapped> = named;
        Object::at(&place, &held, kind, context)
    }
}

impl Object {
    /// Where its header lies.
    pub(super) fn place(&self) -> &Place {
        match self {
            Object::Mutex(lock) => lock.word().place(),
            Object::Event(event) => event.word().place(),
            Object::Semaphore(semaphore) => semaphore.word().place(),
            Object::Timer(timer) => &timer.place,
        }
    }

    /// Which object it is.
    pub(super) fn key(&self) -> Result<PlaceKey, Failure> {
        if let Object::Mutex(lock) = self {
            return Ok(lock.key());
        }
        let place = self.place();
        // An object that is open was made at a place of the system's.
        let origin = place.view().origin(place.offset()).ok_or(ErrorKind::Unsupported)?;
        Ok(PlaceKey::of_origin(&origin))
    }
}

impl Awaited for Object {
    fn begin(&self) -> u32 {
        match self {
            Object::Event(event) => event.begin(),
            Object::Mutex(_) | Object::Semaphore(_) | Object::Timer(_) => 0,
        }
    }

    fn try_take(&self, wait: Wait) -> Result<bool, Failure> {
        match self {
            Object::Mutex(lock) if wait.announced => Ok(lock.try_take_after_sleep()? == Took::Signal),
            Object::Mutex(lock) => Ok(lock.take(Some(Duration::ZERO))? == Took::Signal),
            Object::Event(event) => Ok(event.try_take(wait)?),
            Object::Semaphore(semaphore) => Ok(semaphore.try_take()?),
            Object::Timer(timer) => Ok(timer.try_take()?),
        }
    }

    fn announce(&self, begun: u32) -> Option<(Expectation<'_>, Option<Duration>)> {
        match self {
            Object::Mutex(lock) => Some((lock.announce()?, None)),
            Object::Event(event) => Some((event.announce(begun)?, None)),
            Object::Semaphore(semaphore) => Some((semaphore.announce()?, None)),
            Object::Timer(timer) => timer.announce(),
        }
    }

    fn pass_on(&self) {
        match self {
            Object::Mutex(lock) => lock.pass_on(),
            Object::Event(event) => event.pass_on(),
            // They wake all.
            Object::Semaphore(_) | Object::Timer(_) => {}
        }
    }
}

/// The size of an object with a name, in bytes.
pub(super) fn page_size() -> u64 {
    rustix::param::page_size() as u64
}
