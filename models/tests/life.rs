//! The life of an object: no state breaks the contract, and every flaw of the protocol is found.
//!
//! `SAMEMAP_LIFE_CALLS=1` lets each world of the right protocol go one call further, `SAMEMAP_LIFE_MOVES=1` the
//! adversary one move; both take more memory and time, by a factor of about ten each.

use samemap_models::life::{Adversary, Flaw, Form, Life, Outcome, User, search};

const OWNERS: [User; 3] = [User::Owner; 3];
const TWO_USERS: [User; 3] = [User::Owner, User::Owner, User::Other];

/// No adversary.
fn honest(form: Form) -> Life {
    Life {
        form,
        temporary_names: false,
        users: OWNERS,
        kills: 1,
        calls: 4,
        sends: true,
        adversary: Adversary::default(),
        flaw: None,
    }
}

/// The handle of a file is sent to a peer that links what it sees.
fn handed() -> Life {
    let adversary = Adversary { moves: 4, links: true, ..Adversary::default() };
    Life { calls: 3, adversary, ..honest(Form::OneFile) }
}

/// A directory into which a peer looks, that links what it sees.
fn read() -> Life {
    let adversary = Adversary { moves: 2, reads: true, links: true, ..Adversary::default() };
    Life { users: TWO_USERS, calls: 3, sends: false, adversary, ..honest(Form::Directory) }
}

/// A peer writes to the data of a directory.
fn written() -> Life {
    let adversary = Adversary { moves: 5, writes: true, ..Adversary::default() };
    Life { calls: 2, kills: 0, sends: false, adversary, ..honest(Form::Directory) }
}

fn run(life: &Life) -> Outcome {
    let outcome = search(life);
    let Outcome { states, depth, took, .. } = outcome;
    println!("{states} states, {depth} steps deep, {} ms: {life:?}", took.as_millis());
    outcome
}

fn more(variable: &str) -> u8 {
    std::env::var(variable).map_or(0, |text| text.parse().expect("a number"))
}

#[track_caller]
fn keeps_the_contract(life: Life) {
    let mut life = life;
    life.calls += more("SAMEMAP_LIFE_CALLS");
    if life.adversary.moves > 0 {
        life.adversary.moves += more("SAMEMAP_LIFE_MOVES");
    }
    let outcome = run(&life);
    assert_eq!(outcome.found, None);
    assert_eq!(outcome.missed, Vec::<&str>::new(), "the world is too small to say anything");
}

#[track_caller]
fn breaks_the_contract(life: Life, flaw: Flaw) {
    let outcome = run(&Life { flaw: Some(flaw), ..life });
    let (fault, way) = outcome.found.expect("a fault");
    println!("{flaw:?}: {} ({fault:?}) after {} steps", fault.rule(), way.len());
    way.iter().for_each(|action| println!("    {action:?}"));
}

// ---- the right protocol -------------------------------------------------------------------------------

#[test]
fn one_file() {
    keeps_the_contract(Life { kills: 2, ..honest(Form::OneFile) });
    keeps_the_contract(Life { users: TWO_USERS, kills: 2, ..honest(Form::OneFile) });
}

#[test]
fn one_file_with_a_temporary_name() {
    keeps_the_contract(Life { temporary_names: true, kills: 2, ..honest(Form::OneFile) });
}

#[test]
fn one_file_with_an_adversary() {
    keeps_the_contract(handed());
    keeps_the_contract(Life { users: TWO_USERS, ..handed() });
    let adversary = Adversary { squats: true, ..handed().adversary };
    keeps_the_contract(Life { adversary, calls: 2, ..handed() });
}

#[test]
fn directory() {
    keeps_the_contract(honest(Form::Directory));
    keeps_the_contract(Life { kills: 2, calls: 3, ..honest(Form::Directory) });
}

#[test]
fn directory_of_two_users() {
    keeps_the_contract(Life { users: TWO_USERS, kills: 2, ..honest(Form::Directory) });
}

#[test]
fn directory_with_an_adversary_that_reads() {
    keeps_the_contract(read());
    let adversary = Adversary { moves: 4, squats: true, ..read().adversary };
    keeps_the_contract(Life { adversary, sends: true, calls: 2, ..read() });
}

#[test]
fn directory_with_an_adversary_that_writes() {
    keeps_the_contract(written());
    let adversary = Adversary { reads: true, links: true, moves: 4, ..written().adversary };
    keeps_the_contract(Life { adversary, ..written() });
}

// ---- the protocol broken in seven ways ----------------------------------------------------------------

#[test]
fn lock_before_look_is_found() {
    breaks_the_contract(honest(Form::OneFile), Flaw::LockBeforeLook);
    breaks_the_contract(honest(Form::Directory), Flaw::LockBeforeLook);
}

#[test]
fn upgrade_before_release_is_found() {
    breaks_the_contract(honest(Form::OneFile), Flaw::UpgradeBeforeRelease);
    breaks_the_contract(honest(Form::Directory), Flaw::UpgradeBeforeRelease);
}

#[test]
fn unlink_without_lock_is_found() {
    breaks_the_contract(honest(Form::OneFile), Flaw::UnlinkWithoutLock);
    breaks_the_contract(honest(Form::Directory), Flaw::UnlinkWithoutLock);
}

#[test]
fn facts_after_name_is_found() {
    breaks_the_contract(honest(Form::OneFile), Flaw::FactsAfterName);
    breaks_the_contract(honest(Form::Directory), Flaw::FactsAfterName);
}

#[test]
fn trust_in_the_datas_trailer_is_found() {
    breaks_the_contract(handed(), Flaw::TrustTheDatasTrailer);
    breaks_the_contract(written(), Flaw::TrustTheDatasTrailer);
}

#[test]
fn form_by_todays_mode_is_found() {
    breaks_the_contract(written(), Flaw::FormByTodaysMode);
}

#[test]
fn no_mark_of_death_is_found() {
    breaks_the_contract(handed(), Flaw::NoMarkOfDeath);
}

// ---- and in smaller ones ------------------------------------------------------------------------------

#[test]
fn a_mark_of_death_only_where_links_are_seen_is_found() {
    breaks_the_contract(handed(), Flaw::MarkOnlyWhereLinksAreSeen);
}

#[test]
fn a_look_at_the_mode_before_the_lock_is_found() {
    breaks_the_contract(honest(Form::OneFile), Flaw::ModeBeforeLock);
}

#[test]
fn facts_that_are_unlinked_first_are_found() {
    breaks_the_contract(honest(Form::Directory), Flaw::FactsUnlinkedFirst);
}

#[test]
fn a_hold_that_is_not_checked_is_found() {
    breaks_the_contract(Life { kills: 2, ..honest(Form::Directory) }, Flaw::HoldUnchecked);
}

#[test]
fn a_sweep_that_loses_track_is_found() {
    breaks_the_contract(honest(Form::Directory), Flaw::SweepLosesTrack);
    breaks_the_contract(Life { temporary_names: true, ..honest(Form::OneFile) }, Flaw::SweepLosesTrack);
}

#[test]
fn a_disappointed_opener_that_leaves_is_found() {
    let adversary = Adversary { moves: 1, ..handed().adversary };
    breaks_the_contract(Life { kills: 0, calls: 4, adversary, ..handed() }, Flaw::DisappointedOpenerLeaves);
}

#[test]
fn an_obstacle_that_is_not_checked_is_found() {
    breaks_the_contract(honest(Form::Directory), Flaw::ObstacleUnchecked);
}

#[test]
fn facts_that_are_sent_for_writing_are_found() {
    breaks_the_contract(Life { sends: true, ..read() }, Flaw::FactsSentForWriting);
}

#[test]
fn remains_that_need_a_trailer_are_found() {
    breaks_the_contract(handed(), Flaw::RemainsNeedATrailer);
}

#[test]
fn a_name_that_is_taken_without_a_lock_is_found() {
    breaks_the_contract(handed(), Flaw::NameTakenWithoutLock);
}
