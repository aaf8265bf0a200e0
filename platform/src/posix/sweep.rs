//! Reclaims dead objects in the directory of objects (rule C17).

use std::time::Duration;

use super::advice::Call;
use super::owner::user_id;
use super::remove::{self, Removal, Swept};
use super::{base, dir};
use crate::Result;
use crate::contract::catalog::Reclaimed;
use crate::contract::context::{Context, Operation};
use crate::words::Until;

/// The longest sweep of a process's first creation, whatever the number of objects.
const SHORT_SWEEP: Duration = Duration::from_millis(50);

pub(super) fn reclaim() -> Result<Reclaimed> {
    let mut reclaimed = Reclaimed::default();
    for name in our_names("reclaim dead objects")? {
        reclaim_one(name, &mut reclaimed);
    }
    Ok(reclaimed)
}

/// The full sweep before `OutOfMemory` is reported.
pub(super) fn all() {
    // A directory that cannot be listed cannot be swept; the caller reports the shortage.
    let _ = reclaim();
}

/// The sweep of a process's first creation. It starts at a random name, so that many short-lived processes together
/// sweep a long list.
pub(super) fn for_a_while() {
    let Ok(mut names) = dir::our_names() else { return };
    if names.is_empty() {
        return;
    }
    let start = std::process::id() as usize % names.len();
    names.rotate_left(start);
    let until = Until::after(Some(SHORT_SWEEP));
    let mut reclaimed = Reclaimed::default();
    for name in names {
        if until.is_over() {
            break;
        }
        reclaim_one(name, &mut reclaimed);
    }
}

pub(super) fn our_names(operation: Operation) -> Result<Vec<String>> {
    let context = Context { operation, name: None };
    dir::our_names().map_err(|errno| {
        if dir::exists() { context.os(Call::List, errno) } else { base::missing(errno, context) }
    })
}

fn reclaim_one(file_name: String, reclaimed: &mut Reclaimed) {
    let Some(Swept { removal, owner, bytes }) = remove::reclaim(&file_name) else { return };
    let system_name = format!("/{file_name}");
    match removal {
        Removal::Refused(_) => reclaimed.refused.push((system_name, user_id(owner))),
        Removal::Done | Removal::Contended => {
            reclaimed.removed.push(system_name);
            reclaimed.bytes += bytes;
        }
    }
}
