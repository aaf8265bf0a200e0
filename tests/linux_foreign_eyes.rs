//! Other programs that see the same bytes: a C and a Python program that know the POSIX name only, and our own
//! programs built for 32 bits.

#![cfg(all(target_os = "linux", feature = "cli"))]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use samemap::latest::{Awaited, Snapshot};
use samemap::{CreateOptions, ErrorKind, Latest, LatestOptions, LatestWriter, ObjectName, Region, catalog};
use support::linux::shm::{assert_nothing_left, name, system_name, unique_name, view_of};
use support::{Program, client_transcript, run, server_transcript, tool, with};

/// Beyond ASCII, and beyond the first plane.
const TEXT: &str = "Message from the first process. Räksmörgås 🍤";

// ---- programs in other languages ----------------------------------------------------------------------

/// A program that reads and writes bytes behind a POSIX name: `tests/c/linux_read.c`, or the same in Python.
type Eyes = fn() -> Command;

#[test]
fn a_c_program_reads_the_servers_text() {
    if c_compiler_or_aside("a_c_program_reads_the_servers_text") {
        reads_the_servers_text(c_program);
    }
}

#[test]
fn a_python_program_reads_the_servers_text() {
    if python_or_aside("a_python_program_reads_the_servers_text") {
        reads_the_servers_text(python_program);
    }
}

#[test]
fn a_c_program_and_a_region_share_every_byte() {
    if c_compiler_or_aside("a_c_program_and_a_region_share_every_byte") {
        shares_every_byte(c_program);
    }
}

#[test]
fn a_python_program_and_a_region_share_every_byte() {
    if python_or_aside("a_python_program_and_a_region_share_every_byte") {
        shares_every_byte(python_program);
    }
}

fn reads_the_servers_text(eyes: Eyes) {
    let name = unique_name("eyes").to_string();
    let server = Program::start_ready(with(support::server(&name), &[&format!("--message={TEXT}")]));
    // A program in another language gets the name from a person, who asks the tool.
    let told = run(with(tool("name"), &[&name]));
    told.assert_success();
    let seen = look(eyes, &["text", told.stdout.trim_end()]);
    assert_eq!(seen, format!("{TEXT}\n"));
    server.end().assert_success();
    support::assert_nothing_left(&name);
}

fn shares_every_byte(eyes: Eyes) {
    let name = unique_name("bytes");
    let system_name = system_name(&name);
    let region = Region::create(&name, &CreateOptions::new(10_000)).expect("a free name");
    let view = view_of(&region);
    let last = view.len() - 1;
    look(eyes, &["zeros", &system_name, &view.len().to_string()]);
    for (at, byte) in [(0, 1_u8), (4097, 200), (last, 255)] {
        view.put(at, &byte).expect("in range");
        assert_eq!(look(eyes, &["get", &system_name, &at.to_string()]), format!("{byte}\n"));
        look(eyes, &["put", &system_name, &at.to_string(), &(byte ^ 0x55).to_string()]);
        assert_eq!(view.get::<u8>(at).expect("in range"), byte ^ 0x55);
    }
    // A plain program holds nothing and removes nothing.
    assert!(Region::open(&name, &samemap::OpenOptions::read_only()).is_ok());
    drop((view, region));
    assert_nothing_left(&name);
}

/// Runs the program, which must be content, and returns what it prints.
#[track_caller]
fn look(eyes: Eyes, arguments: &[&str]) -> String {
    let seen = run(with(eyes(), arguments));
    seen.assert_success();
    seen.stdout
}

fn c_compiler_or_aside(test: &str) -> bool {
    runs_or_aside(test, "cc", "a C compiler (cc)")
}

fn python_or_aside(test: &str) -> bool {
    runs_or_aside(test, "python3", "python3")
}

fn runs_or_aside(test: &str, program: &str, what: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        support::lacks(test, &format!("needs {what}"));
    }
    there
}

fn c_program() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    Command::new(PROGRAM.get_or_init(|| compile("tests/c/linux_read.c")))
}

/// Builds a C program with all warnings as errors.
fn compile(source: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (fresh, program) = (folder.join(std::process::id().to_string()), folder.join("linux_read"));
    let mut compiler = Command::new("cc");
    compiler
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&fresh)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(source))
        // Where shm_open was before glibc 2.34.
        .arg("-lrt");
    run(compiler).assert_success();
    // At one stroke: another run of this test may be using it.
    std::fs::rename(fresh, &program).expect("a folder of ours");
    program
}

fn python_program() -> Command {
    let mut command = Command::new("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/linux_read.py"));
    command
}

// ---- 32 and 64 bits -----------------------------------------------------------------------------------

#[test]
fn programs_of_32_and_64_bits_share_a_region() {
    let test = "programs_of_32_and_64_bits_share_a_region";
    let Some(narrow) = NarrowPrograms::build(test) else { return };
    let wide = |name: &str| (support::server(name), support::client(name));
    let meet = |server: Command, client: Command, name: &str| {
        let server = Program::start_ready(with(server, &[&format!("--message={TEXT}")]));
        let client = Program::start_ready(client);
        // The client outlives the server, and is the one that removes the region.
        let server = server.end();
        server.assert_success();
        assert_eq!(server.stdout, server_transcript(name, TEXT));
        let client = client.end();
        client.assert_success();
        assert_eq!(client.stdout, client_transcript(name, TEXT));
        support::assert_nothing_left(name);
    };
    let name = unique_name("bits").to_string();
    meet(narrow.server(&name), wide(&name).1, &name);
    meet(wide(&name).0, narrow.client(&name), &name);
    killed_at_32_bits(&narrow, &name);
}

/// The locks of the two are the same ones.
fn killed_at_32_bits(narrow: &NarrowPrograms, name: &str) {
    let server = Program::start_ready(narrow.server(name));
    let client = run(narrow.client(name));
    client.assert_success();
    let taken = run(support::server(name));
    taken.assert_error(&[name]);
    server.kill();
    assert!(support::is_free(name));
    support::assert_nothing_left(name);
}

/// What `examples/telemetry.rs` shares.
type Sample = [f64; 3];

#[test]
fn programs_of_32_and_64_bits_share_the_newest_value() {
    let test = "programs_of_32_and_64_bits_share_the_newest_value";
    let Some(narrow) = NarrowPrograms::build(test) else { return };
    let name = unique_name("newest");
    let writer = Program::start(narrow.telemetry("write", &name));
    writer.wait_for_output("from number 1");
    let latest = Latest::<Sample>::open(&name, &LatestOptions::new()).expect("laid out at 32 bits");
    let mut newest = 0;
    for _ in 0..20 {
        let sample =
            latest.wait_newer_timeout(newest, support::DEADLINE).expect("sound").and_then(Awaited::newer);
        let Snapshot { sequence, value } = sample.expect("a newer one");
        assert!(sequence > newest && (430.0..=450.0).contains(&value[1]), "{sequence}: {value:?}");
        newest = sequence;
    }
    let error = LatestWriter::<Sample>::create(&name, &LatestOptions::new()).expect_err("there is one");
    assert!(error.is(ErrorKind::Busy), "{error}");
    writer.kill();
    assert!(!latest.has_writer().expect("sound"));
    let reader = Program::start(narrow.telemetry("read", &name));
    reader.wait_for_output("reading");
    let mut writer = LatestWriter::<Sample>::create(&name, &LatestOptions::new()).expect("free at once");
    support::wait_until("the reader at 32 bits reports", || {
        writer.write(&[0.0, 123.4, 0.0]).expect("ours");
        reader.has_said("altitude 123.4 m")
    });
    reader.kill();
    drop((latest, writer));
    assert_nothing_left(&name);
}

/// Our programs, built for 32 bits.
struct NarrowPrograms(PathBuf);

impl NarrowPrograms {
    /// `SAMEMAP_I686_TARGET` chooses the target. It may be missing everywhere, as CI's own script says.
    fn build(test: &str) -> Option<NarrowPrograms> {
        let target = std::env::var("SAMEMAP_I686_TARGET");
        let target = target.unwrap_or_else(|_| "i686-unknown-linux-musl".to_owned());
        if !has_standard_library(&target) {
            support::step_aside(test, &format!("needs Rust's target {target} (rustup target add {target})"));
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("narrow");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build
            .args([
                "build",
                "--quiet",
                "--bins",
                "--example",
                "telemetry",
                "--features",
                "cli",
                "--target",
                &target,
                "--target-dir",
            ])
            .arg(&folder)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            // Debug information is most of the work, and nobody reads it.
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env_remove("RUSTFLAGS");
        // Longer than anything else here takes, so not under the watchdog of `run`: cargo ends by itself.
        let output = build.output().expect("cargo runs this test, so it is there");
        assert!(output.status.success(), "{output:?}");
        Some(NarrowPrograms(folder.join(target).join("debug")))
    }

    fn program(&self, program: &str, name: &str) -> Command {
        let mut command = Command::new(self.0.join(program));
        command.arg(format!("--name={name}"));
        command
    }

    fn server(&self, name: &str) -> Command {
        self.program("samemap-server", name)
    }

    fn client(&self, name: &str) -> Command {
        self.program("samemap-client", name)
    }

    fn telemetry(&self, what: &str, name: &ObjectName) -> Command {
        let mut command = Command::new(self.0.join("examples/telemetry"));
        command.args([what, "--name", &name.to_string()]);
        command
    }
}

fn has_standard_library(target: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = Command::new(rustc).args(["--print", "target-libdir", "--target", target]).output();
    let Ok(told) = told else { return false };
    let folder = String::from_utf8_lossy(&told.stdout).trim_end().to_owned();
    std::fs::read_dir(folder).is_ok_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
    })
}

// ---- how many hold it ---------------------------------------------------------------------------------

#[test]
fn the_holders_of_a_region_are_counted() {
    let text = unique_name("counted").to_string();
    let name = name(&text);
    assert_eq!(holders_told(&name), None);
    let server = Program::start_ready(support::server(&text));
    assert_eq!(holders_told(&name), Some(1));
    let clients = [(); 2].map(|()| Program::start_ready(support::client(&text)));
    assert_eq!(holders_told(&name), Some(3));
    let [first, second] = clients;
    first.kill();
    assert_eq!(holders_told(&name), Some(2));
    server.end().assert_success();
    assert_eq!(holders_told(&name), Some(1));
    second.end().assert_success();
    assert_eq!(holders_told(&name), None);
    support::assert_nothing_left(&text);
}

/// The number of holders, as the catalog and the tool tell it, which is the same.
#[track_caller]
fn holders_told(name: &ObjectName) -> Option<u64> {
    let listed = catalog::list_counted().expect("listing works");
    let entry = listed.into_iter().find(|entry| entry.name.as_ref() == Some(name));
    let told = run(with(tool("list"), &["--json"]));
    told.assert_success();
    let json: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    let objects = json["objects"].as_array().expect("an array");
    let object = objects.iter().find(|object| object["name"] == name.to_string());
    let holders = entry.and_then(|entry| entry.holders);
    assert_eq!(object.and_then(|object| object["holders"].as_u64()), holders, "{told:?}");
    holders
}
