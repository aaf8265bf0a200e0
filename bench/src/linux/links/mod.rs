//! The systems that carry messages.

pub mod bare;
pub mod crates;
pub mod kernel;
pub mod samemap;
