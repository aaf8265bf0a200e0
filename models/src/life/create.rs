//! Creating, and clearing the way to a name that is taken.

use samemap_platform::internal::testing::Step;

use super::protocol::{Flaw, Turn};
use super::state::{Call, Fault};
use super::world::{Entry, Facts, Form, Holders, Lock, Mode, Name, Part, Path, Temporary};

impl Turn<'_> {
    fn order(&self) -> &'static [Step] {
        use Step::{
            CreateDataMade, CreateDirMade, CreateFactsMade, CreateFactsWritten, CreateFileMade, CreateHeld,
            CreateHoldChecked, CreatePublished, CreateTrailerWritten, CreateWidened,
        };
        match (self.life.form, self.life.has(Flaw::FactsAfterName)) {
            (Form::OneFile, false) => &[CreateFileMade, CreateHeld, CreateTrailerWritten, CreatePublished],
            (Form::OneFile, true) => &[CreateFileMade, CreateHeld, CreatePublished, CreateTrailerWritten],
            (Form::Directory, false) => &[
                CreateDirMade,
                CreateFactsMade,
                CreateHeld,
                CreateHoldChecked,
                CreateDataMade,
                CreateFactsWritten,
                CreateWidened,
                CreatePublished,
            ],
            (Form::Directory, true) => &[
                CreateDirMade,
                CreateFactsMade,
                CreateHeld,
                CreateHoldChecked,
                CreateDataMade,
                CreateWidened,
                CreatePublished,
                CreateFactsWritten,
            ],
        }
    }

    pub(super) fn next_of_creation(&self, done: Option<Step>) -> Step {
        let order = self.order();
        let at = done.and_then(|done| order.iter().position(|step| *step == done)).map_or(0, |at| at + 1);
        order[at]
    }

    pub(super) fn create(&mut self, step: Step) {
        match step {
            Step::CreateFileMade | Step::CreateDirMade => self.make(),
            Step::CreatePublished => return self.publish(),
            _ => {
                if !self.make_more(step) {
                    return self.make_another();
                }
            }
        }
        self.created(step);
    }

    fn created(&mut self, step: Step) {
        self.done(step);
        if self.order().last() == Some(&step) {
            self.end();
        }
    }

    fn make(&mut self) {
        let user = self.now().user;
        let number = self.state.files.make(user, self.life.form, self.life.temporary());
        let slot = self.mine();
        self.state.files.opened(slot, (number, Part::Whole), true);
    }

    /// A sweep took what was being made.
    fn make_another(&mut self) {
        self.close(self.mine());
        self.me().done = None;
    }

    /// `false` when a sweep took what is being made.
    fn make_more(&mut self, step: Step) -> bool {
        let slot = self.mine();
        let made = self.state.mine(self.at).expect("it was made");
        let there = self.state.files.is_somewhere(made.object);
        match step {
            Step::CreateFactsMade => {
                if there {
                    self.state.files.object_mut(made.object).has_facts = true;
                    self.state.files.opened(slot, (made.object, Part::Facts), true);
                }
                return there;
            }
            Step::CreateHeld => {
                let held = self.state.files.lock(slot, Lock::Shared);
                self.carry_life(slot);
                return held;
            }
            Step::CreateHoldChecked => {
                return self.life.has(Flaw::HoldUnchecked)
                    || self.state.files.links((made.object, made.part)) > 0;
            }
            Step::CreateDataMade => {
                self.state.files.object_mut(made.object).has_data = there;
                return there;
            }
            Step::CreateWidened => self.state.files.object_mut(made.object).mode = Mode::Wide,
            _ => self.state.files.object_mut(made.object).facts = Facts::Written(Name::Used),
        }
        true
    }

    fn publish(&mut self) {
        let number = self.state.mine(self.at).expect("it was made").object;
        let renamed = self.life.temporary() == Temporary::New;
        if renamed && self.state.files.object(number).temporary != Temporary::New {
            return self.make_another();
        }
        if !self.state.files.name((number, Part::Whole), Name::Used) {
            return self.turn_to(Call::Clear, Path::Named(Name::Used));
        }
        let object = self.state.files.object_mut(number);
        object.temporary = Temporary::No;
        object.published = Some(Name::Used);
        self.created(Step::CreatePublished);
    }

    // ---- the name is taken ----------------------------------------------------------------------------

    pub(super) fn next_of_clearing(&self, done: Option<Step>) -> Step {
        match done {
            None => Step::ClearOpened,
            Some(Step::ClearOpened) => Step::ClearSawHolders,
            Some(Step::ClearSawHolders) => Step::ClearFactsRead,
            Some(_) if self.saw_a_spare_link() => Step::TakeLocked,
            Some(_) => Step::RemoveLocked,
        }
    }

    pub(super) fn clear(&mut self, step: Step) {
        match step {
            Step::ClearOpened => {
                let Some(entry) = self.open_at(Path::Named(Name::Used)) else { return self.publish_again() };
                if self.state.files.object(entry.0).owner != self.now().user {
                    return self.discard();
                }
                // One step in place of two: what comes between, the opener's steps show.
                if self.is_directory(entry) && !self.open_facts() {
                    return self.publish_again();
                }
            }
            Step::ClearSawHolders => self.me().seen = self.state.files.holders(self.other()),
            _ => return self.judge_obstacle(),
        }
        self.done(step);
    }

    fn judge_obstacle(&mut self) {
        let open = self.state.other(self.at).expect("it was opened");
        let entry = (open.object, open.part);
        if !self.is_still_there(entry) {
            return self.publish_again();
        }
        self.see_what_it_is(entry);
        if self.takes_the_name(entry) {
            return self.done(Step::ClearFactsRead);
        }
        if !self.may_remove(entry, Name::Used) {
            self.met_a_foreigner();
            return self.discard();
        }
        match self.now().seen {
            Holders::Remover => self.publish_again(),
            Holders::Some => {
                if !self.now().saw_life {
                    self.state.fail(Fault::DeadAnswered);
                }
                self.discard();
            }
            Holders::Nobody => self.done(Step::ClearFactsRead),
        }
    }

    /// Whether what was opened was not removed meanwhile: by `st_nlink`, or for a directory by where the name leads.
    fn is_still_there(&self, entry: Entry) -> bool {
        if entry.1 != Part::Facts || self.life.has(Flaw::ObstacleUnchecked) {
            return self.state.files.links(entry) > 0;
        }
        self.state.files.at(Path::Named(Name::Used)) == Some((entry.0, Part::Whole))
    }

    /// The name may be free now.
    pub(super) fn publish_again(&mut self) {
        self.close(self.other());
        let order = self.order();
        let before = order.iter().position(|step| *step == Step::CreatePublished).map(|at| order[at - 1]);
        self.turn_to(Call::Create, Path::Named(Name::Used));
        self.me().done = before;
    }

    /// Gives up what it made: what has a temporary name is emptied, under its creator's lock.
    fn discard(&mut self) {
        let slot = self.other();
        self.close(slot);
        let made = self.mine();
        let Some(open) = self.state.files.open[made].take() else { return self.end() };
        if self.state.files.object(open.object).temporary == Temporary::No {
            return self.end();
        }
        self.state.files.open[slot] = Some(open);
        self.turn_to(Call::Discard, Path::New(open.object));
        let step = if self.life.form == Form::OneFile { Step::RemoveMarkedDead } else { Step::RemoveRenamed };
        self.done(step);
    }
}
