//! The process at the other end of a channel: what the kernel tells of it, beside users that claim to be others.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use samemap::channel::Peer;
use samemap::regions::Courier;
use samemap::{
    Access, Channel, ChannelOptions, CreateOptions, ErrorKind, Listener, ObjectName, OpenOptions,
    Permissions, Region, Share,
};

use super::victims::{BOB, ROOT};
use crate::support::linux::child::{Child, Start, say};
use crate::support::linux::sandbox;
use crate::support::linux::shm::unique_global_name;
use crate::support::linux::users::{ALICE, NOBODY, as_users, become_user};
use crate::support::name;
use crate::support::part::{Part, hear};

pub const ROLES: [Part; 6] = [
    ("peers", peers),
    ("peer", peer),
    ("crowded", crowded),
    ("stranger", stranger),
    ("used up", used_up),
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
fn a_crowd_at_the_gate_leaves_every_client_known() {
    as_users("a_crowd_at_the_gate_leaves_every_client_known", "crowded");
}

/// Strangers connect to every client's socket as fast as they can: some that may not open the listener's region, and some
/// that may, who know the gate's number and send memory of their own.
fn crowded(_arguments: &[String]) {
    const CLIENTS: usize = 24;
    sandbox::own_shm();
    for (uid, everyone, victim) in [(NOBODY, false, ROOT), (BOB, true, ALICE)] {
        let name = unique_global_name("gate");
        let mut listener = listener(&name, everyone);
        let desk = Region::open(&name, &OpenOptions::read_write()).expect("a desk");
        let view = desk.view(.., Access::ReadWrite).expect("memory");
        let gate = view.atomic_u64(24).expect("inside").load(Ordering::Acquire);
        let mut strangers = [(); 2].map(|()| Start::role("stranger").argument(uid).argument(gate).start());
        strangers.iter_mut().for_each(|stranger| stranger.expect("there"));
        // Clients that wait for long are found by all strangers.
        let mut clients: Vec<Child> = (0..CLIENTS).map(|_| client(victim, &name)).collect();
        for served in 0..CLIENTS {
            if served % 8 == 0 {
                thread::sleep(Duration::from_millis(100));
            }
            let mut channel = listener.accept_timeout(PATIENCE).expect("accepts").expect("it is served");
            assert_eq!(assert_known(&mut channel), victim);
        }
        clients.iter_mut().for_each(Child::finish);
        for mut stranger in strangers {
            stranger.say("end");
            let connected: usize = stranger.hear().parse().expect("a number");
            assert!(connected > 0, "no client was found, so this proves nothing");
            stranger.finish();
        }
    }
}

/// Connects to the sockets of all clients, until it is told to end. Says how often it did.
fn stranger(arguments: &[String]) {
    let number = |at: usize| arguments[at].parse::<u64>().expect("a number");
    let uid = number(0) as u32;
    become_user(uid, uid);
    let memory = Region::anonymous(&CreateOptions::new(16384)).expect("memory");
    say("there");
    let is_over = thread::spawn(hear);
    let (mut sockets, mut connected) = (VecDeque::new(), 0_usize);
    while !is_over.is_finished() {
        for address in addresses() {
            let Ok(mut socket) = UnixStream::connect_addr(&address) else { continue };
            connected += 1;
            let _ = socket.write_all(&number(1).to_ne_bytes());
            let mut courier = Courier::over(socket);
            let _ = courier.send(&memory, Access::ReadWrite);
            sockets.push_back(courier);
            if sockets.len() > 200 {
                sockets.pop_front();
            }
        }
    }
    say(&connected.to_string());
}

/// The addresses of all gates in this network namespace: any process may read them.
fn addresses() -> Vec<SocketAddr> {
    let list = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let names = list.lines().filter_map(|line| line.split_once("@samemap-"));
    names
        .map(|(_, number)| SocketAddr::from_abstract_name(format!("samemap-{number}")).expect("a name"))
        .collect()
}

#[test]
fn a_listener_without_descriptors_says_so_and_serves_later() {
    as_users("a_listener_without_descriptors_says_so_and_serves_later", "used up");
}

fn used_up(_arguments: &[String]) {
    sandbox::own_shm();
    let name = unique_global_name("used-up");
    let mut listener = listener(&name, false);
    // Without a client it needs none.
    let files = all_descriptors();
    assert!(listener.try_accept().expect("it needs none").is_none());
    drop(files);
    let mut client = client(ROOT, &name);
    let files = all_descriptors();
    let error = listener.accept().expect_err("there is none for the client");
    assert!(error.to_string().contains("ulimit -n"), "{error}");
    drop(files);
    let mut channel = listener.accept_timeout(PATIENCE).expect("accepts").expect("it kept its turn");
    assert_eq!(assert_known(&mut channel), ROOT);
    client.finish();
    // A client's own lack is its own error, not a channel whose peer is not known.
    for spare in 0..8 {
        let mut files = all_descriptors();
        files.truncate(files.len() - spare);
        let options = options().patience(Duration::from_millis(20));
        let error = Channel::connect(&name, &options).expect_err("too few are left, or nobody accepts");
        let is_late = error.is(ErrorKind::TimedOut);
        assert!(is_late || error.to_string().contains("ulimit -n"), "{spare} are left: {error}");
        assert!(spare > 0 || !is_late, "{error}");
    }
}

/// Opens as many files as this process may.
fn all_descriptors() -> Vec<File> {
    let few = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
    // SAFETY: reads the struct, which lives here.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const few) }, 0);
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}
