//! How long a receiver leaves the sender of a stream alone.

/// Pauses in which a sender writes several small messages: some hundred nanoseconds.
const LEAST: u32 = 10;
/// Some microseconds.
const MOST: u32 = 16 * LEAST;

/// Where fewer bytes come in a backoff, messages are rare, and a longer one would find as few.
const FEW: u64 = 128;
/// Where as many bytes come in a backoff, a longer one is worth its time.
const MANY: u64 = 2 * FEW;

/// In a stream each look takes from the sender the cache line that it writes to next, and both are faster when the
/// receiver looks rarely and finds much. A backoff grows until many messages come in it, or a small part of the ring fills.
#[derive(Debug)]
pub(super) struct Backoff {
    pauses: u32,
    /// Where the receiver was at the last one.
    position: u64,
}

impl Backoff {
    pub(super) fn new() -> Backoff {
        Backoff { pauses: LEAST, position: 0 }
    }

    /// The sides take turns: the next backoff is short.
    #[inline]
    pub(super) fn reset(&mut self) {
        self.pauses = LEAST;
    }

    /// How many pauses the next backoff takes, of a receiver that has read everything up to this position.
    pub(super) fn next(&mut self, position: u64, capacity: u32) -> u32 {
        let come = position.wrapping_sub(self.position);
        let (enough, too_much) = (u64::from(capacity / 8), u64::from(capacity / 4));
        if come > too_much || come < FEW {
            self.pauses = (self.pauses / 2).max(LEAST);
        } else if (MANY..=enough).contains(&come) {
            self.pauses = (self.pauses * 2).min(MOST);
        }
        self.position = position;
        self.pauses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: u32 = 64 << 10;

    fn after_backoffs_with(bytes: u64, capacity: u32) -> u32 {
        let mut backoff = Backoff::new();
        (1..20).map(|count| backoff.next(count * bytes, capacity)).last().unwrap()
    }

    #[test]
    fn backoffs_grow_where_much_comes() {
        assert_eq!(after_backoffs_with(1 << 10, CAPACITY), MOST);
    }

    #[test]
    fn backoffs_stay_short_where_little_comes_or_the_ring_fills() {
        assert_eq!(after_backoffs_with(16, CAPACITY), LEAST);
        assert_eq!(after_backoffs_with(32 << 10, CAPACITY), LEAST);
        assert_eq!(after_backoffs_with(256, 1 << 10), LEAST);
    }

    #[test]
    fn long_backoffs_end_with_a_turn_and_where_the_ring_fills() {
        let mut backoff = Backoff::new();
        (1..20).for_each(|count| assert!(backoff.next(count << 10, CAPACITY) >= LEAST));
        backoff.reset();
        assert_eq!(backoff.next(20 << 10, CAPACITY), 2 * LEAST);
        (21..40).for_each(|count| assert!(backoff.next(count << 15, CAPACITY) >= LEAST));
        assert_eq!(backoff.next(40 << 15, CAPACITY), LEAST);
    }
}
