//! The options of a new object to wait for (rules C23 to C25), and the checks that are the same on every system.

use std::time::Duration;

use super::context::Context;
use crate::{Permissions, Reset, Result, SyncOptions, Trust};

/// How an event is to be created, or created or opened.
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::{Permissions, Share};
/// use samemap::sync::{EventOptions, Reset};
/// let options = EventOptions::new(Reset::Manual)
///     .set_at_first()
///     .permissions(Permissions::owner_only().group(Share::ReadWrite));
/// assert!(options.is_set_at_first());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct EventOptions {
    reset: Reset,
    set_at_first: bool,
    sync: SyncOptions,
}

impl EventOptions {
    /// An event that is not set, for its owner alone.
    pub fn new(reset: Reset) -> Self {
        EventOptions { reset, set_at_first: false, sync: SyncOptions::new() }
    }

    /// A new event begins set. Ignored when *create or open* opens.
    pub const fn set_at_first(mut self) -> Self {
        self.set_at_first = true;
        self
    }

    /// How the signal lets waiters through. Ignored when *create or open* opens.
    #[must_use]
    pub const fn reset(&self) -> Reset {
        self.reset
    }

    /// Whether a new event begins set.
    #[must_use]
    pub const fn is_set_at_first(&self) -> bool {
        self.set_at_first
    }
}

/// How a semaphore is to be created, or created or opened.
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::sync::SemaphoreOptions;
/// let options = SemaphoreOptions::new(2, 8);
/// assert_eq!((options.initial(), options.maximum()), (2, 8));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SemaphoreOptions {
    initial: u32,
    maximum: u32,
    sync: SyncOptions,
}

impl SemaphoreOptions {
    /// The largest maximum on every system, which is Win32's.
    pub const LIMIT: u32 = i32::MAX as u32;

    /// A semaphore with `initial` permits out of `maximum`, for its owner alone. The maximum is from one to
    /// [`LIMIT`](Self::LIMIT), and `initial` at most the maximum. The call that creates checks that.
    pub fn new(initial: u32, maximum: u32) -> Self {
        SemaphoreOptions { initial, maximum, sync: SyncOptions::new() }
    }

    /// The permits of a new semaphore. Ignored when *create or open* opens.
    #[must_use]
    pub const fn initial(&self) -> u32 {
        self.initial
    }

    /// The maximum of a new semaphore. Ignored when *create or open* opens.
    #[must_use]
    pub const fn maximum(&self) -> u32 {
        self.maximum
    }

    /// Checks the numbers (rule C24).
    pub(crate) fn check(&self, context: Context<'_>) -> Result<()> {
        let detail = if self.maximum == 0 {
            "a semaphore's maximum is one or more".to_owned()
        } else if self.maximum > Self::LIMIT {
            format!("the maximum of {} is more than {}", self.maximum, Self::LIMIT)
        } else if self.initial > self.maximum {
            format!("{} initial permits are more than the maximum of {}", self.initial, self.maximum)
        } else {
            return Ok(());
        };
        Err(context.invalid(detail))
    }
}

/// How a timer is to be created, or created or opened.
///
/// ```
/// # use samemap_platform as samemap;
/// use samemap::sync::{Reset, TimerOptions};
/// assert_eq!(TimerOptions::new(Reset::Auto).reset(), Reset::Auto);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TimerOptions {
    reset: Reset,
    sync: SyncOptions,
}

impl TimerOptions {
    /// A timer that is not set, for its owner alone.
    pub fn new(reset: Reset) -> Self {
        TimerOptions { reset, sync: SyncOptions::new() }
    }

    /// How the signal lets waiters through. Ignored when *create or open* opens.
    #[must_use]
    pub const fn reset(&self) -> Reset {
        self.reset
    }
}

/// What the options of every kind have in common.
macro_rules! sync_options {
    ($($options:ident),*) => {$(
        impl $options {
            /// Lets other users open the object; see [`SyncOptions::permissions`].
            pub fn permissions(mut self, permissions: Permissions) -> Self {
                self.sync = self.sync.permissions(permissions);
                self
            }

            /// The owners whose objects are accepted when *create or open* opens.
            pub fn trust(mut self, trust: Trust) -> Self {
                self.sync = self.sync.trust(trust);
                self
            }

            /// The permissions, and the owners whose objects are accepted.
            pub const fn sync(&self) -> &SyncOptions {
                &self.sync
            }
        }
    )*};
}

sync_options!(EventOptions, SemaphoreOptions, TimerOptions);

/// A timer's period in whole milliseconds, rounded up: from one to Win32's largest period, [`i32::MAX`].
pub(crate) fn period_in_millis(period: Duration, context: Context<'_>) -> Result<i32> {
    let detail = if period.is_zero() {
        "a period of zero was asked for; ask for one millisecond or more, or set the timer without a period"
    } else if let Ok(millis @ 1..) = i32::try_from(period.as_nanos().div_ceil(1_000_000)) {
        return Ok(millis);
    } else {
        "the period is longer than 2147483647 ms"
    };
    Err(context.invalid(detail))
}

/// The error for a release of no permits.
pub(crate) fn check_release(count: u32, context: Context<'_>) -> Result<()> {
    if count > 0 {
        return Ok(());
    }
    Err(context.invalid("no permits are released; ask for one or more"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const TRY: Context<'_> = Context { operation: "try", name: None };

    #[test]
    fn permits_are_within_the_maximum() {
        let check = |initial, maximum| SemaphoreOptions::new(initial, maximum).check(TRY);
        for (initial, maximum) in
            [(0, 1), (1, 1), (0, SemaphoreOptions::LIMIT), (i32::MAX as u32, i32::MAX as u32)]
        {
            check(initial, maximum).expect("a semaphore");
        }
        for (initial, maximum) in [(0, 0), (1, 0), (2, 1), (0, SemaphoreOptions::LIMIT + 1), (0, u32::MAX)] {
            let error = check(initial, maximum).expect_err("no semaphore");
            assert!(error.is(ErrorKind::InvalidArgument), "{initial} of {maximum}");
        }
    }

    #[test]
    fn periods_are_whole_milliseconds() {
        let millis = |period| period_in_millis(period, TRY);
        assert_eq!(millis(Duration::from_nanos(1)).unwrap(), 1);
        assert_eq!(millis(Duration::from_millis(5)).unwrap(), 5);
        assert_eq!(millis(Duration::from_micros(5001)).unwrap(), 6);
        assert_eq!(millis(Duration::from_millis(i32::MAX as u64)).unwrap(), i32::MAX);
        for none in [Duration::ZERO, Duration::from_millis(i32::MAX as u64 + 1), Duration::MAX] {
            assert!(millis(none).unwrap_err().is(ErrorKind::InvalidArgument), "{none:?}");
        }
    }

    #[test]
    fn nothing_is_no_release() {
        check_release(1, TRY).expect("one permit");
        assert!(check_release(0, TRY).unwrap_err().is(ErrorKind::InvalidArgument));
    }

    #[test]
    fn options_carry_what_was_asked() {
        let everyone = Permissions::owner_only().everyone(crate::Share::ReadWrite);
        let event = EventOptions::new(Reset::Auto).set_at_first().permissions(everyone).trust(Trust::Anyone);
        assert_eq!((event.reset(), event.is_set_at_first()), (Reset::Auto, true));
        let semaphore = SemaphoreOptions::new(1, 2).permissions(everyone).trust(Trust::Anyone);
        assert_eq!((semaphore.initial(), semaphore.maximum()), (1, 2));
        let timer = TimerOptions::new(Reset::Manual).permissions(everyone).trust(Trust::Anyone);
        assert_eq!(timer.reset(), Reset::Manual);
        for sync in [event.sync(), semaphore.sync(), timer.sync()] {
            assert_eq!((sync.asked_permissions(), sync.accepted()), (everyone, &Trust::Anyone));
        }
    }
}
