//! A named object of any kind, for the rules that all kinds keep alike.

use super::family::{Making, created, opened};
use super::support::patience;
use crate::{
    Access, CreateOptions, Disposition, Due, Event, EventOptions, Mutex, ObjectKind, ObjectName, OpenOptions,
    Permissions, Region, Reset, Result, Semaphore, SemaphoreOptions, SyncOptions, Timer, TimerOptions, Trust,
};
use std::time::Duration;

/// One of the five kinds.
#[derive(Debug)]
pub(super) enum Thing {
    Region(Region),
    Mutex(Mutex),
    Event(Event),
    Semaphore(Semaphore),
    Timer(Timer),
}

/// Which users it is for, and which owners it accepts.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    pub(super) permissions: Permissions,
    pub(super) trust: Trust,
}

impl Terms {
    fn to_open(&self) -> OpenOptions {
        OpenOptions::default().trust(self.trust.clone())
    }
}

/// The permits of a new semaphore, and the most.
const PERMITS: u32 = 1;
const MOST: u32 = 5;
/// The permits that marking adds.
const MARK: u32 = 3;

impl Thing {
    pub(super) fn make(kind: ObjectKind, how: Making, name: &ObjectName) -> Result<(Thing, Disposition)> {
        Self::make_for(kind, how, name, &Terms::default())
    }

    /// The options of *create or open* differ in every part from those of the object: opening ignores them.
    pub(super) fn make_for(
        kind: ObjectKind,
        how: Making,
        name: &ObjectName,
        terms: &Terms,
    ) -> Result<(Thing, Disposition)> {
        match kind {
            ObjectKind::Region => region(how, name, terms).map(|(it, made)| (Thing::Region(it), made)),
            ObjectKind::Mutex => mutex(how, name, terms).map(|(it, made)| (Thing::Mutex(it), made)),
            ObjectKind::Event => event(how, name, terms).map(|(it, made)| (Thing::Event(it), made)),
            ObjectKind::Semaphore => {
                semaphore(how, name, terms).map(|(it, made)| (Thing::Semaphore(it), made))
            }
            ObjectKind::Timer => timer(how, name, terms).map(|(it, made)| (Thing::Timer(it), made)),
        }
    }

    /// Changes its state, where others can see that.
    pub(super) fn mark(&self) -> Result<()> {
        match self {
            Thing::Region(region) => region.view(.., Access::ReadWrite)?.put(0, &7_u8),
            Thing::Mutex(mutex) => {
                // Owned, until this thread ends.
                std::mem::forget(mutex.lock()?);
                Ok(())
            }
            Thing::Event(event) => event.set(),
            Thing::Semaphore(semaphore) => semaphore.release(MARK).map(|_| ()),
            Thing::Timer(timer) => {
                timer.set(Due::After(Duration::ZERO))?;
                // Due at once is not yet signalled.
                timer.wait_timeout(patience()).map(|_| ())
            }
        }
    }

    /// Whether it was marked; `None` for a state that neither a new nor a marked object has. For another thread
    /// than the one that marked it.
    pub(super) fn is_marked(&self) -> Result<Option<bool>> {
        match self {
            Thing::Region(region) => match region.view(.., Access::ReadOnly)?.get::<u8>(0)? {
                0 => Ok(Some(false)),
                7 => Ok(Some(true)),
                _ => Ok(None),
            },
            Thing::Mutex(mutex) => Ok(match mutex.try_lock()? {
                None => Some(true),
                Some(guard) if guard.abandoned() => None,
                Some(_) => Some(false),
            }),
            Thing::Event(event) => event.try_wait().map(Some),
            Thing::Semaphore(semaphore) => {
                let mut had = 0;
                while semaphore.try_wait()? {
                    had += 1;
                }
                if had > 0 {
                    semaphore.release(had)?;
                }
                Ok(if had == PERMITS { Some(false) } else { (had == PERMITS + MARK).then_some(true) })
            }
            Thing::Timer(timer) => timer.try_wait().map(Some),
        }
    }
}

fn region(how: Making, name: &ObjectName, terms: &Terms) -> Result<(Region, Disposition)> {
    let options = CreateOptions::new(4096).permissions(terms.permissions).trust(terms.trust.clone());
    match how {
        Making::Create => Region::create(name, &options).map(created),
        Making::CreateOrOpen => Region::create_or_open(name, &options),
        Making::Open => Region::open(name, &OpenOptions::read_write().trust(terms.trust.clone())).map(opened),
    }
}

fn mutex(how: Making, name: &ObjectName, terms: &Terms) -> Result<(Mutex, Disposition)> {
    let options = SyncOptions::new().permissions(terms.permissions).trust(terms.trust.clone());
    match how {
        Making::Create => Mutex::create(name, &options).map(created),
        Making::CreateOrOpen => Mutex::create_or_open(name, &options),
        Making::Open => Mutex::open(name, &terms.to_open()).map(opened),
    }
}

fn event(how: Making, name: &ObjectName, terms: &Terms) -> Result<(Event, Disposition)> {
    let options = EventOptions::new(Reset::Manual).permissions(terms.permissions).trust(terms.trust.clone());
    match how {
        Making::Create => Event::create(name, &options).map(created),
        Making::CreateOrOpen => Event::create_or_open(name, &options.set_at_first()),
        Making::Open => Event::open(name, &terms.to_open()).map(opened),
    }
}

fn semaphore(how: Making, name: &ObjectName, terms: &Terms) -> Result<(Semaphore, Disposition)> {
    let options =
        SemaphoreOptions::new(PERMITS, MOST).permissions(terms.permissions).trust(terms.trust.clone());
    match how {
        Making::Create => Semaphore::create(name, &options).map(created),
        Making::CreateOrOpen => Semaphore::create_or_open(name, &options),
        Making::Open => Semaphore::open(name, &terms.to_open()).map(opened),
    }
}

fn timer(how: Making, name: &ObjectName, terms: &Terms) -> Result<(Timer, Disposition)> {
    let options = TimerOptions::new(Reset::Manual).permissions(terms.permissions).trust(terms.trust.clone());
    match how {
        Making::Create => Timer::create(name, &options).map(created),
        Making::CreateOrOpen => Timer::create_or_open(name, &options),
        Making::Open => Timer::open(name, &terms.to_open()).map(opened),
    }
}
