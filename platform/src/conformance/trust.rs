//! Permissions, trust, and data from outside: rules C19 to C21.

use super::puppet::{Harness, Puppet};
use super::suite::Outcome;
use super::support::{
    SIZE, assert_free, create, hex, is_filled_with, map_all, name, open, puppet_fails, unique_name,
    unique_text,
};
use super::system;
use crate::{
    Access, CreateOptions, ErrorKind, ObjectName, OpenOptions, Permissions, Share, SharedRegion, Trust,
    UserId,
};

/// The ids of two ordinary users that no machine has.
pub(super) const SOMEBODY: u32 = 54_321;
const SOMEBODY_ELSE: u32 = 54_322;

/// A new object's file is for its owner alone, and as wide as was asked where more was asked.
pub fn c19_object_is_for_its_owner_alone<R: SharedRegion>(harness: &Harness) -> Outcome {
    let name = unique_name();
    let mut puppet = Puppet::start(harness);
    puppet.create("region", SIZE, &name);
    match system::file_mode(&name.system_name()) {
        Some(mode) => assert_eq!(format!("{mode:o}"), "600"),
        None => return Outcome::aside("the backend's objects are no files that can be looked at"),
    }
    drop(open::<R>(&name, Access::ReadWrite));
    Outcome::Kept
}

/// Permissions become mode bits, whatever the file mode creation mask says.
pub fn c20_permissions_become_mode_bits<R: SharedRegion>(harness: &Harness) -> Outcome {
    let mut puppet = Puppet::start(harness);
    for mask in [0o077, 0o000, 0o777] {
        if puppet.ask(&format!("umask {mask}")).is_err() {
            return Outcome::aside("this system has no mode bits");
        }
        for (share, mode) in [
            ("owner", 0o600),
            ("group-ro", 0o640),
            ("group-rw", 0o660),
            ("group-rw-everyone-ro", 0o664),
            ("everyone-ro", 0o604),
            ("everyone-rw", 0o606),
        ] {
            let name = unique_name();
            puppet.expect(&format!("create region {SIZE} {share} {}", hex(&name)));
            match system::file_mode(&name.system_name()) {
                Some(found) => {
                    assert_eq!(format!("{found:o}"), format!("{mode:o}"), "{share}, umask {mask:o}")
                }
                None => return Outcome::aside("the backend's objects are no files that can be looked at"),
            }
            drop(open::<R>(&name, Access::ReadWrite));
        }
    }
    Outcome::Kept
}

/// A user's own objects are opened, whichever other users it accepts.
pub fn c20_own_object_is_always_accepted<R: SharedRegion>(_: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    let other = UserId::new("no such user");
    let user = Trust::User(UserId::current());
    for trust in [Trust::OwnAndSystem, Trust::Own, user, Trust::User(other), Trust::Anyone] {
        let options = OpenOptions::read_write().trust(trust.clone());
        let opened = R::open(&name, &options).unwrap_or_else(|error| panic!("{trust:?}: {error}"));
        assert_eq!(opened.len(), region.len());
    }
}

/// A process of another user, or why there can be none.
#[cfg(unix)]
fn puppet_of(harness: &Harness, uid: u32) -> Result<Puppet, Outcome> {
    if UserId::current().as_str() != "0" {
        return Err(Outcome::aside("only root can start the processes of two users"));
    }
    Puppet::start_as(harness, uid)
        .map_err(|error| Outcome::aside(format!("the test program cannot be run by another user: {error}")))
}

#[cfg(not(unix))]
fn puppet_of(_: &Harness, _: u32) -> Result<Puppet, Outcome> {
    Err(Outcome::aside("processes of two users cannot be started here"))
}

pub(super) fn two_users(harness: &Harness) -> Result<(Puppet, Puppet), Outcome> {
    Ok((puppet_of(harness, SOMEBODY)?, puppet_of(harness, SOMEBODY_ELSE)?))
}

pub(super) fn global_name() -> ObjectName {
    name(&format!(r"Global\{}", unique_text()))
}

/// Without permissions another user cannot open an object, whichever users it accepts.
pub fn c19_another_user_is_kept_out<R: SharedRegion>(harness: &Harness) -> Result<(), Outcome> {
    let (mut owner, mut other) = two_users(harness)?;
    let name = global_name();
    owner.create("region", SIZE, &name);
    for access in ["rw", "ro", "cow"] {
        let answer = other.ask(&format!("open region {access} anyone {}", hex(&name)));
        puppet_fails(answer, &format!("opening another user's object {access}"), "AccessDenied");
    }
    owner.end("quit");
    assert_free::<R>(&name);
    Ok(())
}

/// Another ordinary user's object is opened only by a caller that accepts that user, though the permissions let it in.
pub fn c20_another_users_object_must_be_accepted<R: SharedRegion>(harness: &Harness) -> Result<(), Outcome> {
    let (mut owner, mut other) = two_users(harness)?;
    let name = global_name();
    let hexed = hex(&name);
    owner.expect(&format!("create region {SIZE} everyone-rw {hexed}"));
    for trust in ["own", "alone", "54323"] {
        let answer = other.ask(&format!("open region rw {trust} {hexed}"));
        puppet_fails(answer, "opening another user's object", "UntrustedOwner");
    }
    let answer = other.ask(&format!("create-or-open region {SIZE} owner {hexed}"));
    puppet_fails(answer, "creating or opening another user's object", "UntrustedOwner");
    for trust in [SOMEBODY.to_string().as_str(), "anyone"] {
        assert_eq!(other.expect(&format!("open region rw {trust} {hexed}")), SIZE.to_string());
    }
    // The system's own, which this process's user is, is accepted unless the caller accepts its own alone.
    let systems = global_name();
    let everyone = Permissions::owner_only().everyone(Share::ReadWrite);
    let region = R::create(&systems, &CreateOptions::new(SIZE).permissions(everyone)).expect("a free name");
    let hexed = hex(&systems);
    let answer = other.ask(&format!("open region rw alone {hexed}"));
    puppet_fails(answer, "opening the system's object", "UntrustedOwner");
    assert_eq!(other.expect(&format!("open region rw own {hexed}")), SIZE.to_string());
    drop(region);
    other.end("quit");
    owner.end("quit");
    assert_free::<R>(&name);
    Ok(())
}

/// A read-only share lets another user read and map privately, and not write.
pub fn c20_read_only_share_keeps_others_from_writing<R: SharedRegion>(
    harness: &Harness,
) -> Result<(), Outcome> {
    let (mut owner, mut other) = two_users(harness)?;
    let name = global_name();
    let hexed = hex(&name);
    owner.expect(&format!("create region {SIZE} everyone-ro {hexed}"));
    owner.view("view", "region", Access::ReadWrite);
    owner.expect("fill view 0 all 8");
    puppet_fails(other.ask(&format!("open region rw anyone {hexed}")), "opening for writing", "AccessDenied");
    for access in ["ro", "cow"] {
        other.expect(&format!("open region {access} anyone {hexed}"));
        other.view("view", "region", Access::ReadOnly);
        assert_eq!(other.expect("filled view"), "8");
    }
    // A reader that may not write holds like any other process, and what it leaves last is no obstacle.
    owner.end("quit");
    assert_eq!(other.expect("filled view"), "8");
    other.end("quit");
    assert_free::<R>(&name);
    Ok(())
}

/// The `Local\` names of two users are apart.
pub fn c03_local_names_of_two_users_are_apart<R: SharedRegion>(harness: &Harness) -> Result<(), Outcome> {
    let (mut one, mut other) = two_users(harness)?;
    let name = unique_name();
    let hexed = hex(&name);
    one.create("region", SIZE, &name);
    puppet_fails(
        other.ask(&format!("open region rw anyone {hexed}")),
        "another user's Local name",
        "NotFound",
    );
    other.create("region", SIZE, &name);
    assert_free::<R>(&name);
    Ok(())
}

/// A peer that scribbles over every byte of a region does no harm: calls work, text stays inside, drops
/// drop, and the name is free in the end.
pub fn c21_scribbling_peer_harms_nobody<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    let view = map_all(&region, Access::ReadWrite);
    let mut puppet = Puppet::opener(harness, &name);
    puppet.tell("scribble view 300");
    loop {
        let ended = puppet.answer_if_ready();
        assert!(view.read_utf16_units(1).expect("inside").len() <= SIZE as usize / 2);
        assert!(view.read_utf16(SIZE as usize - 3).expect("inside").chars().count() <= 1);
        let _noise: [u64; 8] = view.get(17).expect("inside");
        let other: R = open(&name, Access::ReadWrite);
        assert_eq!((other.len(), region.len()), (SIZE, SIZE));
        drop(map_all(&other, Access::ReadWrite));
        if let Some(answer) = ended {
            answer.expect("scribbling works");
            break;
        }
    }
    assert!(!is_filled_with(&view, 0), "nobody scribbled");
    puppet.end("quit");
    drop(open::<R>(&name, Access::ReadWrite));
    drop(region);
    drop(view);
    assert_free::<R>(&name);
}

/// Text without an end is read to the end of the view, and no further; broken text becomes U+FFFD.
pub fn c21_text_from_outside_stays_inside<R: SharedRegion>(_: &Harness) {
    let region: R = create(&unique_name(), SIZE);
    let whole = map_all(&region, Access::ReadWrite);
    whole.fill(0, whole.len(), b'a').expect("a new region can be filled");
    let units = whole.read_utf16_units(0).expect("inside");
    assert_eq!(units, vec![0x6161; SIZE as usize / 2]);
    // The view ends inside a page, behind which more of the same is mapped.
    let part = region.view(3..10, Access::ReadWrite).expect("a range inside");
    assert_eq!(part.read_utf16(0).expect("inside"), "\u{6161}".repeat(3));
    assert_eq!(part.read_utf16(6).expect("inside"), "");
    let outside = part.read_utf16(7).map_err(|error| error.kind().clone());
    assert_eq!(outside, Err(ErrorKind::OutOfRange { offset: 7, len: 1, region_len: 7 }));
    whole.put(0, &[0x00_u8, 0xD8, 0x41, 0x00, 0x00, 0x00]).expect("inside");
    assert_eq!(whole.read_utf16(0).expect("inside"), "\u{FFFD}A");
}
