//! Opening.

use samemap_platform::internal::testing::Step;

use super::protocol::{Flaw, Turn};
use super::state::{Call, Fault};
use super::world::{Facts, Holders, Lock, Mode, Part, Path, User};

impl Turn<'_> {
    pub(super) fn next_of_opening(&self, done: Option<Step>) -> Step {
        let locks_first = self.life.has(Flaw::LockBeforeLook);
        let directory =
            self.state.other(self.at).is_some_and(|open| self.is_directory((open.object, open.part)));
        match done {
            None => Step::OpenOpened,
            Some(Step::OpenOpened) if directory => Step::OpenFactsOpened,
            Some(Step::OpenOpened | Step::OpenFactsOpened) if locks_first => Step::OpenHeld,
            Some(Step::OpenOpened | Step::OpenFactsOpened) => Step::OpenSawHolders,
            Some(Step::OpenHeld) if locks_first => Step::OpenSawHolders,
            Some(Step::OpenSawHolders) if self.now().seen == Holders::Nobody => Step::RemoveLocked,
            Some(Step::OpenSawHolders) => Step::OpenFactsRead,
            Some(Step::OpenFactsRead) if !locks_first => Step::OpenHeld,
            _ => Step::OpenNameChecked,
        }
    }

    pub(super) fn open(&mut self, step: Step) {
        match step {
            Step::OpenOpened => return self.open_the_name(),
            Step::OpenFactsOpened => {
                if !self.open_facts() {
                    return self.look_again();
                }
            }
            Step::OpenSawHolders => return self.look(),
            Step::OpenFactsRead => {
                let open = self.state.other(self.at).expect("it is open");
                let read = self.facts_at((open.object, open.part));
                self.me().read = read;
                if read.name() != Some(self.now().name) && open.part != Part::Data {
                    return self.disappointed(true);
                }
            }
            Step::OpenHeld => {
                let slot = self.other();
                if !self.state.files.lock(slot, Lock::Shared) {
                    return self.look_again();
                }
                if self.now().saw_carrier {
                    self.carry_life(slot);
                }
            }
            _ => return self.check_name(),
        }
        self.done(step);
    }

    fn open_the_name(&mut self) {
        let name = self.now().name;
        let Some(entry) = self.open_at(Path::Named(name)) else { return self.not_found() };
        let object = *self.state.files.object(entry.0);
        let stranger = self.now().user != User::Owner;
        // Another's squatted name is refused, and another's private file cannot be opened.
        if object.owner != User::Owner || stranger && object.mode != Mode::Wide {
            return self.end();
        }
        self.done(Step::OpenOpened);
    }

    fn look(&mut self) {
        let slot = self.other();
        let open = self.state.other(self.at).expect("it is open");
        let seen = self.state.files.holders(slot);
        self.me().seen = seen;
        self.me().saw_carrier = self.state.files.is_carried(slot);
        self.me().mode_seen = Some(self.state.files.object(open.object).mode);
        self.done(Step::OpenSawHolders);
        if seen == Holders::Some {
            return;
        }
        let name = self.now().name;
        if seen == Holders::Remover || !open.writable || !self.may_remove((open.object, open.part), name) {
            self.not_found();
        }
    }

    fn check_name(&mut self) {
        let open = self.state.other(self.at).expect("it is open");
        let (name, read) = (self.now().name, self.now().read);
        let object = *self.state.files.object(open.object);
        let leads_here = if open.part == Part::Facts {
            self.state.files.at(Path::Named(name)) == Some((open.object, Part::Whole))
        } else {
            let early = if self.life.has(Flaw::ModeBeforeLock) { self.now().mode_seen } else { None };
            let entry = (open.object, open.part);
            self.state.files.links(entry) > 0
                && self.believes(entry, name, read, early.unwrap_or(object.mode))
        };
        if !leads_here {
            return self.disappointed(false);
        }
        self.hold(object.mode);
    }

    fn hold(&mut self, mode: Mode) {
        let (name, read) = (self.now().name, self.now().read);
        let open = self.state.other(self.at).expect("it is open");
        let object = *self.state.files.object(open.object);
        // What peers may write was proved by the name's one link, and by nothing that they wrote.
        let forged = read != Facts::Written(name) && mode != Mode::Handed;
        if object.published != Some(name) || open.part == Part::Data || forged {
            self.state.fail(Fault::Believed);
        }
        if open.part == Part::Facts && !(object.has_data && object.has_facts) || read == Facts::Empty {
            self.state.fail(Fault::HalfMade);
        }
        if !self.now().saw_life {
            self.state.fail(Fault::DeadAnswered);
        }
        let (from, to) = (self.other(), self.mine());
        self.state.files.open[to] = self.state.files.open[from].take();
        self.carry_life(to);
        self.end();
    }

    fn look_again(&mut self) {
        self.close(self.other());
        self.turn_to(Call::Open, Path::Named(self.now().name));
    }

    /// `NotFound`.
    pub(super) fn not_found(&mut self) {
        if !self.now().saw_none {
            self.state.fail(Fault::LifeDenied);
        }
        self.end();
    }

    /// The opener does not get what it looked at. The last holder may have seen its lock, and so left the
    /// removal to it.
    fn disappointed(&mut self, foreign: bool) {
        if foreign {
            self.met_a_foreigner();
        }
        let unlocked = self.state.other(self.at).is_none_or(|open| open.lock == Lock::No);
        if unlocked || self.life.has(Flaw::DisappointedOpenerLeaves) {
            return self.end();
        }
        self.turn_to(Call::Close, Path::Named(self.now().name));
    }
}
