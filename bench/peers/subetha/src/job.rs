//! What is asked of this program.

use std::time::Duration;

/// What is measured.
pub struct Job {
    pub work: Work,
    pub size: usize,
    pub slice: Duration,
    pub first: Option<usize>,
    pub second: Option<usize>,
    pub name: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    PingPong,
    Stream,
}
