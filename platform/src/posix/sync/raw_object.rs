//! The seam's trait for an object of any kind: a header in a view, which for a named object is a page of its own.

use std::mem;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::making::initialise;
use super::object::{Object, page_size};
use super::place::held_of;
use super::{all, wait};
use crate::contract::context::{Context, Operation};
use crate::posix::lifetime;
use crate::posix::object::{Contents, Plan, Wanted};
use crate::seam::ask::Ask;
use crate::seam::header::{HEADER_LEN, Header};
use crate::seam::kind::New;
use crate::seam::object::{AskObject, Failure, Fill, RawObject, Signal, Took, TookAll};
use crate::seam::place::Place;
use crate::{Disposition, ObjectKind, ObjectName, OpenOptions, Result, SyncOptions};

impl RawObject for Object {
    const KNOWS_TWINS: bool = true;

    fn named(name: &ObjectName, ask: AskObject<'_>, operation: Operation) -> Result<(Self, Disposition)> {
        let context = Context { operation, name: Some(name) };
        let kind = ask.kind();
        let (object, disposition) = match ask {
            Ask::Create((new, sync)) => {
                let header = header_bytes(new);
                (lifetime::Object::create(plan(name, operation, sync, new, &header))?, Disposition::Created)
            }
            Ask::CreateOrOpen((new, sync)) => {
                let header = header_bytes(new);
                let plan = plan(name, operation, sync, new, &header);
                lifetime::Object::create_or_open(plan, sync.accepted())?
            }
            Ask::Open((_, trust)) => {
                let options = &OpenOptions::read_write().trust(trust.clone());
                (lifetime::Object::open(Wanted { operation, name, kind, options })?, Disposition::Opened)
            }
        };
        Ok((Object::mapped(object, kind, context)?, disposition))
    }

    fn make_inside(
        place: &Place,
        new: New,
        fill: Fill<'_>,
        operation: Operation,
    ) -> Result<(Self, Disposition)> {
        let context = Context { operation, name: None };
        let held = &held_of(place, context)?;
        let disposition = initialise(place, held, new, fill, context)?;
        Ok((Object::at(place, held, new.kind(), context)?, disposition))
    }

    fn open_inside(place: &Place, kind: ObjectKind, operation: Operation) -> Result<Self> {
        let context = Context { operation, name: None };
        let held = &held_of(place, context)?;
        place.check(kind, context)?;
        Object::at(place, held, kind, context)
    }

    #[inline]
    fn wait(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        match self {
            Object::Event(event) => event.wait(timeout),
            Object::Mutex(_) => self.lock(timeout),
            Object::Semaphore(semaphore) => semaphore.wait(timeout),
            Object::Timer(timer) => timer.wait(timeout),
        }
    }

    #[inline]
    fn lock(&self, timeout: Option<Duration>) -> Result<Took, Failure> {
        let Object::Mutex(lock) = self else { unreachable!("only mutexes are locked") };
        lock.take(timeout)
    }

    fn wait_any(objects: &[&Self], timeout: Option<Duration>) -> Result<Option<usize>, Failure> {
        wait::wait_any(objects, timeout, None)
    }

    fn wait_all(objects: &[&Self], timeout: Option<Duration>) -> Result<Option<TookAll>, Failure> {
        all::wait_all(objects, timeout)
    }

    // Each caller passes a constant signal, which leaves one arm.
    #[inline(always)]
    fn signal(&self, signal: Signal) -> Result<u32, Failure> {
        match (self, signal) {
            (Object::Mutex(lock), Signal::GiveUp) => lock.give_once(),
            (Object::Event(event), Signal::Set) => event.set(),
            (Object::Event(event), Signal::Reset) => event.reset(),
            (Object::Semaphore(semaphore), Signal::Release(count)) => return semaphore.release(count),
            (Object::Timer(timer), Signal::Start { due, period }) => timer.start(due, period)?,
            (Object::Timer(timer), Signal::Cancel) => timer.cancel()?,
            _ => unreachable!("the public types give each kind its own signals"),
        }
        Ok(0)
    }

    #[inline]
    fn is_owned(&self) -> bool {
        matches!(self, Object::Mutex(lock) if lock.is_owned())
    }

    fn is_abandoned(&self) -> bool {
        matches!(self, Object::Mutex(lock) if lock.is_abandoned())
    }
}

/// The header of a new named object.
fn header_bytes(new: New) -> [u8; HEADER_LEN] {
    let header = Header::default();
    header.fill(new);
    header.word.store(new.signal().into(), Ordering::Relaxed);
    header.finish();
    // SAFETY: integers without padding, as asserted beside the type, and not shared yet.
    unsafe { mem::transmute(header) }
}

fn plan<'a>(
    name: &'a ObjectName,
    operation: Operation,
    sync: &SyncOptions,
    new: New,
    header: &'a [u8],
) -> Plan<'a> {
    let (kind, permissions, contents) = (new.kind(), sync.asked_permissions(), Contents::Begin(header));
    Plan { operation, name, kind, asked: page_size(), len: page_size(), permissions, contents }
}
