//! Facts of the machine.

/// How many processors the machine has at work, whichever of them this thread may run on.
pub fn processors() -> usize {
    // SAFETY: a plain question, which every POSIX system here answers.
    let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    usize::try_from(count).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use super::*;

    /// The standard library's count is that of the processors that this thread may use.
    #[test]
    fn pinned_thread_does_not_change_the_machine() {
        let before = processors();
        std::thread::spawn(move || {
            let allowed = sched_getaffinity(None).unwrap();
            let first = (0..CpuSet::MAX_CPU).find(|&cpu| allowed.is_set(cpu)).unwrap();
            let mut one = CpuSet::new();
            one.set(first);
            sched_setaffinity(None, &one).unwrap();
            assert_eq!(processors(), before);
        })
        .join()
        .unwrap();
    }
}
