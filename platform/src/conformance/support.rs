//! Calls that many rules make.

use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::random::Random;
use crate::{Access, CreateOptions, Disposition, Error, ErrorKind, ObjectName, OpenOptions, Result};
use crate::{SharedRegion, View};

/// A size that is whole pages everywhere, and whole allocation granules.
pub(super) const SIZE: u64 = 64 * 1024;

/// How long a rule waits for an event that has to come.
pub(super) fn patience() -> Duration {
    let asked = std::env::var("SAMEMAP_PATIENCE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(asked.unwrap_or(15))
}

/// Looks until there is an answer, for as long as patience lasts.
#[track_caller]
pub(super) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < patience(), "{what}: it did not happen in {:?}", patience());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The value of a call that must work.
#[track_caller]
pub(super) fn good<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{}", tell(&error)))
}

/// A text that no other test, process or run uses. ASCII letters, digits and hyphens.
#[must_use]
pub fn unique_text() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let tag = std::env::var("SAMEMAP_CONFORMANCE_TAG").unwrap_or_else(|_| "conformance".to_owned());
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{tag}-{:x}-{count:x}-{:08x}", std::process::id(), Random::new().next() as u32)
}

/// A name in the `Local\` space that no other test, process or run uses.
pub(super) fn unique_name() -> ObjectName {
    name(&unique_text())
}

/// A name that must be a good one.
#[track_caller]
pub(super) fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap_or_else(|error| panic!("a good name is refused: {error}"))
}

/// Names travel to puppets in hexadecimal digits: they may hold any character.
pub(super) fn hex(text: &impl ToString) -> String {
    text.to_string().bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Back from [`hex`].
pub(super) fn unhex(text: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

/// The word by which puppets know an access.
pub(super) const fn word_for(access: Access) -> &'static str {
    match access {
        Access::ReadOnly => "ro",
        Access::ReadWrite => "rw",
        Access::CopyOnWrite => "cow",
    }
}

/// An error with its cause, on one line.
pub(super) fn tell(error: &Error) -> String {
    let text = match error.source() {
        Some(source) => format!("{error} ({source})"),
        None => error.to_string(),
    };
    text.replace(['\n', '\r'], " / ")
}

/// The bare name of an error's kind, such as `OutOfRange`.
pub(super) fn kind_word(kind: &ErrorKind) -> String {
    let text = format!("{kind:?}");
    text.split([' ', '(']).next().unwrap_or_default().to_owned()
}

/// Creates a region; it must work.
#[track_caller]
pub(super) fn create<R: SharedRegion>(name: &ObjectName, size: u64) -> R {
    good(R::create(name, &CreateOptions::new(size)))
}

/// Opens a region; it must work.
#[track_caller]
pub(super) fn open<R: SharedRegion>(name: &ObjectName, access: Access) -> R {
    good(R::open(name, &OpenOptions::new(access)))
}

/// Creates or opens a region; it must work.
#[track_caller]
pub(super) fn create_or_open<R: SharedRegion>(name: &ObjectName, size: u64) -> (R, Disposition) {
    good(R::create_or_open(name, &CreateOptions::new(size)))
}

/// Maps all of a region; it must work.
#[track_caller]
pub(super) fn map_all<R: SharedRegion>(region: &R, access: Access) -> View {
    good(region.view(.., access))
}

/// The bytes of a whole view.
pub(super) fn bytes_of(view: &View) -> Vec<u8> {
    let mut bytes = vec![0; view.len()];
    view.read(0, &mut bytes).expect("a view can be read whole");
    bytes
}

/// Whether every byte of a view is `byte`.
pub(super) fn is_filled_with(view: &View, byte: u8) -> bool {
    bytes_of(view).iter().all(|&found| found == byte)
}

/// The error of a call that must fail.
#[track_caller]
pub(super) fn error_of<T>(result: Result<T>, doing: &str) -> Error {
    match result {
        Ok(_) => panic!("{doing} worked, and should have failed"),
        Err(error) => error,
    }
}

/// Checks that a call fails, and with which kind of error.
#[track_caller]
pub(super) fn fails<T>(result: Result<T>, doing: &str, kind: &ErrorKind) -> Error {
    let error = error_of(result, doing);
    assert!(error.kind() == kind, "{doing}: wanted {kind:?}, got {:?}: {}", error.kind(), tell(&error));
    error
}

/// Checks that a puppet's call fails, and with which kind of error.
#[track_caller]
pub(super) fn puppet_fails(answer: Result<String, String>, doing: &str, kind: &str) {
    match answer {
        Ok(answer) => panic!("{doing} worked in another process ({answer}), and should have failed"),
        Err(error) => assert!(
            error.split(' ').next() == Some(kind),
            "{doing} in another process: wanted {kind}, got {error}"
        ),
    }
}

/// Checks that a name is free: it cannot be opened, and a new object of it reads as zeros.
#[track_caller]
pub(super) fn assert_free<R: SharedRegion>(name: &ObjectName) {
    for access in [Access::ReadOnly, Access::ReadWrite] {
        not_found::<R>(name, access);
    }
    let (region, disposition) = create_or_open::<R>(name, SIZE);
    assert_eq!(disposition, Disposition::Created, "somebody still holds {name}");
    assert!(is_filled_with(&map_all(&region, Access::ReadWrite), 0), "a new {name} is not zeroed");
    drop(region);
    not_found::<R>(name, Access::ReadWrite);
    drop(create::<R>(name, SIZE));
}

/// Checks that a name cannot be opened.
#[track_caller]
pub(super) fn not_found<R: SharedRegion>(name: &ObjectName, access: Access) {
    match R::open(name, &OpenOptions::new(access)) {
        Ok(_) => panic!("{name} can still be opened"),
        // A backend that cannot open for reading has not opened it either; C11 is where it fails.
        Err(error) if access == Access::ReadOnly && error.is(ErrorKind::Unsupported) => {}
        Err(error) => assert!(
            error.is(ErrorKind::NotFound),
            "opening a free name: wanted NotFound, got {:?}: {}",
            error.kind(),
            tell(&error)
        ),
    }
}
