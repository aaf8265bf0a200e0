//! Families of objects to wait for: the rules C22 to C27 and C31 run over each family.

use crate::{
    Access, CreateOptions, Disposition, Event, EventOptions, Lockable, Mutex, ObjectName, OpenOptions,
    Permits, Region, Result, Semaphore, SemaphoreOptions, Settable, SharedEvent, SharedMutex,
    SharedSemaphore, SignalFirst, SyncOptions, View, WaitAny,
};

/// How a rule makes an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// It wants a free name.
    Create,
    /// It takes a free name or a taken one.
    CreateOrOpen,
    /// It wants a taken name.
    Open,
}

/// A family of objects to wait for, for [`sync_conformance_suite!`](crate::sync_conformance_suite).
///
/// Every process finds an object by a name: its own, or that of the region in which it lies. The object keeps that
/// region. The disposition is `Opened` after [`Making::Open`].
pub trait SyncObjects: 'static {
    /// The family's mutex.
    type Mutex: Lockable + Send + Sync + 'static;
    /// The family's event.
    type Event: Settable + Send + Sync + 'static;
    /// The family's semaphore.
    type Semaphore: Permits + Send + Sync + 'static;

    /// A mutex.
    ///
    /// # Errors
    /// What the family says; [`Unsupported`](crate::ErrorKind::Unsupported) for what it does not have.
    fn mutex(name: &ObjectName, how: Making) -> Result<(Self::Mutex, Disposition)>;

    /// An event.
    ///
    /// # Errors
    /// As for [`mutex`](Self::mutex).
    fn event(name: &ObjectName, how: Making, options: &EventOptions) -> Result<(Self::Event, Disposition)>;

    /// A semaphore.
    ///
    /// # Errors
    /// As for [`mutex`](Self::mutex).
    fn semaphore(
        name: &ObjectName,
        how: Making,
        options: &SemaphoreOptions,
    ) -> Result<(Self::Semaphore, Disposition)>;

    /// What [`wait_any`](crate::wait_any) takes for a mutex; `None` when it takes none of this family.
    fn any_mutex(mutex: &Self::Mutex) -> Option<&dyn WaitAny>;

    /// What [`wait_any`](crate::wait_any) takes for an event; `None` when it takes none of this family.
    fn any_event(event: &Self::Event) -> Option<&dyn WaitAny>;

    /// What [`wait_any`](crate::wait_any) takes for a semaphore.
    fn any_semaphore(semaphore: &Self::Semaphore) -> Option<&dyn WaitAny>;

    /// What [`signal_and_wait`](crate::sync::signal_and_wait) takes for an event to set; `None` when it takes none of
    /// this family.
    fn set_first(event: &Self::Event) -> Option<SignalFirst<'_>>;

    /// What [`signal_and_wait`](crate::sync::signal_and_wait) takes for a semaphore that gets a permit.
    fn release_first(semaphore: &Self::Semaphore) -> Option<SignalFirst<'_>>;
}

/// The system's own objects, each with a name.
#[derive(Debug)]
pub enum Named {}

pub(super) fn created<T>(object: T) -> (T, Disposition) {
    (object, Disposition::Created)
}

pub(super) fn opened<T>(object: T) -> (T, Disposition) {
    (object, Disposition::Opened)
}

impl SyncObjects for Named {
    type Mutex = Mutex;
    type Event = Event;
    type Semaphore = Semaphore;

    fn mutex(name: &ObjectName, how: Making) -> Result<(Mutex, Disposition)> {
        match how {
            Making::Create => Mutex::create(name, &SyncOptions::new()).map(created),
            Making::CreateOrOpen => Mutex::create_or_open(name, &SyncOptions::new()),
            Making::Open => Mutex::open(name, &OpenOptions::default()).map(opened),
        }
    }

    fn event(name: &ObjectName, how: Making, options: &EventOptions) -> Result<(Event, Disposition)> {
        match how {
            Making::Create => Event::create(name, options).map(created),
            Making::CreateOrOpen => Event::create_or_open(name, options),
            Making::Open => Event::open(name, &OpenOptions::default()).map(opened),
        }
    }

    fn semaphore(
        name: &ObjectName,
        how: Making,
        options: &SemaphoreOptions,
    ) -> Result<(Semaphore, Disposition)> {
        match how {
            Making::Create => Semaphore::create(name, options).map(created),
            Making::CreateOrOpen => Semaphore::create_or_open(name, options),
            Making::Open => Semaphore::open(name, &OpenOptions::default()).map(opened),
        }
    }

    fn any_mutex(mutex: &Mutex) -> Option<&dyn WaitAny> {
        Some(mutex)
    }

    fn any_event(event: &Event) -> Option<&dyn WaitAny> {
        Some(event)
    }

    fn any_semaphore(semaphore: &Semaphore) -> Option<&dyn WaitAny> {
        Some(semaphore)
    }

    fn set_first(event: &Event) -> Option<SignalFirst<'_>> {
        Some(event.into())
    }

    fn release_first(semaphore: &Semaphore) -> Option<SignalFirst<'_>> {
        Some(semaphore.into())
    }
}

/// The objects that lie inside a region.
#[derive(Debug)]
pub enum Inside {}

/// The object's offset in its region. It is no multiple of a cache line, because the contract asks for 8 bytes only.
const OFFSET: usize = 72;

/// A view of the region that the object lies in.
fn memory(name: &ObjectName, how: Making) -> Result<View> {
    let options = CreateOptions::new(4096);
    let region = match how {
        Making::Create => Region::create(name, &options)?,
        Making::CreateOrOpen => Region::create_or_open(name, &options)?.0,
        Making::Open => Region::open(name, &OpenOptions::read_write())?,
    };
    region.view(.., Access::ReadWrite)
}

impl SyncObjects for Inside {
    type Mutex = SharedMutex<u64>;
    type Event = SharedEvent;
    type Semaphore = SharedSemaphore;

    fn mutex(name: &ObjectName, how: Making) -> Result<(Self::Mutex, Disposition)> {
        let view = memory(name, how)?;
        match how {
            Making::Create => SharedMutex::create(&view, OFFSET, &0).map(created),
            Making::CreateOrOpen => SharedMutex::create_or_open(&view, OFFSET),
            Making::Open => SharedMutex::open(&view, OFFSET).map(opened),
        }
    }

    fn event(name: &ObjectName, how: Making, options: &EventOptions) -> Result<(SharedEvent, Disposition)> {
        let view = memory(name, how)?;
        match how {
            Making::Create => SharedEvent::create(&view, OFFSET, options).map(created),
            Making::CreateOrOpen => SharedEvent::create_or_open(&view, OFFSET, options),
            Making::Open => SharedEvent::open(&view, OFFSET).map(opened),
        }
    }

    fn semaphore(
        name: &ObjectName,
        how: Making,
        options: &SemaphoreOptions,
    ) -> Result<(SharedSemaphore, Disposition)> {
        let view = memory(name, how)?;
        match how {
            Making::Create => SharedSemaphore::create(&view, OFFSET, options).map(created),
            Making::CreateOrOpen => SharedSemaphore::create_or_open(&view, OFFSET, options),
            Making::Open => SharedSemaphore::open(&view, OFFSET).map(opened),
        }
    }

    fn any_mutex(mutex: &Self::Mutex) -> Option<&dyn WaitAny> {
        Some(mutex)
    }

    fn any_event(event: &SharedEvent) -> Option<&dyn WaitAny> {
        Some(event)
    }

    fn any_semaphore(semaphore: &SharedSemaphore) -> Option<&dyn WaitAny> {
        Some(semaphore)
    }

    fn set_first(event: &SharedEvent) -> Option<SignalFirst<'_>> {
        Some(event.into())
    }

    fn release_first(semaphore: &SharedSemaphore) -> Option<SignalFirst<'_>> {
        Some(semaphore.into())
    }
}
