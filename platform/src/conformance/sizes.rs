//! Sizes, memory and first contents: rules C7 to C9.

use super::puppet::{Harness, Puppet};
use super::suite::Outcome;
use super::support::{
    SIZE, assert_free, create, create_or_open, error_of, fails, is_filled_with, map_all, not_found, open,
    tell, unique_name,
};
use super::system;
use crate::{Access, CreateOptions, ErrorKind, SharedRegion};

/// More than any machine has, and less than an address space of 47 bits; not whole pages, because an
/// error tells the size that was asked for.
const FAR_TOO_MUCH: u64 = (64 << 40) - 1;

/// A size is rounded up to whole pages, to the same number for the creator and for every opener.
pub fn c07_size_is_whole_pages_for_everybody<R: SharedRegion>(harness: &Harness) {
    let page = system::page_size();
    let mut puppet = Puppet::start(harness);
    for size in [1, page - 1, page, page + 1, SIZE - 1, SIZE, SIZE + 1, (1 << 20) + 1] {
        let name = unique_name();
        let region: R = create(&name, size);
        assert_eq!(region.len(), size.next_multiple_of(page), "asked for {size} bytes");
        assert_eq!(map_all(&region, Access::ReadWrite).len() as u64, region.len());
        assert_eq!(open::<R>(&name, Access::ReadWrite).len(), region.len(), "opened here");
        assert_eq!(create_or_open::<R>(&name, 1).0.len(), region.len(), "created or opened here");
        assert_eq!(
            puppet.open("region", Access::ReadWrite, &name),
            region.len(),
            "opened in another process"
        );
        puppet.expect("drop-region region");
    }
}

/// The bytes that rounding adds are part of the region.
pub fn c07_rounded_up_bytes_can_be_used<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, 1);
    let view = map_all(&region, Access::ReadWrite);
    view.put(view.len() - 1, &0x5A_u8).expect("the last byte can be written");
    let mut puppet = Puppet::opener(harness, &name);
    assert_eq!(puppet.expect(&format!("read view {} 1", view.len() - 1)), "5a");
}

/// A size of zero is an error, and takes no name.
pub fn c07_zero_size_is_an_error<R: SharedRegion>(_: &Harness) {
    let name = unique_name();
    let options = CreateOptions::new(0);
    fails(R::create(&name, &options), "creating nothing", &ErrorKind::InvalidArgument);
    fails(R::create_or_open(&name, &options), "creating or opening nothing", &ErrorKind::InvalidArgument);
    assert_free::<R>(&name);
}

/// Sizes near the greatest numbers are errors, not small regions.
pub fn c07_sizes_near_the_limit_do_not_wrap<R: SharedRegion>(_: &Harness) {
    let page = system::page_size();
    let top = [0, 1, page - 2, page - 1, page, page + 1, SIZE - 1, SIZE, SIZE + 1, 1 << 32]
        .map(|less| u64::MAX - less);
    let middle =
        [1 << 63, (1 << 63) - 1, (1 << 63) + 1, (1 << 63) - page, (1 << 63) - SIZE, (1 << 63) - 2 * SIZE];
    for size in top.into_iter().chain(middle) {
        let name = unique_name();
        for (call, result) in [
            ("create", R::create(&name, &CreateOptions::new(size)).map(|region| region.len())),
            (
                "create or open",
                R::create_or_open(&name, &CreateOptions::new(size)).map(|(region, _)| region.len()),
            ),
        ] {
            let error = error_of(result, &format!("{call} of {size} bytes"));
            assert!(
                matches!(error.kind(), ErrorKind::OutOfMemory { .. } | ErrorKind::InvalidArgument),
                "{call} of {size} bytes: {:?}: {}",
                error.kind(),
                tell(&error)
            );
        }
        not_found::<R>(&name, Access::ReadWrite);
    }
}

/// A size that cannot be had is `OutOfMemory` at creation, with that size, and takes no name.
pub fn c08_what_cannot_be_had_is_refused_at_creation<R: SharedRegion>(_: &Harness) {
    let name = unique_name();
    for (call, result) in [
        ("create", R::create(&name, &CreateOptions::new(FAR_TOO_MUCH)).map(drop)),
        ("create or open", R::create_or_open(&name, &CreateOptions::new(FAR_TOO_MUCH)).map(drop)),
    ] {
        let error = error_of(result, &format!("{call} of 64 TiB"));
        let ErrorKind::OutOfMemory { requested, available } = *error.kind() else {
            panic!("{call} of 64 TiB: wanted OutOfMemory, got {:?}: {}", error.kind(), tell(&error));
        };
        assert_eq!(requested, FAR_TOO_MUCH, "{call} tells the size asked for");
        assert!(!cfg!(target_os = "linux") || available.is_some(), "{call} tells what /dev/shm has left");
        assert!(available.is_none_or(|left| left < FAR_TOO_MUCH), "{call}: {available:?} would be enough");
        let text = error.to_string();
        assert!(text.contains(&FAR_TOO_MUCH.to_string()), "{text:?} does not tell the size");
    }
    assert_free::<R>(&name);
}

/// Memory is committed at creation: the system has set aside as much as the region is long, all of which
/// can be written, and gives no more than it can back.
pub fn c08_memory_is_committed_at_creation<R: SharedRegion>(_: &Harness) -> Outcome {
    if system::under_wine() {
        return Outcome::aside("Wine gives sections of up to 1 TiB that nothing backs");
    }
    let name = unique_name();
    let mut size = FAR_TOO_MUCH;
    // From a size that no machine has down to one that a large machine could have.
    while size >= 1 << 43 {
        let result = R::create(&name, &CreateOptions::new(size)).map(drop);
        let error = error_of(result, &format!("creating {size} bytes"));
        assert!(matches!(error.kind(), ErrorKind::OutOfMemory { .. }), "{size} bytes: {}", tell(&error));
        size /= 2;
    }
    for size in [1, SIZE, 16 << 20] {
        let region: R = create(&name, size);
        if let Some(set_aside) = system::set_aside(&name.system_name()) {
            assert!(set_aside >= region.len(), "{set_aside} of {} bytes are committed", region.len());
        }
        let view = map_all(&region, Access::ReadWrite);
        view.fill(0, view.len(), 1).expect("committed memory can be filled");
        assert!(is_filled_with(&view, 1));
    }
    Outcome::Kept
}

/// A new region reads as zeros, in every process.
pub fn c09_new_region_reads_as_zeros<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, (3 << 20) + 1);
    assert!(is_filled_with(&map_all(&region, Access::ReadWrite), 0), "not zeroed for the creator");
    let mut puppet = Puppet::opener(harness, &name);
    assert_eq!(puppet.expect("filled view"), "0", "not zeroed for an opener");
}

/// A new region reads as zeros also where an earlier object of that name held other bytes.
pub fn c09_new_region_has_nothing_of_an_old_one<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    for round in 0..3_u8 {
        let region: R = create(&name, 1 << 20);
        let view = map_all(&region, Access::ReadWrite);
        assert!(is_filled_with(&view, 0), "round {round}: contents of an object that is gone");
        view.fill(0, view.len(), 0xEE).expect("a new region can be filled");
        drop((view, region));
        let mut puppet = Puppet::start(harness);
        puppet.create("region", 1 << 20, &name);
        puppet.view("view", "region", Access::ReadWrite);
        assert_eq!(puppet.expect("filled view"), "0", "round {round}: contents of an object that is gone");
        puppet.expect("fill view 0 all 238");
        puppet.end("quit");
    }
}
