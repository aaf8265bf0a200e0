//! Plain Win32 programs in C and samemap share the same memory, files and objects to wait for, in both directions.
//!
//! The programs are `tests/c/windows_*.c`. Under Wine no compiler can be started, so `ci/windows.sh` builds
//! them before and says where in `SAMEMAP_WINDOWS_C_PROGRAMS`. On Windows the tests build them, where there
//! is a gcc, clang or cl. Without either a test steps aside, and fails where `CI` is `true`.
#![cfg(windows)]

mod support;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fs, thread};

use samemap::regions::FileOptions;
use samemap::sync::{Due, EventOptions, Reset, SemaphoreOptions, SyncOptions, TimerOptions};
use samemap::{
    Access, CreateOptions, Disposition, ErrorKind, Event, Mutex, ObjectName, OpenOptions, Region, Semaphore,
    Timer,
};
use support::files::TestFile;
use support::{Outcome, Program, lacks, name, run, unique_text};

const TEXT: &str = "Message from first process. Räksmörgås 🍤";

#[test]
fn a_c_program_reads_what_we_write() {
    let Some(c) = CPrograms::find("a_c_program_reads_what_we_write") else { return };
    let name = unique_name("read-by-c");
    let region = Region::create(&name, &CreateOptions::new(65_536)).expect("the name is free");
    let view = region.view(.., Access::ReadWrite).expect("all of it");
    view.write_utf16(0, TEXT).expect("it fits");
    let output = c.opens(&name);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout.trim_end(), TEXT);

    drop((view, region));
    let output = c.opens(&name);
    assert_eq!(output.status.code(), Some(2), "the name must be gone: {output:?}");
}

#[test]
fn we_read_what_a_c_program_writes() {
    let Some(c) = CPrograms::find("we_read_what_a_c_program_writes") else { return };
    let name = unique_name("written-by-c");
    let creator = c.creates(&name);
    assert_eq!(creator.did, "created");
    let region = open_foreign(&name).expect("the C program holds it");
    assert_eq!(region.len(), 8192, "5000 bytes in whole pages");
    let view = region.view(.., Access::ReadOnly).expect("all of it, also the rest of the last page");
    assert_eq!(view.read_utf16(0).expect("text"), TEXT);
    let taken = Region::create(&name, &CreateOptions::new(1)).expect_err("the C program holds it");
    assert!(taken.is(ErrorKind::AlreadyExists));

    // The creator has no special role: what it made lives on in our hands, and ends with them.
    creator.finish();
    assert_eq!(view.read_utf16(0).expect("text"), TEXT);
    assert!(open_foreign(&name).is_ok());
    drop((view, region));
    let gone = open_foreign(&name).expect_err("nobody holds it");
    assert!(gone.is(ErrorKind::NotFound));
}

/// The sample's own server, then the program of ours that reads it.
#[test]
fn our_client_reads_what_a_c_program_writes() {
    let Some(c) = CPrograms::find("our_client_reads_what_a_c_program_writes") else { return };
    let name = unique_name("read-by-our-client");
    let creator = c.creates(&name);
    let client = Program::start_ready(support::client(&name.to_string())).end();
    client.assert_success();
    assert_eq!(client.stdout, support::client_transcript(&name.to_string(), TEXT));
    creator.finish();
}

#[test]
fn a_c_program_that_creates_finds_ours() {
    let Some(c) = CPrograms::find("a_c_program_that_creates_finds_ours") else { return };
    let name = unique_name("found-by-c");
    let (region, disposition) =
        Region::create_or_open(&name, &CreateOptions::new(4096)).expect("the name is free");
    assert_eq!(disposition, Disposition::Created);
    let view = region.view(.., Access::ReadOnly).expect("all of it");
    let creator = c.creates(&name);
    assert_eq!(creator.did, "opened");
    assert_eq!(view.read_utf16(0).expect("text"), TEXT);
    creator.finish();
}

#[test]
fn a_c_program_shares_our_named_region_over_a_file() {
    let Some(c) = CPrograms::find("a_c_program_shares_our_named_region_over_a_file") else { return };
    let name = unique_name("our-file");
    let file = TestFile::with(&[0; 4096]);
    let region = Region::create_over_file(&name, file.path(), &FileOptions::read_write()).expect("free");
    region.view(.., Access::ReadWrite).and_then(|view| view.write_utf16(0, TEXT)).expect("it fits");
    let output = c.opens(&name);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout.trim_end(), TEXT);
    // One that creates a mapping of that name over the same file finds ours.
    let creator = c.maps(&name, &file, "By C");
    assert_eq!(creator.did, "opened");
    let view = region.view(.., Access::ReadOnly).expect("all of it");
    assert_eq!(view.read_utf16(0).expect("text"), "By C");
    creator.finish();
}

#[test]
fn we_open_a_c_programs_mapping_of_a_file() {
    let Some(c) = CPrograms::find("we_open_a_c_programs_mapping_of_a_file") else { return };
    let name = unique_name("their-file");
    let file = TestFile::with(&[0; 4096]);
    let creator = c.maps(&name, &file, TEXT);
    assert_eq!(creator.did, "created");
    let region = open_foreign(&name).expect("the C program holds it");
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
    let name = unique_name("mutex");
    let ours = Mutex::create(&name, &SyncOptions::new()).expect("free");
    let mut theirs = c.shares("mutex", "open", &name);
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

    let mut heir = c.shares("mutex", "create", &name);
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
    for they_create in [false, true] {
        let name = unique_name(if they_create { "their-event" } else { "our-event" });
        let made =
            (!they_create).then(|| Event::create(&name, &EventOptions::new(Reset::Auto)).expect("free"));
        let mut theirs = c.shares("event", if they_create { "create" } else { "open" }, &name);
        assert_eq!(theirs.did, if they_create { "created" } else { "opened" });
        let ours = made.unwrap_or_else(|| Event::open(&name, &OpenOptions::default()).expect("they hold it"));
        assert_eq!(theirs.ask("set"), "0");
        assert!(ours.wait_timeout(PATIENCE).expect("an event"));
        assert!(!ours.try_wait().expect("an event"), "it is auto-reset");
        ours.set().expect("an event");
        assert_eq!(theirs.ask("wait 20000"), "signalled");
        assert_eq!(theirs.ask("wait 0"), "timed out");
        theirs.finish();
    }
}

#[test]
fn a_c_program_shares_our_semaphore_and_we_share_its() {
    let Some(c) = CPrograms::find("a_c_program_shares_our_semaphore_and_we_share_its") else { return };
    for they_create in [false, true] {
        let name = unique_name(if they_create { "their-semaphore" } else { "our-semaphore" });
        let options = SemaphoreOptions::new(1, 3);
        let made = (!they_create).then(|| Semaphore::create(&name, &options).expect("free"));
        let how = if they_create { "create" } else { "open" };
        let mut theirs = c.shares("semaphore", how, &name);
        let ours =
            made.unwrap_or_else(|| Semaphore::open(&name, &OpenOptions::default()).expect("they hold it"));
        assert_eq!(theirs.ask("release 1"), "1");
        assert_eq!(ours.release(1).expect("a semaphore"), 2);
        let full = ours.release(1).expect_err("there are three");
        assert_eq!(*full.kind(), ErrorKind::LimitExceeded { maximum: Some(3) });
        assert_eq!(theirs.ask("release 1"), "error 298", "ERROR_TOO_MANY_POSTS");
        for _ in 0..3 {
            assert_eq!(theirs.ask("wait 0"), "signalled");
        }
        assert!(!ours.try_wait().expect("a semaphore"));
        theirs.finish();
    }
}

#[test]
fn a_c_program_shares_our_timer() {
    let Some(c) = CPrograms::find("a_c_program_shares_our_timer") else { return };
    let name = unique_name("timer");
    let ours = Timer::create(&name, &TimerOptions::new(Reset::Manual)).expect("free");
    let mut theirs = c.shares("timer", "open", &name);
    assert_eq!(theirs.ask("arm 10"), "0");
    assert!(ours.wait_timeout(PATIENCE).expect("a timer"));
    ours.set(Due::After(Duration::from_secs(3600))).expect("a timer");
    assert_eq!(theirs.ask("wait 0"), "timed out");
    ours.set(Due::After(Duration::ZERO)).expect("a timer");
    assert_eq!(theirs.ask("wait 20000"), "signalled");
    theirs.finish();
}

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// With the default trust: what a program makes with default security is its user's, and under Wine nobody's, which is
/// the system's.
fn open_foreign(name: &ObjectName) -> samemap::Result<Region> {
    Region::open(name, &OpenOptions::read_write())
}

fn unique_name(test: &str) -> ObjectName {
    name(&unique_text(test))
}

/// A C program that has said what it did.
struct Theirs {
    program: Program,
    did: String,
}

impl Theirs {
    #[track_caller]
    fn start(command: Command) -> Self {
        let program = Program::start(command);
        Theirs { did: program.line(), program }
    }

    #[track_caller]
    fn ask(&mut self, command: &str) -> String {
        self.program.say(command);
        self.program.line()
    }

    #[track_caller]
    fn finish(self) {
        let outcome = self.program.end_of_input();
        assert!(outcome.status.success(), "{outcome:#?}");
    }
}

/// Where the C programs are.
#[derive(Clone)]
struct CPrograms {
    folder: PathBuf,
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
        Some(CPrograms { folder })
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
        (built == [true; 4]).then_some(CPrograms { folder })
    }

    fn command<A: AsRef<OsStr>>(&self, program: &str, arguments: &[A]) -> Command {
        let mut command = Command::new(self.folder.join(program).with_extension("exe"));
        command.args(arguments);
        command
    }

    /// What `windows_open` makes of a name.
    fn opens(&self, name: &ObjectName) -> Outcome {
        run(self.command("windows_open", &[name.rest()]))
    }

    /// Has `windows_create` make a region.
    fn creates(&self, name: &ObjectName) -> Theirs {
        Theirs::start(self.command("windows_create", &[name.rest(), TEXT]))
    }

    /// The same over a file.
    fn maps(&self, name: &ObjectName, file: &TestFile, text: &str) -> Theirs {
        let arguments = [OsStr::new(name.rest()), file.path().as_os_str(), OsStr::new(text)];
        Theirs::start(self.command("windows_file", &arguments))
    }

    /// Has `windows_sync` create or open an object that is waited for.
    fn shares(&self, kind: &str, how: &str, name: &ObjectName) -> Theirs {
        Theirs::start(self.command("windows_sync", &[kind, how, name.rest()]))
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
