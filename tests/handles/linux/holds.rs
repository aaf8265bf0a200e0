//! The holds of parent and child, and what reaches a child.

use super::common::*;

/// What else is offered at the same time, by this thread or another, reaches only its own child.
#[test]
fn nothing_else_reaches_a_child() {
    let text = unique_name("no-leak");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let memory = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    let mut command = part::command("lister", &[]);
    let offers = [
        region.offer_to(&mut command, "a", Access::ReadWrite).expect("offered"),
        memory.offer_to(&mut command, "b", Access::ReadWrite).expect("offered"),
    ];
    let (view, fd) = (view_of(&region), region.to_fd().expect("a descriptor"));
    let bystander = crate::support::run(part::command("lister", &[]));
    assert!(bystander.stdout.contains("objects: 0 offers: 0\n"), "{bystander:#?}");
    let child = crate::support::run(command);
    // Of the named one what holds it, its data, and what carries claims; of the memory no more than it has.
    assert!(child.stdout.contains("objects: 5 offers: 2\n"), "{child:#?}");
    assert!(child.stdout.contains("after: 0\n"), "adopted and dropped, nothing is left: {child:#?}");
    drop((region, view, fd, offers));
    assert_nothing_left(&text);
}

/// Its holders are counted by the kernel: one for each process, and none in between.
#[test]
fn every_process_has_one_hold() {
    let text = unique_name("counted");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let holders = || {
        let system_name = name(&text).system_name();
        let list = catalog::list_counted().expect("Linux lists");
        list.into_iter().find(|entry| entry.system_name == system_name).and_then(|entry| entry.holders)
    };
    let mut command = part::command("holder", &["wait", "it"]);
    let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let mut child = Program::start(command);
    child.wait_for_output("waiting");
    assert_eq!(holders(), Some(2), "the child has its own before it runs");
    child.type_in("go on\n");
    child.wait_for_output("ready");
    assert_eq!(holders(), Some(2), "what it adopted is closed");
    child.end();
    drop(offer);
    assert_eq!(holders(), Some(1));
    drop(region);
    assert_nothing_left(&text);
}

#[test]
fn a_child_holds_also_when_its_parent_is_killed_before_it_adopts() {
    let text = unique_name("orphan");
    let mut middle = part::start("middle", &[&text]);
    middle.wait_for_output("waiting");
    let pid = middle.id() as i32;
    // SAFETY: our child, which was not reaped; the orphan keeps its streams.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
    crate::support::wait_until("the middle one is gone", || {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
    });
    assert_eq!(byte_of(&open(&text).expect("in the orphan's hands")), 8);
    middle.type_in("go on\n");
    middle.wait_for_output(&format!("it 4096 ReadWrite false {:?} 8.", Some(&name(&text))));
    middle.wait_for_output("ready");
    assert_eq!(byte_of(&open(&text).expect("adopted")), 8);
    middle.type_in("\n");
    crate::support::wait_until("the orphan ends in order", || !shm_file(&text).exists());
    assert_nothing_left(&text);
    middle.kill();
}

/// Between parent and adopter may stand a program that knows nothing of all this.
#[test]
fn a_shell_in_between_does_no_harm() {
    let text = unique_name("shell");
    let region = Region::create(&name(&text), &CreateOptions::new(1)).expect("free");
    let holder = part::command("holder", &["it"]);
    let mut command = Command::new("sh");
    command.args(["-c", "\"$0\" \"$@\"; read line; :"]).arg(holder.get_program()).args(holder.get_args());
    holder.get_envs().for_each(|(key, value)| {
        command.env(key, value.expect("set"));
    });
    let offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let mut shell = Program::start(command);
    shell.wait_for_output("ready");
    drop((region, offer));
    assert!(open(&text).is_ok());
    // The adopter ends, and the shell still has what it passed on.
    shell.type_in("\n");
    shell.wait_for_output("test result: ok");
    assert!(open(&text).is_ok());
    assert!(shell.end().status.success());
    assert!(is_free(&text));
    assert_left_nothing(&text);
}

/// What arrives where no descriptor is free is lost, and the error says why.
#[test]
fn a_receiver_without_room_for_descriptors_is_told_so() {
    let mut child = Start::role("crowded").start();
    child.expect("told");
    child.finish();
}

pub fn crowded(_: &[String]) {
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    let (mut sender, mut receiver) = (Courier::over(ours), Courier::over(theirs));
    sender.send(&region, Access::ReadWrite).expect("sent");
    let limit = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
    // SAFETY: two numbers.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    let files: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let error = receiver.receive(&Trust::default()).expect_err("there is no room");
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<std::io::Error>());
    assert_eq!(source.and_then(std::io::Error::raw_os_error), Some(libc::EMFILE), "{error}");
    // The connection goes on.
    drop(files);
    sender.send(&region, Access::ReadWrite).expect("sent");
    assert_eq!(receiver.receive(&Trust::default()).expect("there is room").len(), region.len());
    say("told");
}

/// The lock of one that is killed is let go, though another process has the same memory: each has a
/// description of its own.
#[test]
fn locks_inside_tell_adopters_apart() {
    use samemap_platform::sync::SharedMutex;
    let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let view = view_of(&region);
    let lock = SharedMutex::create(&view, 64, &0u64).expect("untouched");
    let mut command = part::command("locker", &["it"]);
    let _offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let child = Program::start(command);
    child.wait_for_output("locked");
    assert!(lock.try_lock().expect("whole").is_none(), "the child owns it");
    child.kill();
    let guard = lock.lock_timeout(Duration::from_secs(10)).expect("whole").expect("in time");
    assert!(guard.abandoned());
}

/// The middle one of three: it has the region made, offers it to a child that waits, and waits to be killed.
pub fn middle(arguments: &[String]) {
    let region = Region::create(&name(&arguments[0]), &CreateOptions::new(1)).expect("free");
    view_of(&region).put(0, &8u8).expect("in range");
    let mut command = part::orphan("holder", &["wait", "it"]);
    let _offer = region.offer_to(&mut command, "it", Access::ReadWrite).expect("offered");
    let mut child = command.spawn().expect("started");
    child.wait().expect("our child");
}

pub fn lister(_: &[String]) {
    let offers: Vec<String> = std::env::vars().map(|(key, _)| key).collect();
    let offers: Vec<&str> = offers.iter().filter_map(|key| key.strip_prefix("SAMEMAP_OFFER_")).collect();
    println!("objects: {} offers: {}", own_objects().len(), offers.len());
    offers.iter().for_each(|key| drop(Region::adopt(key).expect("offered")));
    println!("after: {}", own_objects().len());
}

pub fn locker(arguments: &[String]) {
    use samemap_platform::sync::SharedMutex;
    let region = Region::adopt(&arguments[0]).expect("offered");
    let view = view_of(&region);
    let lock = SharedMutex::<u64>::open(&view, 64).expect("made by the parent");
    let _guard = lock.lock().expect("whole");
    println!("locked");
    part::lines().for_each(drop);
}
