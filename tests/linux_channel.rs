//! Channels on Linux: forks, stops, kills in the middle, what is left behind, and what a sleeping pair costs.
//!
//! `SAMEMAP_CHANNEL_KILLS` (default 12) says how many clients are killed; `SAMEMAP_CHANNEL_IDLE_MS` (default 1,000) for how
//! long the sleeping pair is watched.

#![cfg(target_os = "linux")]

#[path = "support/linux/mod.rs"]
mod linux;

use std::os::unix::process::ExitStatusExt as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use linux::child::{Child, Start, hear, play, say};
use linux::forked::fork;
use linux::random::Random;
use linux::shm::{assert_nothing_left, kind_of, name, unique_name};
use samemap::channel::{Channel, ChannelOptions, Listener, Receiver, Sender, Spin};
use samemap::{Access, CreateOptions, ErrorKind, ObjectName, OpenOptions, Region, SharedRegion as _};
use samemap_platform::Seat;

/// A wait that reaches this has failed.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("forks", forks),
        ("forks_and_is_killed", forks_and_is_killed),
        ("uses_copies", uses_copies),
        ("forks_in_a_storm", forks_in_a_storm),
        ("counts", counts),
        ("sleeps", sleeps),
        ("answers", answers),
        ("asks_and_stops", asks_and_stops),
        ("connects", connects),
        ("holds", holds),
        ("streams", streams),
        ("dies_at", dies_at),
    ]);
}

fn options() -> ChannelOptions {
    ChannelOptions::new().capacity(4096).patience(PATIENCE)
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

fn role(role: &str, name: &ObjectName) -> Child {
    Start::role(role).argument(name).start()
}

fn peer(arguments: &[String]) -> Channel {
    Channel::connect(&name(&arguments[0]), &options()).expect("it listens")
}

/// A listener, and a peer in another process.
fn with_peer(what: &str, text: &str) -> (ObjectName, Channel, Child) {
    let name = unique_name(text);
    let mut channel = Channel::create(&name, &options()).expect("a free name");
    let child = role(what, &name);
    assert!(channel.wait_for_peer(Some(PATIENCE)).expect("a peer"));
    (name, channel, child)
}

// ---- forks ----------------------------------------------------------------------------------------------------------

fn forks(arguments: &[String]) {
    let mut channel = peer(arguments);
    for _ in 0..3 {
        let mut copy = Some(channel);
        // The child drops its copy of the end, and of a listener.
        let desk = Listener::bind(&name(&format!("{}-desk", arguments[0])), &options()).expect("a free name");
        let mut desk = Some(desk);
        fork(|| drop((copy.take(), desk.take()))).finish();
        let copy = copy.expect("dropped in the child only");
        let name = name(&format!("{}-desk", arguments[0]));
        let refused = Listener::connect(&name, &options().patience(Duration::from_millis(5)));
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
    assert_eq!(kind_of(channel.wait_for_next_peer(None)), Some(ErrorKind::Busy), "the seat is taken");
    channel.sender().send(b"good").expect("open");
    child.finish();
    assert_eq!(kind_of(channel.receiver().recv()), Some(ErrorKind::Closed));
    drop(channel);
    assert_nothing_left(&name);
}

fn forks_and_is_killed(arguments: &[String]) {
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
    assert!(!channel.wait_for_next_peer(Some(Duration::ZERO)).expect("the seat is free"));
    let next = Channel::connect(&name, &options()).expect("it listens");
    drop((channel, next));
    assert_nothing_left(&name);
}

fn uses_copies(arguments: &[String]) {
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
        assert_eq!(kind_of(channel.receiver().wait(None)), refused);
        assert_eq!(kind_of(Receiver::wait_any(&mut [channel.receiver()], None)), refused);
        assert_eq!(kind_of(made.wait_for_next_peer(None)), refused);
        assert_eq!(kind_of(desk.accept(None)), refused);
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

fn forks_in_a_storm(arguments: &[String]) {
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

// ---- stops ----------------------------------------------------------------------------------------------------------

fn answers(arguments: &[String]) {
    let mut channel = peer(arguments);
    while let Ok(number) = channel.receiver().recv_value::<u64>() {
        channel.sender().send_value(&(number + 1)).expect("open");
    }
}

/// A stopped peer is no dead one: waits end in time, and it goes on where it was.
#[test]
fn a_stopped_peer_is_waited_for() {
    let (name, mut channel, mut child) = with_peer("answers", "stop");
    for round in 0..5 {
        child.signal(libc::SIGSTOP);
        assert_eq!(child.wait_for_fate(), linux::child::Fate::Stopped);
        channel.sender().send_value::<u64>(&round).expect("room");
        assert!(channel.receiver().recv_timeout(Duration::from_millis(120)).expect("alive").is_none());
        let refused = Channel::connect(&name, &options());
        assert_eq!(kind_of(refused), Some(ErrorKind::Busy));
        child.signal(libc::SIGCONT);
        assert_eq!(channel.receiver().recv_value::<u64>().expect("alive"), round + 1);
    }
    drop(channel);
    child.finish();
    assert_nothing_left(&name);
}

/// Where the places of a listener's desk lie, as `src/channel/listener.rs` says.
fn place(index: usize) -> usize {
    512 + 256 * index
}

/// Takes a place at the desk and asks for a channel; then it is stopped, or never comes.
fn asks_and_stops(arguments: &[String]) {
    let desk = Region::open(&name(&arguments[0]), &OpenOptions::read_write()).expect("a desk");
    let view = desk.view(.., Access::ReadWrite).expect("a view");
    let seat = (0..14).find_map(|index| Some((index, Seat::take(&view, place(index)).expect("a seat")?)));
    let (index, _seat) = seat.expect("a free place");
    view.atomic_u32(place(index) + 128).expect("in range").store(1, Ordering::Release);
    say("asked");
    hear();
}

/// Those who ask and never come keep nobody else from being accepted.
#[test]
fn clients_that_stop_are_in_nobodys_way() {
    let name = unique_name("slow");
    let mut listener = Listener::bind(&name, &options()).expect("a free name");
    let mut slow: Vec<Child> = (0..10).map(|_| role("asks_and_stops", &name)).collect();
    for child in &mut slow {
        child.expect("asked");
    }
    let connecting = {
        let name = name.clone();
        thread::spawn(move || Listener::connect(&name, &options()).expect("it is accepted"))
    };
    let start = Instant::now();
    let mut channel = listener.accept(Some(PATIENCE)).expect("accepts").expect("in time");
    let took = start.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?} behind ten that do not come");
    let mut other = connecting.join().expect("no panics");
    other.sender().send(b"quick").expect("open");
    assert_eq!(channel.receiver().recv().expect("open").to_vec(), b"quick");
    // Regions were made for them; they go with them.
    for child in &mut slow {
        child.end();
    }
    assert!(listener.accept(Some(Duration::ZERO)).expect("accepts").is_none());
    assert_eq!(files_of(&name), 2, "the desk, and the one connection");
    drop((channel, other, listener));
    assert_eq!(files_of(&name), 0);
}

fn connects(arguments: &[String]) {
    loop {
        let options = options().patience(Duration::from_millis(500));
        if let Ok(mut channel) = Listener::connect(&name(&arguments[0]), &options) {
            let _ = channel.sender().send(b"hello");
        }
    }
}

/// Clients that are stopped anywhere, and killed there.
#[test]
fn clients_are_stopped_and_killed_anywhere() {
    let name = unique_name("anywhere");
    let mut listener = Listener::bind(&name, &options()).expect("a free name");
    let (over, mut random) = (AtomicBool::new(false), Random::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                drop(listener.accept(Some(Duration::from_millis(5))).expect("accepts"));
            }
        });
        for _ in 0..number("SAMEMAP_CHANNEL_KILLS", 12).div_ceil(2) {
            let mut children: Vec<Child> = (0..2).map(|_| role("connects", &name)).collect();
            for child in &mut children {
                thread::sleep(Duration::from_micros(random.below(30_000)));
                child.signal(libc::SIGSTOP);
                assert_eq!(child.wait_for_fate(), linux::child::Fate::Stopped);
            }
            // Others are served meanwhile.
            drop(Listener::connect(&name, &options()).expect("it is accepted"));
            children.iter_mut().for_each(Child::end);
        }
        over.store(true, Ordering::Relaxed);
    });
    drop(listener);
    // What a killed client was the last to hold is dead (C17), and goes with a sweep.
    samemap::catalog::reclaim().expect("a sweep");
    assert_eq!(files_of(&name), 0);
}

/// A listener that runs for ever does not heap up what killed clients have left: it sweeps now and then.
#[test]
fn a_listener_sweeps_up_after_killed_clients() {
    let name = unique_name("heap");
    let mut listener = Listener::bind(&name, &options()).expect("a free name");
    for _ in 0..3 {
        let mut child = role("holds", &name);
        // Closed here first, so that the client is the last to hold it.
        drop(listener.accept(Some(PATIENCE)).expect("accepts").expect("in time"));
        child.expect("connected");
        child.kill();
    }
    assert!(files_of(&name) > 1, "the test has made nothing to sweep");
    for _ in 0..64 {
        thread::scope(|scope| {
            let connecting = scope.spawn(|| drop(Listener::connect(&name, &options()).expect("accepted")));
            drop(listener.accept(Some(PATIENCE)).expect("accepts").expect("in time"));
            connecting.join().expect("no panics");
        });
    }
    assert_eq!(files_of(&name), 1, "only the desk is left");
}

/// Connects to a listener and stays.
fn holds(arguments: &[String]) {
    let _channel = Listener::connect(&name(&arguments[0]), &options()).expect("accepted");
    say("connected");
    hear();
}

/// How many files of shared memory bear this name, or one that begins with it.
fn files_of(name: &ObjectName) -> usize {
    let files = std::fs::read_dir("/dev/shm").expect("shared memory");
    files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(name.rest())).count()
}

// ---- deaths in the middle of a ring ---------------------------------------------------------------------------------

/// Words of the listener's doorbells, as `src/channel/layout.rs` says: the one that it receives at, and the one that it
/// sends at.
const RECEIVES_AT: usize = 1536 + 256 + 8;
const SENDS_AT: usize = 1024 + 384 + 8;

static DIES_AT: OnceLock<String> = OnceLock::new();

/// A peer that is killed at a point of its own doorbells.
fn dies_at(arguments: &[String]) {
    let mut channel = peer(arguments);
    let view = channel.region().view(.., Access::ReadWrite).expect("a view");
    let asleep = |at: usize| while view.atomic_u32(at).expect("in range").load(Ordering::Acquire) != 1 {};
    DIES_AT.set(arguments[2].clone()).expect("set once");
    let die = |point: &'static str| {
        if DIES_AT.get().is_some_and(|wanted| wanted == point) {
            // SAFETY: a signal to this process itself.
            unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        }
    };
    match arguments[1].as_str() {
        "receives" => {
            samemap_platform::testing::at_stop_points(die);
            drop(channel.receiver().recv());
        }
        "fills" => {
            samemap_platform::testing::at_stop_points(die);
            for number in 0..u64::MAX {
                channel.sender().send_value(&number).expect("open");
            }
        }
        "sends" => {
            asleep(RECEIVES_AT);
            samemap_platform::testing::at_stop_points(die);
            channel.sender().send_value(&0_u64).expect("open");
        }
        "frees" => {
            asleep(SENDS_AT);
            samemap_platform::testing::at_stop_points(die);
            drop(channel.receiver().recv().expect("open"));
        }
        other => panic!("{other}"),
    }
    panic!("it was to be killed");
}

/// Between saying that one sleeps and sleeping, and between taking that back and waking the sleeper.
#[test]
fn who_is_killed_at_a_doorbell_takes_nobody_along() {
    for (what, point) in [
        ("receives", "bell: announced"),
        ("fills", "bell: announced"),
        ("sends", "bell: about to wake"),
        ("frees", "bell: about to wake"),
    ] {
        let name = unique_name("bell");
        let sleeps = options().spin(Spin::Never);
        let mut channel = Channel::create(&name, &sleeps).expect("a free name");
        let mut child = Start::role("dies_at").argument(&name).argument(what).argument(point).start();
        assert!(channel.wait_for_peer(Some(PATIENCE)).expect("a peer"));
        if what == "fills" {
            // Nobody makes room for it.
            child.wait();
        }
        let mut received = 0;
        let end = loop {
            let answer = match what {
                "frees" => channel.sender().send_timeout(&[0; 1000], PATIENCE).map(|sent| assert!(sent)),
                _ => channel.receiver().recv_timeout(PATIENCE).map(|message| {
                    let message = message.expect("a message or an end in time");
                    assert_eq!(message.value::<u64>().expect("a number"), received);
                    received += 1;
                }),
            };
            if let Err(error) = answer {
                break error.kind().clone();
            }
        };
        assert_eq!(end, ErrorKind::PeerDied, "{what}");
        let sent = [("sends", 1), ("fills", 4096 / 16)].into_iter().find(|(which, _)| *which == what);
        assert_eq!(received, sent.map_or(0, |(_, count)| count), "{what}: what was sent is read");
        let status = child.wait();
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{what}: {}", child.words());
        // The next one finds a bell that says what the dead one has left there.
        assert!(!channel.wait_for_next_peer(Some(Duration::ZERO)).expect("the seat is free"));
        let mut next = Channel::connect(&name, &sleeps).expect("it listens");
        assert!(channel.wait_for_peer(Some(PATIENCE)).expect("a peer"));
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..200_u64 {
                    assert_eq!(next.receiver().recv_value::<u64>().expect("open"), number);
                    next.sender().send_value(&number).expect("open");
                }
            });
            for number in 0..200_u64 {
                channel.sender().send_value(&number).expect("open");
                assert_eq!(channel.receiver().recv_value::<u64>().expect("open"), number);
            }
        });
        drop((channel, next));
        assert_nothing_left(&name);
    }
}

// ---- nothing is left ------------------------------------------------------------------------------------------------

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("proc").count()
}

fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").expect("proc").matches("samemap").count()
}

/// Alone in its process, so that what it counts is its own.
fn counts(arguments: &[String]) {
    let name = name(&arguments[0]);
    let round = |name: &ObjectName| {
        let mut here = Channel::create(name, &options()).expect("a free name");
        let there = Channel::connect(name, &options()).expect("it listens");
        drop(there);
        assert!(!here.wait_for_next_peer(Some(Duration::ZERO)).expect("the peer has gone"));
        drop(Channel::connect(name, &options()).expect("it listens again"));
        drop(here);
        let mut desk = Listener::bind(name, &options()).expect("a free name");
        thread::scope(|scope| {
            let connecting = scope.spawn(|| Listener::connect(name, &options()).expect("accepted"));
            drop(desk.accept(Some(PATIENCE)).expect("accepts").expect("in time"));
            drop(connecting.join());
        });
    };
    round(&name);
    let before = (descriptors(), mappings());
    (0..30).for_each(|_| round(&name));
    assert_eq!((descriptors(), mappings()), before);
    say("counted");
}

#[test]
fn descriptors_and_mappings_go_with_their_ends() {
    let name = unique_name("counts");
    let mut child = role("counts", &name);
    child.expect("counted");
    child.finish();
    assert_nothing_left(&name);
}

// ---- what it costs --------------------------------------------------------------------------------------------------

/// This process's time on a processor so far.
fn used() -> Duration {
    // SAFETY: an all-zero rusage is valid, and the call fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, &raw mut usage), 0);
        usage
    };
    let of = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// Receives what does not come, and says what that has cost.
fn sleeps(arguments: &[String]) {
    let mut channel = if arguments[1] == "listener" {
        let channel = Channel::create(&name(&arguments[0]), &options()).expect("a free name");
        say("made");
        channel
    } else {
        peer(arguments)
    };
    assert!(channel.wait_for_peer(Some(PATIENCE)).expect("a peer"));
    let idle = Duration::from_millis(number("SAMEMAP_CHANNEL_IDLE_MS", 1000));
    let (before, sleeps) = (used(), voluntary_switches());
    assert!(channel.receiver().recv_timeout(idle).expect("alive").is_none());
    let (took, slept) = ((used() - before).as_micros(), voluntary_switches() - sleeps);
    say(&took.to_string());
    say(&slept.to_string());
    // Neither leaves before the other has slept.
    hear();
}

#[test]
fn a_sleeping_pair_costs_next_to_nothing() {
    let name = unique_name("idle");
    let mut listener = Start::role("sleeps").argument(&name).argument("listener").start();
    listener.expect("made");
    let mut peer = Start::role("sleeps").argument(&name).argument("peer").start();
    let [micros, sleeps] =
        [(); 2].map(|()| [&mut listener, &mut peer].map(|end| end.hear().parse::<u64>().expect("a number")));
    for end in [&mut listener, &mut peer] {
        end.say("end");
        end.finish();
    }
    let idle = number("SAMEMAP_CHANNEL_IDLE_MS", 1000) * 1000;
    let share = micros.iter().sum::<u64>() as f64 / idle as f64 * 100.0;
    println!("a sleeping pair takes {share:.3} % of a core: {micros:?} µs of {idle}, {sleeps:?} sleeps");
    // One for each 80 ms; nobody looks more often.
    assert!(sleeps.iter().all(|&sleeps| sleeps <= idle / 80_000 + 5), "{sleeps:?} sleeps in {idle} µs");
    // The aim is 0.1. The first looking is in it, and what else the machine does makes each wake-up dearer.
    assert!(share < 2.0, "{share} %");
}

/// A busy stream from this process, for strace: see `a_busy_stream_makes_no_system_call`.
fn streams(arguments: &[String]) {
    let (mut sender, mut receiver): (Sender, Receiver) = if arguments[1] == "listener" {
        let mut channel = Channel::create(&name(&arguments[0]), &options()).expect("a free name");
        say("made");
        assert!(channel.wait_for_peer(Some(PATIENCE)).expect("a peer"));
        channel.split()
    } else {
        peer(arguments).split()
    };
    let (count, mut sent, mut got) = (1_000_000_u64, 0_u64, 0_u64);
    let switches = voluntary_switches();
    // Both poll, so whoever is on the processor does its work.
    while sent < count || got < count {
        while sent < count && sender.try_send(&sent.to_ne_bytes()).expect("open") {
            sent += 1;
        }
        while let Some(message) = if got < count { receiver.try_recv().expect("open") } else { None } {
            assert_eq!(message.value::<u64>().expect("a number"), got);
            got += 1;
        }
    }
    say(&(voluntary_switches() - switches).to_string());
    hear();
}

fn voluntary_switches() -> u64 {
    // SAFETY: as above.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, &raw mut usage), 0);
        usage
    };
    usage.ru_nvcsw as u64
}

/// A million messages each way between two that are awake: nobody sleeps, so nobody is woken. `strace -fc` of this test
/// tells the same of all other calls.
#[test]
fn a_busy_stream_makes_no_system_call() {
    let name = unique_name("busy");
    let mut listener = Start::role("streams").argument(&name).argument("listener").start();
    listener.expect("made");
    let mut peer = Start::role("streams").argument(&name).argument("peer").start();
    for end in [&mut listener, &mut peer] {
        let slept: u64 = end.hear().parse().expect("a number");
        assert!(slept < 100, "it slept {slept} times in a million messages");
    }
    for end in [&mut listener, &mut peer] {
        end.say("end");
        end.finish();
    }
    assert_nothing_left(&name);
}
