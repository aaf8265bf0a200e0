//! What connecting costs, beside Unix stream sockets: a measurement that a person runs on a machine that is quiet.
//!
//! `cargo test --release --test listener_rates -- --ignored --nocapture rates`
#![cfg(unix)]

mod support;

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use samemap::{Channel, ChannelOptions, Listener, ObjectName};
use support::part::{self, hear, say};
use support::{Program, name, unique_name, unique_text};

const PROCESSES: usize = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// How long rates are counted.
const WHILE: Duration = Duration::from_secs(2);

fn options() -> ChannelOptions {
    ChannelOptions::new().capacity(4096).patience(PATIENCE)
}

/// What is connected to: an object's name, or a socket's path.
#[derive(Clone)]
enum Server {
    Ours(ObjectName),
    Socket(String),
}

impl Server {
    fn named(text: &str) -> Server {
        if text.starts_with('/') { Server::Socket(text.to_owned()) } else { Server::Ours(name(text)) }
    }

    /// Connects, sends a number, and has it sent back.
    fn ask(&self) {
        match self {
            Server::Ours(name) => {
                let mut channel =
                    Channel::connect(name, &options()).unwrap_or_else(|error| panic!("{error}"));
                channel.sender().send(&[7; 8]).expect("open");
                channel.receiver().recv().expect("answered");
            }
            Server::Socket(path) => {
                let mut stream = UnixStream::connect(path).expect("accepted");
                stream.write_all(&[7; 8]).and_then(|()| stream.read_exact(&mut [0; 8])).expect("answered");
            }
        }
    }

    /// Answers those who connect: so many, or as many as come in a time; how many that were, and how long it took.
    fn serve(&self, most: usize, time: Duration, begin: impl FnOnce()) -> (usize, Duration) {
        let mut accept: Box<dyn FnMut()> = match self {
            Server::Ours(name) => {
                let mut listener = Listener::bind(name, &options()).expect("a free name");
                Box::new(move || {
                    let mut channel = listener.accept_timeout(PATIENCE).expect("accepts").expect("in time");
                    let question = channel.receiver().recv().expect("asked").to_vec();
                    channel.sender().send(&question).expect("open");
                })
            }
            Server::Socket(path) => {
                let _ = std::fs::remove_file(path);
                let listener = UnixListener::bind(path).expect("a free path");
                Box::new(move || {
                    let (mut stream, _) = listener.accept().expect("accepts");
                    let mut question = [0; 8];
                    stream
                        .read_exact(&mut question)
                        .and_then(|()| stream.write_all(&question))
                        .expect("asked");
                })
            }
        };
        begin();
        let start = Instant::now();
        let mut served = 0;
        while served < most && start.elapsed() < time {
            accept();
            served += 1;
        }
        (served, start.elapsed())
    }
}

#[test]
#[ignore = "the body of the other processes"]
fn child_entry() {
    part::play(&[("asks", asks)]);
}

fn asks(arguments: &[String]) {
    let (server, threads) = (Server::named(&arguments[0]), arguments[1].parse::<usize>().expect("a number"));
    let rounds = if arguments[2] == "again" { u64::MAX } else { 1 };
    let all = Barrier::new(threads + 1);
    thread::scope(|scope| {
        for _ in 0..threads {
            let ask = || {
                all.wait();
                (0..rounds).for_each(|_| server.ask());
            };
            thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, ask).expect("a thread");
        }
        say("ready");
        hear();
        all.wait();
    });
}

/// So many clients in a few processes, ready to begin.
fn clients(server: &str, count: usize, how: &str) -> Vec<Program> {
    let processes = PROCESSES.min(count);
    let start = |process: usize| {
        let threads = count / processes + usize::from(process < count % processes);
        part::start("asks", &[server, &threads.to_string(), how])
    };
    let programs: Vec<Program> = (0..processes).map(start).collect();
    programs.iter().for_each(|program| program.expect("ready"));
    programs
}

#[test]
#[ignore = "a measurement, for a machine that is quiet"]
fn rates() {
    let socket = std::env::temp_dir().join(unique_text("rates"));
    let servers = || [unique_name("rates"), socket.to_str().expect("a path in UTF-8").to_owned()];
    let go = |programs: &mut Vec<Program>| programs.iter_mut().for_each(|program| program.type_in("go\n"));
    for count in [1, 10, 100, 1000] {
        let rates = servers().map(|server| {
            let mut programs = clients(&server, count, "again");
            let (served, took) = Server::named(&server).serve(usize::MAX, WHILE, || go(&mut programs));
            programs.into_iter().for_each(Program::kill);
            served as f64 / took.as_secs_f64()
        });
        println!("{count} clients: {:.0} connects a second; sockets {:.0}", rates[0], rates[1]);
    }
    let times = servers().map(|server| {
        let mut programs = clients(&server, 1000, "once");
        let (_, took) = Server::named(&server).serve(1000, PATIENCE, || go(&mut programs));
        assert!(
            programs.into_iter().all(|program| program.finish().status.success()),
            "somebody was refused"
        );
        took
    });
    println!("1000 at once: {:?}; sockets {:?}", times[0], times[1]);
    let _ = std::fs::remove_file(&socket);
}
