//! Doorbells.

use crate::common::*;

const ROUNDS: u64 = 1500;

/// Two processes wake each other in turn. A lost ring would cost a slice of 80 ms: of all of them, most of the
/// rounds would; a machine that stands still now and then costs a few.
#[test]
fn rings_reach_a_sleeper_in_another_process() {
    let shared = Shared::create("ping");
    let view = shared.view();
    let echo = Program::start(command("echo", &shared));
    let there = Doorbell::at(&view, BELL, Sleepers::One).unwrap();
    let back = Doorbell::at(&view, OTHER_BELL, Sleepers::One).unwrap();
    let (ping, pong) = (shared.word(0), shared.word(1));
    let mut slow = 0;
    for round in 1..=ROUNDS {
        ping.store(round, Ordering::Release);
        there.ring();
        slow += sleep_until(&back, || pong.load(Ordering::Acquire) == round);
        if round % 3 == 0 {
            back.relax();
        }
    }
    let echo = echo.finish();
    assert!(echo.status.success(), "{echo:#?}");
    assert!(slow < ROUNDS / 10, "{slow} of {ROUNDS} sleeps lasted for their whole slice");
}

pub fn echo(arguments: &[String]) {
    let view = &opened(&arguments[0]);
    let there = Doorbell::at(view, BELL, Sleepers::One).unwrap();
    let back = Doorbell::at(view, OTHER_BELL, Sleepers::One).unwrap();
    let (ping, pong) = (word(view, 0), word(view, 1));
    for round in 1..=ROUNDS {
        sleep_until(&there, || ping.load(Ordering::Acquire) == round);
        if round % 2 == 0 {
            there.relax();
        }
        pong.store(round, Ordering::Release);
        back.ring();
    }
}

const CROWD: usize = 3;
const CROWD_ROUNDS: u64 = 300;

/// One ring wakes all sleepers.
#[test]
fn a_ring_reaches_many_sleepers() {
    let shared = Shared::create("crowd");
    let view = shared.view();
    let crowd: Vec<_> = (0..CROWD)
        .map(|index| {
            let mut command = command("listener", &shared);
            command.env("SAMEMAP_TEST_INDEX", index.to_string());
            Program::start(command)
        })
        .collect();
    let bell = Doorbell::at(&view, BELL, Sleepers::Many).unwrap();
    let began = Instant::now();
    for round in 1..=CROWD_ROUNDS {
        shared.word(0).store(round, Ordering::Release);
        bell.ring();
        for index in 1..=CROWD {
            let heard = || shared.word(index).load(Ordering::Acquire) == round;
            spin_until("a listener hears", || {
                heard() || {
                    std::thread::yield_now();
                    false
                }
            });
        }
    }
    for listener in crowd {
        let listener = listener.finish();
        assert!(listener.status.success(), "{listener:#?}");
    }
    // With every ring lost, each round lasts for a slice.
    let most = Duration::from_millis(80) * CROWD_ROUNDS as u32 / 2;
    assert!(began.elapsed() < most, "{:?} of {most:?}", began.elapsed());
}

pub fn listener(arguments: &[String]) {
    let view = &opened(&arguments[0]);
    let index: usize = std::env::var("SAMEMAP_TEST_INDEX").unwrap().parse().unwrap();
    let bell = Doorbell::at(view, BELL, Sleepers::Many).unwrap();
    for round in 1..=CROWD_ROUNDS {
        sleep_until(&bell, || word(view, 0).load(Ordering::Acquire) >= round);
        word(view, 1 + index).store(round, Ordering::Release);
    }
}

#[test]
fn a_sleep_ends_with_any_of_several_bells_and_by_itself() {
    let shared = Shared::create("any");
    let view = shared.view();
    let bells = [BELL, OTHER_BELL].map(|at| Doorbell::at(&view, at, Sleepers::One).unwrap());
    let both = [&bells[0], &bells[1]];
    let mut asked = false;
    Doorbell::sleep_on_any(&both, Duration::MAX, || {
        asked = true;
        true
    })
    .unwrap();
    assert!(asked, "it looks before it sleeps");
    let began = Instant::now();
    Doorbell::sleep_on_any(&both, Duration::MAX, || false).unwrap();
    bells[0].sleep(Duration::MAX, || false);
    assert!(began.elapsed() < DEADLINE);
    for round in 0..20 {
        let (changed, bell) = (&AtomicU64::new(0), &bells[round % 2]);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                changed.store(1, Ordering::Release);
                bell.ring();
            });
            let deadline = Instant::now() + DEADLINE;
            while changed.load(Ordering::Acquire) == 0 {
                assert!(Instant::now() < deadline);
                Doorbell::sleep_on_any(&both, DEADLINE, || changed.load(Ordering::Acquire) == 1).unwrap();
            }
        });
    }
    assert_eq!(
        *Doorbell::sleep_on_any(&[], Duration::ZERO, || false).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
}

/// A process that may make no system call, but to end, rings.
#[test]
#[cfg(target_os = "linux")]
fn ringing_where_nobody_sleeps_calls_no_system() {
    let shared = Shared::create("quiet");
    let view = shared.view();
    let ringer = run(command("ringer", &shared));
    assert!(ringer.status.success(), "{ringer:#?}");
    // One for each of the two bells.
    assert_eq!(shared.word(0).load(Ordering::SeqCst), 2);
    // And one where a sleeper is announced does call it: the filter of this test works.
    let bell = Doorbell::at(&view, BELL, Sleepers::One).unwrap();
    bell.sleep(Duration::from_millis(1), || false);
    let ringer = run(command("ringer", &shared));
    assert!(!ringer.status.success(), "{ringer:#?}");
    assert_eq!(shared.word(0).load(Ordering::SeqCst), 2);
}

#[cfg(target_os = "linux")]
pub fn ringer(arguments: &[String]) {
    let view = &opened(&arguments[0]);
    let one = Doorbell::at(view, BELL, Sleepers::One).unwrap();
    let many = Doorbell::at(view, OTHER_BELL, Sleepers::Many).unwrap();
    let done = word(view, 0);
    forbid_system_calls();
    for bell in [&one, &many] {
        for _ in 0..1000 {
            bell.ring();
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
    // SAFETY: ends this process; no memory is touched.
    unsafe { libc::syscall(libc::SYS_exit_group, 0) };
}

/// From now on this thread's system calls kill its process, but for `exit_group`.
#[cfg(target_os = "linux")]
fn forbid_system_calls() {
    let statement = |code: u32, jt, jf, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut filter = [
        // The number of the call is the first field of what the filter is given.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_exit_group as u32),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the first call takes numbers; the second reads the filter, which lives.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
    }
}
