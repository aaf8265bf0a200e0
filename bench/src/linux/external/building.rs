//! Building those programs, into a folder beside this one. What cannot be built is a reason, told in its rows.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

/// The program of `bench/peers/boost`.
pub static BOOST: LazyLock<Result<PathBuf, String>> = LazyLock::new(boost);
/// The program of `bench/peers/subetha`.
pub static SUBETHA: LazyLock<Result<PathBuf, String>> = LazyLock::new(subetha);
/// Boost's version as its library names have it, `1_74`.
static BOOST_VERSION: LazyLock<Result<String, String>> = LazyLock::new(boost_version);

/// Boost.Interprocess with its version, where it is known, and a part of it. Leaked: once for each row's name.
pub fn name_of_boost(part: &str) -> &'static str {
    let version = BOOST_VERSION.as_ref().map_or(String::new(), |version| version.replace('_', ".") + " ");
    Box::leak(format!("Boost.Interprocess {version}{part}").into_boxed_str())
}

fn compiler() -> Command {
    Command::new(std::env::var_os("CXX").unwrap_or_else(|| "c++".into()))
}

fn boost_version() -> Result<String, String> {
    let mut command = compiler();
    command.args(["-E", "-P", "-x", "c++", "-"]);
    let output = told(&mut command, "#include <boost/version.hpp>\nBOOST_LIB_VERSION\n")
        .map_err(|error| format!("no C++ compiler: {error}"))?;
    if !output.status.success() {
        return Err("no headers of Boost (Debian's libboost-dev)".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().last().unwrap_or_default().trim_matches(['"', ' ']).to_owned())
}

/// Runs a command that reads `input`.
fn told(command: &mut Command, input: &str) -> io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ends without reading says so by its status.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output()
}

const BOOST_FLAGS: [&str; 3] = ["-O2", "-DNDEBUG", "-std=c++17"];

fn boost() -> Result<PathBuf, String> {
    const SOURCE: &str = include_str!("../../../peers/boost/main.cpp");
    let version = BOOST_VERSION.as_ref().map_err(String::clone)?;
    let mut hasher = DefaultHasher::new();
    (SOURCE, version, BOOST_FLAGS, std::env::var_os("CXX")).hash(&mut hasher);
    let program = folder()?.join(format!("boost-{:016x}", hasher.finish()));
    if program.exists() {
        return Ok(program);
    }
    say("building the program of Boost.Interprocess");
    // Under its name only once it is whole.
    let unfinished = program.with_extension(std::process::id().to_string());
    let mut command = compiler();
    command.args(BOOST_FLAGS).args(["-x", "c++", "-", "-lrt", "-pthread", "-o"]).arg(&unfinished);
    let output = told(&mut command, SOURCE).map_err(|error| error.to_string())?;
    if !output.status.success() {
        let _ = std::fs::remove_file(&unfinished);
        return Err(format!("not built: {}", complaint(&output)));
    }
    std::fs::rename(&unfinished, &program).map_err(|error| error.to_string())?;
    Ok(program)
}

fn subetha() -> Result<PathBuf, String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/subetha/Cargo.toml");
    let target = folder()?.join("subetha");
    say("building the program of subetha-cxc, which takes a minute or two the first time");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The crate says that it wants Rust 1.96, and compiles with 1.95.
    command
        .args(["build", "--release", "--locked", "--ignore-rust-version", "--manifest-path"])
        .arg(manifest);
    command.arg("--target-dir").arg(&target).env_remove("CARGO_BUILD_TARGET").stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("no cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("not built: {}", complaint(&output)));
    }
    Ok(target.join("release/peer-subetha"))
}

/// Where they are put: beside this program.
fn folder() -> Result<PathBuf, String> {
    let folder = std::env::current_exe().map_err(|error| error.to_string())?.with_file_name("peers");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// The first line that speaks of an error, or the last one.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.contains("error")).or(text.lines().last());
    line.map_or_else(|| output.status.to_string(), |line| line.trim().chars().take(160).collect())
}

/// To a person who waits.
fn say(what: &str) {
    let clear = if io::stdout().is_terminal() { "\r\x1b[K" } else { "" };
    println!("{clear}{what} …");
}
