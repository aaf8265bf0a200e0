//! Waits for all of several events, beside waits for one after the other.

use samemap::sync::{EventOptions, MAX_OBJECTS, Reset, SharedEvent, WaitAny};
use samemap::{Access, CreateOptions, Region, wait_all, wait_any};

use super::place::UNPINNED;
use super::report::{Report, Subject};
use super::rounds::{self, Plan, Rival};

/// All rows about waits for all: in each round every event is set, and then taken.
pub fn measure(plan: Plan, report: &mut Report) {
    let len = MAX_OBJECTS * SharedEvent::SIZE;
    let region = Region::anonymous(&CreateOptions::new(len as u64)).expect("create");
    let view = region.view(.., Access::ReadWrite).expect("map");
    let event = |index| {
        let options = EventOptions::new(Reset::Auto);
        SharedEvent::create_or_open(&view, index * SharedEvent::SIZE, &options).expect("create").0
    };
    for count in [2, 8, MAX_OBJECTS] {
        let events: Vec<_> = (0..count).map(event).collect();
        let all: Vec<&dyn WaitAny> = events.iter().map(|event| event as &dyn WaitAny).collect();
        let set = || events.iter().for_each(|event| event.set().expect("set"));
        let mut rivals = [
            Rival::floor("one after the other, not at one moment", || {
                set();
                events.iter().for_each(|event| event.wait().expect("wait"));
            }),
            Rival::ours("samemap wait_any, once for each", || {
                set();
                events.iter().for_each(|_| drop(wait_any(&all).expect("wait")));
            }),
            Rival::ours("samemap wait_all", || {
                set();
                drop(wait_all(&all).expect("wait"));
            }),
        ];
        let times = rounds::run_in_nanoseconds(plan, &mut rivals);
        let subject = Subject { bench: "set so many events and take all", size: count as u64 };
        report.add_in(subject, "ns", UNPINNED.name, times);
    }
}
