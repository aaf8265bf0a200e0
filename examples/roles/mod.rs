//! What the examples with several roles have in common: `ROLE [--name NAME] [--seconds N]`, an end by Ctrl-C, and a
//! report each second.

use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use samemap::ObjectName;

/// What a process does while it is to go on.
pub type Role = fn(&ObjectName, &dyn Fn() -> bool) -> samemap::Result<()>;

static ENDED: AtomicBool = AtomicBool::new(false);

struct Arguments {
    role: Role,
    name: String,
    seconds: Option<u64>,
}

/// Plays the role that the command line names.
pub fn play(example: &str, default_name: &str, roles: &[(&str, Role)]) -> ExitCode {
    let Some(arguments) = Arguments::parse(std::env::args().skip(1), default_name, roles) else {
        let names: Vec<_> = roles.iter().map(|&(name, _)| name).collect();
        eprintln!("usage: {example} {} [--name NAME] [--seconds N]", names.join("|"));
        return ExitCode::from(2);
    };
    match arguments.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{example}: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn parse(
        mut words: impl Iterator<Item = String>,
        default_name: &str,
        roles: &[(&str, Role)],
    ) -> Option<Arguments> {
        let asked = words.next()?;
        let &(_, role) = roles.iter().find(|&&(name, _)| name == asked)?;
        let mut arguments = Arguments { role, name: default_name.to_owned(), seconds: None };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--name" => arguments.name = words.next()?,
                "--seconds" => arguments.seconds = Some(words.next()?.parse().ok()?),
                _ => return None,
            }
        }
        Some(arguments)
    }

    fn run(&self) -> Result<(), Box<dyn Error>> {
        // Before anything is made, so that Ctrl-C always leaves in order.
        ctrlc::set_handler(|| ENDED.store(true, Ordering::Relaxed))?;
        let name = ObjectName::new(&self.name)?;
        let end = self.seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
        (self.role)(&name, &|| !ENDED.load(Ordering::Relaxed) && end.is_none_or(|end| Instant::now() < end))?;
        println!("done");
        Ok(())
    }
}

/// Tells at first, and then once in a second, that it is time.
pub struct Every(Instant);

impl Every {
    pub fn second() -> Every {
        Every(Instant::now())
    }

    pub fn is_due(&mut self) -> bool {
        let due = Instant::now() >= self.0;
        if due {
            self.0 = Instant::now() + Duration::from_secs(1);
        }
        due
    }
}
