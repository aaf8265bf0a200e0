//! What the two programs say, to the byte, and what they leave in the memory.
use crate::support::{
    MESSAGE, Program, assert_nothing_left, client, client_transcript, server, server_transcript, tool,
    unique_name, with,
};
use samemap::{Access, ObjectName, OpenOptions, Region, View};

fn first_view(name: &str) -> View {
    let region = Region::open(&ObjectName::new(name).unwrap(), &OpenOptions::read_only()).unwrap();
    region.view(.., Access::ReadOnly).unwrap()
}

#[test]
fn server_and_client_say_this_to_the_byte() {
    let name = unique_name("transcript");
    let server = Program::start_ready(server(&name));
    let client = Program::start_ready(client(&name)).end();
    client.assert_success();
    assert_eq!(client.stdout, client_transcript(&name, MESSAGE));
    let server = server.end();
    server.assert_success();
    assert_eq!(server.stdout, server_transcript(&name, MESSAGE));
    assert_nothing_left(&name);
}

#[test]
fn the_tools_subcommands_say_the_same() {
    let name = unique_name("subcommands");
    let flag = format!("--name={name}");
    let server = Program::start_ready(with(tool("server"), &[&flag]));
    let client = Program::start_ready(with(tool("client"), &[&flag])).end();
    client.assert_success();
    assert_eq!(client.stdout, client_transcript(&name, MESSAGE));
    let server = server.end();
    server.assert_success();
    assert_eq!(server.stdout, server_transcript(&name, MESSAGE));
    assert_nothing_left(&name);
}

#[test]
fn the_message_lies_in_the_memory_as_utf_16_with_its_nul() {
    let name = unique_name("bytes");
    let server = Program::start_ready(server(&name));
    let view = first_view(&name);
    assert_eq!(view.len(), 65536);
    let expected: Vec<u8> = MESSAGE.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let mut bytes = vec![0xFF; expected.len()];
    view.read(0, &mut bytes).unwrap();
    assert_eq!(bytes, expected);
    server.end().assert_success();
    drop(view);
    assert_nothing_left(&name);
}

#[test]
fn ten_clients_at_once() {
    let name = unique_name("ten");
    let server = Program::start_ready(server(&name));
    let clients: Vec<Program> = (0..10).map(|_| Program::start(client(&name))).collect();
    for client in &clients {
        client.wait_for_output(crate::support::PRESS_ENTER);
    }
    for client in clients {
        let outcome = client.end();
        outcome.assert_success();
        assert_eq!(outcome.stdout, client_transcript(&name, MESSAGE));
    }
    server.end().assert_success();
    assert_nothing_left(&name);
}

#[test]
fn flags_say_where_and_what() {
    let name = unique_name("flags");
    let message = "Grüße, 世界 🦀";
    let place = ["--offset=70001", "--view-size=300"];
    let command = with(server(&name), &["--size=100000", "--message", message]);
    let server = Program::start_ready(with(command, &place));
    let client = Program::start_ready(with(client(&name), &place)).end();
    client.assert_success();
    assert_eq!(client.stdout, client_transcript(&name, message));
    let view = first_view(&name);
    assert_eq!(view.len() % 4096, 0);
    assert!(view.len() >= 100_000, "{}", view.len());
    assert_eq!(view.read_utf16(70001).unwrap(), message);
    drop(view);
    let server = server.end();
    server.assert_success();
    assert_eq!(server.stdout, server_transcript(&name, message));
    assert_nothing_left(&name);
}

#[test]
fn a_message_that_fills_the_view_is_read_whole() {
    let name = unique_name("full-view");
    let size = format!("--view-size={}", 2 * (MESSAGE.len() + 1));
    let server = Program::start_ready(with(server(&name), &[&size]));
    // A view that ends before the NUL: the text ends with it, and nothing behind it is read.
    for (len, text) in [(2 * (MESSAGE.len() + 1), MESSAGE), (14, "Message"), (15, "Message"), (1, "")] {
        let size = format!("--view-size={len}");
        let client = Program::start_ready(with(client(&name), &[&size])).end();
        client.assert_success();
        assert_eq!(client.stdout, client_transcript(&name, text));
    }
    server.end().assert_success();
    assert_nothing_left(&name);
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let name = format!("{}\u{1b}]0;owned\u{7}", unique_name("steer"));
    let shown = name.replace('\u{1b}', "\\u{1b}").replace('\u{7}', "\\u{7}");
    let server = Program::start_ready(with(server(&name), &["--message=\u{1b}[2J\r\nline"]));
    let client = Program::start_ready(client(&name)).end();
    client.assert_success();
    assert_eq!(client.stdout, client_transcript(&shown, "\\u{1b}[2J\\r\\nline"));
    let server = server.end();
    server.assert_success();
    assert_eq!(server.stdout, server_transcript(&shown, "\\u{1b}[2J\\r\\nline"));
    assert_nothing_left(&name);
}

#[test]
fn a_bare_name_is_a_local_one() {
    let name = unique_name("bare");
    let bare = name.strip_prefix("Local\\").unwrap();
    let server = Program::start_ready(server(bare));
    let client = Program::start_ready(client(&name)).end();
    client.assert_success();
    let server = server.end();
    server.assert_success();
    assert_eq!(server.stdout, server_transcript(&name, MESSAGE));
    assert_nothing_left(&name);
}

#[test]
fn defaults_are_those_of_the_sample() {
    let help = crate::support::run(with(server("unused"), &["--help"]));
    help.assert_success();
    for default in [r"Local\SampleMap", "65536", "0", "1024", "\"Message from the first process.\""] {
        assert!(help.stdout.contains(&format!("[default: {default}]")), "{default}: {}", help.stdout);
    }
    let help = crate::support::run(with(client("unused"), &["--help"]));
    help.assert_success();
    for default in [r"Local\SampleMap", "0", "1024"] {
        assert!(help.stdout.contains(&format!("[default: {default}]")), "{default}: {}", help.stdout);
    }
}
