//! An event loop that knows nothing of this library: poll(2) over standard input, and over one descriptor that stands
//! for an event and a semaphore of other processes. epoll, libuv, Qt and glib take that descriptor as well.
//!
//! ```text
//! cargo run --example event_loop
//! cargo run --example event_loop -- ring     in another terminal
//! ```
//!
//! It ends at the end of its input. On Windows a loop waits for the handle, with `WaitForMultipleObjects`.

use std::process::ExitCode;

use samemap::sync::{EventOptions, Readiness, Reset, SemaphoreOptions};
use samemap::{Event, ObjectName, Result, Semaphore};

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref() == Some("ring")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("event_loop: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(rings: bool) -> Result<()> {
    let name = |text: &str| ObjectName::new(format!(r"Local\EventLoop-{text}"));
    let (bell, _) = Event::create_or_open(&name("bell")?, &EventOptions::new(Reset::Auto))?;
    let (jobs, _) = Semaphore::create_or_open(&name("jobs")?, &SemaphoreOptions::new(0, 1000))?;
    if rings {
        bell.set()?;
        jobs.release(2)?;
        return Ok(());
    }
    let mut readiness = Readiness::of(&[&bell, &jobs])?;
    println!("-- waiting; Ctrl-D ends");
    while wait(&readiness) {
        // Until there is nothing: then the descriptor becomes ready again.
        while let Some(index) = readiness.try_take()? {
            println!("{}", ["the bell rang", "there is a job"][index]);
        }
    }
    Ok(())
}

/// Sleeps until there is something to take; `false` at the end of the input.
#[cfg(unix)]
fn wait(readiness: &Readiness) -> bool {
    use std::os::fd::{AsFd as _, AsRawFd as _};
    let polled = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut both = [polled(0), polled(readiness.as_fd().as_raw_fd())];
    loop {
        // SAFETY: two structs, valid for the call.
        let count = unsafe { libc::poll(both.as_mut_ptr(), 2, -1) };
        if both[0].revents != 0 && std::io::stdin().read_line(&mut String::new()).is_ok_and(|len| len == 0) {
            return false;
        }
        if count > 0 && both[1].revents != 0 {
            return true;
        }
    }
}

#[cfg(not(unix))]
fn wait(_: &Readiness) -> bool {
    eprintln!("event_loop: this example calls poll(2)");
    false
}
