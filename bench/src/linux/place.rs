//! Where the two ends run.

/// Where the two ends run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// What the report calls it.
    pub name: &'static str,
    /// The first end's processor.
    pub first: Option<usize>,
    /// The second end's.
    pub second: Option<usize>,
}

/// Both ends share a processor.
pub const ONE_CORE: Placement = Placement { name: "one core", first: Some(0), second: Some(0) };
/// A processor each.
pub const TWO_CORES: Placement = Placement { name: "two cores", first: Some(0), second: Some(1) };
/// Where the system likes.
pub const UNPINNED: Placement = Placement { name: "unpinned", first: None, second: None };

impl Placement {
    /// Those of `wanted` that this machine has.
    pub fn possible(wanted: &[Placement]) -> Vec<Placement> {
        let is_possible = |placement: &&Placement| placement.second.is_none_or(|cpu| cpu < processors());
        wanted.iter().filter(is_possible).copied().collect()
    }
}

/// Pins this thread to a processor; `None` lets it run anywhere.
pub fn pin(cpu: Option<usize>) {
    // SAFETY: a plain set of bits, and the call reads it.
    let answer = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        match cpu {
            Some(cpu) => libc::CPU_SET(cpu, &mut set),
            None => (0..processors()).for_each(|cpu| libc::CPU_SET(cpu, &mut set)),
        }
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    assert_eq!(answer, 0, "sched_setaffinity: {}", std::io::Error::last_os_error());
}

/// How many processors this machine has.
pub fn processors() -> usize {
    // SAFETY: a plain question.
    let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    usize::try_from(count).unwrap_or(1).max(1)
}
