//! Peers from crates.io, each as its own documentation says is fastest; what was chosen stands at the top of each file.

pub mod iceoryx2;
pub mod interprocess;
pub mod ipc_channel;
pub mod ipmpsc;
pub mod raw_sync;
pub mod shmem_ipc;
