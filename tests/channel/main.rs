//! Channels between processes, on every system: order and integrity, ends and deaths, places, hostile peers.
//!
//! | variable | what | default |
//! | --- | --- | --- |
//! | `SAMEMAP_CHANNEL_MESSAGES` | messages in each direction of the long stream | 40,000 |
//! | `SAMEMAP_CHANNEL_KILLS` | kills of peers, listeners, clients of listeners, and listeners of many; on Linux clients anywhere | 24, 8, 18, 4; 12 |
//! | `SAMEMAP_CHANNEL_IDLE_MS` | for how long a sleeping pair is watched (Linux) | 1,000 |
//! | `SAMEMAP_CHANNEL_HOSTILE_MS` | milliseconds of scribbling over everything | 2,000 |

mod common;
mod ends;
mod hostile;
#[cfg(target_os = "linux")]
mod linux;
mod listeners;
mod order;
mod peers;
mod places;
#[path = "../support/mod.rs"]
mod support;
mod victims;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "Linux has more"))]
    let mut parts: Vec<support::part::Part> = vec![
        ("stream", order::stream_part),
        ("send_and_hang", ends::send_and_hang),
        ("victim", victims::victim),
        ("client", listeners::client_part),
        ("listen", listeners::listen),
        ("adopt", places::adopt),
        ("known client", peers::known_client),
        ("liar", peers::liar),
        ("binds", peers::binds),
    ];
    #[cfg(target_os = "linux")]
    parts.extend(linux::PARTS);
    support::part::play(&parts);
}
