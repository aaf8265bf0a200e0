//! Handing a region over (rule C18): what is the same on every system.

pub(crate) mod wire;
