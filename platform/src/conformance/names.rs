//! Names: rules C1 to C4.

use super::puppet::{Harness, Puppet};
use super::suite::Outcome;
use super::support::{
    SIZE, assert_free, bytes_of, create, error_of, hex, is_filled_with, map_all, name, not_found, open, tell,
    unique_name, unique_text,
};
use super::system::{self, Squatter};
use crate::{
    Access, CreateOptions, ErrorKind, MAX_NAME_UNITS, NameRule, NameSpace, ObjectKind, ObjectName,
    OpenOptions, SharedRegion,
};

#[track_caller]
fn breaks(text: &str, rule: &NameRule) {
    let error = error_of(ObjectName::new(text), &format!("using the name {text:?}"));
    assert!(
        *error.kind() == ErrorKind::InvalidName(*rule),
        "{text:?}: wanted {rule:?}, got {:?}",
        error.kind()
    );
    assert_eq!(error.os_code(), None, "{text:?} was refused by a system call, not before one");
}

/// `Local\x`, `Global\x` and a bare `x` are names; a bare one is a `Local\` one.
pub fn c01_good_names_are_accepted<R: SharedRegion>(_: &Harness) {
    for (text, space, rest) in [
        ("x", NameSpace::Local, "x"),
        (r"Local\x", NameSpace::Local, "x"),
        (r"Global\x", NameSpace::Global, "x"),
        ("Local/x", NameSpace::Local, "Local/x"),
        ("local", NameSpace::Local, "local"),
        (r"Local\..", NameSpace::Local, ".."),
        ("with blanks\tand\nlines", NameSpace::Local, "with blanks\tand\nlines"),
        ("𝄞", NameSpace::Local, "𝄞"),
    ] {
        let name = name(text);
        assert_eq!((name.name_space(), name.rest()), (space, rest), "{text:?}");
    }
    assert_eq!(name("x"), name(r"Local\x"));
    assert_ne!(name("x"), name(r"Global\x"));
}

/// The prefix is spelled exactly `Local\` or `Global\`; a backslash anywhere else is refused.
pub fn c01_prefix_is_spelled_exactly<R: SharedRegion>(_: &Harness) {
    for text in [
        r"local\x",
        r"LOCAL\x",
        r"global\x",
        r"Lokal\x",
        r"Session\x",
        r"Session\1\x",
        r"\x",
        r"x\",
        r"Local\a\b",
        r"Local\\x",
        r"Local\x\",
        r"Local\Local\x",
        r"Global\Local\x",
        r" Local\x",
        r"\\.\pipe\x",
    ] {
        breaks(text, &NameRule::Backslash);
    }
}

/// An empty name is refused, with and without a prefix.
pub fn c01_empty_name_is_refused<R: SharedRegion>(_: &Harness) {
    for text in ["", r"Local\", r"Global\"] {
        breaks(text, &NameRule::Empty);
    }
}

/// A NUL is refused wherever it stands.
pub fn c01_nul_is_refused<R: SharedRegion>(_: &Harness) {
    for text in ["\0", "x\0", "\0x", "Local\\x\0y", "Global\\\0"] {
        breaks(text, &NameRule::Nul);
    }
}

/// 259 UTF-16 units are a name, prefix and all, and 260 are not, whatever their length in UTF-8.
pub fn c01_length_is_counted_in_utf16_units<R: SharedRegion>(_: &Harness) {
    for (prefix, character) in [("", "x"), (r"Local\", "ö"), (r"Global\", "漢"), ("", "𝄞"), (r"Local\", "𝄞")]
    {
        let each = character.encode_utf16().count();
        let room = MAX_NAME_UNITS - prefix.len();
        // An odd rest cannot be filled with surrogate pairs alone.
        let longest = format!("{prefix}{}{}", character.repeat(room / each), "y".repeat(room % each));
        assert_eq!(longest.encode_utf16().count(), 259);
        assert!(ObjectName::new(&longest).is_ok(), "259 units of {character}");
        breaks(&format!("{longest}z"), &NameRule::TooLong { units: 260 });
        breaks(&format!("{longest}𝄞"), &NameRule::TooLong { units: 261 });
    }
    breaks(&"x".repeat(100_000), &NameRule::TooLong { units: 100_000 });
}

/// Every legal name is the name of an object of its own, in every process, however odd.
pub fn c01_odd_names_name_objects<R: SharedRegion>(harness: &Harness) {
    let unique = unique_text();
    let names: Vec<ObjectName> = [
        "a/b",
        "a%2Fb",
        "a%b",
        "../up",
        ".hidden",
        "a b",
        " ",
        "trailing.",
        "trailing ",
        "a:b",
        "*?\"<>|",
        "line\nfeed",
        "tab\t",
        "smörgås",
        "漢字",
        "𝄞",
        "e\u{301}",
        "é",
        "-rf",
        "~",
        "nul",
        "$HOME",
        "\u{FEFF}bom",
        "\u{202E}",
    ]
    .iter()
    .map(|odd| name(&format!("{odd}{unique}{odd}")))
    .collect();
    let regions: Vec<R> = names.iter().map(|name| create(name, SIZE)).collect();
    for (at, region) in regions.iter().enumerate() {
        map_all(region, Access::ReadWrite)
            .fill(0, SIZE as usize, at as u8 + 1)
            .expect("a new region can be filled");
    }
    let mut puppet = Puppet::start(harness);
    for (at, name) in names.iter().enumerate() {
        puppet.open("region", Access::ReadWrite, name);
        puppet.view("view", "region", Access::ReadWrite);
        assert_eq!(puppet.expect("filled view"), (at + 1).to_string(), "{name:?} led to another object");
        puppet.expect("drop-view view");
    }
    puppet.end("quit");
    drop(regions);
    for name in &names {
        not_found::<R>(name, Access::ReadWrite);
    }
}

/// A name of the greatest length names an object, by its prefixed and by its bare spelling.
pub fn c01_longest_names_name_objects<R: SharedRegion>(harness: &Harness) {
    let mut puppet = Puppet::start(harness);
    for (prefix, character) in [("", "x"), (r"Local\", "x"), (r"Local\", "漢"), (r"Local\", "𝄞")] {
        let unique = unique_text();
        let units = MAX_NAME_UNITS - prefix.len() - unique.len();
        let each = character.encode_utf16().count();
        let text = format!("{prefix}{unique}{}{}", character.repeat(units / each), "y".repeat(units % each));
        let region: R = create(&name(&text), SIZE);
        // One that differs in its last character alone is another object.
        let mut other = text.clone();
        other.pop();
        other.push('z');
        not_found::<R>(&name(&other), Access::ReadWrite);
        puppet.expect(&format!("open region rw own {}", hex(&text)));
        puppet.expect("drop-region region");
        drop(region);
        not_found::<R>(&name(&text), Access::ReadWrite);
    }
}

/// Names that differ in case are different objects, in ASCII and beyond.
pub fn c02_names_are_case_sensitive<R: SharedRegion>(_: &Harness) {
    for (lower, upper) in [("x", "X"), ("å", "Å"), ("straße", "straẞe")] {
        let unique = unique_text();
        let [lower, upper] = [lower, upper].map(|letter| name(&format!("{unique}-{letter}")));
        let region: R = create(&lower, SIZE);
        not_found::<R>(&upper, Access::ReadWrite);
        let other: R = create(&upper, SIZE);
        map_all(&region, Access::ReadWrite).fill(0, SIZE as usize, 7).expect("a new region can be filled");
        assert!(
            is_filled_with(&map_all(&other, Access::ReadWrite), 0),
            "{} and {} are one object",
            lower.rest(),
            upper.rest()
        );
    }
}

/// A bare name and the same name behind `Local\` are one object.
pub fn c03_bare_name_is_a_local_name<R: SharedRegion>(_: &Harness) {
    let unique = unique_text();
    let region: R = create(&name(&unique), SIZE);
    map_all(&region, Access::ReadWrite).fill(0, 1, 9).expect("a new region can be filled");
    let other: R = open(&name(&format!(r"Local\{unique}")), Access::ReadWrite);
    assert_eq!(bytes_of(&map_all(&other, Access::ReadWrite))[0], 9, "two spellings are two objects");
}

/// `Local\x` and `Global\x` are different objects.
pub fn c03_local_and_global_are_apart<R: SharedRegion>(_: &Harness) -> Outcome {
    if system::local_is_global() {
        return Outcome::aside("in Windows' session 0 Local\\ and Global\\ are one");
    }
    let unique = unique_text();
    let (local, global) = (name(&format!(r"Local\{unique}")), name(&format!(r"Global\{unique}")));
    let theirs: R = match R::create(&global, &CreateOptions::new(SIZE)) {
        Ok(region) => region,
        Err(error) if cfg!(windows) && error.is(ErrorKind::AccessDenied) => {
            return Outcome::aside("this user lacks SeCreateGlobalPrivilege");
        }
        Err(error) => panic!("{}", tell(&error)),
    };
    not_found::<R>(&local, Access::ReadWrite);
    let ours: R = create(&local, SIZE);
    map_all(&ours, Access::ReadWrite).fill(0, SIZE as usize, 7).expect("a new region can be filled");
    assert!(is_filled_with(&map_all(&theirs, Access::ReadWrite), 0), "Local and Global are one object");
    drop(ours);
    not_found::<R>(&local, Access::ReadWrite);
    drop(open::<R>(&global, Access::ReadWrite));
    drop(theirs);
    assert_free::<R>(&global);
    Outcome::Kept
}

/// A name that an object of another kind has is `KindMismatch` in every call, at once, and that object stays.
pub fn c04_name_of_another_kind_is_kind_mismatch<R: SharedRegion>(_: &Harness) -> Outcome {
    let name = unique_name();
    let Some(squatter) = Squatter::on(&name) else {
        return Outcome::aside("nothing but regions can be put on a name here");
    };
    let options = CreateOptions::new(SIZE);
    for (call, result) in [
        ("create", R::create(&name, &options).map(drop)),
        ("create or open", R::create_or_open(&name, &options).map(drop)),
        ("open", R::open(&name, &OpenOptions::read_write()).map(drop)),
    ] {
        let error = error_of(result, &format!("{call} of a name that another kind holds"));
        assert!(
            matches!(error.kind(), ErrorKind::KindMismatch { wanted: ObjectKind::Region, .. }),
            "{call}: wanted KindMismatch, got {:?}: {}",
            error.kind(),
            tell(&error)
        );
        assert_eq!(error.name(), Some(name.to_string().as_str()), "{call} names the object");
        assert!(squatter.is_there(), "{call} removed what held the name");
    }
    drop(squatter);
    assert_free::<R>(&name);
    Outcome::Kept
}
