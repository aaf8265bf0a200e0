//! The Rust side of `tests/c/peers.c`: the same objects, by the library's own face.
//!
//! `peer PART NAME`, where the names of the objects are NAME and a word.

use std::time::Duration;

use samemap::latest::{LatestBytes, LatestBytesWriter, LatestOptions};
use samemap::sync::{EventOptions, Reset, SharedMutex, SyncOptions};
use samemap::topic::{Publisher, Subscriber, TopicOptions};
use samemap::{
    Access, Channel, ChannelOptions, CreateOptions, Event, Mutex, ObjectName, OpenOptions, Region, Result,
    View,
};

const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, part, name] = &arguments[..] else { panic!("peer PART NAME") };
    match part.as_str() {
        "open" => open(name),
        "create" => create(name),
        "own" => own(name),
        "abandoned" => abandoned(name),
        "messages" => messages(name),
        "topics" => topics(name),
        other => panic!("there is no part {other}"),
    }
}

fn of(name: &str, what: &str) -> Result<ObjectName> {
    ObjectName::new(format!("{name}-{what}"))
}

fn opening() -> OpenOptions {
    OpenOptions::read_write().patience(PATIENCE)
}

fn view_of(region: &Region) -> Result<View> {
    region.view(.., Access::ReadWrite)
}

fn answer(view: &View, wanted: &[u8; 4], answer: &[u8; 4]) -> Result<()> {
    assert_eq!(&view.get::<[u8; 4]>(0)?, wanted);
    view.put(0, answer)
}

/// Opens what C has made: reads and writes under both locks, and sets the event.
fn open(name: &str) -> Result<()> {
    let view = view_of(&Region::open(&of(name, "region")?, &opening())?)?;
    let mutex = Mutex::open(&of(name, "mutex")?, &opening())?;
    let inside = SharedMutex::<u64>::open(&view, 64)?;
    let guards = (mutex.lock()?, inside.lock()?);
    answer(&view, b"of C", b"Rust")?;
    assert_eq!(guards.1.update(|value| value + 1)?, 42);
    drop(guards);
    Event::open(&of(name, "event")?, &opening())?.set()
}

/// Makes what C opens, and waits for its answer.
fn create(name: &str) -> Result<()> {
    let region = Region::create(&of(name, "region")?, &CreateOptions::new(4096))?;
    let view = view_of(&region)?;
    let inside = SharedMutex::create(&view, 64, &41u64)?;
    let mutex = Mutex::create(&of(name, "mutex")?, &SyncOptions::new())?;
    view.put(0, b"Rust")?;
    let event = Event::create(&of(name, "event")?, &EventOptions::new(Reset::Auto))?;
    assert!(event.wait_timeout(PATIENCE)?, "C sets it");
    let _guard = mutex.lock()?;
    answer(&view, b"of C", b"done")?;
    assert_eq!(inside.lock()?.load()?, 42);
    Ok(())
}

/// Owns the mutexes until it is killed.
fn own(name: &str) -> Result<()> {
    let view = view_of(&Region::open(&of(name, "region")?, &opening())?)?;
    let mutex = Mutex::open(&of(name, "mutex")?, &opening())?;
    let inside = SharedMutex::<u64>::open(&view, 64)?;
    let _guards = (mutex.lock()?, inside.lock()?);
    Event::open(&of(name, "event")?, &opening())?.set()?;
    std::thread::sleep(PATIENCE);
    Ok(())
}

/// Finds that a process of C died while it owned them.
fn abandoned(name: &str) -> Result<()> {
    let view = view_of(&Region::open(&of(name, "region")?, &opening())?)?;
    let mutex = Mutex::open(&of(name, "mutex")?, &opening())?;
    let inside = SharedMutex::<u64>::open(&view, 64)?;
    assert!(mutex.lock()?.abandoned() && inside.lock()?.abandoned());
    Ok(())
}

/// Connects to C's listener, says what the newest value is, and writes one itself.
fn messages(name: &str) -> Result<()> {
    let options = LatestOptions::new().version(1).patience(PATIENCE);
    let latest = LatestBytes::open(&of(name, "from-c")?, &options)?;
    let newest = latest.wait_newer(0)?.newer().expect("the writer lives");
    let mut writer = LatestBytesWriter::create(&of(name, "from-rust")?, 64, &options)?;
    writer.write(b"newest of Rust")?;
    let mut channel = Channel::connect(&of(name, "listener")?, &ChannelOptions::new().patience(PATIENCE))?;
    channel.sender().send(&newest.value)?;
    let echo = channel.receiver().recv()?.to_vec();
    assert_eq!(echo, b"newest of C, and back");
    Ok(())
}

/// Publishes what C has published, until C says that it has read it.
fn topics(name: &str) -> Result<()> {
    let options = TopicOptions::new().history(u64::MAX).patience(PATIENCE);
    let mut publisher = Publisher::create(&of(name, "from-rust")?, &options)?;
    let mut subscriber = Subscriber::open(&of(name, "from-c")?, &options)?;
    let message = subscriber.recv()?.to_vec();
    publisher.publish(&message)?;
    assert_eq!(subscriber.recv()?.to_vec(), b"end");
    Ok(())
}
