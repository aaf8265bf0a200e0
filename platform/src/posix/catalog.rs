//! Listing what lies in the directory of objects, and taking names away (rule C17).

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use super::advice::Call;
use super::candidate::{self, Candidate, Disbelief, Unopened};
use super::errors::Context;
use super::facts::Form;
use super::ofd_lock::Holders;
use super::owner::user_id;
use super::proc_locks::{File, held_files};
use super::remove::{self, Removal};
use super::sweep::our_names;
use super::{base, dir, names, record};
use crate::contract::catalog::{Entry, State};
use crate::{ObjectName, Result};

pub(super) fn list() -> Result<Vec<Entry>> {
    let holders = held_files();
    let mut names = our_names("list the objects")?;
    names.sort_unstable();
    Ok(names.into_iter().filter_map(|name| entry(name, &holders)).collect())
}

pub(super) fn data_path(name: &ObjectName) -> Option<PathBuf> {
    let whole = names::system_name(name);
    let data = format!("{whole}/data");
    // `shm_open` reaches what lies in one file, in its own directory.
    let files = if base::base().is_usual() { vec![data] } else { vec![data, whole] };
    let is_file = |file: &&String| {
        dir::stat(&dir::path_of(file)).is_ok_and(|found| candidate::not_regular(&found).is_none())
    };
    files.iter().find(is_file).map(|file| base::base().path().join(file))
}

pub(super) fn take_name(name: &ObjectName) -> Result<bool> {
    let context = Context { operation: "take the name from its holders", name: Some(name) };
    let (candidate, folder) = match Candidate::open(&names::system_name(name)) {
        Ok(opened) => opened,
        Err(Unopened::Nothing) => return Ok(false),
        Err(unopened) => return Err(unopened.into_error(context)),
    };
    let removal = match candidate.believed(folder.as_ref()) {
        Err(Disbelief::Foreign(what)) => {
            return Err(super::object::foreign(what, crate::ObjectKind::Region, context));
        }
        // The object whose link it is lives on under its own name.
        Err(Disbelief::SpareLink) => remove::take_link(&candidate),
        Err(Disbelief::Dead) => remove::remove_marked(&candidate),
        Ok(_) | Err(Disbelief::Forged(_)) => remove::take_name_from_the_living(&candidate),
    };
    match removal {
        Removal::Done | Removal::Contended => Ok(true),
        Removal::Refused(errno) => Err(context.os(Call::TakeName, errno)),
    }
}

fn entry(file_name: String, holders: &HashMap<File, u64>) -> Option<Entry> {
    let stat = dir::stat(&dir::path_of(&file_name)).ok()?;
    let life = candidate::life_stat(&file_name).unwrap_or(stat);
    let mut entry = Entry {
        name: names::decoded(&file_name),
        system_name: format!("/{file_name}"),
        kind: None,
        size: life.st_size as u64,
        owner: user_id(stat.st_uid),
        holders: holders.get(&File::of(&life)).copied(),
        state: State::Unreadable,
    };
    match Candidate::open(&file_name) {
        Ok((candidate, folder)) => look_inside(&mut entry, &candidate, folder.as_ref(), &file_name)?,
        Err(Unopened::Nothing) => return None,
        Err(Unopened::Foreign(what, _)) => {
            entry.name = None;
            entry.state = State::Foreign(what.to_owned());
        }
        Err(_) => {}
    }
    Some(entry)
}

/// Fills in what the object itself tells; `None` when it was removed meanwhile.
fn look_inside(
    entry: &mut Entry,
    candidate: &Candidate,
    folder: Option<&OwnedFd>,
    file_name: &str,
) -> Option<()> {
    let held = candidate.holders().ok()?;
    entry.state = if held == Holders::Some { State::Live } else { State::Dead };
    match candidate.believed(folder) {
        Ok(believed) if !believed.linked => return None,
        Ok(believed) => {
            let facts = believed.facts;
            entry.name = ObjectName::read_back(&facts.name).ok().or(entry.name.take());
            entry.kind = Some(facts.kind);
            entry.size = match facts.form {
                Form::InFront | Form::Beside => facts.len,
                Form::Elsewhere => record::recorded_len(candidate.life()).unwrap_or(facts.len),
            };
        }
        Err(_) if is_temporary(file_name) => entry.name = None,
        Err(Disbelief::Dead) => (entry.name, entry.state) = (None, State::Dead),
        Err(disbelief) => (entry.name, entry.state) = (None, State::Foreign(disbelief.what().to_owned())),
    }
    // The list of locks was read before the object was looked at.
    let seen = entry.holders.unwrap_or(0);
    entry.holders = match entry.state {
        State::Live => Some(seen.max(1)),
        _ => Some(0),
    };
    Some(())
}

fn is_temporary(file_name: &str) -> bool {
    file_name.starts_with(dir::NEW_PREFIX) || file_name.starts_with(dir::GONE_PREFIX)
}
