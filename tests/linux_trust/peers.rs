//! The process at the other end of a channel: what the kernel tells of it, beside users that claim to be others.

use std::io::{Read as _, Write as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use samemap::channel::Peer;
use samemap::{
    Access, Channel, ChannelOptions, ErrorKind, Listener, ObjectName, OpenOptions, Permissions, Region, Share,
};

use super::victims::{BOB, ROOT};
use crate::support::linux::child::{Child, Start, say};
use crate::support::linux::sandbox;
use crate::support::linux::shm::unique_global_name;
use crate::support::linux::users::{ALICE, NOBODY, as_users, become_user};
use crate::support::name;
use crate::support::part::{Part, hear};

pub const ROLES: [Part; 5] = [
    ("peers", peers),
    ("peer", peer),
    ("cut in", cut_in),
    ("gate crasher", gate_crasher),
    ("elsewhere", elsewhere),
];

const PATIENCE: Duration = Duration::from_secs(30);

fn options() -> ChannelOptions {
    ChannelOptions::new().capacity(256).patience(PATIENCE)
}

fn listener(name: &ObjectName, everyone: bool) -> Listener {
    let owner = Permissions::owner_only();
    let permissions = if everyone { owner.everyone(Share::ReadWrite) } else { owner };
    Listener::bind(name, &options().permissions(permissions)).expect("a free name")
}

/// A client of this user.
fn client(uid: u32, name: &ObjectName) -> Child {
    Start::role("peer").argument(uid).argument(name).start()
}

/// Becomes a user, and connects. Says which process it is, and which one it was told is the listener.
fn peer(arguments: &[String]) {
    let uid = arguments[0].parse().expect("a number");
    become_user(uid, uid);
    let mut channel = Channel::connect(&name(&arguments[1]), &options()).expect("it is let in");
    let listener = channel.peer().map_or(u32::MAX, |peer| peer.process_id().expect("it is told"));
    let user =
        channel.peer().ok().and_then(Peer::user).map_or(u32::MAX, |user| user.as_str().parse().unwrap());
    channel.sender().send_value(&[std::process::id(), uid, listener, user]).expect("open");
    channel.receiver().recv_value::<u64>().expect("answered");
}

fn said(channel: &mut Channel) -> [u32; 4] {
    let said = channel.receiver().recv_value().expect("it says who it is");
    channel.sender().send_value(&0_u64).expect("open");
    said
}

#[track_caller]
fn assert_known(channel: &mut Channel) -> u32 {
    let [process, uid, listener, user] = said(channel);
    let peer = channel.peer().expect("the kernel tells it");
    assert_eq!(peer.process_id(), Some(process));
    assert_eq!(peer.user().map(ToString::to_string), Some(uid.to_string()));
    assert_eq!([listener, user], [std::process::id(), ROOT], "the client knows the listener");
    uid
}

#[test]
fn users_are_told_apart() {
    as_users("users_are_told_apart", "peers");
}

fn peers(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("peers");
    let mut listener = listener(&name, true);
    let mut clients = [ALICE, BOB, ROOT, NOBODY].map(|uid| client(uid, &name));
    let mut users: Vec<u32> = clients
        .iter()
        .map(|_| assert_known(&mut listener.accept_timeout(PATIENCE).expect("accepts").expect("it comes")))
        .collect();
    users.sort_unstable();
    assert_eq!(users, [ROOT, BOB, ALICE, NOBODY]);
    clients.iter_mut().for_each(Child::finish);
    // It may come, and is not known.
    let mut far = Start::role("elsewhere").argument(&name).start();
    let mut channel = listener.accept_timeout(PATIENCE).expect("accepts").expect("it comes by a name");
    said(&mut channel);
    let error = channel.peer().expect_err("nothing proves it");
    assert!(error.is(ErrorKind::Unsupported) && error.to_string().contains("network namespace"), "{error}");
    far.finish();
}

/// From another network namespace.
fn elsewhere(arguments: &[String]) {
    // SAFETY: flags only.
    assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNET) }, 0);
    peer(&[ROOT.to_string(), arguments[0].clone()]);
}

#[test]
fn none_gets_the_channel_of_another() {
    as_users("none_gets_the_channel_of_another", "cut in");
}

/// An attacker comes to the gate before a client, with the turn that the client will have.
fn cut_in(_arguments: &[String]) {
    sandbox::own_shm();
    // One that may not open the listener's region; one that may.
    for (uid, everyone, victim) in [(NOBODY, false, ROOT), (BOB, true, ALICE)] {
        let name = unique_global_name("gate");
        let mut listener = listener(&name, everyone);
        let desk = Region::open(&name, &OpenOptions::read_write()).expect("a desk");
        let view = desk.view(.., Access::ReadWrite).expect("memory");
        let word = |at: usize| view.atomic_u64(at).expect("inside").load(Ordering::Acquire);
        let (gate, next) = (word(24), word(64));
        let mut attacker = Start::role("gate crasher").argument(uid).argument(gate).argument(next).start();
        attacker.expect("there");
        let mut client = client(victim, &name);
        let start = Instant::now();
        let mut channel = loop {
            if let Some(channel) = listener.accept_timeout(Duration::from_millis(50)).expect("accepts") {
                break channel;
            }
            assert!(start.elapsed() < PATIENCE, "the client is not served");
        };
        // An attacker that is let in can take the victim's turns. Then the victim comes by a name, and nothing is said.
        match channel.peer() {
            Err(_) if everyone => assert_eq!(said(&mut channel)[1], victim),
            _ => assert_eq!(assert_known(&mut channel), victim),
        }
        client.finish();
        attacker.say("look");
        let got = attacker.hear();
        assert!(everyone || got == "0 bytes", "handed to a user that is not let in: {got}");
        attacker.finish();
    }
}

/// Claims the next turns at a gate, and tells what that brought.
fn gate_crasher(arguments: &[String]) {
    let number = |at: usize| arguments[at].parse::<u64>().expect("a number");
    let uid = number(0) as u32;
    become_user(uid, uid);
    let address = SocketAddr::from_abstract_name(format!("samemap-{:016x}", number(1))).expect("a name");
    let mut sockets: Vec<UnixStream> = (0..4)
        .map(|more| {
            let mut socket = UnixStream::connect_addr(&address).expect("anybody may");
            socket.write_all(&((number(2) + more) << 2 | 1).to_ne_bytes()).expect("sent");
            socket
        })
        .collect();
    say("there");
    hear();
    let mut bytes = Vec::new();
    for socket in &mut sockets {
        socket.set_nonblocking(true).expect("a socket");
        // What is left to be read when the other side has closed, or has not answered.
        let _ = socket.read_to_end(&mut bytes);
        thread::yield_now();
    }
    say(&format!("{} bytes", bytes.len()));
}
