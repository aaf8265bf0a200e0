//! The other end of a [`Puppet`]: a child of the test program, which obeys commands.
//!
//! A command is one line of words, an answer one line that begins with [`ANSWER`]. Regions and views are
//! known by slot names; the names of objects travel in hexadecimal digits.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use super::puppet::{ANSWER, Harness, Puppet, ROLE};
use super::random::Random;
use super::storm::{self, Storm};
use super::suite::{Outcome, Rule, rules};
use super::support::{kind_word, tell, unhex};
use super::{system, watchdog};
use crate::{
    Access, CreateOptions, Disposition, Error, MapRequest, ObjectName, OpenOptions, Permissions, Share,
    SharedRegion, Trust, UserId, View,
};

/// The body of the test `conformance_child`. In a child it obeys its parent; in the parent it checks that children obey
/// and end as they are told.
///
/// # Panics
/// When a child does not obey, or fails as a rule wants it to.
pub fn child_entry<R: SharedRegion>(harness: &Harness) {
    enter(harness, rules::<R>, &mut Stage::<R>::default());
}

/// Plays this process's part.
pub(super) fn enter(harness: &Harness, rules: fn() -> Vec<Rule>, stage: &mut dyn Actor) {
    let Ok(role) = std::env::var(ROLE) else { return children_obey(harness) };
    // A puppet ends also when its rule was aborted.
    let _watchdog = watchdog::Watchdog::with_limit(format!("child {role}"), watchdog::limit() * 2);
    match role.strip_prefix("rule:") {
        Some(rule) => run_rule(harness, &rules(), rule),
        None => {
            system::no_crash_dialogs();
            obey(stage, &[]);
        }
    }
}

fn children_obey(harness: &Harness) {
    let _watchdog = watchdog::Watchdog::start(harness.test_name("conformance_child"));
    for (how, orderly) in
        [("quit", true), ("exit", true), ("panic", false), ("abort", false), ("kill", false)]
    {
        let mut puppet = Puppet::start(harness);
        let unknown = puppet.ask("no such command");
        assert!(unknown.is_err_and(|error| error.starts_with("unknown")), "nonsense is refused");
        assert_eq!(puppet.end(how).success(), orderly, "the end called {how}");
    }
}

/// Runs one rule and answers with its outcome, for `run_all`.
fn run_rule(harness: &Harness, rules: &[Rule], name: &str) {
    let rule = rules.iter().find(|rule| rule.name == name).expect("a rule of this suite");
    let _watchdog = watchdog::Watchdog::start(name);
    match rule.run(harness) {
        Outcome::Kept => answer("ok kept"),
        Outcome::Aside(reason) => answer(&format!("ok aside {reason}")),
        Outcome::Failed(message) => answer(&format!("err {message}")),
    }
}

/// What a child can do.
pub(super) trait Actor {
    /// Carries out a command, or says why it cannot.
    fn perform(&mut self, words: &[&str]) -> Answer;
}

/// Carries out the commands of standard input, to its end or to one of `ends`, which is the answer.
pub(super) fn obey<'a>(stage: &mut dyn Actor, ends: &[&'a str]) -> Option<&'a str> {
    loop {
        let mut line = String::new();
        // Line by line: the code that does one command may read the next ones.
        if std::io::stdin().read_line(&mut line).expect("commands are text") == 0 {
            return None;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["quit"] => return None,
            ["exit"] => std::process::exit(0),
            ["abort"] => std::process::abort(),
            ["panic"] => panic!("told to"),
            [word] if ends.contains(&word) => return ends.iter().find(|end| **end == word).copied(),
            _ => match stage.perform(&words) {
                Ok(text) => answer(&format!("ok {text}")),
                Err(text) => answer(&format!("err {text}")),
            },
        }
    }
}

/// Prints an answer. The newline before it ends whatever libtest has begun to print.
pub(super) fn answer(text: &str) {
    let mut out = std::io::stdout().lock();
    // Not println!, which libtest may capture. A parent that is gone does not matter.
    let _ = writeln!(out, "\n{ANSWER}{text}").and_then(|()| out.flush());
}

/// Regions and views.
pub(super) struct Stage<R> {
    regions: BTreeMap<String, R>,
    views: BTreeMap<String, View>,
}

impl<R> Default for Stage<R> {
    fn default() -> Self {
        Stage { regions: BTreeMap::new(), views: BTreeMap::new() }
    }
}

pub(super) type Answer = Result<String, String>;

impl<R: SharedRegion> Actor for Stage<R> {
    fn perform(&mut self, words: &[&str]) -> Answer {
        match *words {
            ["ping"] => done(),
            ["create", slot, size, share, name] => self.create(slot, size, share, name),
            ["create-or-open", slot, size, share, name] => self.create_or_open(slot, size, share, name),
            ["open", slot, access, trust, name] => self.open(slot, access, trust, name),
            ["view", slot, region, offset, len, access] => self.view(slot, region, offset, len, access),
            ["read", view, offset, len] => self.read(view, offset, len),
            ["fill", view, offset, len, byte] => self.fill(view, offset, len, byte),
            ["filled", view] => self.filled(view),
            ["poke", view, offset, byte] => self.poke(view, offset, byte),
            ["scribble", view, rounds] => self.scribble(view, rounds),
            ["drop-region", slot] => self.regions.remove(slot).map_or_else(|| no_slot(slot), |_| done()),
            ["drop-view", slot] => self.views.remove(slot).map_or_else(|| no_slot(slot), |_| done()),
            ["umask", mask] => system::set_umask(number(mask)? as u32).map(|()| String::new()),
            ["storm", index, rounds, millis, len, name] => {
                let time = Duration::from_millis(number(millis)?);
                let (index, len) = (number(index)? as usize, number(len)?);
                storm::run::<R>(Storm { rounds: number(rounds)?, time, index, len }, &named(name)?)
            }
            ["storm-until-killed", index, len, name] => {
                let (index, len) = (number(index)? as usize, number(len)?);
                answer("ok blowing");
                let storm = Storm { rounds: u64::MAX, time: Duration::MAX, index, len };
                storm::run::<R>(storm, &named(name)?)
            }
            _ => unknown(words),
        }
    }
}

impl<R: SharedRegion> Stage<R> {
    /// The region in a slot.
    pub(super) fn region(&self, slot: &str) -> Result<&R, String> {
        self.regions.get(slot).ok_or_else(|| format!("nothing in slot {slot}"))
    }

    fn create(&mut self, slot: &str, size: &str, share: &str, name: &str) -> Answer {
        let region = R::create(&named(name)?, &create_options(size, share)?).map_err(spell)?;
        Ok(self.keep(slot, region).to_string())
    }

    fn create_or_open(&mut self, slot: &str, size: &str, share: &str, name: &str) -> Answer {
        let (region, disposition) =
            R::create_or_open(&named(name)?, &create_options(size, share)?).map_err(spell)?;
        Ok(format!("{} {}", word_of(disposition), self.keep(slot, region)))
    }

    fn open(&mut self, slot: &str, access: &str, trust: &str, name: &str) -> Answer {
        let options = OpenOptions::new(access_for(access)?).trust(trust_for(trust));
        let region = R::open(&named(name)?, &options).map_err(spell)?;
        Ok(self.keep(slot, region).to_string())
    }

    pub(super) fn keep(&mut self, slot: &str, region: R) -> u64 {
        let len = region.len();
        self.regions.insert(slot.to_owned(), region);
        len
    }

    fn view(&mut self, slot: &str, region: &str, offset: &str, len: &str, access: &str) -> Answer {
        let Some(region) = self.regions.get(region) else { return no_slot(region) };
        let offset = number(offset)?;
        let len = if len == "all" { region.len() - offset } else { number(len)? };
        let view = region.map(&MapRequest::new(offset, len, access_for(access)?)).map_err(spell)?;
        self.views.insert(slot.to_owned(), view);
        done()
    }

    fn seen(&self, slot: &str) -> Result<&View, String> {
        self.views.get(slot).ok_or_else(|| format!("no view {slot}"))
    }

    fn read(&self, view: &str, offset: &str, len: &str) -> Answer {
        let mut bytes = vec![0; number(len)? as usize];
        self.seen(view)?.read(number(offset)? as usize, &mut bytes).map_err(spell)?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn fill(&self, view: &str, offset: &str, len: &str, byte: &str) -> Answer {
        let view = self.seen(view)?;
        let offset = number(offset)? as usize;
        let len = if len == "all" { view.len() - offset } else { number(len)? as usize };
        view.fill(offset, len, number(byte)? as u8).map_err(spell)?;
        done()
    }

    /// The byte that the whole view is filled with, or `mixed`.
    fn filled(&self, view: &str) -> Answer {
        let bytes = super::support::bytes_of(self.seen(view)?);
        let same = bytes.iter().all(|&byte| byte == bytes[0]);
        Ok(if same { bytes[0].to_string() } else { "mixed".to_owned() })
    }

    /// Writes past the view's own checks.
    fn poke(&self, view: &str, offset: &str, byte: &str) -> Answer {
        let view = self.seen(view)?;
        let (offset, byte) = (number(offset)? as usize, number(byte)? as u8);
        assert!(offset < view.len(), "a poke stays inside its view");
        // SAFETY: the byte lies inside the view. Where that is read-only the write faults, and the
        // system ends this process, as the rule expects.
        unsafe { view.as_ptr().add(offset).write_volatile(byte) };
        done()
    }

    /// Overwrites every byte of a view with noise, again and again.
    fn scribble(&self, view: &str, rounds: &str) -> Answer {
        let view = self.seen(view)?;
        let mut random = Random::new();
        for _ in 0..number(rounds)? {
            let noise: Vec<u8> =
                (0..view.len().div_ceil(8)).flat_map(|_| random.next().to_le_bytes()).collect();
            view.write(0, &noise[..view.len()]).map_err(spell)?;
        }
        done()
    }
}

pub(super) fn done() -> Answer {
    Ok(String::new())
}

pub(super) fn no_slot(slot: &str) -> Answer {
    Err(format!("nothing in slot {slot}"))
}

pub(super) fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

pub(super) fn named(name: &str) -> Result<ObjectName, String> {
    ObjectName::new(unhex(name).ok_or("not hexadecimal")?).map_err(spell)
}

pub(super) fn access_for(word: &str) -> Result<Access, String> {
    match word {
        "ro" => Ok(Access::ReadOnly),
        "rw" => Ok(Access::ReadWrite),
        "cow" => Ok(Access::CopyOnWrite),
        _ => Err(format!("unknown access {word}")),
    }
}

pub(super) fn trust_for(word: &str) -> Trust {
    match word {
        "own" => Trust::OwnAndSystem,
        "alone" => Trust::Own,
        "anyone" => Trust::Anyone,
        user => Trust::User(UserId::new(user)),
    }
}

pub(super) fn word_of(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Created => "created",
        Disposition::Opened => "opened",
    }
}

pub(super) fn permissions_for(share: &str) -> Result<Permissions, String> {
    let nobody = Permissions::owner_only();
    match share {
        "owner" => Ok(nobody),
        "group-ro" => Ok(nobody.group(Share::ReadOnly)),
        "group-rw" => Ok(nobody.group(Share::ReadWrite)),
        "group-rw-everyone-ro" => Ok(nobody.group(Share::ReadWrite).everyone(Share::ReadOnly)),
        "everyone-ro" => Ok(nobody.everyone(Share::ReadOnly)),
        "everyone-rw" => Ok(nobody.everyone(Share::ReadWrite)),
        _ => Err(format!("unknown share {share}")),
    }
}

pub(super) fn unknown(words: &[&str]) -> Answer {
    Err(format!("unknown command {words:?}"))
}

/// Whether the command is unknown.
pub(super) fn is_unknown(answer: &Answer) -> bool {
    matches!(answer, Err(text) if text.starts_with("unknown command"))
}

fn create_options(size: &str, share: &str) -> Result<CreateOptions, String> {
    Ok(CreateOptions::new(number(size)?).permissions(permissions_for(share)?))
}

/// An error as text, which begins with the name of its kind: rules match on that.
pub(super) fn spell(error: Error) -> String {
    format!("{} {}", kind_word(error.kind()), tell(&error))
}
