//! What goes wrong is one line on standard error and status 1, and nothing is left behind.
use samemap_platform::conformance::tools::Squatter;

use crate::support::{
    Program, assert_nothing_left, client, name as object_name, run, server, step_aside, unique_name, with,
};

#[test]
fn a_client_without_a_server_says_what_to_start() {
    let name = unique_name("no-server");
    let outcome = run(client(&name));
    outcome.assert_error(&[
        "samemap-client: cannot open",
        &name,
        "start samemap-server with the same --name",
    ]);
    assert_eq!(outcome.stdout, "");
    assert_nothing_left(&name);
}

#[test]
fn a_client_after_its_server_finds_nothing() {
    let name = unique_name("server-gone");
    Program::start_ready(server(&name)).end().assert_success();
    run(client(&name)).assert_error(&[&name, "start samemap-server"]);
    assert_nothing_left(&name);
}

#[test]
fn a_name_in_use_is_not_taken_over() {
    let name = unique_name("in-use");
    let first = Program::start_ready(server(&name));
    let second = run(server(&name));
    second.assert_error(&[
        "samemap-server: cannot create",
        &name,
        "the name is in use",
        "choose another name",
    ]);
    assert_eq!(second.stdout, "");
    // The first one did not suffer.
    Program::start_ready(client(&name)).end().assert_success();
    first.end().assert_success();
    assert_nothing_left(&name);
}

#[test]
fn a_message_that_does_not_fit_creates_nothing() {
    let name = unique_name("too-long");
    for (view, message, needed) in
        [("63", crate::support::MESSAGE, "64"), ("3", "a", "4"), ("1", "", "2"), ("0", "", "2")]
    {
        let flags = [&format!("--view-size={view}"), &format!("--message={message}")];
        let outcome = run(with(server(&name), &flags.map(String::as_str)));
        outcome.assert_error(&[&format!("needs {needed} bytes"), "--message", "--view-size"]);
        assert_eq!(outcome.stdout, "");
        assert_nothing_left(&name);
    }
}

#[test]
fn a_name_that_breaks_the_rules_is_refused() {
    let long = "x".repeat(260);
    let cases = [
        ("", "empty"),
        (r"Local\", "empty"),
        (r"Global\", "empty"),
        (r"local\x", "backslash"),
        (r"Local\a\b", "backslash"),
        (r"Session\1\x", "backslash"),
        (&long, "260 UTF-16 units"),
        ("a\nb\\c", "backslash"),
    ];
    for (name, rule) in cases {
        for command in
            [server(name), client(name), with(crate::support::tool("demo"), &[&format!("--name={name}")])]
        {
            let outcome = run(command);
            outcome.assert_error(&[rule]);
            assert_eq!(outcome.stdout, "");
        }
        run(with(crate::support::tool("name"), &[name])).assert_error(&[rule]);
    }
}

#[test]
fn a_region_too_small_for_the_view_is_let_go() {
    let name = unique_name("small");
    let beyond = u64::MAX.to_string();
    for (offset, view) in
        [("0", "65537"), ("65000", "1024"), ("65536", "64"), (beyond.as_str(), "1024"), ("64", &beyond)]
    {
        let flags = [format!("--offset={offset}"), format!("--view-size={view}")];
        let flags = [flags[0].as_str(), &flags[1]];
        run(with(server(&name), &flags)).assert_error(&[&name, "65536 bytes", "--view-size", "--size"]);
        assert_nothing_left(&name);

        let holder = Program::start_ready(server(&name));
        run(with(client(&name), &flags)).assert_error(&[&name, "65536 bytes", "--view-size"]);
        holder.end().assert_success();
        assert_nothing_left(&name);
    }
}

#[test]
fn sizes_that_make_no_sense_are_refused() {
    let name = unique_name("sizes");
    run(with(server(&name), &["--size=0"])).assert_error(&[&name]);
    run(with(server(&name), &["--size=18446744073709551615"])).assert_error(&[&name]);
    assert_nothing_left(&name);
    let holder = Program::start_ready(server(&name));
    run(with(client(&name), &["--view-size=0"])).assert_error(&[&name, "empty"]);
    holder.end().assert_success();
    assert_nothing_left(&name);
}

#[test]
fn a_name_of_another_kind_is_refused_and_left_alone() {
    let name = unique_name("kind");
    let Some(squatter) = Squatter::on(&object_name(&name)) else {
        step_aside("a_name_of_another_kind_is_refused_and_left_alone", "nothing else can lie on a name here");
        return;
    };
    for command in [server(&name), client(&name)] {
        let outcome = run(command);
        outcome.assert_error(&[&name, "choose another name"]);
        assert_eq!(outcome.stdout, "");
        assert!(squatter.is_there());
    }
}

#[test]
fn usage_errors_have_status_2() {
    let name = unique_name("usage");
    let cases = [
        with(server(&name), &["--no-such-flag"]),
        with(server(&name), &["--size=large"]),
        with(server(&name), &["--size=-1"]),
        with(server(&name), &["--size=18446744073709551616"]),
        with(server(&name), &["extra"]),
        with(client(&name), &["--size=1"]),
        with(client(&name), &["--message=x"]),
        crate::support::tool("no-such-command"),
        crate::support::tool("name"),
    ];
    for command in cases {
        let shown = format!("{command:?}");
        let outcome = run(command);
        assert_eq!(outcome.status.code(), Some(2), "{shown}: {outcome:#?}");
        assert!(outcome.stderr.contains("error:") && outcome.stdout.is_empty(), "{shown}: {outcome:#?}");
    }
    assert_nothing_left(&name);
}

#[test]
fn errors_that_nobody_reads_do_no_harm() {
    for _ in 0..5 {
        let name = unique_name("no-stderr");
        let outcome = Program::start_deaf(client(&name)).finish();
        assert_eq!(outcome.status.code(), Some(1), "{outcome:#?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let name = unique_name("disk-full");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", r#"exec "$0" "--name=$1" >/dev/full"#, env!("CARGO_BIN_EXE_samemap-server"), &name]);
    run(shell).assert_error(&["samemap-server: cannot write to standard output", "make room"]);
    assert_nothing_left(&name);
}
