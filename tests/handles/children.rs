//! From a parent to a child.

use crate::common::*;

#[test]
fn a_child_adopts_what_its_parent_offers() {
    let regions = Regions::new();
    let mut command = part::command("holder", &["memory", "named", "file", "named_file"]);
    let offers = [
        regions.memory.offer_to(&mut command, "memory", Access::ReadWrite).expect("offered"),
        regions.named.offer_to(&mut command, "named", Access::ReadWrite).expect("offered"),
        regions.file.offer_to(&mut command, "file", Access::ReadWrite).expect("offered"),
        regions.named_file.offer_to(&mut command, "named_file", Access::ReadOnly).expect("offered"),
    ];
    regions.write_numbers();
    let mut child = Program::start(command);
    child.wait_for_output("memory 4096 ReadWrite false None 1.");
    child.wait_for_output(&format!("named 4096 ReadWrite false {:?} 2.", Some(&regions.name)));
    child.wait_for_output("file 1000 ReadWrite true None 3.");
    child.wait_for_output(&format!("named_file 1000 ReadOnly true {:?} 4.", Some(&regions.file_name)));
    child.wait_for_output("ready");
    // The same bytes, in both directions.
    for (key, region) in [("memory", &regions.memory), ("named", &regions.named), ("file", &regions.file)] {
        child.type_in(&format!("set {key} 77\n"));
        child.wait_for_output(&format!("{key} is set to 77."));
        assert_eq!(byte_of(region), 77, "{key}");
        view_of(region).put(0, &78u8).expect("in range");
        child.type_in(&format!("get {key}\n"));
        child.wait_for_output(&format!("{key} holds 78."));
    }
    child.type_in("set named_file 1\n");
    child.wait_for_output("named_file cannot be set: AccessDenied.");
    drop(offers);
    child.end();
    regions.end();
}

#[test]
fn a_command_that_starts_several_children_offers_to_each() {
    let text = unique_name("several");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let mut command = part::command("adder", &["it"]);
    let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    for _ in 0..3 {
        let output = command.output().expect("started");
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(byte_of(&region), 3);
    // A command that looks the same and carries nothing: the variable alone leads nowhere.
    let mut forged = part::command("holder", &["it"]);
    let value = command.get_envs().find(|(key, _)| *key == "SAMEMAP_OFFER_it").expect("carried").1;
    forged.env("SAMEMAP_OFFER_it", value.expect("set"));
    if cfg!(unix) {
        let forged = crate::support::run(forged);
        assert!(forged.stdout.contains("it: NotFound the offer was made to another process"), "{forged:#?}");
    }
    drop((region, offer, command));
    assert_nothing_left(&text);
}

#[test]
fn what_cannot_be_offered_or_adopted_is_said() {
    let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    let mut command = part::command("holder", &[]);
    for key in ["", "Upper", "a b", "a=b", "x\0", "ä"] {
        assert_eq!(kind(region.offer_to(&mut command, key, Access::ReadOnly)), ErrorKind::InvalidArgument);
        assert_eq!(kind(Region::adopt(key)), ErrorKind::InvalidArgument);
    }
    let _offer = region.offer_to(&mut command, "twice", Access::ReadOnly).expect("offered");
    assert_eq!(kind(region.offer_to(&mut command, "twice", Access::ReadOnly)), ErrorKind::InvalidArgument);
    let file = TestFile::with(b"text");
    let reader = Region::over_file(file.path(), &FileOptions::read_only()).expect("a file");
    let more = reader.offer_to(&mut command, "more", Access::ReadWrite);
    assert_eq!(kind(more), ErrorKind::AccessDenied);
    assert_eq!(kind(Region::adopt("never_offered")), ErrorKind::NotFound);
}

#[test]
fn an_offer_is_adopted_once() {
    let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    let mut command = part::command("holder", &["it", "it", "missing"]);
    let _offer = region.offer_to(&mut command, "it", Access::CopyOnWrite).expect("offered");
    let child = Program::start(command);
    child.wait_for_output("it 4096 CopyOnWrite");
    child.wait_for_output("it: NotFound it was adopted before");
    child.wait_for_output("missing: NotFound nothing was offered");
    child.wait_for_output("ready");
    child.end();
}

/// An adoption that fails takes nothing, and leaves the key.
#[test]
fn a_failed_adoption_can_be_tried_again() {
    let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    let mut command = part::command("retrier", &["it"]);
    let _offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let child = Program::start(command);
    child.wait_for_output("failed: InvalidArgument");
    child.wait_for_output("failed: NotFound");
    child.wait_for_output("it 4096 ReadWrite false None 0.");
    child.wait_for_output("ready");
    child.end();
}

/// On Windows the child takes it out of a parent that has to keep it; on POSIX it has it from its start.
#[test]
fn an_offer_that_is_dropped_early_is_withdrawn_on_windows_alone() {
    let text = unique_name("withdrawn");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let mut command = part::command("holder", &["wait", "it"]);
    let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let mut child = Program::start(command);
    child.wait_for_output("waiting");
    drop((offer, region));
    assert_eq!(open(&text).is_ok(), cfg!(unix), "whether the child holds it before it adopts");
    child.type_in("go on\n");
    child.wait_for_output(if cfg!(unix) {
        "it 4096 ReadWrite"
    } else {
        "it: NotFound the offer was withdrawn"
    });
    child.wait_for_output("ready");
    child.end();
    assert_left_nothing(&text);
}

#[test]
fn a_child_that_never_adopts_leaves_nothing() {
    let text = unique_name("ignored");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let mut command = part::command("holder", &[]);
    let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let child = Program::start(command);
    child.wait_for_output("ready");
    child.kill();
    drop((region, offer));
    assert_nothing_left(&text);
}
