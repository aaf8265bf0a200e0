//! One producer whose every message reaches several processes: samemap's topic beside iceoryx2's publish-subscribe, which
//! is set up as in its own file of this program.
//!
//! Nothing is missed on either side: the producer waits for the slowest reader. Every reader reads every byte: those of
//! small messages copied out, those of frames summed up where they lie, after the producer has filled the whole frame in
//! place.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use iceoryx2::port::{notifier::Notifier, publisher};
use iceoryx2::prelude::ipc;
use samemap::{ObjectName, Publisher, Subscriber, TopicOptions};

use super::arena::{Arena, PATIENCE};
use super::ends;
use super::job::{Kind, this_program};
use super::leftovers::Folder;
use super::links::crates::iceoryx2 as ice;
use super::place::UNPINNED;
use super::report::{Report, Subject};
use super::rounds::{Plan, Times};

/// The first argument of a process of these.
pub const WORD: &str = "one-of-a-topic";

/// Words of the arena's room: the readers that are ready, and those that have read everything.
const READY: usize = 0;
const DONE: usize = 1;

const FRAME: usize = 8 << 20;
const SMALL: usize = 64;
/// Longer than a reader looks before it sleeps.
const PAUSE: Duration = Duration::from_millis(2);

const SYSTEMS: [(&str, &str, Kind); 2] =
    [("topic", "samemap Topic", Kind::Ours), ("iceoryx2", "iceoryx2 0.10 publish-subscribe", Kind::Peer)];

/// What is measured.
#[derive(Clone, Copy)]
struct Case {
    act: &'static str,
    bench: &'static str,
    size: usize,
    readers: usize,
}

const fn case(act: &'static str, bench: &'static str, size: usize, readers: usize) -> Case {
    Case { act, bench, size, readers }
}

const CASES: [Case; 6] = [
    case("stream", "one to one of a topic, a message", SMALL, 1),
    case("stream", "one to three, a message", SMALL, 3),
    case("stream", "one to eight, a message", SMALL, 8),
    case("stream", "one to three, in place, a message", FRAME, 3),
    case("wake", "one to one sleeping, the producer's call", SMALL, 1),
    case("wake", "one to eight sleeping, the producer's call", SMALL, 8),
];

/// All rows about topics.
pub fn measure(plan: Plan, report: &mut Report) {
    for case in CASES {
        let mut times: Vec<Times> =
            SYSTEMS.iter().map(|&(_, system, kind)| Times::new(system, kind)).collect();
        for _ in 0..plan.process_rounds {
            for ((key, ..), times) in SYSTEMS.iter().zip(&mut times) {
                times.add_answer(|| ends::run(first(key, case, plan)));
            }
        }
        let subject = Subject { bench: case.bench, size: case.size as u64 };
        report.add_in(subject, "ns", UNPINNED.name, times);
    }
}

/// How many messages a measurement takes.
fn messages(case: Case, plan: Plan) -> usize {
    match (case.act, case.size) {
        (_, FRAME) if plan.is_quick => 4,
        (_, FRAME) => 100,
        ("wake", _) if plan.is_quick => 3,
        ("wake", _) => 100,
        _ if plan.is_quick => 1000,
        _ => 300_000,
    }
}

fn first(key: &str, case: Case, plan: Plan) -> Command {
    let mut command = this_program(WORD);
    let numbers = [case.size, case.readers, messages(case, plan)].map(|number| number.to_string());
    command.args(["first", key, case.act]).args(numbers);
    command
}

/// This process publishes, or is one of the readers.
pub fn be_one(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let [role, key, act, size, readers, messages, rest @ ..] = &words[..] else {
        return Err("not the words of one of a topic".to_owned());
    };
    let number = |word: &str| word.parse::<usize>().map_err(|error| error.to_string());
    let part = Part { key, act, size: number(size)?, readers: number(readers)?, messages: number(messages)? };
    match (*role, rest) {
        ("first", []) => part.publish(),
        ("reader", [arena]) => part.read(&Arena::open(arena)),
        _ => Err(format!("not one of a topic: {words:?}")),
    }
}

struct Part<'a> {
    key: &'a str,
    act: &'a str,
    size: usize,
    readers: usize,
    messages: usize,
}

impl Part<'_> {
    fn publish(&self) -> Result<(), String> {
        let folder = Folder::create()?;
        // SAFETY: this process has no other thread yet. The readers inherit it.
        unsafe { std::env::set_var("TMPDIR", folder.path()) };
        let arena = Arena::create("topic");
        let mut sender = self.sender(&arena)?;
        let mut readers: Vec<Child> = (0..self.readers).map(|_| self.start_reader(&arena)).collect();
        wait_for(&arena, READY, self.readers)?;
        let time =
            if self.act == "wake" { self.wake(&mut sender) } else { self.stream(&mut sender, &arena)? };
        wait_for(&arena, DONE, self.readers)?;
        readers.iter_mut().for_each(|reader| _ = reader.wait());
        println!("{}", time.as_nanos() as f64 / self.messages as f64);
        Ok(())
    }

    fn stream(&self, sender: &mut Sender, arena: &Arena) -> Result<Duration, String> {
        let start = Instant::now();
        (0..self.messages).for_each(|number| sender.send(number as u8, self.size));
        wait_for(arena, DONE, self.readers)?;
        Ok(start.elapsed())
    }

    /// What the calls take, while all readers sleep before each.
    fn wake(&self, sender: &mut Sender) -> Duration {
        let mut all = Duration::ZERO;
        for number in 0..self.messages {
            std::thread::sleep(PAUSE);
            let start = Instant::now();
            sender.send(number as u8, self.size);
            all += start.elapsed();
        }
        all
    }

    fn start_reader(&self, arena: &Arena) -> Child {
        let mut command = this_program(WORD);
        let numbers = [self.size, self.readers, self.messages].map(|number| number.to_string());
        command.args(["reader", self.key, self.act]).args(numbers).arg(arena.name());
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("start a reader")
    }

    fn options(&self) -> TopicOptions {
        if self.size == FRAME { TopicOptions::new().for_messages_of(FRAME, 4) } else { TopicOptions::new() }
    }

    fn sender(&self, arena: &Arena) -> Result<Sender, String> {
        Ok(match self.key {
            "topic" => {
                let publisher = Publisher::create(&topic_name(arena), &self.options());
                Sender::Topic(publisher.map_err(|error| error.to_string())?)
            }
            _ => {
                let (publisher, node) = ice::publisher(self.size, self.readers)?;
                let notifier =
                    (self.act == "wake").then(|| ice::notifier(&node, self.readers)).transpose()?;
                Sender::Ice(publisher, notifier, Box::new(node))
            }
        })
    }

    fn read(&self, arena: &Arena) -> Result<(), String> {
        let ready = || _ = arena.word(READY).fetch_add(1, SeqCst);
        match self.key {
            "topic" => {
                let subscriber = Subscriber::open(&topic_name(arena), &self.options());
                let mut subscriber = subscriber.map_err(|error| error.to_string())?;
                ready();
                for number in 0..self.messages {
                    let message = subscriber.recv().map_err(|error| error.to_string())?;
                    // SAFETY: nobody writes to what is lent.
                    check(unsafe { message.bytes().as_slice() }, number);
                }
            }
            _ => {
                let (subscriber, node) = ice::subscriber(self.size, self.readers)?;
                let listener =
                    (self.act == "wake").then(|| ice::listener(&node, self.readers)).transpose()?;
                ready();
                for number in 0..self.messages {
                    let sample = loop {
                        if let Some(sample) = subscriber.receive().expect("receive") {
                            break sample;
                        }
                        match &listener {
                            Some(listener) => _ = listener.blocking_wait(|_| ()).expect("wait"),
                            // There may be more readers than processors.
                            None => std::thread::yield_now(),
                        }
                    };
                    check(sample.payload(), number);
                }
            }
        }
        arena.word(DONE).fetch_add(1, SeqCst);
        Ok(())
    }
}

/// The side that publishes.
#[expect(clippy::large_enum_variant, reason = "there are a few of them, and none is moved")]
enum Sender {
    Topic(Publisher),
    Ice(
        publisher::Publisher<ipc::Service, [u8], ()>,
        Option<Notifier<ipc::Service>>,
        #[expect(dead_code, reason = "it keeps the service")] Box<dyn std::any::Any>,
    ),
}

impl Sender {
    /// Fills a message in place and publishes it.
    #[inline]
    fn send(&mut self, fill: u8, size: usize) {
        match self {
            Sender::Topic(publisher) => {
                let slot = publisher.reserve(size).expect("room");
                // SAFETY: nobody else uses the room.
                unsafe { slot.bytes().as_mut_slice().expect("writable") }.fill(fill);
                slot.commit().expect("published");
            }
            Sender::Ice(publisher, notifier, _) => {
                let mut sample = publisher.loan_slice_uninit(size).expect("loan");
                sample.payload_mut().fill(std::mem::MaybeUninit::new(fill));
                // SAFETY: every byte was written.
                unsafe { sample.assume_init() }.send().expect("send");
                if let Some(notifier) = notifier {
                    notifier.notify().expect("notify");
                }
            }
        }
    }
}

/// Reads every byte.
#[inline]
fn check(message: &[u8], number: usize) {
    let (words, _) = message.as_chunks::<8>();
    let sum = words.iter().fold(0_u64, |sum, word| sum.wrapping_add(u64::from_ne_bytes(*word)));
    let word = u64::from_ne_bytes([number as u8; 8]);
    assert_eq!(sum, word.wrapping_mul(words.len() as u64), "message {number}");
}

fn topic_name(arena: &Arena) -> ObjectName {
    ObjectName::new(format!("{}-topic", arena.name())).expect("a valid name")
}

fn wait_for(arena: &Arena, word: usize, count: usize) -> Result<(), String> {
    let start = Instant::now();
    while (arena.word(word).load(SeqCst) as usize) < count {
        if start.elapsed() > PATIENCE {
            return Err("hung: the readers do not get there".to_owned());
        }
        std::thread::yield_now();
    }
    Ok(())
}
