//! The Rust side of `tests/win32/peers.c`: the same objects, by the library's own face.
//!
//! `win32_peer PART NAME`, where the names of the objects are NAME and a word.

use std::time::Duration;

use samemap::sync::{EventOptions, Reset, SyncOptions};
use samemap::{Access, CreateOptions, Event, Mutex, ObjectName, OpenOptions, Region, Result};

const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, part, name] = &arguments[..] else { panic!("win32_peer PART NAME") };
    match part.as_str() {
        "open" => open(name),
        "create" => create(name),
        "own" => own(name),
        "abandoned" => abandoned(name),
        other => panic!("there is no part {other}"),
    }
}

fn of(name: &str, what: &str) -> Result<ObjectName> {
    ObjectName::new(format!("{name}-{what}"))
}

fn opening() -> OpenOptions {
    OpenOptions::read_write().patience(PATIENCE)
}

fn mutex(name: &str) -> Result<Mutex> {
    Mutex::open(&of(name, "mutex")?, &opening())
}

fn event(name: &str) -> Result<Event> {
    Event::open(&of(name, "event")?, &opening())
}

/// Opens what the other program made: reads and writes text in UTF-16, and sets the event.
fn open(name: &str) -> Result<()> {
    let view = Region::open(&of(name, "region")?, &opening())?.view(.., Access::ReadWrite)?;
    let mutex = mutex(name)?;
    let guard = mutex.lock()?;
    assert_eq!(view.read_utf16(0)?, "of Win32, with é and 𝄞");
    view.write_utf16(0, "of Rust, with é and 𝄞")?;
    drop(guard);
    event(name)?.set()
}

/// Makes what the other program opens, and waits for its answer.
fn create(name: &str) -> Result<()> {
    let region = Region::create(&of(name, "region")?, &CreateOptions::new(65536))?;
    let view = region.view(.., Access::ReadWrite)?;
    let mutex = Mutex::create(&of(name, "mutex")?, &SyncOptions::new())?;
    view.write_utf16(0, "of Rust, with é and 𝄞")?;
    let event = Event::create(&of(name, "event")?, &EventOptions::new(Reset::Auto))?;
    assert!(event.wait_timeout(PATIENCE)?, "the other program sets it");
    let _guard = mutex.lock()?;
    assert_eq!(view.read_utf16(0)?, "of Win32, with é and 𝄞");
    Ok(())
}

/// Owns the mutex until it is killed.
fn own(name: &str) -> Result<()> {
    let mutex = mutex(name)?;
    let _guard = mutex.lock()?;
    event(name)?.set()?;
    std::thread::sleep(PATIENCE);
    Ok(())
}

/// Finds that the other program died while it owned the mutex.
fn abandoned(name: &str) -> Result<()> {
    assert!(mutex(name)?.lock()?.abandoned());
    Ok(())
}
