//! Objects of every kind: a header in a view, which for a named object is a page of its own.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::all;
use super::claims::Claim;
use super::event::Event;
use super::futex::Expectation;
use super::lock::LockHandle;
use super::place::{PlaceKey, held_of};
use super::semaphore::Semaphore;
use super::timer::Timer;
use super::wait::{self, Awaited, Wait};
use super::word::PlaceWord;
use crate::contract::context::{Context, Operation};
use crate::memory::Mapped;
use crate::posix::lifetime;
use crate::posix::mapping;
use crate::posix::object::{Contents, Plan, Wanted};
use crate::posix::region::Held;
use crate::seam::ask::Ask;
use crate::seam::header::{HEADER_LEN, Header, Readiness};
use crate::seam::kind::New;
use crate::seam::object::{AskObject, Failure, Fill, Found, RawObject, Signal, Took};
use crate::seam::place::Place;
use crate::testing::reached;
use crate::words::Until;
use crate::words::lock::OWNER;
use crate::{
    Access, Disposition, ErrorKind, MapRequest, ObjectKind, ObjectName, OpenOptions, Result, SyncOptions,
};

/// How long a process waits for another one to initialise an object inside a region.
const MAKER_PATIENCE: Duration = Duration::from_millis(500);

/// Tells a maker's claim in a header's state from a small foreign number, and from
/// [`READY`](crate::seam::header::READY), which has a higher bit.
const MAKING: u32 = OWNER + 1;

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
    fn at(place: &Place, held: &Arc<dyn Mapped>, kind: ObjectKind, context: Context<'_>) -> Result<Object> {
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

    fn mapped(object: lifetime::Object, kind: ObjectKind, context: Context<'_>) -> Result<Object> {
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
        wait::wait_any(objects, timeout)
    }

    fn wait_all(objects: &[&Self], timeout: Option<Duration>) -> Result<Option<Found>, Failure> {
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
            Object::Event(event) => Ok(event.try_take(wait.begun)?),
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
        if let Object::Mutex(lock) = self {
            lock.pass_on();
        }
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

fn page_size() -> u64 {
    rustix::param::page_size() as u64
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
