//! Compares the table with the manual pages.

use std::path::Path;

use super::*;
use crate::ErrorKind;
use crate::contract::context::Context;

macro_rules! numbers {
    ($($of:expr => $($number:ident)*;)*) => { &[$(($of, &[$(Errno::$number),*])),*] };
}

/// The errors that the manual pages list (man-pages 6.03, section ERRORS); of fcntl(2) those of the commands in use,
/// and of unix(7) those that send(2) and recv(2) leave to the socket family.
const MANUAL: &[(&str, &[Errno])] = numbers! {
    "open" => ACCESS AGAIN BADF BUSY DQUOT EXIST FAULT FBIG INTR INVAL ISDIR LOOP MFILE NAMETOOLONG NFILE NODEV NOENT NOMEM NOSPC NOTDIR NXIO OPNOTSUPP OVERFLOW PERM ROFS TXTBSY;
    "mkdir" => ACCESS BADF DQUOT EXIST FAULT INVAL LOOP MLINK NAMETOOLONG NOENT NOMEM NOSPC NOTDIR PERM ROFS;
    "stat" => ACCESS BADF FAULT INVAL LOOP NAMETOOLONG NOENT NOMEM NOTDIR OVERFLOW;
    "statfs" => ACCESS BADF FAULT INTR IO LOOP NAMETOOLONG NOENT NOMEM NOSYS NOTDIR OVERFLOW;
    "link" => ACCESS BADF DQUOT EXIST FAULT INVAL IO LOOP MLINK NAMETOOLONG NOENT NOMEM NOSPC NOTDIR PERM ROFS XDEV;
    "rename" => ACCESS BADF BUSY DQUOT EXIST FAULT INVAL ISDIR LOOP MLINK NAMETOOLONG NOENT NOMEM NOSPC NOTDIR NOTEMPTY PERM ROFS XDEV;
    "chmod" => ACCESS BADF FAULT INVAL IO LOOP NAMETOOLONG NOENT NOMEM NOTDIR OPNOTSUPP PERM ROFS;
    "unlink" => ACCESS BADF BUSY FAULT INVAL IO ISDIR LOOP NAMETOOLONG NOENT NOMEM NOTDIR PERM ROFS;
    "rmdir" => ACCESS BUSY EXIST FAULT INVAL LOOP NAMETOOLONG NOENT NOMEM NOTDIR NOTEMPTY PERM ROFS;
    "fallocate" => BADF FBIG INTR INVAL IO NODEV NOSPC NOSYS OPNOTSUPP PERM SPIPE TXTBSY;
    "truncate" => ACCESS BADF FAULT FBIG INTR INVAL IO ISDIR LOOP NAMETOOLONG NOENT NOTDIR PERM ROFS TXTBSY;
    "write" => AGAIN BADF DESTADDRREQ DQUOT FAULT FBIG INTR INVAL IO NOSPC PERM PIPE;
    "read" => AGAIN BADF FAULT INTR INVAL IO ISDIR;
    "mmap" => ACCESS AGAIN BADF EXIST INVAL NFILE NODEV NOMEM OVERFLOW PERM TXTBSY;
    "msync" => BUSY INVAL NOMEM;
    "fsync" => BADF DQUOT INTR INVAL IO NOSPC ROFS;
    "memfd_create" => FAULT INVAL MFILE NFILE NOMEM;
    "eventfd" => INVAL MFILE NFILE NODEV NOMEM;
    "fcntl#copy" => BADF INVAL MFILE;
    "fcntl#locks" => ACCESS AGAIN BADF FAULT INTR INVAL NOLCK;
    "fcntl#seals" => BADF BUSY INVAL PERM;
    "socket" => ACCESS AFNOSUPPORT INVAL MFILE NFILE NOBUFS NOMEM PROTONOSUPPORT;
    "send" => ACCESS AGAIN ALREADY BADF CONNRESET DESTADDRREQ FAULT INTR INVAL ISCONN MSGSIZE NOBUFS NOMEM NOTCONN NOTSOCK OPNOTSUPP PIPE;
    "recv" => AGAIN BADF CONNREFUSED FAULT INTR INVAL NOMEM NOTCONN NOTSOCK;
    "unix" => ADDRINUSE BADF CONNREFUSED CONNRESET FAULT INVAL ISCONN NFILE NOENT NOMEM NOTCONN OPNOTSUPP PERM PIPE PROTONOSUPPORT PROTOTYPE SOCKTNOSUPPORT SRCH TOOMANYREFS;
    "getdents" => BADF FAULT INVAL NOENT NOTDIR;
    "getrandom" => AGAIN FAULT INTR INVAL NOSYS;
};

/// Errors that no page lists and that occur: from the kernel's shmem_fallocate, and from this library.
const BEYOND: &[(Call, &[Errno])] = numbers! {
    Call::Commit => NOMEM;
    Call::CommitNameless => NOMEM;
    Call::Lock => DEADLK;
};

/// Errors that a page lists and that this library's calls cannot return, or handle before the table is asked.
const NEVER: &[(Call, &[Errno])] = numbers! {
    // Creates nothing; anything but an object is reported as what it is.
    Call::OpenObject => BUSY DQUOT EXIST NOSPC FBIG ISDIR NXIO NODEV OPNOTSUPP PERM;
    // A new regular file, with a temporary name where it needs one.
    Call::MakeFile => AGAIN TXTBSY NXIO NODEV BUSY FBIG ISDIR OPNOTSUPP;
    // Then the name is taken, and the object with the name is examined.
    Call::GiveName => EXIST NOTEMPTY ISDIR;
    // A new regular file.
    Call::Commit => NODEV SPIPE TXTBSY PERM OPNOTSUPP AGAIN DESTADDRREQ PIPE;
    Call::CommitNameless => NODEV SPIPE TXTBSY PERM OPNOTSUPP AGAIN DESTADDRREQ PIPE DQUOT;
    Call::Write => AGAIN DESTADDRREQ PIPE PERM;
    Call::Read => AGAIN ISDIR;
    // By the descriptor, or by a path that this process has just made.
    Call::SetMode => ACCESS NAMETOOLONG OPNOTSUPP;
    // A file that is open already.
    Call::OpenAnew => BUSY DQUOT EXIST FBIG ISDIR NAMETOOLONG NODEV NOSPC NOTDIR NXIO OPNOTSUPP;
    Call::Look => ACCESS NAMETOOLONG NOENT NOTDIR;
    // The first is reported as AddressInUse; the flag for the second is ignored.
    Call::Map => EXIST TXTBSY;
    // MS_INVALIDATE alone.
    Call::Flush => BUSY;
    // The kernel mounts its own devices when it starts; the rest is a descriptor that is open already.
    Call::MakeFlag => NODEV ACCESS NAMETOOLONG NOENT NOTDIR;
    // F_SEAL_WRITE is not set, and no other process has the memory yet.
    Call::Seal => BUSY PERM;
    // Where a listener's clients cannot be known: they get channels with names.
    Call::MakeSocket => ACCESS AFNOSUPPORT PROTONOSUPPORT;
    // Connected stream sockets; three are reported as the peer's end.
    Call::Send => AGAIN CONNRESET PIPE ACCESS ALREADY DESTADDRREQ ISCONN MSGSIZE NOTSOCK OPNOTSUPP ADDRINUSE CONNREFUSED
        NOENT PERM PROTONOSUPPORT PROTOTYPE SOCKTNOSUPPORT SRCH;
    Call::Receive => AGAIN CONNRESET PIPE ISCONN NOTSOCK OPNOTSUPP ADDRINUSE CONNREFUSED NOENT PERM PROTONOSUPPORT PROTOTYPE
        SOCKTNOSUPPORT SRCH TOOMANYREFS;
    // Nothing is created.
    Call::OpenFile => BUSY DQUOT EXIST NOSPC FBIG OPNOTSUPP;
    // A regular file, by a descriptor for writing.
    Call::GrowFile => ACCESS AGAIN DESTADDRREQ ISDIR NAMETOOLONG NODEV NOENT NOTDIR PIPE ROFS SPIPE;
    // A directory, for reading.
    Call::List => AGAIN BUSY DQUOT EXIST FBIG ISDIR NODEV NOSPC NXIO OPNOTSUPP PERM ROFS TXTBSY;
    // Without GRND_NONBLOCK.
    Call::Random => AGAIN;
    // A move within the directory; another process's lock is contention.
    Call::TakeName => AGAIN ISDIR MLINK NAMETOOLONG OPNOTSUPP XDEV;
};

/// Errors that need no row: pointers, sizes and flags are this library's own, and its paths have no links.
const OUR_OWN_FAULT: [Errno; 4] = [Errno::FAULT, Errno::OVERFLOW, Errno::INVAL, Errno::LOOP];

const ALL: [Call; 24] = [
    Call::OpenObject,
    Call::MakeFile,
    Call::GiveName,
    Call::Commit,
    Call::CommitNameless,
    Call::Write,
    Call::Read,
    Call::SetMode,
    Call::Lock,
    Call::OpenAnew,
    Call::Look,
    Call::Map,
    Call::Flush,
    Call::MakeMemory,
    Call::MakeFlag,
    Call::Seal,
    Call::MakeSocket,
    Call::Send,
    Call::Receive,
    Call::OpenFile,
    Call::GrowFile,
    Call::List,
    Call::Random,
    Call::TakeName,
];

fn listed<K: PartialEq>(lists: &[(K, &'static [Errno])], of: &K) -> &'static [Errno] {
    lists.iter().find(|list| list.0 == *of).map_or(&[], |list| list.1)
}

/// The errors that the pages of a call list.
fn manual(call: Call) -> Vec<Errno> {
    let pages = call.pages().iter().map(|page| listed(MANUAL, page));
    assert!(pages.clone().all(|page| !page.is_empty()), "{call:?} has a page that is not here");
    pages.flatten().copied().collect()
}

fn is_told(call: Call, errno: Errno) -> bool {
    table::of_call(call, errno).is_some()
}

/// Every number of an error.
fn numbers() -> impl Iterator<Item = Errno> {
    (1..=133).map(Errno::from_raw_os_error)
}

#[test]
fn all_calls_are_here() {
    assert!(ALL.iter().enumerate().all(|(at, &call)| call as usize == at));
    assert_eq!(Call::TakeName as usize + 1, ALL.len());
    for (page, _) in MANUAL {
        assert!(ALL.iter().any(|call| call.pages().contains(page)), "{page} is no call's");
    }
}

#[test]
fn every_number_of_the_manual_has_a_row_or_cannot_come() {
    for call in ALL {
        let never = listed(NEVER, &call);
        for errno in manual(call).iter().chain(listed(BEYOND, &call)) {
            let told = is_told(call, *errno) || table::of_any_call(*errno).is_some();
            let cannot = never.contains(errno) || OUR_OWN_FAULT.contains(errno);
            assert!(told || cannot, "{call:?} can give {errno:?}, and nothing is said of it");
            assert!(!(is_told(call, *errno) && never.contains(errno)), "{call:?} cannot give {errno:?}");
        }
    }
}

#[test]
fn every_row_can_come() {
    for call in ALL {
        let can = manual(call);
        for errno in numbers().filter(|errno| is_told(call, *errno)) {
            let comes = can.contains(&errno) || listed(BEYOND, &call).contains(&errno);
            assert!(comes, "{call:?} has a row for {errno:?}, which no page lists");
        }
        for errno in listed(NEVER, &call) {
            assert!(can.contains(errno), "no page of {call:?} lists {errno:?}");
        }
    }
    // This library uses STALE for a replaced file, as network file systems do.
    for errno in numbers().filter(|&it| table::of_any_call(it).is_some() && it != Errno::STALE) {
        let comes = |call: &Call| manual(*call).contains(&errno) && !is_told(*call, errno);
        assert!(ALL.iter().any(comes), "no call gives {errno:?}");
    }
}

#[test]
fn every_text_is_one_line_with_a_cause_and_a_remedy() {
    let context = Context { operation: "try", name: None };
    for call in ALL {
        for errno in numbers() {
            let refused = Refused { call, errno };
            let error = match call {
                Call::OpenFile => context.refused_file(call, refused.errno, Path::new("/a/file")),
                _ => context.refused_bytes(refused, 12345),
            };
            let text = error.to_string();
            let (cause, remedy) = text.split_once("; ").unwrap_or_else(|| panic!("no remedy: {text}"));
            assert!(cause.len() > 20 && remedy.len() > 8, "{text}");
            assert!(!text.contains(['\n', '{', '}']), "{text}");
            assert!(!text.ends_with('.') && !text.contains("  "), "{text}");
            assert_eq!(error.os_code(), Some(errno.raw_os_error()));
        }
    }
}

#[test]
fn a_number_that_the_call_has_no_reason_for_is_told_as_such_with_its_name() {
    let context = Context { operation: "try", name: None };
    let error = context.os(Call::Random, Errno::PERM);
    assert!(error.is(ErrorKind::AccessDenied));
    assert!(error.to_string().contains("error 1, which the call (getrandom)"), "{error}");
    assert_eq!(*context.os(Call::Map, Errno::OPNOTSUPP).kind(), ErrorKind::Unsupported);
    assert_eq!(*context.os(Call::Map, Errno::DOM).kind(), ErrorKind::Os);
    let missing = context.os(Call::Commit, Errno::NOSYS);
    assert!(missing.to_string().contains("(fallocate or write)"), "{missing}");
}
