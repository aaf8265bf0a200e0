//! Sharing by handle (rule C18): regions that a child adopts, and regions that are sent to a process that runs. What
//! regions of memory show alone is in the conformance suite.

mod children;
mod common;
#[cfg(target_os = "linux")]
mod linux;
mod parts;
mod running;
#[path = "../support/mod.rs"]
mod support;
mod system;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "Linux has more"))]
    let mut parts: Vec<support::part::Part> = vec![
        ("holder", parts::holder),
        ("adder", parts::adder),
        ("retrier", parts::retrier),
        ("receiver", parts::receiver),
        ("sender", parts::sender),
        ("killed_sender", parts::killed_sender),
    ];
    #[cfg(target_os = "linux")]
    parts.extend(linux::PARTS);
    support::part::play(&parts);
}
