//! Creating, opening and closing regions.

use std::ffi::CString;
use std::hint::black_box;

use samemap::{Access, CreateOptions, ObjectName, OpenOptions, Region};
use shared_memory::ShmemConf;

use super::external;
use super::floor;
use super::job::unique;
use super::machine;
use super::place::UNPINNED;
use super::report::{Report, Subject};
use super::rounds::{self, Plan, Rival, Times};

/// All rows about regions.
pub fn measure(plan: Plan, report: &mut Report) {
    for size in [64 << 10, 16 << 20] {
        create(plan, report, size);
    }
    open(plan, report, 64 << 10);
    if !plan.is_quick {
        let plan = Plan { rounds: plan.rounds.min(7), ..plan };
        create_and_write_all(plan, report, "create, write every page, close", 1 << 30);
    }
}

/// What is left free of the memory behind /dev/shm.
const LEFT_FREE: u64 = 2 << 30;

/// Where all pages are written to, all pay for them, also those who commit nothing at creation.
pub fn create_and_write_all(plan: Plan, report: &mut Report, bench: &'static str, size: usize) {
    let floor_name = CString::new(format!("/{}", unique("floor"))).expect("no NUL");
    let name = ObjectName::new(unique("create")).expect("a valid name");
    let peer_name = format!("/{}", unique("peer"));
    let mut rivals = [
        Rival::floor("raw system calls", || floor::create_write_all_close(Some(&floor_name), size)),
        Rival::floor("memfd, without a name", || floor::create_write_all_close(None, size)),
        Rival::ours("samemap", || {
            let region = Region::create(&name, &CreateOptions::new(size as u64)).expect("create");
            let view = region.view(.., Access::ReadWrite).expect("view");
            // SAFETY: the view is as long, and nobody else knows the region.
            unsafe { floor::write_every_page(view.as_ptr(), size) };
        }),
        Rival::peer("shared_memory 0.12", || {
            let region = ShmemConf::new().size(size).os_id(&peer_name).create().expect("create");
            // SAFETY: the mapping is as long, and nobody else knows it.
            unsafe { floor::write_every_page(region.as_ptr(), size) };
        }),
    ];
    report.progress(bench, size, UNPINNED, (0, 1));
    let free = machine::free_for_shm();
    let times = if size as u64 + LEFT_FREE > free {
        let reason = format!("only {} MiB are free, and 2 GiB stay so", free >> 20);
        let absent = |rival: &Rival<'_>| Times {
            absent: Some(reason.clone()),
            ..Times::new(rival.system, rival.kind)
        };
        rivals.iter().map(absent).collect()
    } else {
        rounds::run(plan, &mut rivals)
    };
    report.add(Subject { bench, size: size as u64 }, times);
}

fn create(plan: Plan, report: &mut Report, size: usize) {
    let floor_name = CString::new(format!("/{}", unique("floor"))).expect("no NUL");
    let name = ObjectName::new(unique("create")).expect("a valid name");
    let peer_name = format!("/{}", unique("peer"));
    let mut rivals = [
        Rival::floor("raw system calls", || floor::create_view_close(&floor_name, size)),
        Rival::ours("samemap", || {
            let region = Region::create(&name, &CreateOptions::new(size as u64)).expect("create");
            region.view(.., Access::ReadWrite).expect("view").put(0, &1u8).expect("write");
        }),
        // Not committed: it only sets the file's length.
        Rival::peer("shared_memory 0.12", || {
            let region = ShmemConf::new().size(size).os_id(&peer_name).create().expect("create");
            // SAFETY: the first byte of a mapping of `size` bytes that nobody else knows.
            unsafe { region.as_ptr().write_volatile(1) };
        }),
        // Nor do these commit.
        external::rival("boost-shm", "create", size, plan),
        external::rival("boost-managed", "create", size, plan),
    ];
    let times = rounds::run(plan, &mut rivals);
    report.add(Subject { bench: "create, view, write, close", size: size as u64 }, times);
}

fn open(plan: Plan, report: &mut Report, size: usize) {
    let standing = floor::Standing::create(&format!("/{}", unique("standing")), size);
    let name = ObjectName::new(unique("open")).expect("a valid name");
    let held = Region::create(&name, &CreateOptions::new(size as u64)).expect("create");
    let peer_name = format!("/{}", unique("peer"));
    let peer = ShmemConf::new().size(size).os_id(&peer_name).create().expect("create");
    let mut rivals = [
        Rival::floor("raw system calls", || floor::open_view_close(standing.name())),
        Rival::ours("samemap", || {
            let region = Region::open(&name, &OpenOptions::read_write()).expect("open");
            let view = region.view(.., Access::ReadWrite).expect("view");
            black_box(view.get::<u8>(0).expect("read"));
        }),
        Rival::peer("shared_memory 0.12", || {
            let region = ShmemConf::new().os_id(&peer_name).open().expect("open");
            // SAFETY: the first byte of a mapping that is `size` bytes long.
            black_box(unsafe { region.as_ptr().read_volatile() });
        }),
        external::rival("boost-shm", "open", size, plan),
        external::rival("boost-managed", "open", size, plan),
    ];
    let times = rounds::run(plan, &mut rivals);
    report.add(Subject { bench: "open, view, read, close", size: size as u64 }, times);
    drop((rivals, held, peer));
}
