//! Topics between processes, on every system that has seats and doorbells. Subscribers read every message whole and in
//! order, viewers read whole ones and are told how many they missed, also when publishers and subscribers are killed or
//! stopped and when a process scribbles.
//!
//! | on demand | how |
//! | --- | --- |
//! | the search for torn messages, 60 s in place of 3 | `SAMEMAP_TORN_SECONDS=60 cargo test --release --test topic torn` |
//! | 500 killed publishers in place of 30, and thrice as many killed subscribers | `SAMEMAP_KILLS=500 cargo test --release --test topic killed` |
//! | 60 s of scribbling in place of 2 | `SAMEMAP_HOSTILE_SECONDS=60 cargo test --release --test topic hostile` |

#![cfg(any(target_os = "linux", windows))]

mod common;
mod deaths;
mod hostile;
#[cfg(target_os = "linux")]
mod linux;
mod order;
#[path = "../support/mod.rs"]
mod support;
mod torn;
mod waiting;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "Linux has more"))]
    let mut parts: Vec<support::part::Part> = vec![
        ("publish", torn::publish),
        ("subscribe", order::subscribe),
        ("view", order::view),
        ("mortal_publisher", deaths::mortal_publisher),
        ("mortal_subscriber", deaths::mortal_subscriber),
        ("holds_one", deaths::holds_one),
    ];
    #[cfg(target_os = "linux")]
    parts.extend(linux::PARTS);
    support::part::play(&parts);
}
