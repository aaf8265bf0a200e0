//! One producer whose every message reaches every consumer, in any processes.
mod any;
mod holders;
mod layout;
mod options;
mod publisher;
mod reader;
mod subscriber;
mod viewer;
#[cfg(feature = "tokio")]
pub(crate) mod watch;

pub use any::{Waits, try_wait_any, wait_any, wait_any_timeout};
pub use holders::Laggard;
pub use options::TopicOptions;
pub use publisher::{Publisher, Slot};
pub use subscriber::{Received, Subscriber};
pub use viewer::{Viewed, Viewer};
