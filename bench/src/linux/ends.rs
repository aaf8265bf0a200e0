//! The two ends of a measurement, each a process of its own.
//!
//! The programme starts the first end, which makes what is measured and starts the second one, and prints what a turn
//! took. So whatever a peer does (it may panic, hang, or leave threads behind) ends with its processes, and becomes a
//! row that says why it is absent.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::arena::Arena;
use super::interrupt;
use super::job::{Act, Job, REMARK, this_program};
use super::leftovers::{self, Folder};
use super::link::Spec;
use super::place;
use super::systems;

/// How long both ends of one measurement may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first argument of a process that is an end.
pub const WORD: &str = "end-of-a-measurement";

/// Nanoseconds a turn of the system of that key, or why there are none.
pub fn measure(key: &str, job: Job) -> Result<f64, String> {
    run(first_end(key, job))
}

/// The same, and what the first end remarks.
pub fn measure_and_hear(key: &str, job: Job) -> Result<(f64, Option<String>), String> {
    let (time, complaint) = run_and_hear(first_end(key, job))?;
    let remark = complaint.lines().find_map(|line| line.strip_prefix(REMARK));
    Ok((time, remark.map(str::to_owned)))
}

fn first_end(key: &str, job: Job) -> Command {
    let mut command = this_program(WORD);
    command.args([
        "first",
        key,
        job.act.word(),
        &job.size.to_string(),
        &job.slice.as_micros().to_string(),
        &cpu_word(job.placement.first),
        &cpu_word(job.placement.second),
    ]);
    command
}

/// Runs a first end, ours or that of a program built beside this one: it prints nanoseconds, or says what is wrong.
pub fn run(command: Command) -> Result<f64, String> {
    run_and_hear(command).map(|(time, _)| time)
}

fn run_and_hear(mut command: Command) -> Result<(f64, String), String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, to be ended as one.
    let mut child = command.process_group(0).spawn().map_err(|error| error.to_string())?;
    interrupt::begun(child.id());
    let ended = wait_for(&mut child);
    // Whatever it left running.
    // SAFETY: the group of a process that we started; it was made with it.
    unsafe { libc::kill(-(child.id() as i32), libc::SIGKILL) };
    interrupt::ended();
    let status = child.wait().map_err(|error| error.to_string())?;
    // All of the group have ended once nobody can complain any more.
    let (output, complaint) = (text_of(child.stdout.take()), text_of(child.stderr.take()));
    leftovers::remove_of(child.id());
    if !status.success() {
        leftovers::reclaim_of(child.id());
    }
    if !ended {
        return Err(format!("hung: still running after {} s", PATIENCE.as_secs()));
    }
    match output.trim().parse() {
        Ok(time) if status.success() => Ok((time, complaint)),
        _ => Err(reason(&complaint).unwrap_or_else(|| status.to_string())),
    }
}

/// Whether it ended by itself in time.
fn wait_for(child: &mut Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return true;
        }
        // What is measured must not be disturbed, and nobody waits for this.
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

fn text_of(from: Option<impl std::io::Read>) -> String {
    let mut text = Vec::new();
    if let Some(mut from) = from {
        let _ = from.read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// What is worth telling of a complaint: the line behind a panic's place, or the last line.
fn reason(complaint: &str) -> Option<String> {
    let lines: Vec<&str> = complaint.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let panic = lines.iter().position(|line| line.contains("panicked at"));
    let line = panic.and_then(|at| lines.get(at + 1)).or(lines.last())?;
    Some(line.chars().take(160).collect())
}

/// This process is an end: does its part.
pub fn be_an_end(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["first", key, act, size, slice, first, second] => {
            be_first(key, act, number(size), number(slice), [first, second])
        }
        ["second", key, act, size, cpu, arena, token] => {
            place::pin(cpu_of(cpu));
            let arena = Arena::open(arena);
            let spec = Spec { size: number(size), arena: &arena };
            (systems::by_key(key).second)(Act::of(act), &spec, token);
            Ok(())
        }
        _ => Err(format!("not an end of a measurement: {words:?}")),
    }
}

fn be_first(
    key: &str,
    act: &str,
    size: usize,
    slice: usize,
    [first, second]: [&str; 2],
) -> Result<(), String> {
    let folder = Folder::create()?;
    // SAFETY: this process has no other thread yet. The second end inherits it.
    unsafe { std::env::set_var("TMPDIR", folder.path()) };
    let arena = Arena::create("arena");
    let spec = Spec { size, arena: &arena };
    let mut child = None;
    let start_second = |token: &str| {
        let mut command = this_program(WORD);
        command.args(["second", key, act, &size.to_string(), second, &arena.name(), token]);
        child = Some(command.stdout(Stdio::null()).spawn().expect("start the second end"));
        // Not before: the second end would be pinned to the same processor until it pins itself.
        place::pin(cpu_of(first));
    };
    let time = (systems::by_key(key).first)(
        Act::of(act),
        &spec,
        Duration::from_micros(slice as u64),
        Box::new(start_second),
    );
    if let Some(mut child) = child {
        let status = child.wait().map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("the second end failed: {status}"));
        }
    }
    println!("{}", time?);
    Ok(())
}

fn number(word: &str) -> usize {
    word.parse().expect("a number")
}

/// A processor as it stands on a command line.
pub fn cpu_word(cpu: Option<usize>) -> String {
    cpu.map_or("-".to_owned(), |cpu| cpu.to_string())
}

fn cpu_of(word: &str) -> Option<usize> {
    word.parse().ok()
}
