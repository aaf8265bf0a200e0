//! A child's commands for the system's own objects: those of the other children, and more for objects of any kind, for
//! timers, and for regions that are handed over.

use std::collections::BTreeMap;
use std::time::Duration;

use super::child::{
    Actor, Answer, Stage, access_for, done, enter, is_unknown, named, no_slot, number, permissions_for,
    spell, trust_for, word_of,
};
use super::family::Named;
use super::puppet::Harness;
use super::suite::native_rules;
use super::sync_child::{SyncStage, duration, making, waited};
use super::system::Meeting;
use super::thing::{Terms, Thing};
use crate::{Due, ObjectKind, Region, Trust, Waitable as _};

/// The body of the test `conformance_child` of a [`native_conformance_suite!`](crate::native_conformance_suite).
///
/// # Panics
/// As for [`child_entry`](super::child_entry).
pub fn native_child_entry(harness: &Harness) {
    enter(harness, native_rules, &mut NativeStage::default());
}

#[derive(Default)]
struct NativeStage {
    regions: Stage<Region>,
    objects: SyncStage<Named>,
    things: BTreeMap<String, Thing>,
}

impl Actor for NativeStage {
    fn perform(&mut self, words: &[&str]) -> Answer {
        match *words {
            ["make", slot, kind, how, share, trust, name] => {
                let terms = Terms { permissions: permissions_for(share)?, trust: trust_for(trust) };
                let (thing, disposition) =
                    Thing::make_for(kind_of(kind)?, making(how)?, &named(name)?, &terms).map_err(spell)?;
                self.things.insert(slot.to_owned(), thing);
                Ok(word_of(disposition).to_owned())
            }
            ["mark", slot] => self.thing(slot)?.mark().map_err(spell).and_then(|()| done()),
            ["marked", slot] => Ok(format!("{:?}", self.thing(slot)?.is_marked().map_err(spell)?)),
            ["drop", slot] => self.things.remove(slot).map_or_else(|| no_slot(slot), |_| done()),
            ["set-timer", slot, millis] => {
                let due = Due::After(Duration::from_millis(number(millis)?));
                match self.thing(slot)? {
                    Thing::Timer(timer) => timer.set(due).map_err(spell).and_then(|()| done()),
                    _ => no_slot(slot),
                }
            }
            ["wait-timer", slot, timeout] => match self.thing(slot)? {
                Thing::Timer(timer) => waited(timer.wait_for(duration(timeout)?)),
                _ => no_slot(slot),
            },
            ["adopt", slot, key] => {
                let region = Region::adopt(key).map_err(spell)?;
                Ok(self.keep(slot, region))
            }
            ["receive", slot, place] => {
                let region = Meeting::receive_at(place).receive(&Trust::default()).map_err(spell)?;
                Ok(self.keep(slot, region))
            }
            ["send", slot, access, place, receiver] => {
                let mut courier = Meeting::send_at(place, number(receiver)? as u32);
                courier.send(self.regions.region(slot)?, access_for(access)?).map_err(spell)?;
                done()
            }
            _ => {
                let answer = self.regions.perform(words);
                if is_unknown(&answer) { self.objects.perform(words) } else { answer }
            }
        }
    }
}

impl NativeStage {
    fn thing(&self, slot: &str) -> Result<&Thing, String> {
        self.things.get(slot).ok_or_else(|| format!("nothing in slot {slot}"))
    }

    /// Its length, its access and its name, as text.
    fn keep(&mut self, slot: &str, region: Region) -> String {
        let access = super::support::word_for(region.access());
        let name = region.name().map_or_else(|| "-".to_owned(), super::support::hex);
        let len = self.regions.keep(slot, region);
        format!("{len} {access} {name}")
    }
}

fn kind_of(word: &str) -> Result<ObjectKind, String> {
    let kind = ObjectKind::ALL.into_iter().find(|kind| kind.to_string() == word);
    kind.ok_or_else(|| format!("unknown kind {word}"))
}
