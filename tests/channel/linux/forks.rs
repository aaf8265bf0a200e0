//! Forks: a child's copies close, hold, send and receive nothing.

use super::common::*;

pub fn forks(arguments: &[String]) {
    let mut channel = peer(arguments);
    for _ in 0..3 {
        let mut copy = Some(channel);
        // The child drops its copy of the end, and of a listener.
        let desk = Listener::bind(&name(&format!("{}-desk", arguments[0])), &options()).expect("a free name");
        let mut desk = Some(desk);
        fork(|| drop((copy.take(), desk.take()))).finish();
        let copy = copy.expect("dropped in the child only");
        let name = name(&format!("{}-desk", arguments[0]));
        let refused = Channel::connect(&name, &options().patience(Duration::from_millis(5)));
        assert_eq!(kind_of(refused), Some(ErrorKind::TimedOut), "it listens on");
        channel = copy;
    }
    channel.sender().send(b"still here").expect("open");
    assert_eq!(channel.receiver().recv().expect("open").to_vec(), b"good");
}

#[test]
fn a_forked_childs_copies_close_nothing() {
    let (name, mut channel, mut child) = with_peer("forks", "fork");
    assert_eq!(channel.receiver().recv().expect("nothing was closed").to_vec(), b"still here");
    assert_eq!(kind_of(channel.wait_for_next_peer()), Some(ErrorKind::Busy), "the seat is taken");
    channel.sender().send(b"good").expect("open");
    child.finish();
    assert_eq!(kind_of(channel.receiver().recv()), Some(ErrorKind::Closed));
    drop(channel);
    assert_nothing_left(&name);
}

pub fn forks_and_is_killed(arguments: &[String]) {
    let channel = peer(arguments);
    let _forked = fork(|| {
        say("forked");
        // Lives on with its copies.
        hear();
    });
    std::mem::forget(channel);
    loop {
        thread::park();
    }
}

/// A killed peer is dead, though a child that it forked lives on with its memory.
#[test]
fn a_forked_child_holds_nothing() {
    let (name, mut channel, mut child) = with_peer("forks_and_is_killed", "fork-killed");
    child.expect("forked");
    child.kill();
    assert_eq!(kind_of(channel.receiver().recv()), Some(ErrorKind::PeerDied));
    assert!(!channel.try_wait_for_next_peer().expect("the seat is free"));
    let next = Channel::connect(&name, &options()).expect("it listens");
    drop((channel, next));
    assert_nothing_left(&name);
}

pub fn uses_copies(arguments: &[String]) {
    let mut channel = peer(arguments);
    channel.sender().send(b"first").expect("open");
    let desk_name = name(&format!("{}-desk", arguments[0]));
    let mut desk = Listener::bind(&desk_name, &options()).expect("a free name");
    let mut made =
        Channel::create(&name(&format!("{}-made", arguments[0])), &options()).expect("a free name");
    drops_what_was_lent(&arguments[0]);
    let refused = Some(ErrorKind::Unsupported);
    fork(|| {
        assert_eq!(kind_of(channel.sender().send(b"twice")), refused);
        assert_eq!(kind_of(channel.sender().reserve(1)), refused);
        assert_eq!(kind_of(channel.sender().batch().try_send(b"twice")), refused);
        assert_eq!(kind_of(channel.receiver().recv()), refused, "the answer is the parent's");
        assert_eq!(kind_of(channel.receiver().try_recv()), refused);
        assert_eq!(kind_of(channel.receiver().wait()), refused);
        assert_eq!(kind_of(Receiver::wait_any(&mut [channel.receiver()])), refused);
        assert_eq!(kind_of(made.wait_for_next_peer()), refused);
        assert_eq!(kind_of(desk.accept()), refused);
        // The child has channels of its own.
        let own = name(&format!("{}-own", arguments[0]));
        let mut here = Channel::create(&own, &options()).expect("a free name");
        let mut there = Channel::connect(&own, &options()).expect("it listens");
        here.sender().send(b"own").expect("open");
        assert_eq!(there.receiver().recv().expect("open").to_vec(), b"own");
    })
    .finish();
    channel.sender().send(b"second").expect("open");
    assert_eq!(channel.receiver().recv().expect("open").to_vec(), b"answer");
    drop((made, desk));
}

/// What was lent when the process forked is the parent's: the child's copies commit nothing, and give nothing back.
fn drops_what_was_lent(text: &str) {
    let name = name(&format!("{text}-lent"));
    let mut here = Channel::create(&name, &options()).expect("a free name");
    let mut there = Channel::connect(&name, &options()).expect("it listens");
    let mut batch = here.sender().batch();
    batch.send(b"held back").expect("room");
    let mut batch = Some(batch);
    fork(|| drop(batch.take())).finish();
    assert!(there.receiver().try_recv().expect("open").is_none(), "the child has shown the batch");
    drop(batch);
    let mut message = Some(there.receiver().recv().expect("shown"));
    fork(|| drop(message.take())).finish();
    let fill = |sender: &mut Sender| {
        std::iter::from_fn(|| sender.try_send(&[0; 8]).expect("open").then_some(())).count()
    };
    // All but a record of 24 bytes.
    assert_eq!(fill(here.sender()), (4096 - 24) / 16, "the child has given the message back");
    drop(message);
    assert_eq!(fill(here.sender()), 1);
    while there.receiver().try_recv().expect("open").is_some() {}
    let mut slot = here.sender().try_reserve(0).expect("open");
    fork(|| slot.take().expect("room").commit()).finish();
    assert!(there.receiver().try_recv().expect("open").is_none(), "the child has sent a message");
    slot.take().expect("room").commit();
    assert!(there.receiver().try_recv().expect("open").is_some());
}

/// The parent and its copies would write over each other's messages, and read them twice.
#[test]
fn a_forked_childs_copies_send_and_receive_nothing() {
    let name = unique_name("copies");
    let mut channel = Channel::create(&name, &options()).expect("a free name");
    // It waits in the ring while the child tries to take it.
    channel.sender().send(b"answer").expect("room");
    let mut child = role("uses_copies", &name);
    assert_eq!(channel.receiver().recv().expect("open").to_vec(), b"first");
    assert_eq!(channel.receiver().recv().expect("open").to_vec(), b"second");
    child.finish();
    assert_eq!(kind_of(channel.receiver().recv()), Some(ErrorKind::Closed));
    drop(channel);
    assert_nothing_left(&name);
}

pub fn forks_in_a_storm(arguments: &[String]) {
    let name = name(&arguments[0]);
    let region = Region::create(&name, &CreateOptions::new(4096)).expect("a free name");
    let view = region.view(.., Access::ReadWrite).expect("a view");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for at in [64, 128] {
            let (view, over) = (&view, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    drop(Seat::take(view, at).expect("a seat").expect("nobody else sits there"));
                    assert!(!Seat::is_taken(view, at).expect("a seat"));
                }
            });
        }
        for _ in 0..300 {
            fork(|| drop(Seat::take(&view, 0).expect("a seat").expect("nobody else sits there"))).finish();
        }
        over.store(true, Ordering::Relaxed);
    });
}

/// Whatever lock of this process's own another thread holds at that moment, the child can go on.
#[test]
fn a_child_that_is_forked_while_seats_are_taken_can_take_one() {
    let name = unique_name("storm");
    role("forks_in_a_storm", &name).finish();
    assert_nothing_left(&name);
}
