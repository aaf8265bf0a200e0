//! The examples, run as a person runs them. `cargo test` builds them too; `cargo test --test programs` alone does not, so
//! `cargo build --examples` comes first then.
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Outcome, Program, assert_nothing_left, unique_name};

const CONNECTED: &str = "-- connected; Ctrl-D or Ctrl-C ends\n";
const WAITING: &str = "-- waiting for the other one\n";

/// The example's program, which lies beside this one.
fn example(name: &str) -> Option<PathBuf> {
    let test = std::env::current_exe().expect("the test's own path");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("target/PROFILE/deps/TEST");
    let path = profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
    crate::support::step_aside(name, "the example was not built; cargo build --examples builds it");
    None
}

/// Two chats that have met: the one that made the channel, and the other.
fn met(name: &str) -> Option<(Program, Program)> {
    let path = example("chat")?;
    let start = || {
        let mut command = Command::new(&path);
        command.arg(name);
        Program::start(command)
    };
    let first = start();
    first.wait_for_output(WAITING);
    let second = start();
    first.wait_for_output(CONNECTED);
    second.wait_for_output(CONNECTED);
    Some((first, second))
}

#[track_caller]
fn assert_said(outcome: &Outcome, lines: &str) {
    outcome.assert_success();
    assert_eq!(outcome.stdout, lines);
}

#[test]
fn chat_goes_both_ways_and_ends_with_its_input() {
    let name = unique_name("chat");
    let Some((mut first, mut second)) = met(&name) else { return };
    first.type_in("Hello?\n");
    second.wait_for_output("> Hello?\n");
    second.type_in("Grüße, 世界\r\n\x1b[2Jtwo\n");
    first.wait_for_output("two\n");
    first.type_in("without an end of line");
    first.close_input();
    let first = first.finish();
    assert_said(&first, &format!("{WAITING}{CONNECTED}> Grüße, 世界\n> \\u{{1b}}[2Jtwo\n"));
    let second = second.finish();
    assert_said(
        &second,
        &format!("{CONNECTED}> Hello?\n> without an end of line\n-- the other one has left\n"),
    );
    assert_nothing_left(&name);
}

#[test]
fn chat_outlives_its_maker_for_as_long_as_it_takes_to_say_so() {
    let name = unique_name("chat-killed");
    let Some((mut first, second)) = met(&name) else { return };
    first.type_in("last words\n");
    second.wait_for_output("> last words\n");
    first.kill();
    assert_said(&second.finish(), &format!("{CONNECTED}> last words\n-- the other one has died\n"));
    assert_nothing_left(&name);

    let Some((first, second)) = met(&name) else { return };
    second.kill();
    assert_said(&first.finish(), &format!("{WAITING}{CONNECTED}-- the other one has died\n"));
    assert_nothing_left(&name);
}

#[test]
fn chat_that_nobody_answers_ends_with_its_input() {
    let name = unique_name("chat-alone");
    let Some(path) = example("chat") else { return };
    let mut command = Command::new(&path);
    command.arg(&name);
    let mut alone = Program::start(command);
    alone.wait_for_output(WAITING);
    alone.type_in("nobody?\n");
    assert_said(&alone.end_of_input(), WAITING);
    assert_nothing_left(&name);
}

#[test]
fn chat_takes_two_and_not_three() {
    let name = unique_name("chat-three");
    let Some((first, second)) = met(&name) else { return };
    let mut third = Command::new(example("chat").expect("it was there"));
    third.arg(&name);
    crate::support::run(third).assert_error(&["chat: cannot connect"]);
    first.end_of_input().assert_success();
    second.finish().assert_success();
    assert_nothing_left(&name);
}

#[cfg(unix)]
#[test]
fn chat_ends_on_signals() {
    for signal in ["INT", "TERM"] {
        let name = unique_name("chat-signal");
        let Some((first, second)) = met(&name) else { return };
        first.signal(signal);
        assert_said(&first.finish(), &format!("{WAITING}{CONNECTED}"));
        assert_said(&second.finish(), &format!("{CONNECTED}-- the other one has left\n"));
        assert_nothing_left(&name);
    }
}

/// A telemetry program in this part, and what it said about itself.
fn telemetry(part: &str, name: &str, more: &[&str]) -> Option<Program> {
    let mut command = Command::new(example("telemetry")?);
    command.args([part, "--name", name]).args(more);
    Some(Program::start(command))
}

#[test]
fn telemetry_is_read_by_many_and_goes_on_with_the_next_writer() {
    let name = unique_name("telemetry");
    let Some(writer) = telemetry("write", &name, &[]) else { return };
    writer.wait_for_output("at 1 kHz, from number 1\n");
    let readers = [(); 2].map(|()| telemetry("read", &name, &[]).expect("it was there"));
    for reader in &readers {
        reader.wait_for_output("altitude 4");
    }
    let second = telemetry("write", &name, &[]).expect("it was there").finish();
    assert!(!second.status.success());
    assert!(second.stderr.contains("telemetry: "), "{}", second.stderr);
    writer.kill();
    for reader in &readers {
        reader.wait_for_output("; waiting for the next one\n");
    }
    let writer = telemetry("write", &name, &["--seconds", "0"]).expect("it was there").finish();
    writer.assert_success();
    assert!(!writer.stdout.contains("from number 1\n"), "{}", writer.stdout);
    for reader in readers {
        reader.kill();
    }
    let nobody = telemetry("read", &name, &[]).expect("it was there").finish();
    assert!(!nobody.status.success(), "{}", nobody.stdout);
    assert_nothing_left(&name);
}

#[test]
fn telemetry_says_how_to_use_it() {
    let Some(path) = example("telemetry") else { return };
    for arguments in [&["dance"][..], &[], &["read", "--seconds", "soon"]] {
        let mut command = Command::new(&path);
        command.args(arguments);
        let outcome = crate::support::run(command);
        assert_eq!(outcome.status.code(), Some(2));
        assert!(outcome.stderr.starts_with("usage: telemetry"), "{}", outcome.stderr);
    }
}

/// The frames example in this part.
fn frames(part: &str, name: &str, more: &[&str]) -> Option<Program> {
    let mut command = Command::new(example("frames")?);
    command.args([part, "--name", name]).args(more);
    Some(Program::start(command))
}

#[test]
fn frames_reach_a_recorder_and_viewers_also_from_the_next_camera() {
    let name = unique_name("frames");
    let Some(camera) = frames("camera", &name, &[]) else { return };
    camera.wait_for_output("from frame 1\n");
    let recorder = frames("record", &name, &[]).expect("it was there");
    let viewers = [(); 2].map(|()| frames("view", &name, &[]).expect("it was there"));
    recorder.wait_for_output("recorded, none missed");
    viewers.iter().for_each(|viewer| viewer.wait_for_output("brightness"));
    camera.kill();
    for reader in viewers.iter().chain([&recorder]) {
        reader.wait_for_output("; waiting for the next one\n");
    }
    let camera = frames("camera", &name, &["--seconds", "0"]).expect("it was there").finish();
    camera.assert_success();
    assert!(!camera.stdout.contains("from frame 1\n"), "{}", camera.stdout);
    recorder.kill();
    viewers.into_iter().for_each(Program::kill);
    let nobody = frames("view", &name, &[]).expect("it was there").finish();
    assert!(!nobody.status.success(), "{}", nobody.stdout);
    assert_nothing_left(&name);
}

/// On Windows the example says that it calls poll(2).
#[cfg(unix)]
#[test]
fn the_event_loop_hears_of_objects_and_of_peers() {
    let Some(path) = example("event_loop") else { return };
    let name = unique_name("loop");
    let start = |arguments: &[&str]| {
        let mut command = Command::new(&path);
        command.args(arguments);
        Program::start(command)
    };
    let mut waiting = start(&[&name]);
    waiting.wait_for_output("-- waiting; Ctrl-D ends\n");
    start(&["ring", &name]).finish().assert_success();
    for line in [
        "the bell rang\n",
        "there is a job\n",
        "a client says hello\n",
        "a client has gone",
        "a second has passed\n",
    ] {
        waiting.wait_for_output(line);
    }
    waiting.close_input();
    let waiting = waiting.finish();
    waiting.assert_success();
    assert_eq!(waiting.stdout.matches("there is a job\n").count(), 2);
    for object in ["bell", "jobs", "timer", "desk"] {
        assert_nothing_left(&format!("{name}-{object}"));
    }
}
