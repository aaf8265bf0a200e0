//! Every way in which the programs end, and what is left behind: nothing.
use crate::support::{
    MESSAGE, Outcome, Program, assert_nothing_left, client, client_transcript, server, server_transcript,
    unique_name,
};
use samemap::{Access, ObjectName, OpenOptions, Region};

/// Ends a server, then a client of another one, by the same means; both in order, and nothing is left.
fn both_end_by(label: &str, end: impl Fn(Program) -> Outcome) {
    let name = unique_name(label);
    let alone = end(Program::start_ready(server(&name)));
    alone.assert_success();
    assert_eq!(alone.stdout, server_transcript(&name, MESSAGE));
    assert_nothing_left(&name);

    // Now the client is the last one out.
    let server = Program::start_ready(server(&name));
    let client = Program::start_ready(client(&name));
    server.end().assert_success();
    let client = end(client);
    client.assert_success();
    assert_eq!(client.stdout, client_transcript(&name, MESSAGE));
    assert_nothing_left(&name);
}

#[test]
fn enter_ends_them() {
    both_end_by("enter", Program::end);
}

#[test]
fn a_line_typed_before_enter_does_not_matter() {
    both_end_by("typed", |mut program| {
        program.type_in("what");
        program.type_in(" now?\n");
        program.finish()
    });
}

#[test]
fn the_end_of_input_counts_as_enter() {
    both_end_by("eof", |mut program| {
        program.close_input();
        program.finish()
    });
}

#[test]
fn input_that_was_never_there_counts_as_enter() {
    let name = unique_name("no-input");
    let outcome = crate::support::run(server(&name));
    outcome.assert_success();
    assert_eq!(outcome.stdout, server_transcript(&name, MESSAGE));
    assert_nothing_left(&name);
}

#[test]
fn a_reader_that_goes_away_ends_a_waiting_program() {
    let name = unique_name("reader-gone");
    let outcome = Program::start_reading(server(&name), 5).finish();
    outcome.assert_success();
    assert_eq!(outcome.stdout, server_transcript(&name, MESSAGE));
    assert_nothing_left(&name);
}

#[test]
fn a_reader_of_one_line_ends_the_program() {
    for round in 0..10 {
        let name = unique_name(&format!("head-{round}"));
        let outcome = Program::start_reading(server(&name), 1).finish();
        outcome.assert_success();
        assert_eq!(outcome.stdout, format!("The file mapping ({name}) is created\n"));
        assert_nothing_left(&name);
    }
}

#[test]
fn a_reader_that_was_never_there_ends_the_program() {
    let name = unique_name("no-reader");
    let outcome = Program::start_reading(server(&name), 0).finish();
    outcome.assert_success();
    assert_nothing_left(&name);

    let holder = Program::start_ready(server(&name));
    Program::start_reading(client(&name), 0).finish().assert_success();
    holder.end().assert_success();
    assert_nothing_left(&name);
}

#[test]
fn a_client_that_outlives_the_server_keeps_the_region() {
    let name = unique_name("outlives");
    let server = Program::start_ready(server(&name));
    let first = Program::start_ready(client(&name));
    let object = ObjectName::new(&name).unwrap();
    let region = Region::open(&object, &OpenOptions::read_only()).unwrap();
    let view = region.view(0..1024, Access::ReadOnly).unwrap();
    server.end().assert_success();
    assert_eq!(view.read_utf16(0).unwrap(), MESSAGE);
    drop((view, region));

    // Only the first client holds it now.
    let second = Program::start_ready(client(&name)).end();
    second.assert_success();
    assert_eq!(second.stdout, client_transcript(&name, MESSAGE));
    first.end().assert_success();
    assert_nothing_left(&name);
}

#[test]
fn a_killed_server_frees_the_name_at_once() {
    let name = unique_name("killed");
    for _ in 0..5 {
        Program::start_ready(server(&name)).kill();
        assert!(crate::support::is_free(&name), "the name of a killed server can be opened");
    }
    Program::start_ready(server(&name)).kill();
    // Nobody looked in between: this creation meets the remains.
    Program::start_ready(server(&name)).end().assert_success();
    assert_nothing_left(&name);
}

/// Ctrl-C and a console close arrive on the same way as Ctrl-Break, the one event that can be sent to a child
/// alone.
#[cfg(windows)]
#[test]
fn console_events_end_them() {
    use crate::support::console;
    if !console::is_given() {
        let again = crate::support::run(console::test_with_console("endings::console_events_end_them"));
        assert!(again.status.success(), "{again:#?}");
        return;
    }
    let name = unique_name("console");
    let server = Program::start_ready(console::own_group(server(&name)));
    if !server.press_break() {
        crate::support::step_aside(
            "console_events_end_them",
            "no console can be had (Wine without a display)",
        );
        return;
    }
    let server = server.finish();
    server.assert_success();
    assert_eq!(server.stdout, server_transcript(&name, MESSAGE));
    assert_nothing_left(&name);

    let holder = Program::start_ready(crate::support::server(&name));
    let client = Program::start_ready(console::own_group(client(&name)));
    assert!(client.press_break());
    client.finish().assert_success();
    holder.end().assert_success();
    assert_nothing_left(&name);
}

#[cfg(unix)]
mod signals {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    fn both_end_by_signal(signal: &str) {
        both_end_by(signal, |program| {
            program.signal(signal);
            program.finish()
        });
    }

    #[test]
    fn sigint_ends_them() {
        both_end_by_signal("INT");
    }

    #[test]
    fn sigterm_ends_them() {
        both_end_by_signal("TERM");
    }

    #[test]
    fn sighup_ends_them() {
        both_end_by_signal("HUP");
    }

    /// Before the handler is installed a signal simply kills, and there is nothing yet to be left behind.
    #[test]
    fn a_signal_at_any_time_leaves_nothing() {
        let name = unique_name("any-time");
        for round in 0..120 {
            let program = Program::start(server(&name));
            std::thread::sleep(Duration::from_micros(50 * round));
            program.signal("TERM");
            let outcome = program.finish();
            let killed_early = outcome.status.signal().is_some() && outcome.stdout.is_empty();
            assert!(outcome.status.success() || killed_early, "round {round}: {outcome:#?}");
            assert!(outcome.stderr.is_empty(), "round {round}: {outcome:#?}");
            assert_nothing_left(&name);
        }
    }

    #[test]
    fn a_signal_during_a_long_creation_leaves_nothing() {
        let name = unique_name("creation");
        for round in 0..20 {
            let program = Program::start(crate::support::with(server(&name), &["--size=16777216"]));
            std::thread::sleep(Duration::from_micros(500 * round));
            // Not SIGINT, which a shell's background jobs ignore until they say otherwise.
            program.signal("TERM");
            let outcome = program.finish();
            let killed_early = outcome.status.signal().is_some() && outcome.stdout.is_empty();
            assert!(outcome.status.success() || killed_early, "round {round}: {outcome:#?}");
            assert_nothing_left(&name);
        }
    }

    /// A signal between creation and handler would kill the program with its region left behind. So a
    /// process that sees the region's file must see the handlers too.
    #[cfg(target_os = "linux")]
    #[test]
    fn signals_are_caught_before_anything_is_created() {
        let name = unique_name("handlers");
        let file = crate::support::shm_file(&name);
        for round in 0..100 {
            let program = Program::start(server(&name));
            crate::support::spin_until("the region's file", || file.symlink_metadata().is_ok());
            let caught = caught_signals(program.id());
            for signal in [1, 2, 15] {
                assert!(
                    caught & 1 << (signal - 1) != 0,
                    "round {round}: signal {signal} is not caught: {caught:x}"
                );
            }
            program.end().assert_success();
        }
    }

    #[cfg(target_os = "linux")]
    fn caught_signals(process: u32) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a living process");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a mask of signals");
        u64::from_str_radix(mask.trim(), 16).expect("hexadecimal digits")
    }

    #[test]
    fn more_signals_do_not_disturb_the_ending() {
        let name = unique_name("twice");
        for _ in 0..20 {
            let program = Program::start_ready(server(&name));
            let script = format!("kill -s INT {0}; kill -s TERM {0}; kill -s HUP {0}", program.id());
            // The later ones may find nobody.
            let _ = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status().unwrap();
            program.finish().assert_success();
            assert_nothing_left(&name);
        }
    }

    /// `samemap-server | head -1`, as a shell runs it, with input that stays open.
    #[test]
    fn a_pipeline_into_head_ends() {
        let name = unique_name("pipeline");
        let script = r#""$0" "--name=$1" | head -n 1"#;
        let mut shell = Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_samemap-server"), &name]);
        let outcome = Program::start(shell).finish();
        outcome.assert_success();
        assert_eq!(outcome.stdout, format!("The file mapping ({name}) is created\n"));
        assert_nothing_left(&name);
    }

    /// As `nohup` and a shell's background jobs leave them: the programs handle these signals all the same,
    /// for a program that ends with its input has no use for outliving its terminal.
    #[test]
    fn signals_ignored_at_the_start_end_it_too() {
        for signal in ["HUP", "INT"] {
            let name = unique_name("ignored");
            let mut shell = Command::new("sh");
            let script = r#"trap '' HUP INT; exec "$0" "--name=$1""#;
            shell.args(["-c", script, env!("CARGO_BIN_EXE_samemap-server"), &name]);
            let program = Program::start_ready(shell);
            program.signal(signal);
            program.finish().assert_success();
            assert_nothing_left(&name);
        }
    }

    #[test]
    fn streams_that_are_closed_from_the_start_do_no_harm() {
        for closed in ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"] {
            let name = unique_name("closed");
            let mut shell = Command::new("sh");
            let script = format!(r#"exec "$0" "--name=$1" {closed}"#);
            shell.args(["-c", &script, env!("CARGO_BIN_EXE_samemap-server"), &name]);
            crate::support::run(shell).assert_success();
            assert_nothing_left(&name);
        }
    }
}
