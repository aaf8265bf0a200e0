//! Waits.

use std::mem;
use std::time::Duration;

use samemap::sync::{MAX_OBJECTS, MutexGuard, WaitAny, wait_all_timeout, wait_any_timeout};
use samemap::{Mutex, Result as Made};

use super::codes::{error, right, wait};
use super::errors::code_of;
use super::handle::Handle;
use super::handles::{self, Object, Opened};
use super::last_error::Waited;
use super::pointers::In;
use super::time::timeout;
use super::{event, mutex, semaphore, told};

/// What a wait for one object found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Signal,
    Abandoned,
}

impl Found {
    fn answer(self) -> u32 {
        match self {
            Found::Nothing => wait::TIMEOUT,
            Found::Signal => wait::OBJECT_0,
            Found::Abandoned => wait::ABANDONED_0,
        }
    }

    fn of_signal(signal: bool) -> Found {
        if signal { Found::Signal } else { Found::Nothing }
    }

    /// The thread keeps the mutex: a forgotten guard is ownership.
    #[inline]
    fn of_mutex(mutex: &Mutex, guard: Option<MutexGuard<'_>>) -> Found {
        let Some(guard) = guard else { return Found::Nothing };
        let found = if guard.abandoned() && told::first(mutex) { Found::Abandoned } else { Found::Signal };
        mem::forget(guard);
        found
    }
}

/// Takes the object if that needs no waiting.
#[inline]
fn take(opened: &Opened) -> Result<Found, u32> {
    opened.check(right::SYNCHRONIZE)?;
    let found = match &opened.object {
        Object::Mutex(mutex) => mutex.try_lock().map(|guard| Found::of_mutex(mutex, guard)),
        Object::Event(event) => event.try_wait().map(Found::of_signal),
        Object::Semaphore(semaphore) => semaphore.try_wait().map(Found::of_signal),
        Object::Timer(timer) => timer.try_wait().map(Found::of_signal),
        Object::Mapping(_) | Object::File(_) => return Err(error::INVALID_HANDLE),
    };
    found.map_err(|cause| code_of(&cause))
}

fn wait_for(object: &Object, time: Option<Duration>) -> Made<Found> {
    // The longest time is for ever.
    let time = time.unwrap_or(Duration::MAX);
    match object {
        Object::Mutex(mutex) => mutex.lock_timeout(time).map(|guard| Found::of_mutex(mutex, guard)),
        Object::Event(event) => event.wait_timeout(time).map(Found::of_signal),
        Object::Semaphore(semaphore) => semaphore.wait_timeout(time).map(Found::of_signal),
        Object::Timer(timer) => timer.wait_timeout(time).map(Found::of_signal),
        Object::Mapping(_) | Object::File(_) => Ok(Found::Nothing),
    }
}

/// Waits for one object.
#[inline]
fn wait_for_one(handle: Handle, milliseconds: u32) -> Result<u32, u32> {
    let found = handles::with(handle, take)?;
    if found != Found::Nothing || milliseconds == 0 {
        return Ok(found.answer());
    }
    let opened = handles::copy(handle)?;
    wait_for(&opened.object, timeout(milliseconds)).map(Found::answer).map_err(|cause| code_of(&cause))
}

/// The objects of a wait for several.
fn objects_of(handles: &[Handle]) -> Result<Vec<Object>, u32> {
    handles
        .iter()
        .map(|&handle| {
            let opened = handles::copy(handle)?;
            opened.check(right::SYNCHRONIZE)?;
            Ok(opened.object)
        })
        .collect()
}

fn wait_for_any(objects: &[Object], waitable: &[&dyn WaitAny], time: Option<Duration>) -> Made<u32> {
    let Some(woken) = wait_any_timeout(waitable, time.unwrap_or(Duration::MAX))? else {
        return Ok(wait::TIMEOUT);
    };
    let index = woken.index();
    let found = match &objects[index] {
        Object::Mutex(mutex) => Found::of_mutex(mutex, woken.into_guard()),
        _ => Found::Signal,
    };
    Ok(index as u32 + found.answer())
}

/// The answer does not say which mutex was abandoned.
fn wait_for_all(objects: &[Object], waitable: &[&dyn WaitAny], time: Option<Duration>) -> Made<u32> {
    let Some(woken) = wait_all_timeout(waitable, time.unwrap_or(Duration::MAX))? else {
        return Ok(wait::TIMEOUT);
    };
    let mut answer = wait::OBJECT_0;
    for (object, guard) in objects.iter().zip(woken.into_guards()) {
        if let Object::Mutex(mutex) = object {
            answer |= Found::of_mutex(mutex, guard).answer();
        }
    }
    Ok(answer)
}

fn wait_for_many(handles: &[Handle], all: bool, milliseconds: u32) -> Result<u32, u32> {
    let objects = objects_of(handles)?;
    let waitable: Option<Vec<_>> = objects.iter().map(Object::as_waitable).collect();
    let waitable = waitable.ok_or(error::INVALID_HANDLE)?;
    let time = timeout(milliseconds);
    let wait = if all { wait_for_all } else { wait_for_any };
    wait(&objects, &waitable, time).map_err(|cause| code_of(&cause))
}

/// Signals one object: sets an event, gives a mutex up, or gives a permit back.
fn signal(handle: Handle) -> Result<(), u32> {
    enum Kind {
        Mutex,
        Event,
        Semaphore,
    }
    let kind = handles::with(handle, |opened| match opened.object {
        Object::Mutex(_) => Ok(Kind::Mutex),
        Object::Event(_) => Ok(Kind::Event),
        Object::Semaphore(_) => Ok(Kind::Semaphore),
        _ => Err(error::INVALID_HANDLE),
    })?;
    match kind {
        Kind::Mutex => mutex::release(handle),
        Kind::Event => event::set(handle),
        Kind::Semaphore => semaphore::release(handle, 1).map(drop),
    }
}

super::calls! {
    fn WaitForSingleObject(object: Handle, milliseconds: u32) -> Waited {
        wait_for_one(object, milliseconds)
    }

    fn WaitForMultipleObjects(count: u32, objects: In<Handle>, all: i32, milliseconds: u32) -> Waited {
        let count = count as usize;
        if count == 0 || count > MAX_OBJECTS {
            return Err(error::INVALID_PARAMETER);
        }
        wait_for_many(&objects.list(count)?, all != 0, milliseconds)
    }

    fn SignalObjectAndWait(to_signal: Handle, object: Handle, milliseconds: u32) -> Waited {
        // Checked first, so that nothing is signalled for a wait that cannot be.
        let opened = handles::copy(object)?;
        opened.check(right::SYNCHRONIZE)?;
        opened.object.as_waitable().ok_or(error::INVALID_HANDLE)?;
        signal(to_signal)?;
        wait_for_one(object, milliseconds)
    }
}
