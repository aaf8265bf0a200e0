//! Peers that are programs of their own, built when they are first wanted: each plays both ends itself, and prints the
//! nanoseconds of a turn, as an [end](super::ends) does.

use super::ends::Job;

/// A system of such a program.
pub struct Program {
    /// What it is called in tables of keys.
    pub key: &'static str,
    /// What the report calls it.
    pub name: &'static str,
    /// The longest message in bytes.
    pub max: usize,
}

/// All of them.
pub static PROGRAMS: &[Program] = &[];

/// The one of that key.
pub fn by_key(key: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.key == key)
}

/// Nanoseconds a turn, or why there are none.
pub fn measure(key: &str, _job: Job) -> Result<f64, String> {
    Err(format!("{key}: not built"))
}
