//! What the system itself offers: pipes, Unix sockets, eventfds and POSIX message queues.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::FromRawFd as _;

use crate::linux::link::{Link, Spec};

fn last_error() -> String {
    std::io::Error::last_os_error().to_string()
}

fn token_of(fds: [i32; 2]) -> String {
    format!("{}:{}", fds[0], fds[1])
}

fn fds_of(token: &str) -> [i32; 2] {
    let (first, second) = token.split_once(':').expect("two descriptors");
    [first, second].map(|fd| fd.parse().expect("a descriptor"))
}

/// # Safety
/// The descriptor is open, and nobody else's.
unsafe fn file(fd: i32) -> File {
    // SAFETY: by contract.
    unsafe { File::from_raw_fd(fd) }
}

/// Bytes that both sides agree on as a pipe's or a socket's buffer, where messages are large.
static BUFFER: i32 = 1 << 20;

/// A pipe each way, of 1 MiB where the system allows it.
pub struct Pipe {
    outgoing: File,
    incoming: File,
}

impl Link for Pipe {
    fn create(_spec: &Spec<'_>) -> Result<(Self, String), String> {
        let (mut there, mut back) = ([0; 2], [0; 2]);
        // SAFETY: both have room for two descriptors, which are ours; the second end inherits them.
        unsafe {
            if libc::pipe(there.as_mut_ptr()) != 0 || libc::pipe(back.as_mut_ptr()) != 0 {
                return Err(last_error());
            }
            // Faster for large messages, and no harm where it is refused.
            libc::fcntl(there[1], libc::F_SETPIPE_SZ, BUFFER);
            libc::fcntl(back[1], libc::F_SETPIPE_SZ, BUFFER);
            let token = token_of([back[1], there[0]]);
            Ok((Pipe { outgoing: file(there[1]), incoming: file(back[0]) }, token))
        }
    }

    fn connect(_spec: &Spec<'_>, token: &str) -> Self {
        // SAFETY: inherited from the first end, for this.
        let [outgoing, incoming] = fds_of(token).map(|fd| unsafe { file(fd) });
        Pipe { outgoing, incoming }
    }

    fn send(&mut self, message: &[u8]) {
        self.outgoing.write_all(wake_up(message)).expect("write");
    }

    fn receive(&mut self, into: &mut [u8]) {
        read_message(&mut self.incoming, into);
    }
}

/// A stream has no messages of no bytes: a wake-up is one byte.
pub fn wake_up(message: &[u8]) -> &[u8] {
    if message.is_empty() { &[1] } else { message }
}

fn read_message(from: &mut File, into: &mut [u8]) {
    let mut byte = [0];
    from.read_exact(if into.is_empty() { &mut byte } else { into }).expect("read");
}

/// A pair of connected Unix stream sockets, with large buffers.
pub struct UnixSocket(File);

impl Link for UnixSocket {
    fn create(_spec: &Spec<'_>) -> Result<(Self, String), String> {
        let mut pair = [0; 2];
        // SAFETY: room for two descriptors, which are ours; the second end inherits one.
        unsafe {
            if libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, pair.as_mut_ptr()) != 0 {
                return Err(last_error());
            }
            for fd in pair {
                let size = (&raw const BUFFER).cast();
                let len = size_of::<i32>() as libc::socklen_t;
                libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, size, len);
                libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, size, len);
            }
            Ok((UnixSocket(file(pair[0])), pair[1].to_string()))
        }
    }

    fn connect(_spec: &Spec<'_>, token: &str) -> Self {
        // SAFETY: inherited from the first end, for this.
        UnixSocket(unsafe { file(token.parse().expect("a descriptor")) })
    }

    fn send(&mut self, message: &[u8]) {
        self.0.write_all(wake_up(message)).expect("write");
    }

    fn receive(&mut self, into: &mut [u8]) {
        read_message(&mut self.0, into);
    }
}

/// An eventfd each way: wake-ups only.
pub struct EventFd {
    outgoing: File,
    incoming: File,
}

impl Link for EventFd {
    const MAX: usize = 0;

    fn create(_spec: &Spec<'_>) -> Result<(Self, String), String> {
        // SAFETY: plain system calls; the second end inherits what they make.
        let fds = [0; 2].map(|_: i32| unsafe { libc::eventfd(0, 0) });
        if fds.iter().any(|&fd| fd < 0) {
            return Err(last_error());
        }
        // SAFETY: both are open and ours.
        let [outgoing, incoming] = fds.map(|fd| unsafe { file(fd) });
        Ok((EventFd { outgoing, incoming }, token_of([fds[1], fds[0]])))
    }

    fn connect(_spec: &Spec<'_>, token: &str) -> Self {
        // SAFETY: inherited from the first end, for this.
        let [outgoing, incoming] = fds_of(token).map(|fd| unsafe { file(fd) });
        EventFd { outgoing, incoming }
    }

    fn send(&mut self, _message: &[u8]) {
        self.outgoing.write_all(&1_u64.to_ne_bytes()).expect("write");
    }

    fn receive(&mut self, _into: &mut [u8]) {
        self.incoming.read_exact(&mut [0; 8]).expect("read");
    }
}

/// A POSIX message queue each way, with as many messages as a user may have by default (10).
pub struct MessageQueue {
    outgoing: libc::mqd_t,
    incoming: libc::mqd_t,
    buffer: Vec<u8>,
    names: Vec<CString>,
}

/// The default limits of a user who is not root (mq_overview(7)).
const MESSAGES: libc::c_long = 10;
const LONGEST: usize = 8192;

impl MessageQueue {
    fn open(name: &CString, size: usize) -> Result<libc::mqd_t, String> {
        // SAFETY: a name of our own, and attributes that the call reads.
        let queue = unsafe {
            let mut attributes: libc::mq_attr = std::mem::zeroed();
            attributes.mq_maxmsg = MESSAGES;
            attributes.mq_msgsize = size.max(1) as libc::c_long;
            libc::mq_open(name.as_ptr(), libc::O_CREAT | libc::O_RDWR, 0o600, &raw mut attributes)
        };
        if queue < 0 { Err(last_error()) } else { Ok(queue) }
    }

    fn over(size: usize, names: [CString; 2]) -> Result<MessageQueue, String> {
        let (outgoing, incoming) =
            (MessageQueue::open(&names[0], size)?, MessageQueue::open(&names[1], size)?);
        Ok(MessageQueue { outgoing, incoming, buffer: vec![0; size.max(1)], names: names.into() })
    }
}

impl Link for MessageQueue {
    const MAX: usize = LONGEST;

    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        let token = format!("/{}", spec.unique());
        let names = ["there", "back"].map(|way| CString::new(format!("{token}-{way}")).expect("no NUL"));
        MessageQueue::over(spec.size, names).map(|queue| (queue, token))
    }

    fn connect(spec: &Spec<'_>, token: &str) -> Self {
        let names = ["back", "there"].map(|way| CString::new(format!("{token}-{way}")).expect("no NUL"));
        MessageQueue::over(spec.size, names).expect("open the queues")
    }

    fn accept(&mut self) {
        for name in self.names.drain(..) {
            // SAFETY: a name of our own, which both ends have open.
            unsafe { libc::mq_unlink(name.as_ptr()) };
        }
    }

    fn send(&mut self, message: &[u8]) {
        let message = wake_up(message);
        // SAFETY: the call reads the message.
        let answer = unsafe { libc::mq_send(self.outgoing, message.as_ptr().cast(), message.len(), 0) };
        assert_eq!(answer, 0, "mq_send: {}", last_error());
    }

    fn receive(&mut self, into: &mut [u8]) {
        let buffer = &mut self.buffer;
        // SAFETY: the buffer has the room that the queue's messages need.
        let len = unsafe {
            libc::mq_receive(self.incoming, buffer.as_mut_ptr().cast(), buffer.len(), std::ptr::null_mut())
        };
        assert!(len >= 0, "mq_receive: {}", last_error());
        into.copy_from_slice(&buffer[..into.len()]);
    }
}
