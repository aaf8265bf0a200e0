//! Regions over files, with and without a name (rules C7, C8, C11, C15 to C17).

mod common;
#[cfg(target_os = "linux")]
mod linux;
mod named;
mod parts;
mod shared;
#[path = "../support/mod.rs"]
mod support;
mod unnamed;
#[cfg(windows)]
mod windows;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "Linux has more"))]
    let mut parts: Vec<support::part::Part> = vec![
        ("opener", parts::opener),
        ("creator", parts::creator),
        ("toucher", parts::toucher),
        ("owner", parts::owner),
    ];
    #[cfg(target_os = "linux")]
    parts.extend(linux::PARTS);
    support::part::play(&parts);
}
