//! Copying out of and into views, beside `memcpy` on the same memory.

use std::cell::RefCell;
use std::hint::black_box;

use samemap::{Access, CreateOptions, Region};

use super::report::{Report, Subject};
use super::rounds::{self, Plan, Rival};

/// All rows about copies.
pub fn measure(plan: Plan, report: &mut Report) {
    for size in [8, 64, 1 << 10, 4 << 10, 64 << 10, 1 << 20] {
        out_of_a_view(plan, report, size);
        into_a_view(plan, report, size);
    }
}

fn region(size: usize) -> (Region, samemap::View) {
    let region = Region::anonymous(&CreateOptions::new(size as u64)).expect("an anonymous region");
    let view = region.view(.., Access::ReadWrite).expect("view");
    view.fill(0, view.len(), 7).expect("fill");
    (region, view)
}

fn out_of_a_view(plan: Plan, report: &mut Report, size: usize) {
    let (_region, view) = region(size);
    let private = RefCell::new(vec![0u8; size]);
    let mut rivals = [
        Rival::floor("memcpy", || {
            let mut private = private.borrow_mut();
            // SAFETY: both ranges are `size` bytes, and nobody else writes here.
            unsafe { view.as_ptr().copy_to_nonoverlapping(private.as_mut_ptr(), black_box(size)) };
            black_box(private.as_ptr());
        }),
        Rival::ours("samemap View::read", || {
            let mut private = private.borrow_mut();
            view.read(0, &mut private[..black_box(size)]).expect("in range");
            black_box(private.as_ptr());
        }),
    ];
    let times = rounds::run(plan, &mut rivals);
    report.add(Subject { bench: "copy out of a view", size: size as u64 }, times);
}

fn into_a_view(plan: Plan, report: &mut Report, size: usize) {
    let (_region, view) = region(size);
    let private = vec![7u8; size];
    let mut rivals = [
        Rival::floor("memcpy", || {
            // SAFETY: both ranges are `size` bytes, and nobody else reads here.
            unsafe { view.as_ptr().copy_from_nonoverlapping(private.as_ptr(), black_box(size)) };
            black_box(view.as_ptr());
        }),
        Rival::ours("samemap View::write", || {
            view.write(0, &private[..black_box(size)]).expect("in range");
            black_box(view.as_ptr());
        }),
    ];
    let times = rounds::run(plan, &mut rivals);
    report.add(Subject { bench: "copy into a view", size: size as u64 }, times);
}
