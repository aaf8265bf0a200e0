//! Handles: a type that C knows by name only, and the Rust value behind it.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

use samemap::{Disposition, Error, ErrorKind, Result};

use crate::arguments::{null, put_disposition};
use crate::status::{SAMEMAP_OK, border, samemap_status_t, silently};

/// A handle's type of C, and what its pointers lead to.
pub(crate) trait Handle: Sized {
    /// What lies behind the pointer.
    type Inside;
    /// What it is, for messages.
    const WHAT: &'static str;
}

/// What C has given for a handle.
///
/// # Safety
/// The pointer is null, or [`Place::give`] made it and [`close`] has not ended it.
#[inline]
pub(crate) unsafe fn inside<'a, H: Handle>(handle: *const H) -> Result<&'a H::Inside> {
    // SAFETY: it leads to the box that `give` made, which nothing borrows mutably.
    unsafe { handle.cast::<H::Inside>().as_ref() }.ok_or_else(|| null(H::WHAT))
}

/// Ends a handle. Null does nothing.
///
/// # Safety
/// As for [`inside`], and nothing uses the handle any more.
pub(crate) unsafe fn close<H: Handle>(handle: *mut H) {
    if !handle.is_null() {
        // SAFETY: `give` made it out of a box.
        silently(|| drop(unsafe { Box::from_raw(handle.cast::<H::Inside>()) }));
    }
}

/// Where C wants a new handle. It is null until there is one.
pub(crate) struct Place<'a, H>(&'a mut *mut H);

impl<'a, H: Handle> Place<'a, H> {
    /// The place that C has given.
    ///
    /// # Safety
    /// The pointer is null or valid for a write.
    pub(crate) unsafe fn at(place: *mut *mut H) -> Result<Self> {
        if place.is_null() {
            return Err(null("the place for the new handle"));
        }
        // SAFETY: it is valid for writes, and then initialised.
        unsafe {
            place.write(std::ptr::null_mut());
            Ok(Place(&mut *place))
        }
    }

    /// Gives C the handle.
    pub(crate) fn give(self, inside: H::Inside) {
        *self.0 = Box::into_raw(Box::new(inside)).cast();
    }
}

/// Gives C a handle of what a call makes or opens.
///
/// # Safety
/// The place is null or valid for a write.
pub(crate) unsafe fn give<H: Handle, T: Into<H::Inside>>(
    place: *mut *mut H,
    get: impl FnOnce() -> Result<T>,
) -> samemap_status_t {
    border(|| {
        // SAFETY: as the caller vouches.
        let place = unsafe { Place::at(place) }?;
        place.give(get()?.into());
        Ok(SAMEMAP_OK)
    })
}

/// Gives C a handle of what a call makes or opens, and tells which of the two happened.
///
/// # Safety
/// Both places are null or valid for a write.
pub(crate) unsafe fn give_either<H: Handle, T: Into<H::Inside>>(
    place: *mut *mut H,
    created: *mut bool,
    get: impl FnOnce() -> Result<(T, Disposition)>,
) -> samemap_status_t {
    let get = || {
        let (object, disposition) = get()?;
        // SAFETY: as the caller vouches.
        unsafe { put_disposition(created, disposition) };
        Ok(object)
    };
    // SAFETY: as the caller vouches.
    unsafe { give(place, get) }
}

/// Runs a call on what lies behind a handle.
///
/// # Safety
/// As for [`inside`].
#[inline]
pub(crate) unsafe fn with<H: Handle>(
    handle: *const H,
    call: impl FnOnce(&H::Inside) -> Result<samemap_status_t>,
) -> samemap_status_t {
    // SAFETY: as the caller vouches.
    border(|| call(unsafe { inside(handle) }?))
}

/// What lies behind a handle for one thread at a time, for one call.
///
/// # Safety
/// As for [`inside`], and for [`InTurn::take`].
#[inline]
pub(crate) unsafe fn turn<'a, T: 'a, H: Handle<Inside = InTurn<T>>>(handle: *const H) -> Result<Turn<'a, T>> {
    // SAFETY: as the caller vouches.
    unsafe { inside(handle)?.take() }
}

/// Runs a call on what lies behind a handle for one thread at a time.
///
/// # Safety
/// As for [`turn`].
pub(crate) unsafe fn in_turn<T, H: Handle<Inside = InTurn<T>>>(
    handle: *const H,
    call: impl FnOnce(&mut T) -> Result<samemap_status_t>,
) -> samemap_status_t {
    // SAFETY: as the caller vouches.
    border(|| call(&mut *unsafe { turn(handle) }?))
}

/// A value for one thread at a time, as C is told. A second one that comes while the first is in a call, such as a
/// wait, is refused where that shows; it costs two plain accesses, so two that come at the same instant may be
/// missed.
pub(crate) struct InTurn<T> {
    is_used: AtomicBool,
    value: UnsafeCell<T>,
}

impl<T> From<T> for InTurn<T> {
    fn from(value: T) -> Self {
        InTurn::new(value)
    }
}

impl<T> InTurn<T> {
    pub(crate) fn new(value: T) -> Self {
        InTurn { is_used: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// The value, for the time of one call.
    ///
    /// # Safety
    /// The caller of C uses it from one thread at a time.
    #[inline]
    pub(crate) unsafe fn take(&self) -> Result<Turn<'_, T>> {
        if self.is_used.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Busy, "use the handle")
                .with_detail("another thread is in a call with it; use it from one thread at a time"));
        }
        self.is_used.store(true, Ordering::Relaxed);
        Ok(Turn(self))
    }
}

/// The use of a value, until it is dropped.
pub(crate) struct Turn<'a, T>(&'a InTurn<T>);

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: one turn at a time, as its maker vouches.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Turn<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: one turn at a time, as its maker vouches.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Turn<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.0.is_used.store(false, Ordering::Relaxed);
    }
}
