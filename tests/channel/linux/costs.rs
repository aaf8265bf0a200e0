//! What is left behind, and what a sleeping pair and a busy stream cost.

use super::common::*;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("proc").count()
}

fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").expect("proc").matches("samemap").count()
}

/// Alone in its process, so that what it counts is its own.
pub fn counts(arguments: &[String]) {
    let name = name(&arguments[0]);
    let round = |name: &ObjectName| {
        let mut here = Channel::create(name, &options()).expect("a free name");
        let there = Channel::connect(name, &options()).expect("it listens");
        drop(there);
        assert!(!here.try_wait_for_next_peer().expect("the peer has gone"));
        drop(Channel::connect(name, &options()).expect("it listens again"));
        drop(here);
        let mut desk = Listener::bind(name, &options()).expect("a free name");
        thread::scope(|scope| {
            let connecting = scope.spawn(|| Channel::connect(name, &options()).expect("accepted"));
            drop(desk.accept_timeout(PATIENCE).expect("accepts").expect("in time"));
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
pub fn sleeps(arguments: &[String]) {
    let mut channel = if arguments[1] == "listener" {
        let channel = Channel::create(&name(&arguments[0]), &options()).expect("a free name");
        say("made");
        channel
    } else {
        peer(arguments)
    };
    assert!(channel.wait_for_peer_timeout(PATIENCE).expect("a peer"));
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
pub fn streams(arguments: &[String]) {
    let (mut sender, mut receiver): (Sender, Receiver) = if arguments[1] == "listener" {
        let mut channel = Channel::create(&name(&arguments[0]), &options()).expect("a free name");
        say("made");
        assert!(channel.wait_for_peer_timeout(PATIENCE).expect("a peer"));
        channel.split()
    } else {
        peer(arguments).split()
    };
    let (count, mut sent, mut got) = (1_000_000_u64, 0_u64, 0_u64);
    let switches = voluntary_switches();
    // Both poll, so the one that has the processor does its work.
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
