//! The newest value between processes, on every system that has seats and doorbells: whole, in order, from one writer
//! at a time, also when writers are killed and when a process scribbles.
//!
//! | on demand | how |
//! | --- | --- |
//! | the search for torn values, 60 s in place of 5 | `SAMEMAP_TORN_SECONDS=60 cargo test --release --test latest torn` |
//! | 1,000 killed writers in place of 30 | `SAMEMAP_KILLS=1000 cargo test --release --test latest killed` |

#![cfg(any(target_os = "linux", windows))]

mod common;
mod damage;
#[path = "../support/mod.rs"]
mod support;
mod torn;
mod values;
mod waiting;
mod writers;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("page_writer", torn::page_writer),
        ("bytes_writer", torn::bytes_writer),
        ("large_writer", writers::large_writer),
        ("silent_writer", waiting::silent_writer),
        ("refused_writer", writers::refused_writer),
        ("answerer", waiting::answerer),
        ("follower", waiting::follower),
        #[cfg(target_os = "linux")]
        ("forking_writer", writers::forking_writer),
    ]);
}
