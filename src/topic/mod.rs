//! One producer whose every message reaches every consumer, in any processes.
mod holders;
mod layout;
mod options;
mod publisher;
mod reader;
mod subscriber;
mod viewer;

pub use holders::Laggard;
pub use options::TopicOptions;
pub use publisher::{Publisher, Slot};
pub use subscriber::{Received, Subscriber};
pub use viewer::{Viewed, Viewer};
