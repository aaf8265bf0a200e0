//! Errors, and what `Debug` shows: rule C28.

use std::error::Error as _;

use super::puppet::Harness;
use super::support::{SIZE, create, error_of, map_all, name, open, unique_name, unique_text};
use crate::{Access, CreateOptions, Disposition, Error, MapRequest, ObjectName, OpenOptions, SharedRegion};

/// One error of every kind that a region's own calls give, with the name that it must tell.
fn errors<R: SharedRegion>() -> Vec<(&'static str, Error, Option<String>)> {
    let (held, free) = (unique_name(), unique_name());
    let region: R = create(&held, SIZE);
    let held = Some(held.to_string());
    let missing = Some(free.to_string());
    let map = |request: MapRequest| region.map(&request).map(drop);
    let read_write = Access::ReadWrite;
    let mut errors = vec![
        ("NotFound", R::open(&free, &OpenOptions::read_write()).map(drop), missing.clone()),
        (
            "AlreadyExists",
            R::create(&name(held.as_deref().unwrap_or_default()), &CreateOptions::new(1)).map(drop),
            held.clone(),
        ),
        ("InvalidArgument", R::create(&free, &CreateOptions::new(0)).map(drop), missing.clone()),
        ("OutOfMemory", R::create(&free, &CreateOptions::new(u64::MAX / 2)).map(drop), missing),
        ("OutOfRange", map(MapRequest::new(SIZE, 1, read_write)), held.clone()),
        ("InvalidArgument", map(MapRequest::new(0, 0, read_write)), held.clone()),
        ("InvalidArgument", map(MapRequest::new(0, 1, read_write).at_base(1)), held),
        ("InvalidName", ObjectName::new(r"a\b").map(drop), Some(r#""a\\b""#.to_owned())),
    ];
    errors.drain(..).map(|(kind, result, name)| (kind, error_of(result, kind), name)).collect()
}

/// An error tells the operation and the object's name, in its fields and in its text.
pub fn c28_error_tells_operation_and_name<R: SharedRegion>(_: &Harness) {
    for (kind, error, name) in errors::<R>() {
        let text = error.to_string();
        assert!(!error.operation().is_empty(), "{kind}: no operation");
        assert!(text.contains(error.operation()), "{kind}: {text:?} does not tell the operation");
        assert_eq!(error.name(), name.as_deref(), "{kind}: {text}");
        assert!(
            error.name().is_none_or(|name| text.contains(name)),
            "{kind}: {text:?} does not tell the name"
        );
    }
}

/// An error's text is one line, with a remedy.
pub fn c28_error_is_one_line_with_a_remedy<R: SharedRegion>(_: &Harness) {
    for (kind, error, name) in errors::<R>() {
        let text = error.to_string();
        assert!(!text.chars().any(char::is_control), "{kind}: {text:?} is more than a line");
        assert_eq!(text.trim(), text, "{kind}");
        let said = text.replace(error.operation(), "").replace(&name.unwrap_or_default(), "");
        assert!(said.split_whitespace().count() >= 6, "{kind}: {text:?} says too little to help");
    }
}

/// An error's cause is the system's error, which the text does not repeat, and its code that error's.
pub fn c28_cause_is_the_systems_and_told_once<R: SharedRegion>(_: &Harness) {
    for (kind, error, _) in errors::<R>() {
        let Some(source) = error.source() else {
            assert_eq!(error.os_code(), None, "{kind}: a code without a cause");
            continue;
        };
        let text = error.to_string();
        assert!(!text.contains(&source.to_string()), "{kind}: {text:?} repeats its cause {source}");
        let cause = source.downcast_ref::<std::io::Error>().expect("the cause is the system's error");
        assert_eq!(error.os_code(), cause.raw_os_error(), "{kind}");
        assert_ne!(error.os_code(), Some(0), "{kind}: the code of success");
    }
}

/// An error can be sent between threads and boxed.
pub fn c28_error_goes_anywhere<R: SharedRegion>(_: &Harness) {
    let error = error_of(R::open(&unique_name(), &OpenOptions::read_write()), "opening a free name");
    let text = error.to_string();
    let boxed: Box<dyn std::error::Error + Send + Sync + 'static> = Box::new(error);
    let returned = std::thread::spawn(move || boxed).join().expect("no panic");
    assert_eq!(returned.to_string(), text);
}

/// A name with control characters does not break an error's one line.
pub fn c28_odd_name_stays_on_the_line<R: SharedRegion>(_: &Harness) {
    let odd = name(&format!("{}\n\u{7}\u{1b}[31m", unique_text()));
    let error = error_of(R::open(&odd, &OpenOptions::read_write()), "opening a free name");
    let text = error.to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert_eq!(error.name(), Some(odd.to_string().as_str()), "the field has the name as it is");
}

/// A region tells its name, size and access, by its methods and by `Debug`.
pub fn c28_region_tells_of_itself<R: SharedRegion>(_: &Harness) {
    let name = unique_name();
    let created: R = create(&name, SIZE);
    let opened: R = open(&name, Access::ReadWrite);
    let (either, disposition) =
        R::create_or_open(&name, &CreateOptions::new(SIZE)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(disposition, Disposition::Opened);
    for region in [created, opened, either] {
        assert_eq!(region.name(), Some(&name));
        assert_eq!((region.len(), region.access()), (SIZE, Access::ReadWrite));
        let text = format!("{region:?}");
        for part in [name.rest(), "65536", "ReadWrite"] {
            assert!(text.contains(part), "{text} does not tell {part}");
        }
        let view = format!("{:?}", map_all(&region, Access::ReadWrite));
        assert!(view.contains("65536") && view.contains("ReadWrite"), "{view}");
    }
}
