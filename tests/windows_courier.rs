//! What a courier makes of bytes that its peer did not mean so: on Windows they name handles by number, and no number
//! may cost this process a handle of its own (rule C18).
#![cfg(windows)]

mod support;

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::fs::File;
use std::io::{self, Cursor, Read as _, Seek as _, Write};
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, FromRawHandle as _, OwnedHandle, RawHandle};
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use samemap::regions::{Courier, FileOptions};
use samemap::{Access, CreateOptions, Error, ErrorKind, ObjectName, Region, Trust};
use support::files::TestFile;
use support::{byte_of, is_free, kind, unique_name, view_of};

#[test]
fn what_is_sent_is_received_once() {
    let sent = Sent::new("once");
    let region = receive(&sent.message).expect("sent");
    assert_eq!(region.name(), Some(&sent.name));
    assert_eq!(kind(receive(&sent.message)), ErrorKind::InvalidArgument, "it was received before");
    view_of(&region).put(0, &2u8).expect("its handle is still there");
    drop(sent.region);
    assert!(!is_free(&sent.text), "the receiver holds it");
    drop(region);
    assert!(is_free(&sent.text), "nothing else is left");
}

/// Each victim's number in the place of every number that the message has.
#[test]
fn handles_that_a_peer_names_stay_as_they_are() {
    let victims = Victims::new();
    let sent = Sent::new("named-numbers");
    for (what, handle) in victims.handles() {
        for at in places(&sent.message) {
            let forged = with_number(&sent.message, at, handle.addr() as u64);
            if forged != sent.message {
                let region = receive(&forged);
                assert!(region.is_err(), "the {what}'s number at {at} became {region:?}");
            }
            victims.check();
        }
    }
    receive(&sent.message).expect("nothing was taken");
}

/// Every number that a handle of this process may have.
#[test]
fn no_number_at_all_takes_a_handle() {
    let victims = Victims::new();
    let sent = Sent::new("all-numbers");
    for number in (0..2048).step_by(4).chain([u64::MAX, u64::MAX - 1, u64::MAX - 5, 1 << 40]) {
        for at in places(&sent.message) {
            let forged = with_number(&sent.message, at, number);
            assert!(forged == sent.message || receive(&forged).is_err(), "{number} at {at}");
        }
    }
    victims.check();
    receive(&sent.message).expect("nothing was taken");
}

#[test]
fn no_byte_can_be_changed() {
    let victims = Victims::new();
    for name in [Some("changed"), None] {
        let sent = name.map_or_else(Sent::anonymous, Sent::new);
        for at in 0..sent.message.len() {
            for flip in [0x01, 0x04, 0x80, 0xFF] {
                let mut forged = sent.message.clone();
                forged[at] ^= flip;
                assert!(receive(&forged).is_err(), "byte {at} ^ {flip:#x}");
            }
        }
        for len in 0..sent.message.len() {
            assert_eq!(kind(receive(&sent.message[..len])), ErrorKind::Os, "the first {len} bytes");
        }
        receive(&sent.message).expect("nothing was taken");
    }
    victims.check();
}

/// A region that this process and its peer both write to is no proof of anything.
#[test]
fn shared_memory_can_say_what_it_likes() {
    let sent = Sent::new("contents");
    let shared = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
    view_of(&shared).write(0, &sent.message).expect("it fits");
    let number = shared.as_handle().as_raw_handle().addr() as u64;
    for at in places(&sent.message) {
        assert!(receive(&with_number(&sent.message, at, number)).is_err(), "{at}");
    }
    assert_eq!(view_of(&shared).get::<[u8; 8]>(0).expect("still open"), *b"SMHANDLE");
}

#[test]
fn of_several_receipts_of_one_message_one_succeeds() {
    const RECEIVERS: usize = 4;
    for _ in 0..50 {
        let sent = Sent::new("race");
        let start = Barrier::new(RECEIVERS);
        let received: Vec<Region> = thread::scope(|scope| {
            let receipt = || {
                start.wait();
                receive(&sent.message)
            };
            let threads: Vec<_> = (0..RECEIVERS).map(|_| scope.spawn(receipt)).collect();
            threads.into_iter().filter_map(|thread| thread.join().expect("no panic").ok()).collect()
        });
        assert_eq!(received.len(), 1);
        assert_eq!(byte_of(&received[0]), 1);
        drop((received, sent.region));
        assert!(is_free(&sent.text), "each handle was closed");
    }
}

#[test]
fn what_was_put_into_another_process_is_not_received_here() {
    let mut other = Command::new("cmd")
        .args(["/c", "pause"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("every Windows has it");
    let sent = Sent::to(other.id(), "elsewhere");
    assert_eq!(kind(receive(&sent.message)), ErrorKind::InvalidArgument);
    drop(sent.region);
    assert!(!is_free(&sent.text), "the other process has it");
    other.kill().expect("it waits for a key");
    other.wait().expect("our child");
    assert!(is_free(&sent.text));
}

/// A message that was not sent whole, as far as the sender can tell, is either received or taken back.
#[test]
fn what_could_not_be_sent_is_taken_back() {
    let text = unique_name("taken-back");
    let region = named(&text);
    for broken in [Broken::Write, Broken::Flush] {
        let tape = Tape::default();
        let stream = Failing { tape: tape.clone(), broken, receives: false, received: Tape::default() };
        assert_eq!(kind(send(stream, std::process::id(), &region)), ErrorKind::Os);
        assert_eq!(kind(receive(&tape.bytes())), ErrorKind::InvalidArgument, "it is withdrawn");
    }
    drop(region);
    assert!(is_free(&text), "nothing was left in the receiver");
}

#[test]
fn what_was_received_is_not_taken_back() {
    let text = unique_name("kept");
    let region = named(&text);
    for broken in [Broken::Write, Broken::Flush] {
        let received = Tape::default();
        let stream = Failing { tape: Tape::default(), broken, receives: true, received: received.clone() };
        assert_eq!(kind(send(stream, std::process::id(), &region)), ErrorKind::Os);
        let mut kept = received.0.lock().expect("no panic");
        assert_eq!(byte_of(kept.region.as_ref().expect("it was received")), 1);
        kept.region = None;
    }
    drop(region);
    assert!(is_free(&text), "each handle was closed");
}

#[test]
fn sending_and_receiving_leave_no_handles() {
    const ROUNDS: u32 = 500;
    let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    let before = handle_count();
    for _ in 0..ROUNDS {
        let message = message_of(&region, std::process::id());
        receive(&message).expect("sent");
    }
    // Other tests run beside this one, and hold some.
    assert!(handle_count() < before + ROUNDS / 2, "{before} became {}", handle_count());
}

/// A region over a file comes with the file.
#[test]
fn a_files_number_is_proved_too() {
    let file = TestFile::with(&[1; 1000]);
    let region = Region::over_file(file.path(), &FileOptions::read_write()).expect("a file");
    let victims = Victims::new();
    let message = message_of(&region, std::process::id());
    for (what, handle) in victims.handles() {
        for at in places(&message) {
            assert!(receive(&with_number(&message, at, handle.addr() as u64)).is_err(), "{what} at {at}");
        }
    }
    victims.check();
    let received = receive(&message).expect("sent");
    assert_eq!((received.len(), byte_of(&received)), (1000, 1));
    view_of(&received).flush(..).expect("it has its file");
    drop((region, received));
    std::fs::remove_file(file.path()).expect("each handle was closed");
}

// ---- messages -----------------------------------------------------------------------------------------

/// A region that was sent to this process or another, and what was said of it.
struct Sent {
    text: String,
    name: ObjectName,
    region: Region,
    message: Vec<u8>,
}

impl Sent {
    fn new(label: &str) -> Sent {
        Sent::to(std::process::id(), label)
    }

    fn to(process: u32, label: &str) -> Sent {
        let text = unique_name(label);
        let region = named(&text);
        let message = message_of(&region, process);
        Sent { name: ObjectName::new(&*text).expect("a valid name"), text, region, message }
    }

    fn anonymous() -> Sent {
        let mut sent = Sent::new("unused");
        sent.region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
        sent.message = message_of(&sent.region, std::process::id());
        sent
    }
}

fn named(text: &str) -> Region {
    let name = ObjectName::new(text).expect("a valid name");
    let region = Region::create(&name, &CreateOptions::new(1)).expect("free");
    view_of(&region).put(0, &1u8).expect("in range");
    region
}

fn message_of(region: &Region, process: u32) -> Vec<u8> {
    let tape = Tape::default();
    send(tape.clone(), process, region).expect("sent");
    tape.bytes()
}

fn send(stream: impl Write + Send + 'static, process: u32, region: &Region) -> Result<(), Error> {
    let mut courier = Courier::to_process_id(stream, process).expect("it runs");
    courier.send(region, Access::ReadWrite)
}

fn receive(message: &[u8]) -> Result<Region, Error> {
    Courier::receiving(Cursor::new(message.to_vec())).receive(&Trust::default())
}

/// Where a message may have a number.
fn places(message: &[u8]) -> impl Iterator<Item = usize> + use<> {
    (0..message.len() - 7).step_by(4)
}

fn with_number(message: &[u8], at: usize, number: u64) -> Vec<u8> {
    let mut message = message.to_vec();
    message[at..at + 8].copy_from_slice(&number.to_le_bytes());
    message
}

/// Keeps what is written to it.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    region: Option<Region>,
}

impl Tape {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no panic").bytes.clone()
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Broken {
    Write,
    Flush,
}

/// Tells the message, and then says that it could not. Where it `receives`, the other side was faster.
struct Failing {
    tape: Tape,
    broken: Broken,
    receives: bool,
    received: Tape,
}

impl Failing {
    fn fail(&self) -> io::Error {
        if self.receives {
            let region = receive(&self.tape.bytes()).expect("it was told");
            self.received.0.lock().expect("no panic").region = Some(region);
        }
        io::Error::from(io::ErrorKind::BrokenPipe)
    }
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let told = self.tape.write(bytes);
        if self.broken == Broken::Write { Err(self.fail()) } else { told }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.broken == Broken::Flush { Err(self.fail()) } else { Ok(()) }
    }
}

// ---- what the process has beside ----------------------------------------------------------------------

/// Handles of this process that are none of the peer's business.
struct Victims {
    event: OwnedHandle,
    file: File,
    section: Region,
    semaphore: OwnedHandle,
}

impl Victims {
    fn new() -> Victims {
        let section = Region::anonymous(&CreateOptions::new(1)).expect("memory");
        view_of(&section).put(0, &99u8).expect("in range");
        // SAFETY: nobody else has the handles that the two calls make.
        let [event, semaphore] = unsafe {
            let event = CreateEventW(std::ptr::null(), 1, 1, std::ptr::null());
            let semaphore = CreateSemaphoreW(std::ptr::null(), 1, 7, std::ptr::null());
            [event, semaphore].map(|handle| OwnedHandle::from_raw_handle(handle))
        };
        let file = File::open(std::env::current_exe().expect("a program knows its path")).expect("readable");
        Victims { event, file, section, semaphore }
    }

    fn handles(&self) -> [(&'static str, RawHandle); 4] {
        [
            ("event", self.event.as_raw_handle()),
            ("file", self.file.as_raw_handle()),
            ("section", self.section.as_handle().as_raw_handle()),
            ("semaphore", self.semaphore.as_raw_handle()),
        ]
    }

    /// Each is still what it was.
    #[track_caller]
    fn check(&self) {
        let mut magic = [0; 2];
        (&self.file).rewind().and_then(|()| (&self.file).read_exact(&mut magic)).expect("the file is open");
        assert_eq!(magic, *b"MZ");
        assert_eq!(byte_of(&self.section), 99);
        let (mut before, semaphore) = (0, self.semaphore.as_raw_handle());
        // SAFETY: both handles are ours, and `before` is valid for a write.
        unsafe {
            assert_eq!(WaitForSingleObject(self.event.as_raw_handle(), 0), 0, "the event is set");
            assert_eq!(WaitForSingleObject(semaphore, 0), 0, "the semaphore has its permit");
            assert_ne!(ReleaseSemaphore(semaphore, 1, &mut before), 0);
        }
        assert_eq!(before, 0);
        let numbers: BTreeSet<usize> = self.handles().iter().map(|(_, handle)| handle.addr()).collect();
        assert_eq!(numbers.len(), 4);
    }
}

fn handle_count() -> u32 {
    let mut count = 0;
    // SAFETY: the pseudo handle of this process, and a number that is valid for a write.
    let told = unsafe { GetProcessHandleCount(GetCurrentProcess(), &mut count) };
    assert_ne!(told, 0);
    count
}

#[link(name = "kernel32")]
unsafe extern "system" {
    fn CreateEventW(security: *const c_void, manual: i32, set: i32, name: *const u16) -> RawHandle;
    fn CreateSemaphoreW(security: *const c_void, initial: i32, maximum: i32, name: *const u16) -> RawHandle;
    fn ReleaseSemaphore(semaphore: RawHandle, count: i32, before: *mut i32) -> i32;
    fn WaitForSingleObject(object: RawHandle, millis: u32) -> u32;
    fn GetCurrentProcess() -> RawHandle;
    fn GetProcessHandleCount(process: RawHandle, count: *mut u32) -> i32;
}
