//! Processes of other users, which do what they are told.

use samemap::catalog::{self, State};
use samemap::names::UserId;
use samemap::regions::FileOptions;
use samemap::traits::SharedRegion as _;
use samemap::{
    Access, CreateOptions, Error, ObjectName, OpenOptions, Permissions, Region, Result, Share, Trust,
};

use super::super::part::{hear, say};
use super::super::{lacks, name};
use super::child::{Child, Start, play_sandboxed};
use super::shm::{system_name, view_of};

/// Two ordinary users. No account is needed for a number.
pub const ALICE: u32 = 65_533;
pub const NOBODY: u32 = 65_534;

/// Whether this process may become another user; steps aside where it may not.
#[must_use]
pub fn root_or_aside(test: &str) -> bool {
    // SAFETY: no arguments, no failure.
    let root = unsafe { libc::geteuid() } == 0;
    if !root {
        lacks(test, "needs root, to run a part of itself as another user");
    }
    root
}

/// Runs a role in which this process is root, may become other users, and has a `/dev/shm` of its own.
#[track_caller]
pub fn as_users(test: &str, role: &str) {
    if root_or_aside(test) {
        play_sandboxed(test, Start::role(role));
    }
}

/// The role's name.
pub const ROLE: &str = "user";

/// The same for one in a container.
pub const CONTAINED_ROLE: &str = "contained user";

/// Another user's process. Dropped, it is killed.
pub struct User {
    child: Child,
}

impl User {
    /// Starts one with a group of its own.
    pub fn start(uid: u32) -> User {
        User::start_with(uid, uid, 0o022)
    }

    pub fn start_with(uid: u32, gid: u32, umask: u32) -> User {
        let start = Start::role(ROLE).argument(uid).argument(gid).argument(umask);
        let mut child = start.start();
        child.expect("ready");
        User { child }
    }

    /// Starts the root of a container without privileges, which this user would start: in its user name space there is
    /// nobody else.
    pub fn start_contained(uid: u32) -> User {
        let mut child = Start::role(CONTAINED_ROLE).contained(uid).start();
        child.expect("ready");
        User { child }
    }

    /// Tells it to do something, and returns its answer.
    #[track_caller]
    pub fn ask(&mut self, command: &str) -> String {
        self.child.say(command);
        self.child.hear()
    }

    /// Tells it to do something that has to work.
    #[track_caller]
    pub fn must(&mut self, command: &str) -> String {
        let answer = self.ask(command);
        let good = answer.strip_prefix("ok ");
        good.unwrap_or_else(|| panic!("{command}: {answer}")).to_owned()
    }

    /// Tells it to do something that has to fail with this kind; returns the error's text.
    #[track_caller]
    pub fn must_fail(&mut self, command: &str, kind: &str) -> String {
        let answer = self.ask(command);
        let text = answer.strip_prefix(&format!("error {kind}"));
        text.unwrap_or_else(|| panic!("{command}: {answer}, and not {kind}")).to_owned()
    }

    pub fn kill(mut self) {
        self.child.kill();
    }
}

/// The role: becomes the user and obeys.
pub fn play(arguments: &[String]) {
    let number = |at: usize| -> u32 { arguments[at].parse().expect("a number") };
    become_user(number(0), number(1));
    // SAFETY: a number.
    unsafe { libc::umask(number(2)) };
    obey_all();
}

/// The same of a process that is the user already.
pub fn play_as_it_is(_arguments: &[String]) {
    obey_all();
}

fn obey_all() {
    say("ready");
    let mut held = None;
    loop {
        let command = hear();
        let words: Vec<&str> = command.split(' ').collect();
        match obey(&words, &mut held) {
            Ok(answer) => say(&format!("ok {answer}")),
            Err(error) => say(&format!("error {:?}: {error}", error.kind())),
        }
    }
}

/// Gives up whatever else this process was.
pub fn become_user(uid: u32, gid: u32) {
    // SAFETY: numbers, and an empty list of groups; what was root is not any more.
    unsafe {
        assert_eq!(libc::setgroups(0, std::ptr::null()), 0);
        assert_eq!(libc::setresgid(gid, gid, gid), 0);
        assert_eq!(libc::setresuid(uid, uid, uid), 0);
        // As for a process that was this user's from the start.
        assert_eq!(libc::prctl(libc::PR_SET_DUMPABLE, 1), 0);
    }
}

fn obey(words: &[&str], held: &mut Option<Region>) -> Result<String> {
    match *words {
        ["create", object, permissions] => {
            *held = Some(Region::create(&name(object), &options(permissions))?);
        }
        ["create_or_open", object, trust] => {
            let options = options("owner").trust(trusted(trust));
            *held = Some(Region::create_or_open(&name(object), &options)?.0);
        }
        ["open", object, access, trust] => {
            let options = OpenOptions::new(access_of(access)).trust(trusted(trust));
            *held = Some(Region::open(&name(object), &options)?);
        }
        ["read"] => return Ok(view_of(of(held)).get::<u64>(0)?.to_string()),
        ["write", value] => {
            view_of(of(held)).put::<u64>(0, &value.parse().expect("a number"))?;
        }
        ["create_over_file", object, path] => {
            let options = FileOptions::read_write();
            *held = Some(Region::create_over_file(&name(object), std::path::Path::new(path), &options)?);
        }
        ["len"] => return Ok(of(held).len().to_string()),
        // From now on it counts as one that others may write to.
        ["hand_out"] => drop(of(held).to_fd()?),
        ["map", from, to] => {
            let number = |word: &str| word.parse::<u64>().expect("a number");
            of(held).view(number(from)..number(to), of(held).access())?;
        }
        ["take_name", object] => return catalog::take_name(&name(object)).map(|taken| taken.to_string()),
        ["file", object] => return Ok(system_name(&name(object))),
        ["drop"] => *held = None,
        ["sweep"] => return catalog::reclaim().map(|done| format!("{done:?}")),
        ["state", object] => return state_of(&name(object)),
        ["size", object] => {
            let entry = catalog::list()?.into_iter().find(|it| it.system_name == system_name(&name(object)));
            return Ok(entry.expect("it is listed").size.to_string());
        }
        // What a program does that knows nothing of us.
        ["write_file", path] => return Ok(format!("{:?}", std::fs::File::options().write(true).open(path))),
        _ => panic!("what is {words:?}?"),
    }
    Ok("done".to_owned())
}

fn of(held: &Option<Region>) -> &Region {
    held.as_ref().expect("it holds something")
}

fn options(permissions: &str) -> CreateOptions {
    let owner = Permissions::owner_only();
    CreateOptions::new(4096).permissions(match permissions {
        "owner" => owner,
        "group-ro" => owner.group(Share::ReadOnly),
        _ if permissions.starts_with("group-rw-of-") => {
            let group = permissions["group-rw-of-".len()..].parse().expect("a number");
            owner.group(Share::ReadWrite).group_id(group)
        }
        "everyone-ro" => owner.everyone(Share::ReadOnly),
        "everyone-rw" => owner.everyone(Share::ReadWrite),
        _ => panic!("what is {permissions}?"),
    })
}

fn access_of(word: &str) -> Access {
    match word {
        "ro" => Access::ReadOnly,
        "rw" => Access::ReadWrite,
        "cow" => Access::CopyOnWrite,
        _ => panic!("what is {word}?"),
    }
}

fn trusted(word: &str) -> Trust {
    match word {
        "own" => Trust::OwnAndSystem,
        "anyone" => Trust::Anyone,
        uid => Trust::User(UserId::new(uid)),
    }
}

fn state_of(name: &ObjectName) -> Result<String, Error> {
    let entry = catalog::list()?.into_iter().find(|entry| entry.system_name == system_name(name));
    let state = entry.map(|entry| match entry.state {
        State::Live => "live".to_owned(),
        State::Dead => "dead".to_owned(),
        other => other.to_string(),
    });
    Ok(state.unwrap_or_else(|| "absent".to_owned()))
}
