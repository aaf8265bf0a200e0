//! Who is let in is what was asked for.

use crate::common::*;

#[test]
fn the_umask_does_not_narrow_what_was_asked_for() {
    for mask in [0o077, 0o777, 0] {
        Start::role("modes").argument(mask).start().finish();
    }
}

pub fn modes(arguments: &[String]) {
    // SAFETY: a number.
    unsafe { libc::umask(arguments[0].parse().expect("a number")) };
    let owner = Permissions::owner_only();
    let cases = [
        (owner.group(Share::ReadOnly), [0o751, 0o1640, 0o640, 0o200]),
        (owner.group(Share::ReadWrite).everyone(Share::ReadOnly), [0o755, 0o1644, 0o664, 0o220]),
        (owner.everyone(Share::ReadWrite), [0o715, 0o1604, 0o606, 0o202]),
    ];
    for (permissions, expected) in cases {
        let name = unique_name("mode");
        let region = Region::create(&name, &CreateOptions::new(1).permissions(permissions));
        let region = region.expect("a free name");
        let modes = ["", "facts", "data", "locks"].map(|part| mode_of(&file_of(&name).join(part)));
        assert_eq!(modes, expected, "{permissions:?}");
        drop(region);
        assert_nothing_left(&name);
    }
    let name = unique_name("mode");
    let region = Region::create(&name, &CreateOptions::new(1).permissions(owner)).expect("a free name");
    assert_eq!(mode_of(&file_of(&name)), 0o1600);
    drop(region);
    assert_nothing_left(&name);
}

fn mode_of(path: &Path) -> u32 {
    path.metadata().expect("a part of the object").permissions().mode() & 0o7777
}
