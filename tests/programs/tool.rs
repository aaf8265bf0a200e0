//! The tool: the demo, names, listing and reclaiming.
use crate::support::{
    MESSAGE, Outcome, Program, assert_nothing_left, client_transcript, run, server, server_transcript, tool,
    unique_name, with,
};
use serde_json::Value;

fn demo(name: &str) -> std::process::Command {
    with(tool("demo"), &[&format!("--name={name}")])
}

fn labelled(label: &str, transcript: &str) -> String {
    transcript.lines().map(|line| format!("{label} | {line}\n")).collect()
}

#[track_caller]
fn json(outcome: &Outcome) -> Value {
    outcome.assert_success();
    assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:#?}");
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:#?}"))
}

/// Whether this system can list its objects; where it cannot, it must say why, and with status 0.
fn can_list(test: &str) -> bool {
    let answer = json(&run(with(tool("list"), &["--json"])));
    if answer["objects"].is_array() {
        return true;
    }
    assert!(answer["objects"].is_null() && answer["note"].is_string(), "{answer}");
    crate::support::step_aside(test, "the system keeps the name space itself; `samemap list` says so");
    false
}

/// What `samemap list --json` says of one object.
fn listed(system_name: &str) -> Option<Value> {
    let answer = json(&run(with(tool("list"), &["--json"])));
    let objects = answer["objects"].as_array().expect("an array of objects");
    objects.iter().find(|object| object["system_name"] == system_name).cloned()
}

fn system_name(name: &str) -> String {
    samemap::ObjectName::new(name).unwrap().system_name()
}

#[test]
fn the_demo_shows_both_programs_and_ends_well() {
    let name = unique_name("demo");
    let outcome = run(demo(&name));
    outcome.assert_success();
    let server = labelled("server", &server_transcript(&name, MESSAGE));
    let client = labelled("client", &client_transcript(&name, MESSAGE));
    let end = "demo   | The client read the server's message, both ended in order, nothing is left behind\n";
    assert_eq!(outcome.stdout, format!("{server}{client}{end}"));
    assert_nothing_left(&name);
}

#[test]
fn demos_on_different_names_do_not_meet() {
    let names: Vec<String> = (0..4).map(|_| unique_name("demos")).collect();
    let demos: Vec<Program> = names.iter().map(|name| Program::start(demo(name))).collect();
    for demo in demos {
        demo.finish().assert_success();
    }
    names.iter().for_each(|name| assert_nothing_left(name));
}

#[test]
fn a_demo_on_a_name_in_use_fails_and_shows_why() {
    let name = unique_name("demo-in-use");
    let holder = Program::start_ready(server(&name));
    let outcome = run(demo(&name));
    assert_eq!(outcome.status.code(), Some(1), "{outcome:#?}");
    assert_eq!(outcome.stdout, "");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{outcome:#?}");
    assert!(lines.iter().any(|line| line.starts_with("server | ") && line.contains("the name is in use")));
    assert!(lines.iter().any(|line| line.starts_with("samemap demo: the server ended before")));
    // It ended nothing that it had not started.
    Program::start_ready(crate::support::client(&name)).end().assert_success();
    holder.end().assert_success();
    assert_nothing_left(&name);
}

#[test]
fn a_demo_that_loses_its_reader_ends_its_children() {
    for lines in [0, 1, 6] {
        let name = unique_name("demo-head");
        let outcome = Program::start_reading(demo(&name), lines).finish();
        // A demo may be through before its reader has read a few lines, but not before it was started.
        if lines == 0 || !outcome.status.success() {
            outcome.assert_error(&["nobody reads the output"]);
        }
        assert_nothing_left(&name);
    }
}

#[test]
fn children_of_a_killed_demo_end_by_themselves() {
    let name = unique_name("demo-killed");
    let demo = Program::start(demo(&name));
    demo.wait_for_output("client | The file view is mapped\n");
    demo.kill();
    crate::support::wait_until("the name of a killed demo is free", || crate::support::is_free(&name));
    assert_nothing_left(&name);
}

#[cfg(unix)]
#[test]
fn a_demo_that_is_interrupted_ends_its_children() {
    let name = unique_name("demo-signal");
    for round in 0..20 {
        let demo = Program::start(demo(&name));
        std::thread::sleep(std::time::Duration::from_millis(round));
        demo.signal("TERM");
        demo.finish();
        // Before its handler is installed a signal simply kills it; what it started ends with its input.
        crate::support::wait_until("the name is free", || crate::support::is_free(&name));
        assert_nothing_left(&name);
    }
}

#[test]
fn name_prints_what_other_languages_open() {
    for name in [r"Local\SampleMap", "SampleMap", r"Global\a b/ü"] {
        let object = samemap::ObjectName::new(name).unwrap();
        let outcome = run(with(tool("name"), &[name]));
        outcome.assert_success();
        assert_eq!(outcome.stdout, format!("{}\n", object.system_name()));
        let answer = json(&run(with(tool("name"), &[name, "--json"])));
        assert_eq!(answer["name"], object.to_string());
        assert_eq!(answer["system_name"], object.system_name());
    }
    if cfg!(windows) {
        assert_eq!(run(with(tool("name"), &["x"])).stdout, "Local\\x\n");
    } else {
        assert!(run(with(tool("name"), &[r"Global\x"])).stdout.starts_with("/samemap.global."));
    }
}

#[test]
fn list_shows_a_living_region_and_its_holders() {
    if !can_list("list_shows_a_living_region_and_its_holders") {
        return;
    }
    let name = unique_name("list");
    let server = Program::start_ready(server(&name));
    let client = Program::start_ready(crate::support::client(&name));
    let object = listed(&system_name(&name)).expect("a living region is listed");
    assert_eq!(object["name"], name);
    assert_eq!(object["kind"], "region");
    assert_eq!(object["size"], 65536);
    assert_eq!(object["state"], "live");
    assert!(object["detail"].is_null(), "{object}");
    assert!(object["owner"].is_string(), "{object}");
    if !object["holders"].is_null() {
        assert_eq!(object["holders"], 2, "{object}");
    }
    let table = run(tool("list"));
    table.assert_success();
    let mut lines = table.stdout.lines();
    let head: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(head, ["NAME", "KIND", "SIZE", "HOLDERS", "OWNER", "STATE"]);
    let row = lines.find(|line| line.starts_with(&name)).expect("a row of the table");
    assert!(row.contains("region") && row.contains("65536") && row.ends_with("live"), "{row}");
    client.end().assert_success();
    server.end().assert_success();
    assert!(listed(&system_name(&name)).is_none(), "still listed after the end");
    assert_nothing_left(&name);
}

/// Every process that creates something may sweep up first, also those of other tests: so again, until it
/// was the tool that did it.
fn until_we_were_first(what: &str, mut attempt: impl FnMut() -> bool) {
    assert!((0..200).any(|_| attempt()), "in 200 rounds: {what}");
}

#[test]
fn gc_reclaims_what_a_killed_server_left() {
    if !can_list("gc_reclaims_what_a_killed_server_left") {
        return;
    }
    let name = unique_name("gc");
    let dead = system_name(&name);
    until_we_were_first("gc names a dead region among those it removed", || {
        Program::start_ready(server(&name)).kill();
        let answer = json(&run(with(tool("gc"), &["--json"])));
        assert!(listed(&dead).is_none(), "listed after gc");
        assert_nothing_left(&name);
        let removed = answer["removed"].as_array().expect("an array").contains(&dead.as_str().into());
        assert!(!removed || answer["bytes"].as_u64().expect("a number") >= 65536, "{answer}");
        removed
    });
    until_we_were_first("gc says in words what it removed", || {
        Program::start_ready(server(&name)).kill();
        let outcome = run(tool("gc"));
        outcome.assert_success();
        assert_nothing_left(&name);
        outcome.stdout.lines().any(|line| line == format!("removed {dead}"))
            && outcome.stdout.contains(" reclaimed, ")
    });
}

#[test]
fn list_shows_what_waits_to_be_reclaimed() {
    if !can_list("list_shows_what_waits_to_be_reclaimed") {
        return;
    }
    let name = unique_name("dead");
    until_we_were_first("a dead region is listed as dead", || {
        Program::start_ready(server(&name)).kill();
        let object = listed(&system_name(&name));
        let table = run(tool("list"));
        table.assert_success();
        let row = table.stdout.lines().find(|line| line.starts_with(&name));
        assert!(object.as_ref().is_none_or(|object| object["state"] == "dead"), "{object:?}");
        assert!(row.is_none_or(|row| row.contains("dead")), "{row:?}");
        object.is_some() && row.is_some() && table.stdout.contains("to be reclaimed: samemap gc")
    });
    run(tool("gc")).assert_success();
    assert_nothing_left(&name);
}

#[test]
fn gc_leaves_the_living_alone() {
    let name = unique_name("gc-living");
    let server = Program::start_ready(server(&name));
    run(tool("gc")).assert_success();
    let client = Program::start_ready(crate::support::client(&name)).end();
    client.assert_success();
    assert_eq!(client.stdout, client_transcript(&name, MESSAGE));
    server.end().assert_success();
    assert_nothing_left(&name);
}

#[cfg(target_os = "linux")]
#[test]
fn foreign_things_are_listed_and_kept_by_gc() {
    let name = unique_name("foreign");
    let squatter =
        samemap_platform::conformance::tools::Squatter::on(&crate::support::name(&name)).expect("on Linux");
    let object = listed(&system_name(&name)).expect("listed");
    assert_eq!(object["state"], "foreign", "{object}");
    assert!(object["detail"].is_string() && object["kind"].is_null(), "{object}");
    let answer = json(&run(with(tool("gc"), &["--json"])));
    assert!(!answer.to_string().contains(&system_name(&name)), "{answer}");
    assert!(squatter.is_there());
}

#[test]
fn where_the_system_keeps_the_name_space_the_tool_says_so() {
    for subcommand in ["list", "gc"] {
        let outcome = run(tool(subcommand));
        outcome.assert_success();
        assert!(!outcome.stdout.is_empty());
        let answer = json(&run(with(tool(subcommand), &["--json"])));
        if cfg!(windows) {
            assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:#?}");
            assert_eq!(answer["note"], outcome.stdout.trim_end(), "{answer}");
        }
    }
}

#[test]
fn output_without_a_reader_does_no_harm() {
    for subcommand in ["list", "gc", "help"] {
        let outcome = Program::start_reading(tool(subcommand), 0).finish();
        assert!(outcome.stderr.is_empty() && outcome.status.success(), "{subcommand}: {outcome:#?}");
    }
}
