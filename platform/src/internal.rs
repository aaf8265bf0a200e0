//! What the other crates of this project take from this one. `samemap` builds channels, topics, newest values and tasks
//! of it; the models run its algorithms; the tests stop at its steps.
//!
//! It is no part of the public interface: it may change in any release, and `samemap` does not pass it on.

pub use crate::contract::Sleepers;
pub use crate::machine::{PerProcess, processors};
pub use crate::memory::{SharedReader, SharedSlots, SharedWord, SharedWords, SlotsReader};
pub use crate::permissions_and_trust;
#[cfg(all(fuzzing, target_os = "linux"))]
pub use crate::posix::facts_say;
pub use crate::seam::per_process::Fact;
pub use crate::sync::bell::Doorbell;
pub use crate::sync::mixed::wait_for_news;
pub use crate::sync::seat::Seat;
pub use crate::sync::target::{News, WaitTarget};
pub use crate::sync::watched::{Alarm, Watched};

pub mod console {
    pub use crate::console::*;
}

pub mod gate {
    pub use crate::gate::*;
}

pub mod testing {
    pub use crate::testing::*;
}

pub mod waiter {
    pub use crate::sync::waiter::*;
}

pub mod words {
    pub use crate::words::*;
}
