//! What ends a program, and the status that it leaves.
//!
//! A program ends in order (views dropped, then the region, status 0) on ENTER or the end of its input,
//! on SIGINT, SIGTERM, SIGHUP or a console close, and when no process reads its output any more. All of these
//! become one event on one channel, so that there is one way out.

use std::io::{self, BufRead};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::{fmt, thread};

use samemap_platform::internal::console;

use super::output;
use super::stop::Stop;

/// For the `--help` of the programs that wait.
const HELP: &str = "\
Ends in order, with nothing left behind and status 0, on ENTER or the end of its
input, on SIGINT, SIGTERM, SIGHUP (also where they were ignored when it was
started) or a console close, and when no process reads its output any more.
An error is one line on standard error, with status 1; a usage error has status 2.";

/// That, behind a paragraph of the program's own.
pub(crate) fn help_with(paragraph: &str) -> String {
    format!("{paragraph}\n\n{HELP}")
}

/// The status of a program with this outcome, after saying what went wrong.
pub(crate) fn conclude(program: &str, outcome: Result<(), Stop>) -> ExitCode {
    match outcome {
        Ok(()) | Err(Stop::Ended) => ExitCode::SUCCESS,
        Err(Stop::Failed(text)) => {
            output::complaint(&format!("{program}: {text}"));
            ExitCode::FAILURE
        }
    }
}

/// Calls `handler` on SIGINT, SIGTERM, SIGHUP and a console close, in a thread of its own.
pub(crate) fn on_signal(handler: impl Fn() + Send + Sync + 'static) -> Result<(), Stop> {
    let cannot =
        |error: &dyn fmt::Display| Stop::Failed(format!("cannot listen for signals: {error}; try again"));
    let handler = Arc::new(handler);
    let of_signal = Arc::clone(&handler);
    ctrlc::set_handler(move || of_signal()).map_err(|error| cannot(&error))?;
    // Set last, it is asked first: `ctrlc` would answer at once, and the system end the process then.
    console::before_forced_end(move || handler()).map_err(|error| cannot(&error))
}

/// Runs `work` in a thread, which ends with the process at the latest.
pub(crate) fn in_background(work: impl FnOnce() + Send + 'static) -> Result<(), Stop> {
    match thread::Builder::new().spawn(work) {
        Ok(_) => Ok(()),
        Err(error) => Err(Stop::Failed(format!("cannot start a thread: {error}; allow more processes"))),
    }
}

/// What made a waiting program end.
#[derive(Debug)]
enum Ending {
    /// ENTER, or the end of the input.
    Input,
    /// A signal, or a console close.
    Signal,
    /// The reader of the output is gone.
    OutputBroken,
}

/// The one channel on which a program learns that it shall end.
#[derive(Debug)]
pub(crate) struct Endings {
    sender: Sender<Ending>,
    events: Receiver<Ending>,
}

impl Endings {
    /// Listens for signals from now on. To be called before anything is created: a signal between the
    /// creation and this call would end the program with the object left behind.
    pub(crate) fn listen() -> Result<Self, Stop> {
        let (sender, events) = mpsc::channel();
        let signal = sender.clone();
        on_signal(move || {
            let _ = signal.send(Ending::Signal);
        })?;
        Ok(Endings { sender, events })
    }

    /// Stops the program when something has told it to end by now: a signal, which may come while much memory is
    /// created, or anything else that is [watched](Self::watch).
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if self.events.try_recv().is_ok() { Err(Stop::Ended) } else { Ok(()) }
    }

    /// Waits until the program shall end.
    pub(crate) fn wait(&self) -> Result<(), Stop> {
        self.watch()?;
        self.wait_on()
    }

    /// Watches input and output too from now on, as [`wait`](Self::wait) does, for [`check`](Self::check).
    pub(crate) fn watch(&self) -> Result<(), Stop> {
        let input = self.sender.clone();
        in_background(move || {
            wait_for_enter();
            let _ = input.send(Ending::Input);
        })?;
        let output = self.sender.clone();
        in_background(move || {
            console::wait_until_output_is_broken();
            let _ = output.send(Ending::OutputBroken);
        })
    }

    /// Waits until the program shall end, after [`watch`](Self::watch).
    pub(crate) fn wait_on(&self) -> Result<(), Stop> {
        // Cannot fail: a sender lives in `self`.
        let _ = self.events.recv();
        Ok(())
    }
}

/// Returns at the end of a line of input, or of the input. One that cannot be read counts as ended: a
/// terminal that is gone, a background process without one.
fn wait_for_enter() {
    let _ = io::stdin().lock().skip_until(b'\n');
}
