//! An event loop that knows nothing of this library: poll(2) over standard input, and over one descriptor that stands
//! for an event, a semaphore, a timer, a listener and its channels. epoll, libuv, Qt and glib take that descriptor as
//! well.
//!
//! ```text
//! cargo run --example event_loop
//! cargo run --example event_loop -- ring     in another terminal
//! ```
//!
//! A last argument is the beginning of all names, in place of `Local\EventLoop`. The example ends with its input. On
//! Windows a loop waits for the handle, with `WaitForMultipleObjects`.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use samemap::sync::{Due, EventOptions, Readiness, Reset, SemaphoreOptions, TimerOptions};
use samemap::{Channel, ChannelOptions, Event, Listener, ObjectName, Result, Semaphore, Timer};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let rings = arguments.first().is_some_and(|first| first == "ring");
    if rings {
        arguments.remove(0);
    }
    match run(rings, arguments.first().map_or(r"Local\EventLoop", String::as_str)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("event_loop: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(rings: bool, prefix: &str) -> Result<()> {
    let name = |text: &str| ObjectName::new(format!("{prefix}-{text}"));
    let (bell, _) = Event::create_or_open(&name("bell")?, &EventOptions::new(Reset::Auto))?;
    let (jobs, _) = Semaphore::create_or_open(&name("jobs")?, &SemaphoreOptions::new(0, 1000))?;
    if rings {
        bell.set()?;
        jobs.release(2)?;
        return Channel::connect(&name("desk")?, &ChannelOptions::new())?.sender().send(b"hello");
    }
    let (timer, _) = Timer::create_or_open(&name("timer")?, &TimerOptions::new(Reset::Auto))?;
    timer.set(Due::After(Duration::from_secs(1)))?;
    let mut listener = Listener::bind(&name("desk")?, &ChannelOptions::new())?;
    let mut clients = HashMap::new();
    let mut readiness = Readiness::of(&[&bell, &jobs, &timer, &listener])?;
    println!("-- waiting; Ctrl-D ends");
    while wait(&readiness) {
        // Until there is nothing: then the descriptor becomes ready again.
        while let Some(index) = readiness.try_take()? {
            match index {
                0 => println!("the bell rang"),
                1 => println!("there is a job"),
                2 => println!("a second has passed"),
                3 => match listener.try_accept() {
                    Ok(Some(mut client)) => {
                        clients.insert(readiness.add(&*client.receiver())?, client);
                    }
                    Ok(None) => {}
                    // Too many open files, perhaps: the clients keep their turns.
                    Err(error) => println!("no client now: {error}"),
                },
                _ => hear(index, &mut readiness, &mut clients),
            }
        }
    }
    Ok(())
}

/// Prints what a client says, or that it has gone. A client is reported until there is nothing to receive, and one that
/// has gone until it is removed.
fn hear(index: usize, readiness: &mut Readiness, clients: &mut HashMap<usize, Channel>) {
    let Some(client) = clients.get_mut(&index) else { return };
    let said = client.receiver().try_recv().map(|message| message.map(|message| message.to_vec()));
    match said {
        Ok(Some(message)) => println!("a client says {}", String::from_utf8_lossy(&message)),
        Ok(None) => {}
        Err(error) => {
            println!("a client has gone: {error}");
            readiness.remove(index);
            clients.remove(&index);
        }
    }
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
