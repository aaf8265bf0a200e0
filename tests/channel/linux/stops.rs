//! Peers and clients that are stopped.

use super::common::*;

pub fn answers(arguments: &[String]) {
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
        assert_eq!(child.wait_for_fate(), Fate::Stopped);
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

/// Where the places of a listener's desk lie, as `src/channel/desk.rs` says.
fn place(index: usize) -> usize {
    512 + 512 * index
}

/// Takes a place at the desk and asks for a channel; then it is stopped, or never comes.
pub fn asks_and_stops(arguments: &[String]) {
    let desk = Region::open(&name(&arguments[0]), &OpenOptions::read_write()).expect("a desk");
    let view = desk.view(.., Access::ReadWrite).expect("a view");
    let seat = (0..14).find_map(|index| Some((index, Seat::take(&view, place(index)).expect("a seat")?)));
    let (index, _seat) = seat.expect("a free place");
    view.atomic_u32(place(index) + 128).expect("in range").store(1, Ordering::Release);
    say("asked");
    hear();
}

/// Clients that ask and never come delay no other client.
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
        thread::spawn(move || Channel::connect(&name, &options()).expect("it is accepted"))
    };
    let start = Instant::now();
    let mut channel = listener.accept_timeout(PATIENCE).expect("accepts").expect("in time");
    let took = start.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?} behind ten that do not come");
    let mut other = connecting.join().expect("no panics");
    other.sender().send(b"quick").expect("open");
    assert_eq!(channel.receiver().recv().expect("open").to_vec(), b"quick");
    // Regions were made for them; they go with them.
    for child in &mut slow {
        child.end();
    }
    assert!(listener.try_accept().expect("accepts").is_none());
    assert_eq!(files_of(&name), 1, "the desk: a channel that was handed over has no name");
    drop((channel, other, listener));
    assert_eq!(files_of(&name), 0);
}

pub fn connects(arguments: &[String]) {
    loop {
        let options = options().patience(Duration::from_millis(500));
        if let Ok(mut channel) = Channel::connect(&name(&arguments[0]), &options) {
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
                drop(listener.accept_timeout(Duration::from_millis(5)).expect("accepts"));
            }
        });
        for _ in 0..number("SAMEMAP_CHANNEL_KILLS", 12).div_ceil(2) {
            let mut children: Vec<Child> = (0..2).map(|_| role("connects", &name)).collect();
            for child in &mut children {
                thread::sleep(Duration::from_micros(random.below(30_000)));
                child.signal(libc::SIGSTOP);
                assert_eq!(child.wait_for_fate(), Fate::Stopped);
            }
            // Others are served meanwhile.
            drop(Channel::connect(&name, &options()).expect("it is accepted"));
            children.iter_mut().for_each(Child::end);
        }
        over.store(true, Ordering::Relaxed);
    });
    drop(listener);
    // What a killed client was the last to hold is dead (C17), and goes with a sweep.
    samemap::catalog::reclaim().expect("a sweep");
    assert_eq!(files_of(&name), 0);
}

/// Clients that are killed behind their listener's back leave nothing.
#[test]
fn a_killed_client_leaves_no_file() {
    let name = unique_name("nothing");
    let mut listener = Listener::bind(&name, &options()).expect("a free name");
    let mut child = role("holds", &name);
    drop(listener.accept_timeout(PATIENCE).expect("accepts").expect("in time"));
    child.expect("connected");
    child.kill();
    assert_eq!(files_of(&name), 1, "the desk");
}

/// In another network namespace, where a client finds no gate and its channel has a name.
fn go_elsewhere() -> bool {
    // SAFETY: flags only, and this thread's alone.
    unsafe { libc::unshare(libc::CLONE_NEWNET) == 0 }
}

/// A listener that runs for ever does not heap up what killed clients have left: it sweeps now and then.
#[test]
fn a_listener_sweeps_up_after_killed_clients() {
    if !thread::spawn(go_elsewhere).join().expect("no panics") {
        lacks("a_listener_sweeps_up_after_killed_clients", "needs network namespaces of its own (unshare)");
        return;
    }
    let name = unique_name("heap");
    let mut listener = Listener::bind(&name, &options()).expect("a free name");
    for _ in 0..3 {
        let mut child = role("holds elsewhere", &name);
        // Closed here first, so that the client is the last to hold it.
        drop(listener.accept_timeout(PATIENCE).expect("accepts").expect("in time"));
        child.expect("connected");
        child.kill();
    }
    assert!(files_of(&name) > 1, "the test has made nothing to sweep");
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(go_elsewhere());
            (0..64).for_each(|_| drop(Channel::connect(&name, &options()).expect("accepted")));
        });
        for _ in 0..64 {
            drop(listener.accept_timeout(PATIENCE).expect("accepts").expect("in time"));
        }
    });
    assert_eq!(files_of(&name), 1, "only the desk is left");
}

/// Connects to a listener from another network namespace, and stays.
pub fn holds_elsewhere(arguments: &[String]) {
    assert!(go_elsewhere());
    holds(arguments);
}

/// Connects to a listener and stays.
pub fn holds(arguments: &[String]) {
    let _channel = Channel::connect(&name(&arguments[0]), &options()).expect("accepted");
    say("connected");
    hear();
}

/// How many files of shared memory bear this name, or one that begins with it.
fn files_of(name: &ObjectName) -> usize {
    let files = std::fs::read_dir("/dev/shm").expect("shared memory");
    files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(name.rest())).count()
}
