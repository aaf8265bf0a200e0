//! What the kernel lets a process do: filters on its system calls (seccomp(2)), for good.

/// The number of `fcntl`, with the 64-bit locks of files.
#[cfg(target_pointer_width = "64")]
pub const FCNTL: libc::c_long = libc::SYS_fcntl;
#[cfg(target_pointer_width = "32")]
pub const FCNTL: libc::c_long = libc::SYS_fcntl64;

/// What a filter answers to a call.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Allow,
    /// As a kernel that does not have it.
    Missing,
    /// Fails with this number.
    Error(i32),
    /// Ends the process with SIGSYS.
    Kill,
}

impl Answer {
    fn code(self) -> u32 {
        match self {
            Answer::Allow => libc::SECCOMP_RET_ALLOW,
            Answer::Missing => Answer::Error(libc::ENOSYS).code(),
            Answer::Error(number) => libc::SECCOMP_RET_ERRNO | number as u32,
            Answer::Kill => libc::SECCOMP_RET_KILL_PROCESS,
        }
    }
}

/// From now on these calls of this thread, and of those that it starts, get the one answer and all others the
/// other one.
pub fn answer(calls: &[libc::c_long], these: Answer, others: Answer) {
    let mut program = vec![load(NUMBER)];
    for &call in calls {
        program.extend([skip_one_unless(call as u32), give(these)]);
    }
    program.push(give(others));
    install(program);
}

/// From now on these commands, which are the second argument of a call such as fcntl, fail with this number in this
/// thread; all else goes on.
pub fn refuse_commands(call: libc::c_long, commands: &[i32], number: i32) {
    let go_on = give(Answer::Allow);
    let mut program = vec![load(NUMBER), skip_one_if(call as u32), go_on, load(SECOND_ARGUMENT)];
    for &command in commands {
        program.extend([skip_one_unless(command as u32), give(Answer::Error(number))]);
    }
    program.push(go_on);
    install(program);
}

/// Where a filter sees the number of the call, and the lower half of its second argument (`seccomp_data`).
const NUMBER: u32 = 0;
const SECOND_ARGUMENT: u32 = if cfg!(target_endian = "little") { 24 } else { 28 };

fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn load(at: u32) -> libc::sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at)
}

fn skip_one_unless(value: u32) -> libc::sock_filter {
    libc::sock_filter { jf: 1, ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, value) }
}

fn skip_one_if(value: u32) -> libc::sock_filter {
    libc::sock_filter { jt: 1, ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, value) }
}

fn give(answer: Answer) -> libc::sock_filter {
    statement(libc::BPF_RET | libc::BPF_K, answer.code())
}

fn install(mut program: Vec<libc::sock_filter>) {
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the program lives beyond the call, which copies it.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let set = libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter);
        assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    }
}
