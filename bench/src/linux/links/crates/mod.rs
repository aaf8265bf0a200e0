//! Peers from crates.io, each as its own documentation says is fastest; what was chosen stands at the top of each file.

pub mod raw_sync;
