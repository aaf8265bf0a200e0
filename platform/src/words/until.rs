//! When a wait ends.

use std::time::{Duration, Instant};

/// The end of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Do not wait.
    Now,
    /// Wait until then, on a monotonic clock.
    Deadline(Instant),
    /// For ever.
    Forever,
}

impl Until {
    /// The end of a wait that begins now. A time that no clock can express is for ever.
    #[must_use]
    pub fn after(timeout: Option<Duration>) -> Until {
        match timeout {
            Some(Duration::ZERO) => Until::Now,
            Some(timeout) => Instant::now().checked_add(timeout).map_or(Until::Forever, Until::Deadline),
            None => Until::Forever,
        }
    }

    /// The time left; `None` is for ever.
    #[must_use]
    pub fn left(self) -> Option<Duration> {
        match self {
            Until::Now => Some(Duration::ZERO),
            Until::Deadline(deadline) => Some(deadline.saturating_duration_since(Instant::now())),
            Until::Forever => None,
        }
    }

    /// Whether the time is over.
    #[must_use]
    pub fn is_over(self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// The next slice, no longer than `longest`, and whether the wait ends with the slice.
    #[must_use]
    pub fn slice(self, longest: Duration) -> (Duration, bool) {
        match self.left() {
            Some(left) if left <= longest => (left, true),
            _ => (longest, false),
        }
    }

    /// The earlier of this end and a delay from now, and whether it is this end.
    #[must_use]
    pub fn or_after(self, delay: Option<Duration>) -> (Until, bool) {
        let due = delay.and_then(|delay| Instant::now().checked_add(delay));
        match (self, due) {
            (Until::Deadline(deadline), Some(due)) if due < deadline => (Until::Deadline(due), false),
            (Until::Forever, Some(due)) => (Until::Deadline(due), false),
            _ => (self, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn ends_are_told_apart() {
        assert!(Until::after(Some(Duration::ZERO)).is_over());
        assert_eq!(Until::after(None), Until::Forever);
        assert_eq!(Until::after(Some(Duration::MAX)), Until::Forever);
        assert!(!Until::Forever.is_over() && Until::Forever.left().is_none());
        let soon = Until::after(Some(LONG));
        assert!(!soon.is_over() && soon.left().is_some_and(|left| !left.is_zero() && left <= LONG));
    }

    #[test]
    fn slices_end_at_the_deadline() {
        assert_eq!(Until::Forever.slice(LONG), (LONG, false));
        assert_eq!(Until::Now.slice(LONG), (Duration::ZERO, true));
        let (slice, is_last) = Until::after(Some(LONG)).slice(LONG);
        assert!(slice <= LONG && is_last);
        assert_eq!(Until::after(Some(LONG * 2)).slice(LONG), (LONG, false));
    }

    #[test]
    fn the_sooner_of_two_ends_comes_first() {
        let (until, is_last) = Until::Forever.or_after(Some(LONG));
        assert!(matches!(until, Until::Deadline(_)) && !is_last);
        assert_eq!(Until::Now.or_after(Some(LONG)), (Until::Now, true));
        let soon = Until::after(Some(LONG));
        assert_eq!(soon.or_after(Some(LONG * 2)), (soon, true));
        assert_eq!(soon.or_after(None), (soon, true));
        assert!(!soon.or_after(Some(LONG / 2)).1);
    }
}
