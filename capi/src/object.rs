//! Objects to wait for, as one: every kind, named or inside a region.

use std::ffi::{CString, c_char};
use std::time::Duration;

use samemap::sync::{
    Awaitable, SharedEvent, SharedMutex, SharedSemaphore, SignalFirst, WaitAny, signal_and_wait,
    signal_and_wait_timeout, try_wait_any, wait_all, wait_all_timeout, wait_any, wait_any_timeout,
};
use samemap::traits::{LockGuard, Lockable, Waitable};
use samemap::{Error, ErrorKind, Event, Mutex, ObjectName, Result, Semaphore, Timer};

use crate::arguments::{SAMEMAP_FOREVER, invalid, null, place, timeout};
use crate::handle::{Handle, inside};
use crate::region::text_of;
use crate::status::{SAMEMAP_ABANDONED, SAMEMAP_OK, SAMEMAP_TIMED_OUT, border, in_time, samemap_status_t};

/// An object to wait for: a handle of a mutex, an event, a semaphore or a timer, cast by SAMEMAP_WAITABLE(). Such
/// handles may be used by several threads at once.
pub struct samemap_waitable_t {
    _private: [u8; 0],
}

/// What lies behind a handle of any of them.
pub(crate) struct OpenObject {
    pub(crate) object: Object,
    name: Option<CString>,
}

/// Every kind.
pub(crate) enum Object {
    Mutex(Mutex),
    Event(Event),
    Semaphore(Semaphore),
    Timer(Timer),
    SharedMutex(SharedMutex<()>),
    SharedEvent(SharedEvent),
    SharedSemaphore(SharedSemaphore),
}

impl Handle for samemap_waitable_t {
    type Inside = OpenObject;
    const WHAT: &'static str = "the object to wait for";
}

macro_rules! objects {
    ($($kind:ident: $name:expr),*) => {$(
        impl From<$kind> for OpenObject {
            fn from(object: $kind) -> Self {
                let name: fn(&$kind) -> Option<&ObjectName> = $name;
                let name = name(&object).map(text_of);
                OpenObject { object: Object::$kind(object), name }
            }
        }
    )*};
}

objects! {
    Mutex: |it| Some(it.name()), Event: |it| Some(it.name()), Semaphore: |it| Some(it.name()),
    Timer: |it| Some(it.name()), SharedEvent: |_| None, SharedSemaphore: |_| None
}

impl From<SharedMutex<()>> for OpenObject {
    fn from(object: SharedMutex<()>) -> Self {
        OpenObject { object: Object::SharedMutex(object), name: None }
    }
}

/// Calls an object of one of these kinds by its handle, in an unsafe block. C may have cast a handle of another kind.
macro_rules! call {
    ($handle:expr, $what:literal, $($kind:ident)|+, $object:ident => $call:expr) => {
        $crate::handle::with($handle, |open| match &open.object {
            $($crate::object::Object::$kind($object) => $call,)+
            _ => Err($crate::object::other_kind($what)),
        })
    };
}

pub(crate) use call;

#[cold]
pub(crate) fn other_kind(what: &str) -> Error {
    invalid(format!("the handle is of another kind than {what}; cast none but to samemap_waitable_t"))
}

/// Owns a mutex.
#[inline(always)]
pub(crate) fn lock<M: Lockable>(mutex: &M, timeout: Option<Duration>) -> Result<samemap_status_t> {
    loop {
        match mutex.lock_for(timeout)? {
            None if timeout.is_some() => return Ok(SAMEMAP_TIMED_OUT),
            None => {}
            guard => return Ok(taken(guard)),
        }
    }
}

#[inline]
pub(crate) fn wait<W: Waitable>(object: &W, timeout: Option<Duration>) -> Result<samemap_status_t> {
    match timeout {
        None => object.wait().map(|()| SAMEMAP_OK),
        Some(_) => object.wait_for(timeout).map(in_time),
    }
}

impl OpenObject {
    #[inline]
    fn wait(&self, timeout: Option<Duration>) -> Result<samemap_status_t> {
        match &self.object {
            Object::Mutex(mutex) => lock(mutex, timeout),
            Object::SharedMutex(mutex) => lock(mutex, timeout),
            Object::Event(event) => wait(event, timeout),
            Object::SharedEvent(event) => wait(event, timeout),
            Object::Semaphore(semaphore) => wait(semaphore, timeout),
            Object::SharedSemaphore(semaphore) => wait(semaphore, timeout),
            Object::Timer(timer) => wait(timer, timeout),
        }
    }

    pub(crate) fn any(&self) -> &dyn WaitAny {
        match &self.object {
            Object::Mutex(mutex) => mutex,
            Object::SharedMutex(mutex) => mutex,
            Object::Event(event) => event,
            Object::SharedEvent(event) => event,
            Object::Semaphore(semaphore) => semaphore,
            Object::SharedSemaphore(semaphore) => semaphore,
            Object::Timer(timer) => timer,
        }
    }
}

impl OpenObject {
    /// What a loop waits for.
    pub(crate) fn awaitable(&self) -> Result<&dyn Awaitable> {
        Ok(match &self.object {
            Object::Event(event) => event,
            Object::SharedEvent(event) => event,
            Object::Semaphore(semaphore) => semaphore,
            Object::SharedSemaphore(semaphore) => semaphore,
            Object::Timer(timer) => timer,
            Object::Mutex(_) | Object::SharedMutex(_) => return Err(owned_by_a_thread()),
        })
    }
}

#[cold]
fn owned_by_a_thread() -> Error {
    Error::new(ErrorKind::Unsupported, "wait on behalf of a loop")
        .with_detail("a thread owns a mutex, and an event loop is no thread; use a semaphore with one permit")
}

/// What a wait that took an object tells. The guard is forgotten, where there is one: C gives the mutex up by its handle.
#[inline]
pub(crate) fn taken<G: LockGuard>(guard: Option<G>) -> samemap_status_t {
    let is_abandoned = guard.as_ref().is_some_and(LockGuard::abandoned);
    std::mem::forget(guard);
    if is_abandoned { SAMEMAP_ABANDONED } else { SAMEMAP_OK }
}

/// Waits until the object is signalled or can be owned, and takes the signal or the ownership: an auto-reset event or
/// timer is unset, a semaphore has one permit less, a mutex is owned by this thread.
///
/// The timeout is in nanoseconds: 0 does not wait, SAMEMAP_FOREVER waits without end. Answers SAMEMAP_OK,
/// SAMEMAP_TIMED_OUT or, of a mutex, SAMEMAP_ABANDONED.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_wait(object: *const samemap_waitable_t, timeout: u64) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    border(|| unsafe { inside(object) }?.wait(self::timeout(timeout)))
}

/// Waits until one of 1 to 64 objects is signalled or can be owned, takes that one alone, and gives its index: the
/// lowest one where there are several. Timeout and answers are those of samemap_wait().
///
/// # Safety
/// The header's rules of pointers; `objects` has `count` handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_wait_any(
    objects: *const *const samemap_waitable_t,
    count: usize,
    timeout: u64,
    index: *mut usize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (objects, index) = unsafe { (waitables(objects, count)?, place(index, "the index")?) };
        let woken = match timeout {
            SAMEMAP_FOREVER => Some(wait_any(&objects)?),
            0 => try_wait_any(&objects)?,
            _ => wait_any_timeout(&objects, Duration::from_nanos(timeout))?,
        };
        let Some(woken) = woken else { return Ok(SAMEMAP_TIMED_OUT) };
        *index = woken.index();
        Ok(taken(woken.into_guard()))
    })
}

/// Waits until all of 1 to 64 objects are signalled, or can be owned, at one moment, and takes all of them then; until
/// then it takes none. No object may be among them twice. Timeout and answers are those of samemap_wait(); with
/// SAMEMAP_ABANDONED, all are taken, and a mutex among them was abandoned.
///
/// SAMEMAP_ERROR_UNSUPPORTED where the system cannot take them together; then nothing was changed.
///
/// # Safety
/// The header's rules of pointers; `objects` has `count` handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_wait_all(
    objects: *const *const samemap_waitable_t,
    count: usize,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let objects = unsafe { waitables(objects, count) }?;
        let woken = match self::timeout(timeout) {
            None => Some(wait_all(&objects)?),
            Some(time) => wait_all_timeout(&objects, time)?,
        };
        let Some(woken) = woken else { return Ok(SAMEMAP_TIMED_OUT) };
        let answer = if woken.abandoned() { SAMEMAP_ABANDONED } else { SAMEMAP_OK };
        // C gives the mutexes up by their handles.
        woken.into_guards().into_iter().for_each(std::mem::forget);
        Ok(answer)
    })
}

/// Signals `first` (sets an event, gives one permit to a semaphore, unlocks a mutex) and then waits for `second` as
/// samemap_wait() does. When the signal fails, the call does not wait; when time runs out, `first` stays signalled.
///
/// The two are not one step: another thread may take `second` in between. No signal is lost.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_signal_and_wait(
    first: *const samemap_waitable_t,
    second: *const samemap_waitable_t,
    timeout: u64,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (first, second) = unsafe { (inside(first)?, inside(second)?) };
        let first: SignalFirst<'_> = match &first.object {
            Object::Event(event) => event.into(),
            Object::SharedEvent(event) => event.into(),
            Object::Semaphore(semaphore) => semaphore.into(),
            Object::SharedSemaphore(semaphore) => semaphore.into(),
            Object::Timer(_) => return Err(other_kind("an event, a semaphore or a mutex")),
            Object::Mutex(mutex) => {
                // SAFETY: every lock of C forgets its guard, and stands for one call of this.
                unsafe { mutex.unlock_forgotten() }?;
                return second.wait(self::timeout(timeout));
            }
            Object::SharedMutex(mutex) => {
                // SAFETY: as above.
                unsafe { mutex.unlock_forgotten() }?;
                return second.wait(self::timeout(timeout));
            }
        };
        let woken = match self::timeout(timeout) {
            None => Some(signal_and_wait(first, second.any())?),
            Some(time) => signal_and_wait_timeout(first, second.any(), time)?,
        };
        Ok(woken.map_or(SAMEMAP_TIMED_OUT, |woken| taken(woken.into_guard())))
    })
}

/// The objects of an array of C.
///
/// # Safety
/// The array is null, or has `count` handles, which are null or open.
unsafe fn waitables<'a>(
    objects: *const *const samemap_waitable_t,
    count: usize,
) -> Result<Vec<&'a dyn WaitAny>> {
    if objects.is_null() {
        return Err(null("the array of objects"));
    }
    if count > samemap::sync::MAX_OBJECTS {
        return Err(invalid(format!("there are {count} objects; give 1 to {}", samemap::sync::MAX_OBJECTS)));
    }
    // SAFETY: it has so many handles.
    let handles = unsafe { std::slice::from_raw_parts(objects, count) };
    // SAFETY: each is null or open.
    handles.iter().map(|&handle| Ok(unsafe { inside(handle) }?.any())).collect()
}

/// The object's name, such as "Local\\ready", valid until the handle is closed; NULL for an object inside a region,
/// and for NULL.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_waitable_name(object: *const samemap_waitable_t) -> *const c_char {
    // SAFETY: the caller keeps the header's rules.
    let open = unsafe { inside(object) };
    open.ok().and_then(|open| open.name.as_ref()).map_or(std::ptr::null(), |name| name.as_ptr())
}
