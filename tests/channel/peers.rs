//! Which process is at the other end.

use samemap::names::UserId;

use crate::common::*;

/// Connects; once more when it has noticed that a listener was killed, before there was the next.
fn connected_at_last(text: &str) -> Channel {
    loop {
        match Channel::connect(&name(text), &options(4096)) {
            Err(error) if error.is(ErrorKind::NotFound) => thread::sleep(Duration::from_millis(2)),
            channel => return channel.expect("it is accepted"),
        }
    }
}

/// Connects again and again, and says which process it is, and what it was told of the listener.
pub fn known_client(arguments: &[String]) {
    for _ in 0..arguments[1].parse::<u64>().expect("a number") {
        let mut channel = connected_at_last(&arguments[0]);
        let listener = channel.peer().ok().and_then(|peer| peer.process_id()).unwrap_or(0);
        channel.sender().send_value(&[std::process::id(), listener]).expect("open");
        channel.receiver().recv_value::<u64>().expect("answered");
    }
}

/// Writes everywhere at the desk which process the clients are.
pub fn liar(arguments: &[String]) {
    let region = Region::open(&name(&arguments[0]), &OpenOptions::read_write()).expect("a desk");
    let view = region.view(.., Access::ReadWrite).expect("memory");
    say("lying");
    let lie: u64 = arguments[1].parse().expect("a number");
    loop {
        for place in (512..view.len()).step_by(512) {
            let word = view.atomic_u64(place + 136).expect("inside");
            if word.load(Ordering::Relaxed) != 0 {
                word.store(lie, Ordering::Relaxed);
            }
        }
        thread::yield_now();
    }
}

/// The process that the client says it is, and that which the channel knows.
fn said_and_known(mut channel: Channel) -> ([u32; 2], Option<samemap::channel::Peer>) {
    let said = channel.receiver().recv_value::<[u32; 2]>().expect("it says who it is");
    channel.sender().send_value(&0_u64).expect("open");
    (said, channel.peer().ok().cloned())
}

#[test]
fn both_ends_know_each_other() {
    let text = unique_name("known");
    let mut listener = Listener::bind(&name(&text), &options(4096)).unwrap();
    let clients: Vec<Program> = (0..3).map(|_| start("known client", &[&text, "5"])).collect();
    for _ in 0..3 * 5 {
        let channel = listener.accept_timeout(PATIENCE).unwrap().expect("it comes");
        assert!(channel.region().name().is_none(), "its memory was handed over");
        let ([client, listener], peer) = said_and_known(channel);
        let peer = peer.expect("the kernel tells it");
        assert!(peer.process_id() == Some(client) && peer.user() == Some(&UserId::current()), "{peer:?}");
        assert!(clients.iter().any(|program| program.id() == client), "{client}");
        let told = if cfg!(windows) { 0 } else { std::process::id() };
        assert_eq!(listener, told);
    }
    for client in clients {
        assert!(client.finish().status.success());
    }
}

/// What is written at the desk makes no process look like another one.
#[test]
fn a_client_that_names_another_process_is_not_taken_for_it() {
    let text = unique_name("liar");
    let mut listener = Listener::bind(&name(&text), &options(4096)).unwrap();
    let innocent = start("liar", &[&text, &std::process::id().to_string()]);
    innocent.expect("lying");
    let clients: Vec<Program> = (0..2).map(|_| start("known client", &[&text, "20"])).collect();
    let mut known = 0;
    for number in 0..2 * 20 {
        let channel = listener.accept_timeout(PATIENCE).unwrap();
        let ([client, _], peer) = said_and_known(channel.unwrap_or_else(|| panic!("only {number} came")));
        // One that could not be found came by a name, and nothing is said of it.
        if let Some(peer) = peer {
            assert_eq!(peer.process_id(), Some(client));
            known += 1;
        }
    }
    println!("{known} of 40 clients were known beside a liar");
    for client in clients {
        assert!(client.finish().status.success());
    }
    innocent.kill();
}

#[test]
fn nothing_is_said_of_a_peer_that_nothing_proves() {
    let (listener, peer) = pair(256);
    for end in [listener, peer] {
        let error = end.peer().expect_err("anybody may open the name");
        assert!(error.is(ErrorKind::Unsupported) && error.to_string().contains("Listener"), "{error}");
    }
}

/// A listener that takes over knows the clients that waited.
#[test]
fn those_who_waited_for_a_killed_listener_are_known_to_the_next() {
    let text = unique_name("next");
    let first = start("binds", &[&text]);
    first.expect("bound");
    let clients: Vec<Program> = (0..3).map(|_| start("known client", &[&text, "1"])).collect();
    let deadline = Instant::now() + PATIENCE;
    let waiting = || {
        let error = Channel::connect(&name(&text), &options(256).patience(Duration::ZERO)).unwrap_err();
        error.to_string().contains("4 wait")
    };
    while !waiting() {
        assert!(Instant::now() < deadline, "they do not wait");
        thread::sleep(Duration::from_millis(2));
    }
    first.kill();
    let mut listener = loop {
        match Listener::bind(&name(&text), &options(4096)) {
            Ok(listener) => break listener,
            Err(error) => assert!(error.is(ErrorKind::AlreadyExists) && Instant::now() < deadline, "{error}"),
        }
    };
    for _ in 0..3 {
        let channel = listener.accept_timeout(PATIENCE).unwrap().expect("it has waited");
        let ([client, _], peer) = said_and_known(channel);
        assert_eq!(peer.expect("the kernel tells it").process_id(), Some(client));
    }
    for client in clients {
        assert!(client.finish().status.success());
    }
}

/// Binds, and accepts nobody.
pub fn binds(arguments: &[String]) {
    let _listener = Listener::bind(&name(&arguments[0]), &options(4096)).expect("a free name");
    say("bound");
    hang();
}
