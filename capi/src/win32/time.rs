//! Time, and sleep.

use std::thread;
use std::time::{Duration, SystemTime};

use super::codes::wait;
use super::last_error::{Count, Done};
use super::pointers::Out;

/// From the beginning of Windows' time to the beginning of Unix's.
pub(super) const FROM_1601_TO_1970: Duration = Duration::from_secs(11_644_473_600);

/// The time since the system began.
fn since_start() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the struct is valid for writes, and every system has this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
}

/// A wait's timeout in milliseconds; `None` is for ever.
pub(super) fn timeout(milliseconds: u32) -> Option<Duration> {
    (milliseconds != wait::INFINITE).then(|| Duration::from_millis(milliseconds.into()))
}

super::calls! {
    fn Sleep(milliseconds: u32) -> () {
        match timeout(milliseconds) {
            Some(Duration::ZERO) => thread::yield_now(),
            Some(time) => thread::sleep(time),
            None => loop {
                thread::park();
            },
        }
        Ok(())
    }

    fn GetTickCount64() -> Count<u64> {
        Ok(since_start().as_millis() as u64)
    }

    fn GetTickCount() -> Count<u32> {
        Ok(since_start().as_millis() as u32)
    }

    fn QueryPerformanceCounter(count: Out<i64>) -> Done {
        count.put(since_start().as_nanos() as i64)
    }

    fn QueryPerformanceFrequency(frequency: Out<i64>) -> Done {
        frequency.put(1_000_000_000)
    }

    fn GetSystemTimeAsFileTime(time: Out<i64>) -> () {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default() + FROM_1601_TO_1970;
        time.put((now.as_nanos() / 100) as i64)
    }
}
