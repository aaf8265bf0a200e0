//! Listeners, which serve many.

use crate::common::*;

pub fn client_part(arguments: &[String]) {
    client(&arguments[0], arguments[1].parse().expect("a number"));
}

/// Serves all clients that come, until it is killed.
pub fn listen(arguments: &[String]) {
    let mut listener = Listener::bind(&name(&arguments[0]), &options(4096)).expect("a free name");
    say("bound");
    while let Ok(channel) = listener.accept() {
        serve_echo(channel);
    }
}

/// Connects again and again, and has its words sent back.
fn client(text: &str, rounds: u64) {
    for round in 0..rounds {
        let mut channel = Channel::connect(&name(text), &options(4096)).expect("it is accepted");
        for number in 0..20 {
            channel.sender().send_value(&[round, number]).expect("open");
            assert_eq!(channel.receiver().recv_value::<[u64; 2]>().expect("answered"), [round, number]);
        }
    }
}

#[test]
fn a_listener_takes_many_at_once() {
    let text = unique_name("desk");
    let mut listener = Listener::bind(&name(&text), &options(4096)).unwrap();
    assert_eq!(kind(Listener::bind(&name(&text), &options(4096))), ErrorKind::AlreadyExists);
    assert!(listener.try_accept().unwrap().is_none());
    assert!(listener.accept_timeout(Duration::from_millis(20)).unwrap().is_none());
    let processes: Vec<Program> = (0..3).map(|_| start("client", &[&text, "10"])).collect();
    // More at a time than there are places.
    let threads: Vec<_> = (0..30)
        .map(|_| {
            let text = text.clone();
            thread::spawn(move || client(&text, 3))
        })
        .collect();
    for number in 0..3 * 10 + 30 * 3 {
        let channel = listener.accept_timeout(PATIENCE).unwrap();
        serve_echo(channel.unwrap_or_else(|| panic!("only {number} came")));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    for process in processes {
        assert!(process.finish().status.success());
    }
    assert!(listener.try_accept().unwrap().is_none(), "those were all");
    drop(listener);
    assert_eq!(kind(Channel::connect(&name(&text), &options(4096))), ErrorKind::NotFound);
    assert_nothing_left(&text);
}

#[test]
fn a_listener_that_ends_is_told_from_one_that_is_busy() {
    let text = unique_name("desk-ends");
    let impatient = options(4096).patience(Duration::from_millis(30));
    let listener = Listener::bind(&name(&text), &options(4096)).unwrap();
    assert_eq!(kind(Channel::connect(&name(&text), &impatient)), ErrorKind::TimedOut, "nobody accepts");
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let name = name(&text);
            thread::spawn(move || kind(Channel::connect(&name, &options(4096))))
        })
        .collect();
    thread::sleep(Duration::from_millis(30));
    drop(listener);
    for thread in waiting {
        assert_eq!(in_time(move || thread.join().unwrap()), ErrorKind::NotFound);
    }
    assert_nothing_left(&text);
}

/// Clients that give up or are killed leave their places to others, and no region.
#[test]
fn clients_are_killed_at_random() {
    let text = unique_name("desk-kills");
    let mut listener = Listener::bind(&name(&text), &options(4096)).unwrap();
    let mut random = Random::new();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let listening = scope.spawn(|| {
            let mut accepted = 0;
            while !over.load(Ordering::Relaxed) {
                if let Some(channel) = listener.accept_timeout(Duration::from_millis(20)).unwrap() {
                    accepted += 1;
                    serve_echo(channel);
                }
            }
            accepted
        });
        for _ in 0..number("SAMEMAP_CHANNEL_KILLS", 18).div_ceil(3) {
            let clients: Vec<Program> = (0..3).map(|_| start("client", &[&text, "1000000"])).collect();
            for client in clients {
                thread::sleep(Duration::from_micros(random.below(20_000)));
                client.kill();
            }
            // A client that comes then is served.
            client(&text, 2);
        }
        over.store(true, Ordering::Relaxed);
        assert!(listening.join().unwrap() >= 2);
    });
    drop(listener);
    assert_nothing_left(&text);
    wait_until("no connection's region is left", || regions_of(&text).is_empty());
}

#[test]
fn a_killed_listeners_name_is_free() {
    let mut random = Random::new();
    for _ in 0..number("SAMEMAP_CHANNEL_KILLS", 4) {
        let text = unique_name("desk-killed");
        let listener = start("listen", &[&text]);
        listener.expect("bound");
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let name = name(&text);
                thread::spawn(move || {
                    loop {
                        match Channel::connect(&name, &options(4096)) {
                            Ok(mut channel) => {
                                let answer = channel
                                    .sender()
                                    .send(b"x")
                                    .and_then(|()| channel.receiver().recv_into(&mut [0; 1]));
                                if let Err(error) = answer {
                                    return error.kind().clone();
                                }
                            }
                            Err(error) => return error.kind().clone(),
                        }
                    }
                })
            })
            .collect();
        thread::sleep(Duration::from_micros(random.below(30_000)));
        listener.kill();
        for client in clients {
            let end = in_time(move || client.join().unwrap());
            assert!(matches!(end, ErrorKind::NotFound | ErrorKind::PeerDied), "{end:?}");
        }
        drop(Listener::bind(&name(&text), &options(4096)).expect("the name is free"));
        assert_nothing_left(&text);
        if !regions_of(&text).is_empty() {
            // What the listener alone has held is dead (C17), and goes with the next sweep.
            samemap::catalog::reclaim().expect("a sweep");
        }
        assert_eq!(regions_of(&text), [""; 0]);
    }
}

/// The files of a listener's connections: what a name with a random number has left. Only Linux shows them.
fn regions_of(listener: &str) -> Vec<String> {
    let Ok(files) = std::fs::read_dir("/dev/shm") else { return Vec::new() };
    let label = listener.trim_start_matches(r"Local\");
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    names.filter(|name| name.contains(label)).collect()
}
