//! Random numbers for the moments at which things happen.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A small generator (xorshift64), seeded by std's hasher keys.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        Random(hasher.finish() | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number less than `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
