//! Epoll, forks, and descriptors that a daemon closes.

use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd};
use std::thread;
use std::time::Duration;

use samemap::ErrorKind;
use samemap::sync::Readiness;

use crate::common::*;
use crate::support::kind;
use crate::support::linux::forked::fork;
use crate::support::part::start;

struct Epoll(OwnedFd);

impl Epoll {
    fn new() -> Epoll {
        // SAFETY: the call returns a new descriptor, or -1.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        assert!(fd >= 0);
        // SAFETY: new, and nothing else closes it.
        Epoll(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    fn add(&self, readiness: &Readiness, how: i32, number: u64) {
        let mut event = libc::epoll_event { events: (libc::EPOLLIN | how) as u32, u64: number };
        let (epoll, fd) = (self.0.as_raw_fd(), readiness.as_fd().as_raw_fd());
        // SAFETY: both are open, and the struct is valid for the call.
        assert_eq!(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &raw mut event) }, 0);
    }

    /// The numbers of those that are ready.
    fn wait(&self, time: Duration) -> Vec<u64> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 8];
        // SAFETY: room for eight.
        let count =
            unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), 8, time.as_millis() as i32) };
        assert!(count >= 0);
        events[..count as usize].iter().map(|event| event.u64).collect()
    }
}

/// A loop over two of them, level-triggered and edge-triggered, is told of each of a thousand signals.
#[test]
fn an_epoll_loop_hears_each_signal() {
    const SIGNALS: u64 = 1000;
    for how in [0, libc::EPOLLET] {
        let (semaphore, event, stop) = (semaphore("epoll"), event("epoll-e"), event("epoll-stop"));
        let mut both = [Readiness::of(&[&semaphore, &event]).unwrap(), Readiness::of(&[&stop]).unwrap()];
        let epoll = Epoll::new();
        (0..2).for_each(|number| epoll.add(&both[number], how, number as u64));
        let (mut heard, mut events, mut stopped) = (0, 0, false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..SIGNALS {
                    semaphore.release(1).unwrap();
                    if number % 100 == 0 {
                        event.set().unwrap();
                        thread::sleep(Duration::from_millis(2));
                    }
                }
                stop.set().unwrap();
            });
            while !(stopped && heard == SIGNALS) {
                let ready = epoll.wait(crate::support::DEADLINE);
                assert!(!ready.is_empty(), "heard {heard}");
                for number in ready {
                    while let Some(index) = both[number as usize].try_take().unwrap() {
                        match (number, index) {
                            (0, 0) => heard += 1,
                            (0, _) => events += 1,
                            _ => stopped = true,
                        }
                    }
                }
            }
        });
        assert!((1..=10).contains(&events), "{events}");
        assert!(epoll.wait(SHORT).is_empty(), "no rounds in vain");
    }
}

#[test]
fn a_forked_child_makes_its_own() {
    let puppet = start("forks", &[]).finish();
    assert!(puppet.status.success(), "{puppet:#?}");
}

pub fn forks(_: &[String]) {
    let event = event("forked");
    let mut readiness = Readiness::of(&[&event]).unwrap();
    assert_quiet(&mut readiness);
    for _ in 0..20 {
        let mut copy = Some(readiness);
        fork(|| {
            // SAFETY: a plain number is set; one that hangs ends by the signal, and fails.
            unsafe { libc::alarm(20) };
            let mut copy = copy.take().expect("a copy");
            assert_eq!(kind(copy.try_take()), ErrorKind::Unsupported);
            drop(copy);
            let event = super::common::event("forked-own");
            let mut own = Readiness::of(&[&event]).unwrap();
            assert_quiet(&mut own);
            event.set().unwrap();
            assert_eq!(next(&mut own), 0);
        })
        .finish();
        readiness = copy.expect("dropped in the child only");
        event.set().unwrap();
        assert_eq!(next(&mut readiness), 0);
        assert_eq!(readiness.try_take().unwrap(), None);
    }
}

/// A daemon closes the descriptor, whose number is another file's then: that file stays as it is.
#[test]
fn a_closed_descriptors_number_is_left_alone() {
    let event = event("closed");
    let mut readiness = Readiness::of(&[&event]).unwrap();
    assert_eq!(readiness.try_take().unwrap(), None);
    let number = readiness.as_fd().as_raw_fd();
    let file = std::env::temp_dir().join(format!("samemap-closed-{}", std::process::id()));
    let file_fd = std::fs::File::create(&file).unwrap();
    // SAFETY: what a daemon does that closes all it has, and then opens a file.
    assert_eq!(unsafe { libc::dup2(file_fd.as_raw_fd(), number) }, number);
    event.set().unwrap();
    thread::sleep(SHORT);
    drop(readiness);
    assert_eq!(std::fs::read(&file).unwrap(), b"");
    // SAFETY: the number is the file's, and this test's own.
    assert_eq!(unsafe { libc::close(number) }, 0, "it was not closed by the drop");
    std::fs::remove_file(&file).unwrap();
}
