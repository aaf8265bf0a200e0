//! The sample's duplex form: a server that waits for one reply, and clients that send one.
use std::process::Command;

use crate::support::{
    MESSAGE, PRESS_ENTER, Program, assert_nothing_left, client_transcript, part, run, server_transcript,
    unique_name, with,
};
use samemap::{Channel, ChannelOptions, ObjectName};

const WAITING: &str = "Waiting for a reply; press ENTER to quit without one\n";

fn server(name: &str) -> Command {
    with(crate::support::server(name), &["--duplex"])
}

fn client(name: &str, reply: &str) -> Command {
    with(crate::support::client(name), &[&format!("--reply={reply}")])
}

/// What a server says that got this reply.
fn said_by_server(name: &str, reply: &str) -> String {
    let plain = server_transcript(name, MESSAGE);
    let told = plain.strip_suffix(PRESS_ENTER).unwrap();
    format!("{told}{WAITING}This reply is read from the channel:\n\"{reply}\"\n{PRESS_ENTER}")
}

/// What a client says that sent this reply.
fn said_by_client(name: &str, reply: &str) -> String {
    let plain = client_transcript(name, MESSAGE);
    let told = plain.strip_suffix(PRESS_ENTER).unwrap();
    format!("{told}This reply is sent to the server:\n\"{reply}\"\n{PRESS_ENTER}")
}

fn way_back(name: &str) -> String {
    format!("{name}.duplex")
}

fn connect(name: &str) -> Channel {
    Channel::connect(&ObjectName::new(way_back(name)).unwrap(), &ChannelOptions::new()).unwrap()
}

fn start_waiting(name: &str) -> Program {
    let server = Program::start(server(name));
    server.wait_for_output(WAITING);
    server
}

#[track_caller]
fn assert_all_gone(name: &str) {
    assert_nothing_left(name);
    assert_nothing_left(&way_back(name));
}

/// A client replies, and all end in order.
#[track_caller]
fn reply_and_end(server: Program, name: &str, reply: &str) {
    let client = Program::start_ready(client(name, reply));
    server.wait_for_output(PRESS_ENTER);
    let client = client.end();
    client.assert_success();
    assert_eq!(client.stdout, said_by_client(name, reply));
    let server = server.end();
    server.assert_success();
    assert_eq!(server.stdout, said_by_server(name, reply));
    assert_all_gone(name);
}

#[test]
fn a_reply_comes_back_to_the_byte() {
    for reply in ["Message from the second process.", "", "Grüße, 世界 🦀"] {
        let name = unique_name("duplex");
        reply_and_end(start_waiting(&name), &name, reply);
    }
}

#[test]
fn the_tools_subcommands_do_the_same() {
    let name = unique_name("duplex-tool");
    let flag = format!("--name={name}");
    let server = Program::start(with(crate::support::tool("server"), &[&flag, "--duplex"]));
    server.wait_for_output(WAITING);
    let client = Program::start_ready(with(crate::support::tool("client"), &[&flag, "--reply=yes"])).end();
    client.assert_success();
    assert_eq!(client.stdout, said_by_client(&name, "yes"));
    let server = server.end();
    assert_eq!(server.stdout, said_by_server(&name, "yes"));
    assert_all_gone(&name);
}

#[test]
fn what_steers_a_terminal_is_escaped() {
    let name = unique_name("duplex-steer");
    let server = start_waiting(&name);
    let mut channel = connect(&name);
    channel.sender().send(b"\x1b[2J\xff\r\n").unwrap();
    server.wait_for_output(PRESS_ENTER);
    drop(channel);
    let server = server.end();
    server.assert_success();
    assert_eq!(server.stdout, said_by_server(&name, "\\u{1b}[2J\u{fffd}\\r\\n"));
    assert_all_gone(&name);
}

#[test]
fn a_client_that_ends_without_a_reply_leaves_the_server_waiting() {
    let name = unique_name("duplex-next");
    let server = start_waiting(&name);
    drop(connect(&name));
    // Connects, and goes when the server must have seen it.
    let mut channel = connect(&name);
    assert!(channel.receiver().recv_timeout(std::time::Duration::from_millis(120)).unwrap().is_none());
    drop(channel);
    reply_and_end(server, &name, "at last");
}

/// The part of the test below that is killed: connects, says so, and sends nothing.
pub fn sends_nothing(arguments: &[String]) {
    let mut channel = connect(&arguments[0]);
    println!("connected");
    let _ = channel.receiver().recv_timeout(crate::support::DEADLINE);
}

#[test]
fn a_client_killed_before_its_reply_leaves_the_server_waiting() {
    let name = unique_name("duplex-killed");
    let server = start_waiting(&name);
    let puppet = part::start("sends_nothing", &[&name]);
    puppet.wait_for_output("connected");
    // Its turn is not over, so others wait; and then it is.
    let other = Program::start(client(&name, "mine"));
    other.wait_for_output(MESSAGE);
    puppet.kill();
    other.wait_for_output(PRESS_ENTER);
    other.end().assert_success();
    let server = server.end();
    server.assert_success();
    assert_eq!(server.stdout, said_by_server(&name, "mine"));
    assert_all_gone(&name);
}

#[test]
fn one_reply_counts_and_the_others_are_told() {
    let name = unique_name("duplex-two");
    let server = start_waiting(&name);
    let clients: Vec<_> = (0..3).map(|_| Program::start(client(&name, "me"))).collect();
    server.wait_for_output(PRESS_ENTER);
    let outcomes: Vec<_> = clients.into_iter().map(Program::end).collect();
    let (heard, refused): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.status.success());
    assert_eq!(heard.len(), 1, "{outcomes:#?}");
    assert_eq!(heard[0].stdout, said_by_client(&name, "me"));
    for outcome in refused {
        outcome.assert_error(&["samemap-client: cannot", "samemap-server --duplex", "try again"]);
    }
    server.end().assert_success();
    assert_all_gone(&name);
}

#[test]
fn a_server_that_waits_for_no_reply_is_told_from_one_that_does() {
    let name = unique_name("duplex-plain");
    let server = Program::start_ready(crate::support::server(&name));
    run(client(&name, "hello")).assert_error(&[&way_back(&name), "start samemap-server --duplex"]);
    // It has shown the message all the same, as without --reply.
    Program::start_ready(crate::support::client(&name)).end().assert_success();
    server.end().assert_success();
    assert_all_gone(&name);
}

#[test]
fn a_client_without_a_reply_is_served_as_ever() {
    let name = unique_name("duplex-silent");
    let server = start_waiting(&name);
    let silent = Program::start_ready(crate::support::client(&name)).end();
    silent.assert_success();
    assert_eq!(silent.stdout, client_transcript(&name, MESSAGE));
    reply_and_end(server, &name, "hello");
}

fn ends_while_waiting(label: &str, end: impl FnOnce(Program) -> crate::support::Outcome) {
    let name = unique_name(label);
    let outcome = end(start_waiting(&name));
    outcome.assert_success();
    assert!(outcome.stdout.ends_with(WAITING), "{outcome:#?}");
    assert_all_gone(&name);
}

#[test]
fn enter_and_the_end_of_input_end_the_waiting() {
    ends_while_waiting("duplex-enter", Program::end);
    ends_while_waiting("duplex-eof", |mut program| {
        program.close_input();
        program.finish()
    });
}

#[cfg(unix)]
#[test]
fn signals_end_the_waiting() {
    for signal in ["INT", "TERM", "HUP"] {
        ends_while_waiting("duplex-signal", |program| {
            program.signal(signal);
            program.finish()
        });
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_waiting() {
    let name = unique_name("duplex-reader");
    Program::start_reading(server(&name), 5).finish().assert_success();
    assert_all_gone(&name);
}

#[test]
fn a_killed_server_is_in_nobodys_way() {
    let name = unique_name("duplex-dead");
    start_waiting(&name).kill();
    reply_and_end(start_waiting(&name), &name, "again");
}

/// Ends after the client has its message and before it takes the reply.
#[test]
fn a_server_that_takes_no_reply_is_complained_about() {
    let name = unique_name("duplex-deaf");
    let plain = Program::start_ready(crate::support::server(&name));
    let options = ChannelOptions::new();
    let mut channel = Channel::create(&ObjectName::new(way_back(&name)).unwrap(), &options).unwrap();
    let client = Program::start(client(&name, "hello"));
    assert!(channel.wait_for_peer_timeout(crate::support::DEADLINE).unwrap());
    drop(channel);
    client.finish().assert_error(&["the server ended before it took the reply", "try again"]);
    plain.end().assert_success();
    assert_all_gone(&name);
}

#[test]
fn a_name_in_use_is_told_as_without_a_way_back() {
    let name = unique_name("duplex-in-use");
    let first = start_waiting(&name);
    let second = run(server(&name));
    second.assert_error(&[&format!("cannot create the region {name}: the name is in use")]);
    assert_eq!(second.stdout, "");
    reply_and_end(first, &name, "unharmed");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_made() {
    let name = unique_name("duplex-refused");
    // Few enough units for a command line on Windows.
    let long = format!("--reply={}", "世".repeat(12_000));
    run(with(crate::support::client(&name), &[&long])).assert_error(&["36000 bytes", "shorten --reply"]);
    let long_name = format!(r"Local\{}", "x".repeat(250));
    run(server(&long_name)).assert_error(&[".duplex", "shorter --name"]);
    assert_all_gone(&name);
}

#[test]
fn help_tells_of_it() {
    let help = run(with(crate::support::server("unused"), &["--help"]));
    assert!(help.stdout.contains("--duplex") && help.stdout.contains("NAME.duplex"), "{}", help.stdout);
    let help = run(with(crate::support::client("unused"), &["--help"]));
    assert!(help.stdout.contains("--reply <TEXT>") && help.stdout.contains("5 seconds"), "{}", help.stdout);
}
