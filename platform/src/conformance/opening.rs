//! Creating and opening: rules C5 and C6.

use super::puppet::{Harness, Puppet};
use super::support::{
    SIZE, assert_free, bytes_of, create, create_or_open, fails, hex, is_filled_with, map_all, not_found,
    open, puppet_fails, unique_name,
};
use crate::{Access, CreateOptions, Disposition, ErrorKind, ObjectName, SharedRegion};

/// Processes in a race; two a core and more on common machines.
const RACERS: usize = 6;

/// *Create* wants a free name; where it is taken, the object that has it stays as it was.
pub fn c05_create_wants_a_free_name<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    let view = map_all(&region, Access::ReadWrite);
    view.fill(0, SIZE as usize, 0xA5).expect("a new region can be filled");
    for size in [1, SIZE, 10 * SIZE] {
        let again = R::create(&name, &CreateOptions::new(size));
        let error = fails(again, "creating a taken name", &ErrorKind::AlreadyExists);
        assert_eq!(error.name(), Some(name.to_string().as_str()));
        let answer = Puppet::start(harness).ask(&format!("create region {size} owner {}", hex(&name)));
        puppet_fails(answer, "creating a taken name", "AlreadyExists");
    }
    assert_eq!(region.len(), SIZE);
    assert!(is_filled_with(&view, 0xA5), "a create that failed touched the object");
}

/// *Create or open* says which of the two happened, in every process.
pub fn c05_create_or_open_says_which<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let (region, disposition) = create_or_open::<R>(&name, SIZE);
    assert_eq!(disposition, Disposition::Created);
    let (again, disposition) = create_or_open::<R>(&name, SIZE);
    assert_eq!(disposition, Disposition::Opened);
    let mut puppet = Puppet::start(harness);
    let ask = format!("create-or-open region {SIZE} owner {}", hex(&name));
    assert_eq!(puppet.expect(&ask), format!("opened {SIZE}"));
    puppet.end("quit");
    drop((region, again));
    assert_eq!(Puppet::start(harness).expect(&ask), format!("created {SIZE}"));
}

/// *Create or open* ignores the size asked for where it opens, even one that no system could give.
pub fn c05_size_is_ignored_on_opening<R: SharedRegion>(_: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    for size in [1, SIZE - 1, SIZE + 1, 64 * SIZE, 64 << 40] {
        let (again, disposition) = create_or_open::<R>(&name, size);
        assert_eq!((disposition, again.len()), (Disposition::Opened, SIZE), "asked for {size} bytes");
    }
    assert_eq!(region.len(), SIZE);
}

/// *Create or open* leaves the contents alone where it opens.
pub fn c05_contents_are_kept_on_opening<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let mut puppet = Puppet::start(harness);
    puppet.create("region", SIZE, &name);
    puppet.view("view", "region", Access::ReadWrite);
    puppet.expect("fill view 0 all 90");
    let (region, _) = create_or_open::<R>(&name, SIZE);
    assert!(is_filled_with(&map_all(&region, Access::ReadWrite), 90), "opening changed the contents");
    assert_eq!(puppet.expect("filled view"), "90");
    let opened: R = open(&name, Access::ReadWrite);
    assert!(is_filled_with(&map_all(&opened, Access::ReadWrite), 90), "opening changed the contents");
}

/// *Open* wants an object that a process holds, and makes none.
pub fn c05_open_wants_an_object<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let mut puppet = Puppet::start(harness);
    for _ in 0..2 {
        not_found::<R>(&name, Access::ReadWrite);
        puppet_fails(puppet.try_open("region", Access::ReadWrite, &name), "opening a free name", "NotFound");
    }
    drop(create::<R>(&name, SIZE));
    not_found::<R>(&name, Access::ReadWrite);
}

/// All three ways lead to the same memory.
pub fn c05_openers_share_the_memory<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let region: R = create(&name, SIZE);
    let view = map_all(&region, Access::ReadWrite);
    let mut puppet = Puppet::start(harness);
    puppet.open("opened", Access::ReadWrite, &name);
    puppet.view("view", "opened", Access::ReadWrite);
    puppet.expect("fill view 0 all 17");
    assert!(is_filled_with(&view, 17), "another process's writes do not arrive");
    view.fill(0, SIZE as usize, 18).expect("a new region can be filled");
    assert_eq!(puppet.expect("filled view"), "18");
    let (third, _) = create_or_open::<R>(&name, SIZE);
    assert_eq!(bytes_of(&map_all(&third, Access::ReadWrite)), bytes_of(&view));
}

/// Of many processes that create one name at once, one succeeds and the others are told that it exists.
pub fn c06_one_of_many_creators_wins<R: SharedRegion>(harness: &Harness) {
    let mut racers: Vec<Puppet> = (0..RACERS).map(|_| Puppet::start(harness)).collect();
    for _ in 0..20 {
        let name = unique_name();
        let command = format!("create region {SIZE} owner {}", hex(&name));
        racers.iter_mut().for_each(|racer| racer.tell(&command));
        let answers: Vec<_> = racers.iter_mut().map(Puppet::answer).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        for answer in answers.into_iter().filter(Result::is_err) {
            puppet_fails(answer, "creating a taken name", "AlreadyExists");
        }
        for racer in &mut racers {
            // Only the winner has something to drop.
            let _ = racer.ask("drop-region region");
        }
        not_found::<R>(&name, Access::ReadWrite);
    }
}

/// Of many processes that create or open one name at once, one creates and the others open.
pub fn c06_many_that_create_or_open_meet<R: SharedRegion>(harness: &Harness) {
    let mut racers: Vec<Puppet> = (0..RACERS).map(|_| Puppet::start(harness)).collect();
    for _ in 0..20 {
        let name = unique_name();
        let command = format!("create-or-open region {SIZE} owner {}", hex(&name));
        racers.iter_mut().for_each(|racer| racer.tell(&command));
        let mut answers: Vec<_> = racers.iter_mut().map(Puppet::answer).collect();
        answers.sort();
        let mut wanted = vec![Ok(format!("opened {SIZE}")); RACERS];
        wanted[0] = Ok(format!("created {SIZE}"));
        assert_eq!(answers, wanted);
        for racer in &mut racers {
            racer.expect("drop-region region");
        }
        not_found::<R>(&name, Access::ReadWrite);
    }
}

/// Processes that create, open and drop one name as fast as they can never see a half-made object, a
/// wrong length, old contents, or a second object under a held name.
pub fn c06_half_made_object_is_never_seen<R: SharedRegion>(harness: &Harness) {
    let name = unique_name();
    let mut racers: Vec<Puppet> = (0..RACERS).map(|_| Puppet::start(harness)).collect();
    for (index, racer) in racers.iter_mut().enumerate() {
        racer.tell(&format!("storm {index} 50 2000 {SIZE} {}", hex(&name)));
    }
    let mut created = 0;
    for (index, racer) in racers.iter_mut().enumerate() {
        let counts = racer.answer().unwrap_or_else(|broken| panic!("process {index}: {broken}"));
        created += counts.split(' ').next().and_then(|count| count.parse::<u64>().ok()).expect("two counts");
    }
    assert!(created > 0, "nobody created anything");
    assert_free::<R>(&name);
}

/// Processes that are killed at any moment of creating, opening and dropping delay no other process.
pub fn c06_killed_creators_are_in_nobodys_way<R: SharedRegion>(harness: &Harness) {
    const VICTIMS: usize = 2;
    let name = unique_name();
    let mut survivors: Vec<Puppet> = (0..2).map(|_| Puppet::start(harness)).collect();
    for round in 0..15 {
        let mut victims: Vec<Puppet> = (0..VICTIMS).map(|index| victim(harness, index, &name)).collect();
        for (index, survivor) in survivors.iter_mut().enumerate() {
            survivor.tell(&format!("storm {} {} 0 {SIZE} {}", VICTIMS + index, 10 + round, hex(&name)));
        }
        // Killed while the survivors are at it, and while the last of them are.
        for (victim, survivor) in victims.iter_mut().zip(&mut survivors) {
            victim.kill();
            survivor.answer().unwrap_or_else(|broken| panic!("beside a killed process: {broken}"));
        }
    }
    assert_free::<R>(&name);
}

fn victim(harness: &Harness, index: usize, name: &ObjectName) -> Puppet {
    let mut victim = Puppet::start(harness);
    victim.expect(&format!("storm-until-killed {index} {SIZE} {}", hex(&name)));
    victim
}
