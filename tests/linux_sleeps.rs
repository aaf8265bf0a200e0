//! Sleeps without a timer: where a thread often sleeps, the library's thread, the ticker, wakes all sleepers every 80 ms,
//! so that they check whether their peers live.

#![cfg(target_os = "linux")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use samemap::channel::Spin;
use samemap::latest::Awaited;
use samemap::sync::{EventOptions, Readiness, Reset};
use samemap::{
    Channel, ChannelOptions, ErrorKind, Event, Latest, LatestOptions, LatestWriter, Publisher, Subscriber,
    TopicOptions,
};
use support::linux::child::{Child, Start, hear, play, say};
use support::linux::forked::fork;
use support::linux::seccomp::{self, Answer};
use support::{DEADLINE, SetAtEnd, Watchdog, kind, name, unique_name, wait_until};

/// Within 100 ms, and a second on a machine with more to do than processors.
const TOLD_WITHIN: Duration = Duration::from_millis(1000);

/// How many threads sleep in a crowd.
const CROWD: usize = 40;

#[test]
fn a_receiver_learns_of_a_death() {
    learns_of_a_death("channel", |text| {
        let mut channel = Channel::connect(&name(text), &options()).unwrap();
        move || kind(channel.receiver().recv().map(drop)) == ErrorKind::PeerDied
    });
}

#[test]
fn a_sender_learns_of_a_death() {
    learns_of_a_death("channel", |text| {
        let mut channel = Channel::connect(&name(text), &options()).unwrap();
        while channel.sender().try_send(&[0; 100]).unwrap() {}
        move || kind(channel.sender().send(&[0; 100])) == ErrorKind::PeerDied
    });
}

#[test]
fn a_subscriber_learns_of_a_death() {
    learns_of_a_death("topic", |text| {
        let mut subscriber = Subscriber::open(&name(text), &TopicOptions::new().spin(Spin::Never)).unwrap();
        move || kind(subscriber.recv().map(drop)) == ErrorKind::PeerDied
    });
}

#[test]
fn a_reader_of_newest_values_learns_of_a_death() {
    learns_of_a_death("latest", |text| {
        let latest = Latest::<u64>::open(&name(text), &LatestOptions::new()).unwrap();
        move || latest.wait_newer(0).unwrap() == Awaited::WriterGone
    });
}

#[test]
fn a_crowd_learns_of_a_death() {
    let text = unique_name("crowd");
    let mut holder = holder("latest", &text);
    busy(|scope| {
        let crowd: Vec<_> = (0..CROWD)
            .map(|_| {
                let latest = Latest::<u64>::open(&name(&text), &LatestOptions::new()).unwrap();
                scope.spawn(move || latest.wait_newer(0).unwrap() == Awaited::WriterGone)
            })
            .collect();
        wait_until("all sleep without a timer", || timerless_sleepers().len() >= CROWD);
        holder.kill();
        let killed = Instant::now();
        assert!(crowd.into_iter().all(|waiter| waiter.join().unwrap()));
        assert!(killed.elapsed() < TOLD_WITHIN, "{:?}", killed.elapsed());
    });
}

#[test]
fn a_forked_child_learns_of_a_death() {
    plays("forks");
}

#[test]
fn without_another_thread_sleepers_learn_of_a_death() {
    plays("has_no_other_thread");
}

#[test]
fn a_process_that_has_little_to_do_is_quiet() {
    plays("becomes_quiet");
}

/// A program that blocks a signal counts on it that no thread gets it.
#[test]
fn no_signal_goes_to_the_librarys_threads() {
    let signals = [libc::SIGINT, libc::SIGTERM, libc::SIGUSR1, libc::SIGALRM, libc::SIGCHLD];
    let text = unique_name("signals");
    let event = Event::create(&name(&text), &EventOptions::new(Reset::Auto)).unwrap();
    let mut readiness = Readiness::of(&[&event]).unwrap();
    assert_eq!(readiness.try_take().unwrap(), None);
    busy(|_| {
        for thread in ["samemap-ticker\n", "samemap-waiter\n"] {
            wait_until(thread, || thread_called(thread).is_some());
            let blocked = blocked_signals_of(thread_called(thread).expect("it runs"));
            assert!(signals.iter().all(|signal| blocked >> (signal - 1) & 1 == 1), "{thread}: {blocked:x}");
        }
        assert_eq!(blocked_signals_of(this_thread()), 0, "the others get them");
    });
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("holds", holds),
        ("echoes", echoes),
        ("forks", forks),
        ("has_no_other_thread", has_no_other_thread),
        ("becomes_quiet", becomes_quiet),
    ]);
}

#[track_caller]
fn plays(role: &str) {
    let mut child = Start::role(role).argument(unique_name(role)).start();
    child.expect("done");
    child.finish();
}

fn options() -> ChannelOptions {
    ChannelOptions::new().capacity(4096).spin(Spin::Never).patience(DEADLINE)
}

/// A thread that sleeps in `wait`, which tells that it was the end that it expects, learns that the process that holds
/// the other end was killed.
#[track_caller]
fn learns_of_a_death<W: FnOnce() -> bool + Send + 'static>(what: &str, begin: impl FnOnce(&str) -> W) {
    let text = unique_name(what);
    let mut holder = holder(what, &text);
    let wait = begin(&text);
    busy(|scope| {
        let (tid, waiter) = sleeper(scope, wait);
        wait_until("it sleeps without a timer", || sleeps_without_a_timer(tid) == Some(true));
        holder.kill();
        let killed = Instant::now();
        assert!(waiter.join().unwrap(), "the end that it expects");
        assert!(killed.elapsed() < TOLD_WITHIN, "{:?}", killed.elapsed());
    });
}

/// A process that holds the other end.
fn holder(what: &str, text: &str) -> Child {
    let mut holder = Start::role("holds").argument(what).argument(text).start();
    holder.expect("holds");
    holder
}

fn sleeper<'scope, W: FnOnce() -> bool + Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    wait: W,
) -> (i32, thread::ScopedJoinHandle<'scope, bool>) {
    let (says, tid) = std::sync::mpsc::channel();
    let waiter = scope.spawn(move || {
        says.send(this_thread()).expect("it is heard");
        wait()
    });
    (tid.recv().expect("the thread began"), waiter)
}

/// Runs `body` while the ticker is at work, because two threads often sleep.
fn busy<T>(body: impl for<'scope> FnOnce(&'scope Scope<'scope, '_>) -> T) -> T {
    let _watchdog = Watchdog::with_limit("a death that is to be noticed", DEADLINE);
    let text = unique_name("busy");
    let mut here = Channel::create(&name(&text), &options()).unwrap();
    let mut there = Channel::connect(&name(&text), &options()).unwrap();
    assert!(here.wait_for_peer_timeout(DEADLINE).unwrap());
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                ask(&mut here);
            }
            drop(here);
        });
        scope.spawn(move || while answer(&mut there) {});
        let _end = SetAtEnd(&is_over);
        wait_until("the library's thread", || ticker().is_some());
        body(scope)
    })
}

fn ask(channel: &mut Channel) {
    channel.sender().send(b"ask").unwrap();
    assert_eq!(channel.receiver().recv().unwrap().to_vec(), b"ask");
}

/// Answers what comes; `false` when nothing will come any more.
fn answer(channel: &mut Channel) -> bool {
    let Ok(message) = channel.receiver().recv().map(|message| message.to_vec()) else { return false };
    channel.sender().send(&message).is_ok()
}

// ---- what the system says of threads -------------------------------------------------------------------

/// The numbers of `futex`, and of the form with long times that 32-bit systems have.
const FUTEX: [libc::c_long; 2] = [libc::SYS_futex, 422];

fn this_thread() -> i32 {
    // SAFETY: takes nothing.
    unsafe { libc::gettid() }
}

fn of_thread(tid: i32, file: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/self/task/{tid}/{file}")).ok()
}

fn threads() -> Vec<i32> {
    let threads = std::fs::read_dir("/proc/self/task").expect("proc");
    threads.filter_map(|thread| thread.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The ticker's thread.
fn ticker() -> Option<i32> {
    thread_called("samemap-ticker\n")
}

fn thread_called(name: &str) -> Option<i32> {
    threads().into_iter().find(|&tid| of_thread(tid, "comm").is_some_and(|comm| comm == name))
}

fn blocked_signals_of(tid: i32) -> u64 {
    let status = of_thread(tid, "status").expect("the thread lives");
    let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
    u64::from_str_radix(line.expect("signals").trim(), 16).expect("a number")
}

/// Whether a thread sleeps on a word that processes share, and has set no timer; nothing when it does not sleep so.
fn sleeps_without_a_timer(tid: i32) -> Option<bool> {
    let call = of_thread(tid, "syscall")?;
    let mut fields = call.split(' ');
    let number: libc::c_long = fields.next()?.parse().ok()?;
    let [_word, operation, _value, timeout] = [(); 4].map(|()| fields.next());
    (FUTEX.contains(&number) && operation == Some("0x0")).then_some(timeout == Some("0x0"))
}

fn timerless_sleepers() -> Vec<i32> {
    threads().into_iter().filter(|&tid| sleeps_without_a_timer(tid) == Some(true)).collect()
}

fn sleeps_of(tid: i32) -> u64 {
    let status = of_thread(tid, "status").expect("the thread lives");
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.expect("a count").trim().parse().expect("a number")
}

// ---- the roles ----------------------------------------------------------------------------------------

/// Holds one end of something until it is killed.
fn holds(arguments: &[String]) {
    let name = name(&arguments[1]);
    let _end: Box<dyn std::any::Any> = match arguments[0].as_str() {
        "channel" => Box::new(Channel::create(&name, &options()).unwrap()),
        "topic" => Box::new(Publisher::create(&name, &TopicOptions::new()).unwrap()),
        _ => Box::new(LatestWriter::<u64>::create(&name, &LatestOptions::new()).unwrap()),
    };
    say("holds");
    hear();
}

/// Answers so many messages, and is killed then.
fn echoes(arguments: &[String]) {
    let mut channel = Channel::connect(&name(&arguments[0]), &options()).unwrap();
    for _ in 0..arguments[1].parse().unwrap() {
        assert!(answer(&mut channel));
    }
    // SAFETY: a signal to this process itself.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

/// Asks an echo until it is told that it is dead; between the answer and the death it sleeps.
fn asks_until_death(text: &str, times: u32) {
    let mut channel = Channel::create(&name(text), &options()).unwrap();
    let _echo = Start::role("echoes").argument(text).argument(times).start();
    assert!(channel.wait_for_peer_timeout(DEADLINE).unwrap());
    (0..times).for_each(|_| ask(&mut channel));
    let answered = Instant::now();
    assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied);
    assert!(answered.elapsed() < TOLD_WITHIN, "{:?}", answered.elapsed());
}

fn forks(arguments: &[String]) {
    let text = &arguments[0];
    busy(|_| {
        let child = fork(|| {
            assert_eq!(ticker(), None, "it is the parent's");
            asks_until_death(&format!("{text}-few"), 10);
            assert_eq!(ticker(), None, "it has not slept often");
            asks_until_death(&format!("{text}-many"), 1000);
            assert!(ticker().is_some(), "it has slept often");
        });
        child.finish();
    });
    say("done");
}

fn has_no_other_thread(arguments: &[String]) {
    let text = &arguments[0];
    let mut channel = Channel::create(&name(text), &options()).unwrap();
    let _echo = Start::role("echoes").argument(text).argument(1000).start();
    assert!(channel.wait_for_peer_timeout(DEADLINE).unwrap());
    // From now on the system starts no threads.
    seccomp::answer(&[libc::SYS_clone, libc::SYS_clone3], Answer::Error(libc::EAGAIN), Answer::Allow);
    (0..1000).for_each(|_| ask(&mut channel));
    assert_eq!(ticker(), None);
    let answered = Instant::now();
    assert_eq!(kind(channel.receiver().recv().map(drop)), ErrorKind::PeerDied);
    assert!(answered.elapsed() < TOLD_WITHIN, "{:?}", answered.elapsed());
    say("done");
}

fn becomes_quiet(arguments: &[String]) {
    let text = &arguments[0];
    let mut holder = holder("channel", text);
    let mut channel = Channel::connect(&name(text), &options()).unwrap();
    thread::scope(|scope| {
        let (tid, waiter) = sleeper(scope, move || channel.receiver().recv().is_err());
        let ticker = busy(|_| {
            wait_until("it sleeps without a timer", || sleeps_without_a_timer(tid) == Some(true));
            ticker().expect("it is at work")
        });
        wait_until("it sleeps with a timer again", || sleeps_without_a_timer(tid) == Some(false));
        thread::sleep(Duration::from_millis(200));
        let before = [tid, ticker].map(sleeps_of);
        thread::sleep(Duration::from_secs(1));
        let after = [tid, ticker].map(sleeps_of);
        assert_eq!(after[1], before[1], "the library's thread rests");
        assert!(after[0] - before[0] <= 1000 / 80 + 2, "one sleep each 80 ms: {before:?}, {after:?}");
        wait_until("the library's thread has ended", || self::ticker().is_none());
        holder.kill();
        assert!(waiter.join().unwrap());
    });
    say("done");
}
