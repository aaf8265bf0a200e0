//! Plain Win32 programs in C and samemap share the same memory, files and objects to wait for, in both directions.
//!
//! The programs are `tests/c/windows_*.c`. Under Wine no compiler can be started, so `ci/windows.sh` builds
//! them before and says where in `SAMEMAP_WINDOWS_C_PROGRAMS`. On Windows the tests build them, where there
//! is a gcc, clang or cl. Without either a test steps aside, and fails where `CI` is `true`.
#![cfg(windows)]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fs, thread};

use samemap::{
    Access, CreateOptions, Disposition, Due, ErrorKind, Event, EventOptions, FileOptions, LockGuard as _,
    Lockable as _, Mutex, ObjectName, OpenOptions, Permits as _, Region, Reset, Semaphore, SemaphoreOptions,
    Settable as _, SharedRegion as _, SyncOptions, Timer, TimerOptions, Trust, Waitable as _, Waited,
};
use support::{Watchdog, lacks, name, unique_text};

const TEXT: &str = "Message from first process. Räksmörgås 🍤";

#[test]
fn a_c_program_reads_what_we_write() {
    let Some(c) = CPrograms::find("a_c_program_reads_what_we_write") else { return };
    let _watchdog = watchdog();
    let name = unique_name("read-by-c");
    let region = Region::create(&name, &CreateOptions::new(65_536)).expect("the name is free");
    let view = region.view(.., Access::ReadWrite).expect("all of it");
    view.write_utf16(0, TEXT).expect("it fits");
    let output = c.command("windows_open").arg(name.rest()).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8").trim_end(), TEXT);

    drop((view, region));
    let output = c.command("windows_open").arg(name.rest()).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2), "the name must be gone: {output:?}");
}

#[test]
fn we_read_what_a_c_program_writes() {
    let Some(c) = CPrograms::find("we_read_what_a_c_program_writes") else { return };
    let _watchdog = watchdog();
    let name = unique_name("written-by-c");
    let creator = Creator::start(&c, &name);
    assert_eq!(creator.did, "created");
    let region = open_foreign(&name, &c).expect("the C program holds it");
    assert_eq!(region.len(), 8192, "5000 bytes in whole pages");
    let view = region.view(.., Access::ReadOnly).expect("all of it, also the rest of the last page");
    assert_eq!(view.read_utf16(0).expect("text"), TEXT);
    let taken = Region::create(&name, &CreateOptions::new(1)).expect_err("the C program holds it");
    assert_eq!(*taken.kind(), ErrorKind::AlreadyExists);

    // The creator has no special role: what it made lives on in our hands, and ends with them.
    creator.finish();
    assert_eq!(view.read_utf16(0).expect("text"), TEXT);
    assert!(open_foreign(&name, &c).is_ok());
    drop((view, region));
    let gone = open_foreign(&name, &c).expect_err("nobody holds it");
    assert_eq!(*gone.kind(), ErrorKind::NotFound);
}

#[test]
fn a_c_program_that_creates_finds_ours() {
    let Some(c) = CPrograms::find("a_c_program_that_creates_finds_ours") else { return };
    let _watchdog = watchdog();
    let name = unique_name("found-by-c");
    let (region, disposition) =
        Region::create_or_open(&name, &CreateOptions::new(4096)).expect("the name is free");
    assert_eq!(disposition, Disposition::Created);
    let view = region.view(.., Access::ReadOnly).expect("all of it");
    let creator = Creator::start(&c, &name);
    assert_eq!(creator.did, "opened");
    assert_eq!(view.read_utf16(0).expect("text"), TEXT);
    creator.finish();
}

#[test]
fn a_c_program_shares_our_named_region_over_a_file() {
    let Some(c) = CPrograms::find("a_c_program_shares_our_named_region_over_a_file") else { return };
    let _watchdog = watchdog();
    let name = unique_name("our-file");
    let file = TempFile::new("our-file", 4096);
    let region = Region::create_over_file(&name, file.path(), &FileOptions::read_write()).expect("free");
    region.view(.., Access::ReadWrite).and_then(|view| view.write_utf16(0, TEXT)).expect("it fits");
    let output = c.command("windows_open").arg(name.rest()).output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8").trim_end(), TEXT);
    // One that creates a mapping of that name over the same file finds ours.
    let creator = Creator::by(c.command("windows_file").arg(name.rest()).arg(file.path()).arg("By C"));
    assert_eq!(creator.did, "opened");
    let view = region.view(.., Access::ReadOnly).expect("all of it");
    assert_eq!(view.read_utf16(0).expect("text"), "By C");
    creator.finish();
}

#[test]
fn we_open_a_c_programs_mapping_of_a_file() {
    let Some(c) = CPrograms::find("we_open_a_c_programs_mapping_of_a_file") else { return };
    let _watchdog = watchdog();
    let name = unique_name("their-file");
    let file = TempFile::new("their-file", 4096);
    let creator = Creator::by(c.command("windows_file").arg(name.rest()).arg(file.path()).arg(TEXT));
    assert_eq!(creator.did, "created");
    let region = open_foreign(&name, &c).expect("the C program holds it");
    let view = region.view(.., Access::ReadWrite).expect("all of it");
    assert_eq!(view.read_utf16(0).expect("text"), TEXT);
    view.write_utf16(0, "By us").expect("it fits");
    creator.finish();
    drop((view, region));
    let bytes = fs::read(file.path()).expect("the file stays");
    assert!(bytes.starts_with(b"B\0y\0 \0u\0s\0\0\0"), "{:?}", &bytes[..16]);
}

#[test]
fn a_c_program_shares_our_mutex() {
    let Some(c) = CPrograms::find("a_c_program_shares_our_mutex") else { return };
    let _watchdog = watchdog();
    let name = unique_name("mutex");
    let ours = Mutex::create(&name, &SyncOptions::new()).expect("free");
    let mut theirs = Sharer::start(&c, "mutex", "open", &name);
    assert_eq!(theirs.did, "opened");
    let guard = ours.lock().expect("free");
    assert_eq!(theirs.ask("wait 0"), "timed out");
    drop(guard);
    assert_eq!(theirs.ask("wait 0"), "signalled");
    assert!(ours.try_lock().expect("a mutex").is_none(), "the C program owns it");
    assert_eq!(theirs.ask("unlock"), "0");
    drop(ours.try_lock().expect("a mutex").expect("nobody owns it"));
    assert_eq!(theirs.ask("wait 0"), "signalled");
    // It ends and owns.
    theirs.finish();
    assert!(ours.lock_timeout(PATIENCE).expect("a mutex").expect("it is let in").abandoned());

    let mut heir = Sharer::start(&c, "mutex", "create", &name);
    assert_eq!(heir.did, "opened");
    thread::scope(|scope| {
        scope.spawn(|| std::mem::forget(ours.lock().expect("free"))).join().expect("it does not panic");
    });
    assert_eq!(heir.ask("wait 20000"), "abandoned", "a thread of ours ended and owned");
    assert_eq!(heir.ask("unlock"), "0");
    heir.finish();
}

#[test]
fn a_c_program_shares_our_event_and_we_share_its() {
    let Some(c) = CPrograms::find("a_c_program_shares_our_event_and_we_share_its") else { return };
    let _watchdog = watchdog();
    for they_create in [false, true] {
        let name = unique_name(if they_create { "their-event" } else { "our-event" });
        let made =
            (!they_create).then(|| Event::create(&name, &EventOptions::new(Reset::Auto)).expect("free"));
        let mut theirs = Sharer::start(&c, "event", if they_create { "create" } else { "open" }, &name);
        assert_eq!(theirs.did, if they_create { "created" } else { "opened" });
        let ours = made.unwrap_or_else(|| Event::open(&name, &foreign_trust(&c)).expect("they hold it"));
        assert_eq!(theirs.ask("set"), "0");
        assert_eq!(ours.wait_timeout(PATIENCE).expect("an event"), Waited::Signalled);
        assert_eq!(ours.try_wait().expect("an event"), Waited::TimedOut, "it is auto-reset");
        ours.set().expect("an event");
        assert_eq!(theirs.ask("wait 20000"), "signalled");
        assert_eq!(theirs.ask("wait 0"), "timed out");
        theirs.finish();
    }
}

#[test]
fn a_c_program_shares_our_semaphore_and_we_share_its() {
    let Some(c) = CPrograms::find("a_c_program_shares_our_semaphore_and_we_share_its") else { return };
    let _watchdog = watchdog();
    for they_create in [false, true] {
        let name = unique_name(if they_create { "their-semaphore" } else { "our-semaphore" });
        let options = SemaphoreOptions::new(1, 3);
        let made = (!they_create).then(|| Semaphore::create(&name, &options).expect("free"));
        let how = if they_create { "create" } else { "open" };
        let mut theirs = Sharer::start(&c, "semaphore", how, &name);
        let ours = made.unwrap_or_else(|| Semaphore::open(&name, &foreign_trust(&c)).expect("they hold it"));
        assert_eq!(theirs.ask("release 1"), "1");
        assert_eq!(ours.release(1).expect("a semaphore"), 2);
        let full = ours.release(1).expect_err("there are three");
        assert_eq!(*full.kind(), ErrorKind::LimitExceeded { maximum: 3 });
        assert_eq!(theirs.ask("release 1"), "error 298", "ERROR_TOO_MANY_POSTS");
        for _ in 0..3 {
            assert_eq!(theirs.ask("wait 0"), "signalled");
        }
        assert_eq!(ours.try_wait().expect("a semaphore"), Waited::TimedOut);
        theirs.finish();
    }
}

#[test]
fn a_c_program_shares_our_timer() {
    let Some(c) = CPrograms::find("a_c_program_shares_our_timer") else { return };
    let _watchdog = watchdog();
    let name = unique_name("timer");
    let ours = Timer::create(&name, &TimerOptions::new(Reset::Manual)).expect("free");
    let mut theirs = Sharer::start(&c, "timer", "open", &name);
    assert_eq!(theirs.ask("arm 10"), "0");
    assert_eq!(ours.wait_timeout(PATIENCE).expect("a timer"), Waited::Signalled);
    ours.set(Due::After(Duration::from_secs(3600)), None).expect("a timer");
    assert_eq!(theirs.ask("wait 0"), "timed out");
    ours.set(Due::After(Duration::ZERO), None).expect("a timer");
    assert_eq!(theirs.ask("wait 20000"), "signalled");
    theirs.finish();
}

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whom to trust to open what a C program made; see [`open_foreign`].
fn foreign_trust(c: &CPrograms) -> Trust {
    if c.prebuilt { Trust::Anyone } else { Trust::default() }
}

/// A running `windows_sync`.
struct Sharer {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
    did: String,
}

impl Sharer {
    fn start(c: &CPrograms, kind: &str, how: &str, name: &ObjectName) -> Self {
        let mut command = c.command("windows_sync");
        command.args([kind, how, name.rest()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut sharer = Sharer { child, answers, did: String::new() };
        sharer.did = sharer.answer();
        sharer
    }

    fn ask(&mut self, command: &str) -> String {
        writeln!(self.child.stdin.as_mut().expect("piped"), "{command}").expect("it listens");
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    fn finish(mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().expect("our child");
        assert!(status.success(), "{status}");
    }
}

/// A file of zeros, removed with the value.
struct TempFile(PathBuf);

impl TempFile {
    fn new(test: &str, len: usize) -> Self {
        let path = env::temp_dir().join(unique_name(test).rest());
        fs::write(&path, vec![0; len]).expect("room on the disk");
        TempFile(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Opens what a plain program made. Such an object has its maker as owner; under Wine, where the C programs
/// come from elsewhere, it has none, and nobody is trusted by default whom one cannot see.
fn open_foreign(name: &ObjectName, c: &CPrograms) -> samemap::Result<Region> {
    let opened = Region::open(name, &OpenOptions::read_write());
    match &opened {
        Err(error) if c.prebuilt && *error.kind() == (ErrorKind::UntrustedOwner { owner: None }) => {
            Region::open(name, &OpenOptions::read_write().trust(Trust::Anyone))
        }
        _ => opened,
    }
}

fn unique_name(test: &str) -> ObjectName {
    name(&unique_text(test))
}

/// A running `windows_create` or `windows_file` that has written its text.
struct Creator {
    child: Child,
    did: String,
}

impl Creator {
    fn start(c: &CPrograms, name: &ObjectName) -> Self {
        Self::by(c.command("windows_create").args([name.rest(), TEXT]))
    }

    fn by(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut did = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut did).expect("a line");
        Creator { child, did: did.trim_end().to_owned() }
    }

    fn finish(mut self) {
        writeln!(self.child.stdin.take().expect("piped"), "end").expect("it listens");
        let status = self.child.wait().expect("our child");
        assert!(status.success(), "{status}");
    }
}

/// Where the C programs are.
#[derive(Clone)]
struct CPrograms {
    folder: PathBuf,
    prebuilt: bool,
}

impl CPrograms {
    fn find(test: &str) -> Option<Self> {
        static FOUND: OnceLock<Option<CPrograms>> = OnceLock::new();
        let found = FOUND.get_or_init(|| Self::prebuilt().or_else(Self::build)).clone();
        if found.is_none() {
            lacks(test, "SAMEMAP_WINDOWS_C_PROGRAMS is not set and no C compiler was found");
        }
        found
    }

    fn prebuilt() -> Option<Self> {
        let folder = PathBuf::from(env::var_os("SAMEMAP_WINDOWS_C_PROGRAMS")?);
        assert!(folder.join("windows_open.exe").is_file(), "no C programs in {}", folder.display());
        Some(CPrograms { folder, prebuilt: true })
    }

    fn build() -> Option<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("windows_foreign");
        fs::create_dir_all(&folder).expect("a folder for the C programs");
        let programs = ["windows_open", "windows_create", "windows_file", "windows_sync"];
        let built = programs.map(|program| {
            let source =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(program).with_extension("c");
            compile(&source, &folder.join(program).with_extension("exe"))
        });
        (built == [true; 4]).then_some(CPrograms { folder, prebuilt: false })
    }

    fn command(&self, program: &str) -> Command {
        Command::new(self.folder.join(program).with_extension("exe"))
    }
}

/// Tries the compilers in turn. False when there is none; a compiler that is there must succeed.
fn compile(source: &Path, program: &Path) -> bool {
    for compiler in ["gcc", "clang", "cl"] {
        let mut command = Command::new(compiler);
        match compiler {
            "gcc" => {
                command.args(["-municode", "-O2", "-Wall", "-Werror"]).arg(source).arg("-o").arg(program)
            }
            "clang" => command.args(["-O2", "-Wall"]).arg(source).arg("-o").arg(program),
            _ => command
                .args(["/nologo", "/W3", "/O2"])
                .arg(source)
                .arg(format!("/Fe:{}", program.display()))
                .arg(format!("/Fo:{}", program.with_extension("obj").display())),
        };
        if let Ok(output) = command.output() {
            assert!(output.status.success(), "{compiler} could not build {}: {output:?}", source.display());
            return true;
        }
    }
    false
}

fn watchdog() -> Watchdog {
    Watchdog::with_limit("a C program's answer", Duration::from_secs(120))
}
