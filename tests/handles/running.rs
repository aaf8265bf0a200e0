//! To a process that runs.

use crate::common::*;

#[test]
fn a_running_process_receives_what_is_sent() {
    let regions = Regions::new();
    regions.write_numbers();
    let meeting = meeting();
    let mut child = Program::start(part::command("receiver", &[meeting.place(), "4"]));
    let mut courier = courier_to(&meeting, &child);
    courier.send(&regions.memory, Access::ReadWrite).expect("sent");
    courier.send(&regions.named, Access::ReadOnly).expect("sent");
    courier.send(&regions.file, Access::ReadOnly).expect("sent");
    courier.send(&regions.named_file, Access::ReadWrite).expect("sent");
    child.wait_for_output("0 4096 ReadWrite false None 1.");
    child.wait_for_output(&format!("1 4096 ReadOnly false {:?} 2.", Some(&regions.name)));
    child.wait_for_output("2 1000 ReadOnly true None 3.");
    child.wait_for_output(&format!("3 1000 ReadWrite true {:?} 4.", Some(&regions.file_name)));
    child.wait_for_output("ready");
    child.type_in("set 0 55\n");
    child.wait_for_output("0 is set to 55.");
    assert_eq!(byte_of(&regions.memory), 55);
    child.type_in("set 1 1\n");
    child.wait_for_output("1 cannot be set: AccessDenied.");
    child.type_in("flush 3\n");
    child.wait_for_output("3 is flushed.");
    child.end();
    regions.end();
}

#[test]
fn what_was_sent_is_held_also_when_the_sender_ended_before_the_receipt() {
    for sender in ["sender", "killed_sender"] {
        let text = unique_name("in-flight");
        let meeting = meeting();
        let child = part::start(sender, &[meeting.place(), &text, &std::process::id().to_string()]);
        let mut courier = meeting.courier_from();
        child.wait_for_output("sent");
        match sender {
            "sender" => drop(child.end()),
            _ => child.kill(),
        }
        assert!(!is_free(&text), "in flight it is held");
        let region = courier.receive(&Trust::default()).expect("received");
        assert_eq!((region.name(), byte_of(&region)), (Some(&name(&text)), 42));
        assert!(!is_free(&text));
        let memory = courier.receive(&Trust::default()).expect("received");
        assert_eq!((memory.name(), byte_of(&memory)), (None, 43));
        // The other side is gone, and nothing more was sent.
        assert_eq!(kind(courier.receive(&Trust::default())), ErrorKind::Os);
        drop(region);
        assert_left_nothing(&text);
    }
}

#[test]
fn a_sender_keeps_what_it_sent() {
    let text = unique_name("sender-keeps");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let meeting = meeting();
    let child = Program::start(part::command("receiver", &[meeting.place(), "1"]));
    let mut courier = courier_to(&meeting, &child);
    courier.send(&region, Access::ReadWrite).expect("sent");
    child.wait_for_output("ready");
    child.end();
    assert!(open(&text).is_ok(), "the receiver's end unlocks nothing of ours");
    drop((region, courier));
    assert_left_nothing(&text);
}

#[test]
fn more_access_than_one_has_cannot_be_sent() {
    let file = TestFile::with(b"text");
    let reader = Region::over_file(file.path(), &FileOptions::read_only()).expect("a file");
    let meeting = meeting();
    let child = Program::start(part::command("receiver", &[meeting.place(), "1"]));
    let mut courier = courier_to(&meeting, &child);
    assert_eq!(kind(courier.send(&reader, Access::ReadWrite)), ErrorKind::AccessDenied);
    courier.send(&reader, Access::CopyOnWrite).expect("no more than reading");
    child.wait_for_output("0 4 CopyOnWrite true None 116.");
    child.end();
}
