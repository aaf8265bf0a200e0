//! An event loop that knows nothing of this library.

use std::time::Duration;

use samemap::sync::{EventOptions, Readiness, Reset, SemaphoreOptions, TimerOptions};
use samemap::{Event, Semaphore, Timer};

use crate::support::{DEADLINE, name, unique_name};

pub const SHORT: Duration = Duration::from_millis(30);

pub fn event(label: &str) -> Event {
    Event::create(&name(&unique_name(label)), &EventOptions::new(Reset::Auto)).unwrap()
}

pub fn semaphore(label: &str) -> Semaphore {
    Semaphore::create(&name(&unique_name(label)), &SemaphoreOptions::new(0, 1_000_000)).unwrap()
}

pub fn timer(label: &str) -> Timer {
    Timer::create(&name(&unique_name(label)), &TimerOptions::new(Reset::Auto)).unwrap()
}

/// Whether the loop is woken within the time.
#[cfg(unix)]
pub fn is_ready_within(readiness: &Readiness, time: Duration) -> bool {
    use std::os::fd::{AsFd as _, AsRawFd as _};
    let mut polled = libc::pollfd { fd: readiness.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one struct, valid for the call.
    let answer = unsafe { libc::poll(&raw mut polled, 1, time.as_millis() as i32) };
    assert!(answer >= 0, "{}", std::io::Error::last_os_error());
    answer > 0
}

#[cfg(windows)]
pub fn is_ready_within(readiness: &Readiness, time: Duration) -> bool {
    use std::os::windows::io::{AsHandle as _, AsRawHandle as _};
    const TIMEOUT: u32 = 258;
    let handles = [readiness.as_handle().as_raw_handle()];
    // SAFETY: one handle, which is open.
    let answer = unsafe { WaitForMultipleObjects(1, handles.as_ptr().cast(), 0, time.as_millis() as u32) };
    assert!([0, TIMEOUT].contains(&answer), "{answer}");
    answer == 0
}

#[cfg(windows)]
#[link(name = "kernel32")]
unsafe extern "system" {
    fn WaitForMultipleObjects(
        count: u32,
        handles: *const *mut std::ffi::c_void,
        all: i32,
        millis: u32,
    ) -> u32;
}

/// The next object, by way of the loop.
#[track_caller]
pub fn next(readiness: &mut Readiness) -> usize {
    loop {
        assert!(is_ready_within(readiness, DEADLINE), "nothing became ready");
        if let Some(index) = readiness.try_take().unwrap() {
            return index;
        }
    }
}

/// There is nothing to take, and nothing becomes ready.
#[track_caller]
pub fn assert_quiet(readiness: &mut Readiness) {
    assert_eq!(readiness.try_take().unwrap(), None);
    assert!(!is_ready_within(readiness, SHORT));
}
