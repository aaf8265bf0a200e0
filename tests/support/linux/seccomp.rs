//! What the kernel lets a process do: filters on its system calls (seccomp(2)), for good.

/// What a filter answers to a call.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Allow,
    /// As a kernel that does not have it.
    Missing,
    /// Ends the process with SIGSYS.
    Kill,
}

impl Answer {
    fn code(self) -> u32 {
        match self {
            Answer::Allow => libc::SECCOMP_RET_ALLOW,
            Answer::Missing => libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32,
            Answer::Kill => libc::SECCOMP_RET_KILL_PROCESS,
        }
    }
}

/// From now on these calls of this thread, and of those that it starts, get the one answer and all others the
/// other one.
pub fn answer(calls: &[libc::c_long], these: Answer, others: Answer) {
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let give = |answer: Answer| statement(libc::BPF_RET | libc::BPF_K, answer.code());
    // The number of the call is the first word of what a filter sees.
    let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
    for &call in calls {
        let equal = statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call as u32);
        program.push(libc::sock_filter { jf: 1, ..equal });
        program.push(give(these));
    }
    program.push(give(others));
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the program lives beyond the call, which copies it.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let set = libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter);
        assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    }
}
