//! Events: named, and inside a region.

use std::fmt;
use std::time::Duration;

use super::futex::{self, Expectation, FutexSleeper, SharedWord};
use super::header::Initial;
use super::place::Place;
use crate::words::event::{self, ManualWaiter};
use crate::words::{Damaged, Outcome};
use crate::{
    Disposition, ErrorKind, EventOptions, ObjectKind, ObjectName, Reset, Result, Settable, Trust, Waitable,
    Waited,
};

fn initial(options: &EventOptions) -> Initial {
    Initial {
        kind: ObjectKind::Event,
        word: if options.is_set_at_first() { event::SET } else { event::UNSET },
        setting: setting_of(options.reset()),
    }
}

/// How a reset mode stands in a header.
pub(super) fn setting_of(reset: Reset) -> u32 {
    match reset {
        Reset::Auto => 0,
        Reset::Manual => 1,
    }
}

/// The reset mode that a header says.
pub(super) fn reset_of(setting: u32) -> Result<Reset, Damaged> {
    match setting {
        0 => Ok(Reset::Auto),
        1 => Ok(Reset::Manual),
        _ => Err(Damaged),
    }
}

/// What a named event and one inside a region have in common.
#[derive(Clone)]
pub(super) struct EventCore {
    pub(super) place: Place,
}

impl EventCore {
    #[inline]
    fn word(&self) -> &SharedWord {
        SharedWord::of(&self.place.header().word)
    }

    fn damaged(&self) -> crate::Error {
        self.place.error(ErrorKind::Damaged)
    }

    fn mode(&self) -> Result<Reset> {
        reset_of(self.place.header().setting()).map_err(|Damaged| self.damaged())
    }

    pub(super) fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        let until = futex::until(timeout);
        let outcome = match self.mode()? {
            Reset::Auto => event::wait(self.word(), until, &FutexSleeper),
            Reset::Manual => ManualWaiter::begin(self.word()).wait(until, &FutexSleeper),
        };
        match outcome {
            Ok(Outcome::Got(())) => Ok(Waited::Signalled),
            Ok(Outcome::TimedOut) => Ok(Waited::TimedOut),
            Err(Damaged) => Err(self.damaged()),
        }
    }

    /// For a wait on several objects: what it has to remember of its beginning.
    pub(super) fn begin(&self) -> u32 {
        ManualWaiter::begin(self.word()).sets_at_first()
    }

    /// Takes what can be had at once, by a wait that began [then](Self::begin).
    pub(super) fn try_take(&self, begun: u32) -> Result<bool> {
        match self.mode()? {
            Reset::Auto => event::try_take(self.word()),
            Reset::Manual => ManualWaiter::begun(self.word(), begun).is_through(),
        }
        .map_err(|Damaged| self.damaged())
    }

    /// What to sleep on, after saying that somebody sleeps; `None` when it may be had.
    pub(super) fn announce(&self, begun: u32) -> Option<Expectation<'_>> {
        let value = match self.mode() {
            Ok(Reset::Manual) => ManualWaiter::begun(self.word(), begun).announce()?,
            // Damaged: the next look tells.
            _ if event::announce(self.word()) => event::AWAITED,
            _ => return None,
        };
        Some(Expectation { word: &self.place.header().word, value })
    }

    #[inline]
    pub(super) fn set(&self) {
        match self.mode() {
            Ok(Reset::Manual) => event::set_manual(self.word(), &FutexSleeper),
            // Damaged: whoever waits is told.
            _ => event::set(self.word(), &FutexSleeper),
        }
    }

    #[inline]
    pub(super) fn reset(&self) {
        match self.mode() {
            Ok(Reset::Manual) => event::reset_manual(self.word()),
            _ => event::reset(self.word()),
        }
    }

    pub(super) fn inside(place: Place, options: &EventOptions) -> Result<(EventCore, Disposition)> {
        let disposition = place.initialise(initial(options), |_| Ok(()))?;
        Ok((EventCore { place }, disposition))
    }
}

/// A flag to wait for, shared by name.
///
/// # Platform-specific behavior
/// On Windows the kernel's own event of that name, which a C program may share. On Linux a word in the
/// object's page, which waiters sleep on: setting an event that nobody waits for makes no system call.
#[derive(Clone)]
pub struct Event {
    core: EventCore,
}

impl Event {
    /// Creates an event.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create`](crate::SharedRegion::create).
    pub fn create(name: &ObjectName, options: &EventOptions) -> Result<Event> {
        let place = Place::create(name, options.sync(), initial(options))?;
        Ok(Event { core: EventCore { place } })
    }

    /// Creates it, or opens it where the name is taken; then the options are ignored.
    ///
    /// # Errors
    /// Those of [`SharedRegion::create_or_open`](crate::SharedRegion::create_or_open).
    pub fn create_or_open(name: &ObjectName, options: &EventOptions) -> Result<(Event, Disposition)> {
        let (place, disposition) = Place::create_or_open(name, options.sync(), initial(options))?;
        Ok((Event { core: EventCore { place } }, disposition))
    }

    /// Opens an event that somebody holds open.
    ///
    /// # Errors
    /// Those of [`SharedRegion::open`](crate::SharedRegion::open).
    pub fn open(name: &ObjectName, trust: &Trust) -> Result<Event> {
        Ok(Event { core: EventCore { place: Place::open(name, ObjectKind::Event, trust)? } })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        self.core.place.name().expect("a named event has a name")
    }

    pub(super) fn core(&self) -> &EventCore {
        &self.core
    }
}

impl Waitable for Event {
    fn wait_for(&self, timeout: Option<Duration>) -> Result<Waited> {
        self.core.wait_for(timeout)
    }
}

impl Settable for Event {
    fn set(&self) -> Result<()> {
        self.core.set();
        Ok(())
    }

    fn reset(&self) -> Result<()> {
        self.core.reset();
        Ok(())
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("name", &self.name().to_string()).finish()
    }
}
