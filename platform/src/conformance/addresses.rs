//! Views at an address that the caller chooses: rule C12.

use super::puppet::Harness;
use super::support::{SIZE, create, error_of, fails, is_filled_with, map_all, tell, unique_name};
use crate::{Access, BASE_GRANULARITY, ErrorKind, MapRequest, SharedRegion, View};

/// Granules in the region that the rules map.
const GRANULES: u64 = 4;

/// A region whose granules are filled with 1, 2, 3 and 4.
fn striped<R: SharedRegion>() -> R {
    let region: R = create(&unique_name(), GRANULES * SIZE);
    let view = map_all(&region, Access::ReadWrite);
    for granule in 0..GRANULES {
        let start = (granule * SIZE) as usize;
        view.fill(start, SIZE as usize, granule as u8 + 1).expect("a new region can be filled");
    }
    region
}

/// An address on the grid that was free a moment ago, with room for the whole region.
fn free_address<R: SharedRegion>() -> usize {
    let spacer: R = create(&unique_name(), (GRANULES + 1) * SIZE);
    map_all(&spacer, Access::ReadWrite).as_ptr().addr().next_multiple_of(BASE_GRANULARITY)
}

/// Maps at a free address. Other threads of this process may take one first, so it tries some.
fn map_at_a_free_address<R: SharedRegion>(region: &R, request: MapRequest) -> (usize, View) {
    for _ in 0..50 {
        let base = free_address::<R>();
        match region.map(&request.at_base(base)) {
            Ok(view) => return (base, view),
            Err(error) if error.is(ErrorKind::AddressInUse) => {}
            Err(error) => panic!("a view at a free address: {}", tell(&error)),
        }
    }
    panic!("no address that was free a moment ago can be had");
}

/// A base address that is free is honoured exactly, with every access, and with an offset.
pub fn c12_free_base_is_honoured_exactly<R: SharedRegion>(_: &Harness) {
    let region = striped::<R>();
    for access in [Access::ReadWrite, Access::ReadOnly, Access::CopyOnWrite] {
        for granule in 0..GRANULES {
            let request = MapRequest::new(granule * SIZE, SIZE, access);
            let (base, view) = map_at_a_free_address(&region, request);
            assert_eq!(view.as_ptr().addr(), base, "{access}, granule {granule}");
            assert_eq!((view.len() as u64, view.access()), (SIZE, access));
            assert!(is_filled_with(&view, granule as u8 + 1), "{access}: another granule than {granule}");
        }
    }
    let odd_len = MapRequest::new(0, 4097, Access::ReadWrite);
    let (base, view) = map_at_a_free_address(&region, odd_len);
    assert_eq!((view.as_ptr().addr(), view.len()), (base, 4097));
}

/// A base address where something is mapped is `AddressInUse`, and what is there stays unharmed.
pub fn c12_base_in_use_is_refused<R: SharedRegion>(_: &Harness) {
    let region = striped::<R>();
    let other: R = create(&unique_name(), GRANULES * SIZE);
    let whole = MapRequest::new(0, GRANULES * SIZE, Access::ReadWrite);
    let (base, occupant) = map_at_a_free_address(&other, whole);
    occupant.fill(0, occupant.len(), 0xAB).expect("a new region can be filled");
    let granule = BASE_GRANULARITY;
    let spots = [("at its start", base), ("inside", base + granule), ("at its end", base + 3 * granule)];
    // With all of the region's length, also the one that begins below runs into it.
    for (spot, at) in spots.into_iter().chain([("from below", base - granule)]) {
        for access in [Access::ReadWrite, Access::ReadOnly, Access::CopyOnWrite] {
            let request = MapRequest::new(0, region.len(), access).at_base(at);
            fails(
                region.map(&request),
                &format!("a {access} view {spot} of another"),
                &ErrorKind::AddressInUse,
            );
        }
    }
    assert!(is_filled_with(&occupant, 0xAB), "the view that was there was harmed");
}

/// A base address in this process's own memory is refused, and the memory stays unharmed.
pub fn c12_own_memory_is_not_replaced<R: SharedRegion>(_: &Harness) {
    let region = striped::<R>();
    let memory = vec![0xCD_u8; 4 * BASE_GRANULARITY];
    let base = memory.as_ptr().addr().next_multiple_of(BASE_GRANULARITY);
    let request = MapRequest::new(0, SIZE, Access::ReadWrite).at_base(base);
    fails(region.map(&request), "a view in the heap", &ErrorKind::AddressInUse);
    assert!(std::hint::black_box(&memory).iter().all(|&byte| byte == 0xCD), "the heap was harmed");
}

/// A base address from which a view would run past the end of all addresses is refused.
pub fn c12_impossible_base_is_refused<R: SharedRegion>(_: &Harness) {
    let region = striped::<R>();
    let base = usize::MAX & !(BASE_GRANULARITY - 1);
    let request = MapRequest::new(0, 2 * SIZE, Access::ReadWrite).at_base(base);
    let error = error_of(region.map(&request), &format!("a view at {base:#x}"));
    assert!(error.is(ErrorKind::AddressInUse), "a view at the last address: {}", tell(&error));
}

/// With a base address, that and the offset must be multiples of 64 KiB, on every system.
pub fn c12_base_and_offset_lie_on_the_grid<R: SharedRegion>(_: &Harness) {
    let region = striped::<R>();
    let base = free_address::<R>();
    for (base, offset) in [
        (base + 1, 0),
        (base + 4096, 0),
        (base + 32 * 1024, 0),
        (base, 1),
        (base, 4096),
        (base, SIZE - 4096),
        (0, 0),
    ] {
        let request = MapRequest::new(offset, 4096, Access::ReadWrite).at_base(base);
        fails(region.map(&request), &format!("offset {offset} at {base:#x}"), &ErrorKind::InvalidArgument);
    }
}
