//! Queries of a kernel object's state, for which Win32 has no calls.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS};

use crate::windows::nt::check;

/// `SEMAPHORE_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::windows) struct SemaphoreFacts {
    pub(in crate::windows) count: u32,
    pub(in crate::windows) maximum: u32,
}

/// Count and maximum of a semaphore. The handle needs `SEMAPHORE_QUERY_STATE`.
pub(in crate::windows) fn semaphore_facts(semaphore: BorrowedHandle<'_>) -> io::Result<SemaphoreFacts> {
    // SAFETY: the query's own struct.
    unsafe { facts(NtQuerySemaphore, semaphore) }
}

/// Whether an event is set: 1 or 0. The handle needs `EVENT_QUERY_STATE`.
pub(super) fn event_signal(event: BorrowedHandle<'_>) -> io::Result<u32> {
    event_facts(event).map(|facts| u32::from(facts.state != 0))
}

/// Whether waits leave an event set. The handle needs `EVENT_QUERY_STATE`.
pub(super) fn event_is_manual(event: BorrowedHandle<'_>) -> io::Result<bool> {
    const NOTIFICATION_EVENT: i32 = 0;
    event_facts(event).map(|facts| facts.kind == NOTIFICATION_EVENT)
}

fn event_facts(event: BorrowedHandle<'_>) -> io::Result<EventFacts> {
    // SAFETY: the query's own struct.
    unsafe { facts(NtQueryEvent, event) }
}

/// Whether a timer is signalled. The handle needs `TIMER_QUERY_STATE`.
pub(super) fn timer_is_signalled(timer: BorrowedHandle<'_>) -> io::Result<bool> {
    // SAFETY: the query's own struct.
    let facts: TimerFacts = unsafe { facts(NtQueryTimer, timer) }?;
    Ok(facts.is_signalled != 0)
}

/// Whether the calling thread owns a mutex. The handle needs `MUTANT_QUERY_STATE`.
pub(super) fn mutex_is_ours(mutex: BorrowedHandle<'_>) -> io::Result<bool> {
    // SAFETY: the query's own struct.
    let facts: MutexFacts = unsafe { facts(NtQueryMutant, mutex) }?;
    Ok(facts.owned_by_caller != 0)
}

type Query = unsafe extern "system" fn(HANDLE, i32, *mut c_void, u32, *mut u32) -> NTSTATUS;

/// The answer of a query of class 0, an object's basic facts.
///
/// # Safety
/// `T` is the struct of that class.
unsafe fn facts<T: Default>(query: Query, object: BorrowedHandle<'_>) -> io::Result<T> {
    const BASIC: i32 = 0;
    let (mut facts, length) = (T::default(), size_of::<T>() as u32);
    // SAFETY: the handle is open, the struct is valid for writes of its size, and the written length is not requested.
    let status =
        unsafe { query(object.as_raw_handle(), BASIC, (&raw mut facts).cast(), length, ptr::null_mut()) };
    check(status).map(|()| facts)
}

/// `MUTANT_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Default)]
struct MutexFacts {
    count: i32,
    owned_by_caller: u8,
    abandoned: u8,
}

/// `EVENT_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Default)]
struct EventFacts {
    kind: i32,
    state: i32,
}

/// `TIMER_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Default)]
struct TimerFacts {
    left: i64,
    is_signalled: u8,
}

// On 32 bits the import would otherwise be called `NtQuery…@20`, which ntdll does not have.
#[cfg_attr(target_arch = "x86", link(name = "ntdll", kind = "raw-dylib", import_name_type = "undecorated"))]
#[cfg_attr(not(target_arch = "x86"), link(name = "ntdll", kind = "raw-dylib"))]
unsafe extern "system" {
    fn NtQuerySemaphore(of: HANDLE, class: i32, facts: *mut c_void, len: u32, written: *mut u32) -> NTSTATUS;
    fn NtQueryMutant(of: HANDLE, class: i32, facts: *mut c_void, len: u32, written: *mut u32) -> NTSTATUS;
    fn NtQueryTimer(of: HANDLE, class: i32, facts: *mut c_void, len: u32, written: *mut u32) -> NTSTATUS;
    fn NtQueryEvent(of: HANDLE, class: i32, facts: *mut c_void, len: u32, written: *mut u32) -> NTSTATUS;
}
