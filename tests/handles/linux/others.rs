//! Other users get what they are given and no more.

use super::common::*;

/// C20: a user that could not open it by name may be given it by handle, with as much access as was given.
#[test]
fn another_user_gets_what_is_given_and_no_more() {
    if !users::root_or_aside("handles: another user") {
        return;
    }
    let text = unique_name("other-user");
    let region = Region::create(&name(&text), &CreateOptions::new(4096)).expect("free");
    let memory = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let mut child = Start::role("other_user").argument(pass_on(&theirs)).start();
    drop(theirs);
    child.expect("ready");
    let mut courier = Courier::over(ours);
    for region in [&region, &memory] {
        for access in [Access::ReadWrite, Access::ReadOnly] {
            courier.send(region, access).expect("sent");
            child.expect(&format!("{access:?} {}", access == Access::ReadWrite));
        }
    }
    assert_eq!((byte_of(&region), byte_of(&memory)), (7, 7), "it wrote where it may");
    drop(region);
    assert_eq!(byte_of(&open(&text).expect("the other user holds it")), 7);
    child.say("end");
    child.finish();
    assert!(is_free(&text));
    // Only we could remove the name, and we do so in passing.
    assert_nothing_left(&text);
}

pub fn other_user(arguments: &[String]) {
    // SAFETY: passed on to this process for that.
    let stream = unsafe { UnixStream::from_raw_fd(arguments[0].parse().expect("a number")) };
    // SAFETY: this process gives up root.
    let gave_up = unsafe {
        libc::setgroups(0, std::ptr::null())
            + libc::setresgid(65_534, 65_534, 65_534)
            + libc::setresuid(65_534, 65_534, 65_534)
    };
    assert_eq!(gave_up, 0);
    say("ready");
    let mut courier = Courier::over(stream);
    let mut kept = Vec::new();
    for _ in 0..4 {
        let region = courier.receive(&Trust::default()).expect("root's");
        let can_write = region.access() == Access::ReadWrite;
        if can_write {
            view_of(&region).put(0, &7u8).expect("in range");
        }
        assert_eq!(byte_of(&region), 7);
        // Not even a way round through /proc gives more.
        assert_eq!(kind(region.to_fd()), ErrorKind::AccessDenied);
        for fd in own_objects() {
            let again = fs::OpenOptions::new().write(true).open(format!("/proc/self/fd/{fd}"));
            assert!(again.is_err());
        }
        say(&format!("{:?} {can_write}", region.access()));
        kept.push(region);
    }
    hear();
}

/// A `Local\` name lies in its owner's name space, and that is where its last holder removes it.
#[test]
fn the_last_holder_removes_another_users_object() {
    if !users::root_or_aside("handles: another user's object") {
        return;
    }
    let text = unique_name("users-own");
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let mut child = Start::role("owner").argument(pass_on(&theirs)).argument(&text).start();
    drop(theirs);
    let mut courier = Courier::over(ours);
    let region = courier.receive(&Trust::Anyone).expect("sent");
    assert_eq!(region.name(), Some(&name(&text)));
    child.expect("sent");
    child.say("end");
    child.finish();
    let file = shm_file(&text).to_str().expect("UTF-8").replace("samemap.0.", "samemap.65534.");
    assert_eq!(byte_of(&region), 4);
    assert!(Path::new(&file).exists(), "{file}");
    drop(region);
    assert!(!Path::new(&file).exists(), "C17: {file}");
}

pub fn owner(arguments: &[String]) {
    // SAFETY: passed on to this process for that.
    let stream = unsafe { UnixStream::from_raw_fd(arguments[0].parse().expect("a number")) };
    // SAFETY: this process gives up root.
    assert_eq!(unsafe { libc::setresuid(65_534, 65_534, 65_534) }, 0);
    let region = Region::create(&name(&arguments[1]), &CreateOptions::new(1)).expect("free");
    view_of(&region).put(0, &4u8).expect("in range");
    Courier::over(stream).send(&region, Access::ReadWrite).expect("sent");
    say("sent");
    hear();
}

#[test]
fn objects_of_a_user_who_is_not_trusted_are_refused() {
    if !users::root_or_aside("handles: a user who is not trusted") {
        return;
    }
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let mut child = Start::role("untrusted").argument(pass_on(&theirs)).start();
    drop(theirs);
    child.expect("sent");
    let mut courier = Courier::over(ours);
    assert!(matches!(kind(courier.receive(&Trust::default())), ErrorKind::UntrustedOwner { .. }));
    let user = Trust::User(samemap::names::UserId::new("65534"));
    assert_eq!(byte_of(&courier.receive(&user).expect("accepted")), 3);
    child.say("end");
    child.finish();
}

pub fn untrusted(arguments: &[String]) {
    // SAFETY: passed on to this process for that.
    let stream = unsafe { UnixStream::from_raw_fd(arguments[0].parse().expect("a number")) };
    // SAFETY: this process gives up root.
    assert_eq!(unsafe { libc::setresuid(65_534, 65_534, 65_534) }, 0);
    let memory = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    view_of(&memory).put(0, &3u8).expect("in range");
    let mut courier = Courier::over(stream);
    for _ in 0..2 {
        courier.send(&memory, Access::ReadWrite).expect("sent");
    }
    say("sent");
    hear();
}

/// Lets a socket reach the children that this process starts; answers its number.
fn pass_on(stream: &UnixStream) -> i32 {
    let fd = stream.as_raw_fd();
    // SAFETY: a descriptor of ours. Other tests' children may get it too, and do nothing with it.
    assert_eq!(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) }, 0);
    fd
}
