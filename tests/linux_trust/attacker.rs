//! A hostile process of some user, which knows nothing of this project but where its files are.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _, PermissionsExt as _};

use crate::support::linux::child::{Child, Start, hear, say};
use crate::support::linux::users::become_user;

pub const ROLE: &str = "attacker";

/// An attacker's process. Dropped, it is killed, and its locks go.
pub struct Attacker(Child);

impl Attacker {
    pub fn start(uid: u32) -> Attacker {
        Attacker::start_with(uid, None)
    }

    /// One that was given this description, as its file 0.
    pub fn given(uid: u32, file: &File) -> Attacker {
        // SAFETY: a descriptor of ours; other children that get it too do nothing with it.
        assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFD, 0) }, 0);
        Attacker::start_with(uid, Some(file.as_raw_fd()))
    }

    fn start_with(uid: u32, given: Option<i32>) -> Attacker {
        let mut child = Start::role(ROLE).argument(uid).argument(given.unwrap_or(-1)).start();
        child.expect("ready");
        Attacker(child)
    }

    /// What comes of it: `ok` and an answer, or the error's kind.
    #[track_caller]
    pub fn tries(&mut self, command: impl Display) -> String {
        self.0.say(&command.to_string());
        self.0.hear()
    }

    #[track_caller]
    pub fn does(&mut self, command: impl Display) -> String {
        let command = command.to_string();
        let answer = self.tries(&command);
        answer.strip_prefix("ok ").unwrap_or_else(|| panic!("{command}: {answer}")).to_owned()
    }

    /// It is refused by the kernel.
    #[track_caller]
    pub fn may_not(&mut self, command: impl Display) {
        let command = command.to_string();
        let answer = self.tries(&command);
        assert!(answer.starts_with("PermissionDenied"), "{command}: {answer}");
    }

    /// Opens a file and answers its number.
    #[track_caller]
    pub fn opens(&mut self, how: &str, path: impl Display) -> usize {
        self.does(format!("open {how} {path}")).parse().expect("a number")
    }
}

pub fn play(arguments: &[String]) {
    let number = |at: usize| -> i32 { arguments[at].parse().expect("a number") };
    let mut files = Vec::new();
    if number(1) >= 0 {
        // SAFETY: passed on to this process for that.
        files.push(unsafe { File::from_raw_fd(number(1)) });
    }
    become_user(number(0) as u32, number(0) as u32);
    say("ready");
    loop {
        let command = hear();
        let words: Vec<&str> = command.split(' ').collect();
        match obey(&words, &mut files) {
            Ok(answer) => say(&format!("ok {answer}")),
            Err(error) => say(&format!("{:?} {error}", error.kind())),
        }
    }
}

fn obey(words: &[&str], files: &mut Vec<File>) -> io::Result<String> {
    let number = |word: &str| word.parse::<u64>().expect("a number");
    let file = |word: &str| &files[number(word) as usize];
    match *words {
        ["open", how, path] => {
            files.push(open(how, path)?);
            return Ok((files.len() - 1).to_string());
        }
        ["reopen", how, of] => drop(open(how, &format!("/proc/self/fd/{}", file(of).as_raw_fd()))?),
        ["put", of, at, value] => file(of).write_all_at(&bytes_of(value), number(at))?,
        ["truncate", of, len] => file(of).set_len(number(len))?,
        ["link", from, to] => std::fs::hard_link(from, to)?,
        ["rename", from, to] => std::fs::rename(from, to)?,
        ["unlink", path] => std::fs::remove_file(path)?,
        ["create", path, mode] => {
            let mode = u32::from_str_radix(mode, 8).expect("a mode");
            OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        }
        ["chmod", path, mode] => {
            let mode = u32::from_str_radix(mode, 8).expect("a mode");
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
        ["lock", of, kind, start, len] => lock(file(of), kind, number(start) as i64, number(len) as i64)?,
        ["lock_all", of, kind] => return Ok(lock_all(file(of), kind)),
        _ => panic!("what is {words:?}?"),
    }
    Ok("done".to_owned())
}

fn open(how: &str, path: &str) -> io::Result<File> {
    let (reads, writes) = (how.contains('r'), how.contains('w'));
    OpenOptions::new().read(reads).write(writes).custom_flags(libc::O_NONBLOCK).open(path)
}

fn bytes_of(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).expect("hex"), 16).expect("hex"))
        .collect()
}

/// The bytes in the form that an attacker takes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lock(file: &File, kind: &str, start: i64, len: i64) -> io::Result<()> {
    // SAFETY: an all-zero flock64 is valid, and the command reads that one.
    let answer = unsafe {
        let mut lock: libc::flock64 = std::mem::zeroed();
        lock.l_type = if kind == "r" { libc::F_RDLCK } else { libc::F_WRLCK } as libc::c_short;
        (lock.l_start, lock.l_len) = (start, len);
        libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw mut lock)
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Locks every byte, from seats to claims, that nobody else has; answers `all`, `some` or `none` of them.
fn lock_all(file: &File, kind: &str) -> String {
    let (mut locked, mut refused) = (false, false);
    // Halves what is refused, down to single bytes.
    let mut ranges = vec![(0, i64::MAX)];
    while let Some((start, len)) = ranges.pop() {
        if lock(file, kind, start, len).is_ok() {
            locked = true;
        } else if len == 1 {
            refused = true;
        } else {
            ranges.extend([(start, len / 2), (start + len / 2, len - len / 2)]);
        }
    }
    match (locked, refused) {
        (true, false) => "all",
        (true, true) => "some",
        _ => "none",
    }
    .to_owned()
}
