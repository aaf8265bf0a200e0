//! Many named objects, held by other processes: one process may not have so many descriptors.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Stdio};

use samemap::{CreateOptions, ObjectName, Region};

use super::job::this_program;

/// The first argument of a process that holds objects.
pub const WORD: &str = "holder-of-objects";

/// Descriptors that a holder needs beside its objects.
const OTHERS: u64 = 64;
/// No holder has more objects than this, whatever it is allowed.
const MOST: u64 = 20_000;

/// Regions of one page that live until this is dropped.
pub struct Held {
    beginning: String,
    count: u64,
    /// As many as one process may hold.
    most: u64,
    holders: Vec<Child>,
}

impl Held {
    /// None yet.
    pub fn new() -> Held {
        let most = MOST.min(descriptors().saturating_sub(OTHERS)).max(1);
        Held { beginning: format!("bench-held-{}", std::process::id()), count: 0, most, holders: Vec::new() }
    }

    /// Makes more of them, until there are so many.
    pub fn grow_to(&mut self, count: u64) -> Result<(), String> {
        while self.count < count {
            let next = count.min(self.count + self.most);
            self.start_holder(self.count, next)?;
            self.count = next;
        }
        Ok(())
    }

    fn start_holder(&mut self, from: u64, to: u64) -> Result<(), String> {
        let mut command = this_program(WORD);
        command.args([&self.beginning, &from.to_string(), &to.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut answer = String::new();
        let output = child.stdout.take().expect("it is piped");
        let read = BufReader::new(output).read_line(&mut answer);
        self.holders.push(child);
        match (read, answer.trim()) {
            (Ok(_), "held") => Ok(()),
            (Ok(_), "") => Err("the holder ended".to_owned()),
            (Ok(_), reason) => Err(reason.to_owned()),
            (Err(error), _) => Err(error.to_string()),
        }
    }

    /// How many processes hold them.
    pub fn holders(&self) -> usize {
        self.holders.len()
    }

    /// The name of one in the middle.
    pub fn any(&self) -> ObjectName {
        name(&self.beginning, self.count / 2)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // All of them first: they let go side by side.
        self.holders.iter_mut().for_each(|holder| drop(holder.stdin.take()));
        for holder in &mut self.holders {
            let _ = holder.wait();
        }
    }
}

fn name(beginning: &str, index: u64) -> ObjectName {
    ObjectName::new(format!("{beginning}-{index}")).expect("a valid name")
}

/// This process is a holder: makes its objects, and lets go of them when its input ends, as it does when the program
/// is killed.
pub fn hold(words: &[String]) -> Result<(), String> {
    let [beginning, from, to] = words else { return Err("not a holder's words".to_owned()) };
    outlive_interrupts();
    let number = |word: &String| word.parse::<u64>().map_err(|error| error.to_string());
    let (from, to) = (number(from)?, number(to)?);
    descriptors();
    let make = |index| Region::create(&name(beginning, index), &CreateOptions::new(4096));
    let made: Result<Vec<Region>, samemap::Error> = (from..to).map(make).collect();
    let answer = match &made {
        Ok(_) => "held".to_owned(),
        Err(error) => error.to_string(),
    };
    println!("{answer}");
    let _ = std::io::stdout().flush();
    let _ = std::io::stdin().read(&mut [0]);
    drop(made);
    Ok(())
}

/// The end of its input is what ends a holder; ended by a signal it would leave its objects to the next sweep.
fn outlive_interrupts() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: no handler is given.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// As many descriptors as this process may have, raised to what it may raise it to.
pub fn descriptors() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a plain question and its answer.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
    }
    limit.rlim_cur
}
