//! Letting go, removing and sweeping.

use samemap_platform::internal::testing::Step;

use super::protocol::{Flaw, Turn};
use super::state::Call;
use super::world::{Entry, Facts, Form, Holders, Lock, Mode, Name, Number, Part, Path, Temporary};

impl Turn<'_> {
    pub(super) fn let_go(&mut self, step: Step) {
        let slot = self.other();
        let Some(open) = self.state.files.open[slot] else { return self.end() };
        if step == Step::CloseReleased {
            let user = self.now().user;
            let object = self.state.files.object_mut(open.object);
            object.excused |= user != object.owner && open.lock != Lock::No;
            self.state.files.lock(slot, Lock::No);
            let owner = self.state.files.object(open.object).owner;
            if owner != user || !matches!(open.part, Part::Whole | Part::Facts) {
                return self.end();
            }
        } else if self.state.files.holders(slot) != Holders::Nobody {
            return self.end();
        }
        self.done(step);
    }

    // ---- the sweep ------------------------------------------------------------------------------------

    pub(super) fn next_of_sweep(&self, done: Option<Step>) -> Step {
        let directory =
            self.state.other(self.at).is_some_and(|open| self.is_directory((open.object, open.part)));
        match done {
            None => Step::SweepOpened,
            Some(Step::SweepOpened) if directory => Step::SweepFactsOpened,
            Some(Step::SweepOpened | Step::SweepFactsOpened) => Step::SweepSawNobody,
            Some(_) if self.saw_a_spare_link() => Step::TakeLocked,
            Some(_) => Step::RemoveLocked,
        }
    }

    pub(super) fn sweep(&mut self, step: Step) {
        let path = self.now().path;
        match step {
            Step::SweepOpened => {
                let Some(entry) = self.open_at(path) else { return self.end() };
                if self.state.files.object(entry.0).owner != self.now().user {
                    return self.end();
                }
            }
            Step::SweepFactsOpened => {
                if !self.open_facts() {
                    // Killed before they were made, or after they were unlinked: it is empty, or rmdir refuses.
                    return if matches!(path, Path::Named(_)) {
                        self.end()
                    } else {
                        self.done(Step::RemoveEmptied)
                    };
                }
            }
            _ => {
                let open = self.state.other(self.at).expect("it is open");
                let entry = (open.object, open.part);
                if let Path::Named(name) = path {
                    self.see_what_it_is(entry);
                    if self.takes_the_name(entry) {
                        return self.done(step);
                    }
                    if !self.may_remove(entry, name) {
                        return self.end();
                    }
                }
                if self.state.files.holders(self.other()) != Holders::Nobody {
                    return self.end();
                }
            }
        }
        self.done(step);
    }

    // ---- the removal ----------------------------------------------------------------------------------

    pub(super) fn next_of_removal(&self, done: Step) -> Step {
        let me = &self.state.processes[self.at];
        let facts_first = self.life.has(Flaw::FactsUnlinkedFirst);
        let file = self
            .state
            .other(self.at)
            .is_none_or(|open| self.state.files.object(open.object).form == Form::OneFile);
        match done {
            Step::RemoveLocked => Step::RemoveNameChecked,
            Step::RemoveNameChecked if file => Step::RemoveMarkedDead,
            Step::RemoveMarkedDead => Step::RemoveUnlinked,
            Step::RemoveContended => Step::TakeLocked,
            Step::TakeLocked => Step::TakeNameChecked,
            Step::TakeNameChecked => Step::TakeUnlinked,
            Step::RemoveNameChecked if matches!(me.path, Path::Named(_)) => Step::RemoveRenamed,
            Step::RemoveNameChecked | Step::RemoveRenamed if facts_first => Step::RemoveEmptied,
            Step::RemoveNameChecked | Step::RemoveRenamed => Step::RemoveDataUnlinked,
            Step::RemoveDataUnlinked if !facts_first => Step::RemoveEmptied,
            Step::RemoveEmptied if facts_first && self.has_data() => Step::RemoveDataUnlinked,
            Step::RemoveDataUnlinked | Step::RemoveEmptied => Step::RemoveDirGone,
            _ => Step::RemoveReleased,
        }
    }

    fn has_data(&self) -> bool {
        // A sweep that found no facts does not look for data.
        let me = &self.state.processes[self.at];
        let swept =
            me.call == Call::Sweep && self.state.other(self.at).is_some_and(|open| open.part == Part::Whole);
        !swept && self.in_path().is_some_and(|number| self.state.files.object(number).has_data)
    }

    fn in_path(&self) -> Option<Number> {
        self.state.files.at(self.state.processes[self.at].path).map(|entry| entry.0)
    }

    pub(super) fn remove(&mut self, step: Step) {
        let path = self.now().path;
        match step {
            Step::RemoveLocked => {
                let slot = self.other();
                if !self.life.has(Flaw::UnlinkWithoutLock) && !self.state.files.lock(slot, Lock::Exclusive) {
                    return if self.saw_death() { self.done(Step::RemoveContended) } else { self.leave() };
                }
            }
            Step::TakeLocked => {
                let slot = self.other();
                if !self.life.has(Flaw::NameTakenWithoutLock) && !self.state.files.take_names(slot) {
                    return self.leave();
                }
            }
            Step::TakeNameChecked => {
                if !self.name_leads_here() {
                    return self.leave();
                }
            }
            Step::RemoveNameChecked => {
                if !self.name_leads_here() {
                    return self.follow_or_leave();
                }
            }
            Step::RemoveMarkedDead => self.mark_dead(),
            Step::RemoveUnlinked | Step::TakeUnlinked => {
                self.state.files.take(path);
            }
            Step::RemoveRenamed => {
                let Some((number, _)) = self.state.files.take(path) else { return self.leave() };
                self.state.files.object_mut(number).temporary = Temporary::Gone;
                self.me().path = Path::Gone(number);
            }
            Step::RemoveDataUnlinked | Step::RemoveEmptied => {
                if let Some(number) = self.in_path() {
                    let object = self.state.files.object_mut(number);
                    if step == Step::RemoveEmptied {
                        object.has_facts = false;
                    } else {
                        object.has_data = false;
                    }
                }
            }
            Step::RemoveDirGone => {
                let object = self.in_path().map(|number| *self.state.files.object(number));
                if object.is_some_and(|object| !object.has_facts && !object.has_data) {
                    self.state.files.take(path);
                }
            }
            _ => return self.removed(),
        }
        self.done(step);
    }

    fn entry(&self) -> Entry {
        let open = self.state.other(self.at).expect("it is open");
        let part = if self.life.form == Form::Directory && open.part == Part::Facts {
            Part::Whole
        } else {
            open.part
        };
        (open.object, part)
    }

    fn name_leads_here(&mut self) -> bool {
        self.state.files.at(self.now().path) == Some(self.entry())
    }

    /// What was unfinished when it was opened may have its name now, and its last holder may have left it to
    /// this remover.
    fn follow_or_leave(&mut self) {
        let entry = self.entry();
        let named = self.state.files.object(entry.0).facts == Facts::Written(Name::Used);
        if matches!(self.now().path, Path::New(_)) && named && !self.life.has(Flaw::SweepLosesTrack) {
            self.me().path = Path::Named(Name::Used);
        } else {
            self.leave();
        }
    }

    /// Nothing to remove: what lock there is is let go.
    fn leave(&mut self) {
        if self.state.other(self.at).is_some_and(|open| open.lock != Lock::No || open.takes_names) {
            self.done(Step::RemoveDirGone);
        } else {
            self.removed();
        }
    }

    fn mark_dead(&mut self) {
        let entry = self.entry();
        let path = self.now().path;
        let spare = self.state.files.links(entry) > 1;
        let object = self.state.files.object_mut(entry.0);
        let seen = spare || object.mode == Mode::Handed;
        let marks = match self.life.flaw {
            Some(Flaw::NoMarkOfDeath) => false,
            Some(Flaw::MarkOnlyWhereLinksAreSeen) => seen,
            _ => true,
        };
        // The creator of an unfinished one may still get its lock, when this remover is killed now.
        if marks && entry.1 == Part::Whole && matches!(path, Path::Named(_)) {
            object.mode = Mode::Dead;
        }
    }

    /// The removal is over, or was refused.
    fn removed(&mut self) {
        match self.now().call {
            Call::Clear => self.publish_again(),
            Call::Open => self.not_found(),
            _ => self.end(),
        }
    }
}
