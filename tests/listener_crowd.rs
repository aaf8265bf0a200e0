//! Listeners and those who want to connect: many at once, in order, asleep; and names of listeners that were killed.
//!
//! `SAMEMAP_CROWD` says how many connect at once (default 1,000, on Windows 200), `SAMEMAP_CROWD_KILLS` (default 6) how
//! often a listener is killed.

mod support;

use std::thread;
use std::time::{Duration, Instant};

use samemap::{Channel, ChannelOptions, ErrorKind, Listener, ObjectName};
use support::part::{self, hear, say};
use support::{Program, assert_nothing_left, name, number, unique_name};

/// A wait that reaches this has failed. Under Wine, on a machine that builds other things meanwhile, a crowd is served at
/// two or three a second.
const PATIENCE: Duration = Duration::from_secs(if cfg!(windows) { 240 } else { 60 });

fn options() -> ChannelOptions {
    ChannelOptions::new().capacity(256).patience(PATIENCE)
}

fn impatient() -> ChannelOptions {
    options().patience(Duration::ZERO)
}

fn count(text: &str) -> u64 {
    text.parse().expect("a number")
}

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    part::play(&[
        ("binds", binds),
        ("creates", creates),
        ("crowd", crowd),
        ("waits", waits),
        ("hammers", hammers),
    ]);
}

/// Binds, and accepts nobody.
fn binds(arguments: &[String]) {
    let _listener = Listener::bind(&name(&arguments[0]), &options()).expect("a free name");
    say("bound");
    hear();
}

fn creates(arguments: &[String]) {
    let _channel = Channel::create(&name(&arguments[0]), &options()).expect("a free name");
    say("bound");
    hear();
}

fn waits(arguments: &[String]) {
    let (name, count) = (name(&arguments[0]), count(&arguments[1]));
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| Channel::connect(&name, &options()));
        }
        until_so_many_wait(&name, count);
        say("waiting");
    });
}

/// Connects so often at once, and has a number of its own sent back each time.
fn crowd(arguments: &[String]) {
    let name = name(&arguments[0]);
    let clients: Vec<_> = (0..count(&arguments[1]))
        .map(|client| {
            let name = name.clone();
            let connect = move || {
                let mut channel =
                    Channel::connect(&name, &options()).unwrap_or_else(|error| panic!("{error}"));
                channel.sender().send_value(&client).expect("open");
                assert_eq!(channel.receiver().recv_value::<u64>().expect("answered"), client);
            };
            thread::Builder::new().stack_size(256 << 10).spawn(connect).expect("a thread")
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().expect("served"));
}

/// So many threads connect again and again, without any rest.
fn hammers(arguments: &[String]) {
    for _ in 0..count(&arguments[1]) {
        let name = name(&arguments[0]);
        thread::spawn(move || {
            loop {
                drop(Channel::connect(&name, &options().patience(Duration::from_secs(1))));
            }
        });
    }
    say("hammering");
    hear();
}

/// How many wait, as a client is told that has no patience.
fn waiting(name: &ObjectName) -> u64 {
    let error = Channel::connect(name, &impatient()).expect_err("nobody is accepted");
    assert!(error.is(ErrorKind::TimedOut), "{error}");
    let text = error.to_string();
    let count = text.split("the listener is busy: ").nth(1).and_then(|rest| rest.split(' ').next());
    // The one that asks is among them.
    count.map_or(0, |count| count.parse::<u64>().expect("a number") - 1)
}

fn until_so_many_wait(name: &ObjectName, count: u64) {
    let start = Instant::now();
    while waiting(name) < count {
        assert!(start.elapsed() < PATIENCE, "{} of {count} wait", waiting(name));
        thread::sleep(Duration::from_millis(1));
    }
}

fn answer(mut channel: Channel) -> u64 {
    let number = channel.receiver().recv_value::<u64>().expect("it asks");
    channel.sender().send_value(&number).expect("open");
    number
}

#[test]
fn a_crowd_is_served_and_nobody_refused() {
    let text = unique_name("crowd");
    let clients = number("SAMEMAP_CROWD", if cfg!(windows) { 200 } else { 1000 });
    let mut listener = Listener::bind(&name(&text), &options()).unwrap();
    let start = Instant::now();
    let processes: Vec<Program> =
        (0..4).map(|_| part::start("crowd", &[&text, &(clients / 4).to_string()])).collect();
    for number in 0..clients / 4 * 4 {
        let channel = listener.accept_timeout(PATIENCE).unwrap();
        answer(channel.unwrap_or_else(|| panic!("only {number} of {clients} came")));
    }
    println!("{clients} clients in 4 processes: {:?} with their start", start.elapsed());
    for process in processes {
        assert!(process.finish().status.success(), "somebody was refused");
    }
    drop(listener);
    assert_nothing_left(&text);
}

/// More than there are places.
#[test]
fn a_crowd_without_places_is_served_too() {
    let text = unique_name("places");
    let mut listener = Listener::bind(&name(&text), &options().backlog(1)).unwrap();
    let processes: Vec<Program> = (0..2).map(|_| part::start("crowd", &[&text, "60"])).collect();
    for number in 0..120 {
        answer(listener.accept_timeout(PATIENCE).unwrap().unwrap_or_else(|| panic!("only {number} came")));
    }
    for process in processes {
        assert!(process.finish().status.success(), "somebody was refused");
    }
    drop(listener);
    assert_nothing_left(&text);
}

#[test]
fn those_who_wait_are_served_in_order_and_told_how_many_they_are() {
    const CLIENTS: u64 = 12;
    let text = unique_name("order");
    let mut listener = Listener::bind(&name(&text), &options()).unwrap();
    let error = Channel::connect(&name(&text), &impatient()).unwrap_err();
    assert!(error.to_string().contains("accepts nobody now; ask for more patience"), "{error}");
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let name = name(&text);
            let waiting = thread::spawn({
                let name = name.clone();
                move || Channel::connect(&name, &options())?.sender().send_value(&client)
            });
            until_so_many_wait(&name, client + 1);
            waiting
        })
        .collect();
    let error = Channel::connect(&name(&text), &impatient()).unwrap_err();
    let told = format!("the listener is busy: {} wait; ask for more patience", CLIENTS + 1);
    assert!(error.to_string().contains(&told), "{error}");
    // The clients connect to channels that are made in order, and may overtake each other there.
    let mut served: Vec<u64> = Vec::new();
    for _ in 0..CLIENTS {
        let mut channel = listener.accept_timeout(PATIENCE).unwrap().expect("they wait");
        served.push(channel.receiver().recv_value().expect("it says which it is"));
    }
    clients.into_iter().for_each(|client| client.join().unwrap().expect("served"));
    served.sort_unstable();
    assert_eq!(served, (0..CLIENTS).collect::<Vec<_>>());
    drop(listener);
    assert_nothing_left(&text);
}

/// Places of clients that were killed are had again, also when all were theirs.
#[test]
fn killed_clients_leave_their_places() {
    let text = unique_name("left");
    let mut listener = Listener::bind(&name(&text), &options().backlog(30)).unwrap();
    let waiting = part::start("waits", &[&text, "28"]);
    waiting.expect("waiting");
    waiting.kill();
    let clients = part::start("crowd", &[&text, "40"]);
    for number in 0..40 {
        answer(listener.accept_timeout(PATIENCE).unwrap().unwrap_or_else(|| panic!("only {number} came")));
    }
    assert!(clients.finish().status.success());
    assert!(listener.try_accept().unwrap().is_none());
    drop(listener);
    assert_nothing_left(&text);
}

/// What killed processes alone have held is dead, and goes with a sweep; on Windows it is gone.
fn sweep() {
    if cfg!(target_os = "linux") {
        samemap::catalog::reclaim().expect("a sweep");
    }
}

/// Tries until it is bound; how long that took.
fn bind_again<T>(bind: impl Fn() -> samemap::Result<T>) -> (T, Duration) {
    let start = Instant::now();
    loop {
        match bind() {
            Ok(bound) => return (bound, start.elapsed()),
            Err(error) => {
                assert!(error.is(ErrorKind::AlreadyExists), "{error}");
                assert!(start.elapsed() < PATIENCE, "not bound after {:?}: {error}", start.elapsed());
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_killed_listener_is_bound_again_though_others_try_to_connect() {
    for _ in 0..number("SAMEMAP_CROWD_KILLS", 6).div_ceil(2) {
        let text = unique_name("rebind");
        let listener = part::start("binds", &[&text]);
        listener.expect("bound");
        let clients: Vec<Program> = (0..3).map(|_| part::start("hammers", &[&text, "6"])).collect();
        clients.iter().for_each(|client| client.expect("hammering"));
        listener.kill();
        let (mut listener, took) = bind_again(|| Listener::bind(&name(&text), &options()));
        println!("a listener was bound again after {took:?}");
        for _ in 0..30 {
            assert!(listener.accept_timeout(PATIENCE).unwrap().is_some(), "they are served");
        }
        clients.into_iter().for_each(Program::kill);
        drop(listener);
        sweep();
        assert_nothing_left(&text);
    }
}

#[test]
fn a_killed_listeners_channel_is_made_again_though_others_try_to_connect() {
    for _ in 0..number("SAMEMAP_CROWD_KILLS", 6).div_ceil(2) {
        let text = unique_name("recreate");
        let listener = part::start("creates", &[&text]);
        listener.expect("bound");
        // Has the one peer's seat until it is told that its listener died.
        let mut peer = Channel::connect(&name(&text), &options()).expect("it listens");
        let clients: Vec<Program> = (0..3).map(|_| part::start("hammers", &[&text, "6"])).collect();
        clients.iter().for_each(|client| client.expect("hammering"));
        listener.kill();
        assert!(peer.receiver().recv().expect_err("it died").is(ErrorKind::PeerDied));
        let held = Channel::create(&name(&text), &options()).expect_err("the peer has its end");
        assert!(held.to_string().contains("the peer of the last listener still has its end open"), "{held}");
        drop(peer);
        let (mut channel, took) = bind_again(|| Channel::create(&name(&text), &options()));
        println!("a channel was made again after {took:?}");
        assert!(channel.wait_for_peer_timeout(PATIENCE).unwrap(), "somebody is let in");
        clients.into_iter().for_each(Program::kill);
        drop(channel);
        sweep();
        assert_nothing_left(&text);
    }
}

/// Those who waited for a listener that was killed are served by the next one.
#[test]
fn those_who_wait_are_the_next_listeners() {
    let text = unique_name("heirs");
    let listener = part::start("binds", &[&text]);
    listener.expect("bound");
    let client = thread::spawn({
        let name = name(&text);
        // In the instant between the two, there is no listener.
        move || loop {
            match Channel::connect(&name, &options()) {
                Err(error) if error.is(ErrorKind::NotFound) => thread::yield_now(),
                connected => return connected?.sender().send_value(&7_u64),
            }
        }
    });
    until_so_many_wait(&name(&text), 1);
    listener.kill();
    let (mut listener, _) = bind_again(|| Listener::bind(&name(&text), &options()));
    let mut channel = listener.accept_timeout(PATIENCE).unwrap().expect("it waits");
    assert_eq!(channel.receiver().recv_value::<u64>().expect("sent"), 7);
    client.join().unwrap().expect("served");
}

/// A region that is something else, or somebody's, is not taken over.
#[test]
fn what_is_not_a_listeners_is_not_taken_over() {
    use samemap::{CreateOptions, Permissions, Region, Share};
    let taken = |answer: samemap::Result<String>| {
        let error = answer.expect_err("the name is taken");
        assert!(error.is(ErrorKind::AlreadyExists), "{error}");
        error.to_string()
    };
    let text = unique_name("foreign");
    let name = name(&text);
    let bind = |options: &ChannelOptions| Listener::bind(&name, options).map(|_| String::new());
    let create = |options: &ChannelOptions| Channel::create(&name, options).map(|_| String::new());
    let region = Region::create(&name, &CreateOptions::new(1 << 20)).unwrap();
    taken(bind(&options()));
    taken(create(&options()));
    let view = region.view(.., samemap::Access::ReadOnly).unwrap();
    let mut bytes = [1; 4096];
    view.read(0, &mut bytes).unwrap();
    assert_eq!(bytes, [0; 4096], "not a byte was written");
    drop((view, region));
    // A listener that lives, and one that has ended while its region is held.
    let listener = Listener::bind(&name, &options()).unwrap();
    let held = Region::open(&name, &samemap::OpenOptions::read_write()).unwrap();
    taken(bind(&options()));
    taken(create(&options()));
    drop(listener);
    let wide = options().permissions(Permissions::owner_only().everyone(Share::ReadWrite));
    assert!(taken(bind(&wide)).contains("which had other permissions"));
    taken(create(&options()));
    assert!(bind(&options()).is_ok());
    drop(held);
    let channel = Channel::create(&name, &options()).unwrap();
    let held = channel.region().clone();
    drop(channel);
    taken(bind(&options()));
    assert!(taken(create(&options().capacity(1 << 16))).contains("which had a smaller capacity"));
    assert!(create(&options()).is_ok());
    drop(held);
    assert_nothing_left(&text);
}

/// Those who wait sleep: they look whether the listener lives, and nothing else.
#[cfg(target_os = "linux")]
#[test]
fn those_who_wait_cost_next_to_nothing() {
    let text = unique_name("asleep");
    let _listener = Listener::bind(&name(&text), &options()).unwrap();
    let waiting = part::start("waits", &[&text, "200"]);
    waiting.expect("waiting");
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", waiting.id())).expect("it runs");
        let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
        // Of user and system mode, a hundred a second.
        fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
    };
    let before = ticks();
    thread::sleep(Duration::from_secs(1));
    let took = Duration::from_millis((ticks() - before) * 10);
    println!("200 that wait for a second cost {took:?} of a processor");
    // With a look each millisecond they would use up a processor.
    assert!(took < Duration::from_millis(400), "{took:?}");
}
