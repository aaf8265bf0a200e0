//! What may lie on a name that no program of ours made, and who may do what with the objects of another user
//! (C3, C19, C20): an error of the right kind within a second, nothing hung, nothing removed unasked.

#![cfg(target_os = "linux")]

mod common;
mod dev_shm;
mod modes;
mod others;
mod strangers;
#[path = "../support/mod.rs"]
mod support;

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    support::part::play(&[
        ("meet_strangers", strangers::meet_strangers),
        ("modes", modes::modes),
        ("owner_alone", others::owner_alone),
        ("shared", others::shared),
        ("group", others::group),
        ("named_group", others::named_group),
        ("untold", others::untold),
        ("squatted", others::squatted),
        ("of_the_system", others::of_the_system),
        ("strangers_of_others", strangers::strangers_of_others),
        ("remains_of_others", others::remains_of_others),
        ("no_shm", dev_shm::no_shm),
        ("read_only_shm", dev_shm::read_only_shm),
        ("reader_of_read_only", dev_shm::reader_of_read_only),
        (support::linux::users::ROLE, support::linux::users::play),
    ]);
}
