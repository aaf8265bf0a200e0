//! Scribbled memory.

use crate::common::*;

/// A peer that writes over all of it, before and meanwhile, brings errors at most, and no long sleep.
#[test]
fn scribbled_bytes_bring_errors_only() {
    let shared = Shared::create("scribbled");
    let view = shared.view();
    let mut random = Random::new();
    let deadline = Instant::now() + Duration::from_secs(3);
    let (mut bells, mut refusals) = (0, 0);
    while Instant::now() < deadline && bells + refusals < 200 {
        view.fill(0, WORDS, 0).unwrap();
        let seat = Seat::take(&view, SEAT).unwrap();
        let bell = Doorbell::at(&view, BELL, Sleepers::Many);
        scribble(&mut random, &view, 0, WORDS);
        if let Ok(bell) = bell {
            bell.ring();
            bell.sleep(Duration::from_millis(1), || false);
            bell.relax();
            let _ = Doorbell::sleep_on_any(&[&bell], Duration::from_millis(1), || false);
            scribble(&mut random, &view, BELL, 64);
            bell.sleep(Duration::from_millis(1), || true);
            bell.ring();
        }
        let began = Instant::now();
        // A word that says that a process makes it right now is believed for a while.
        match Doorbell::at(&view, BELL, Sleepers::One) {
            Ok(_) => bells += 1,
            Err(_) => refusals += 1,
        }
        assert!(began.elapsed() < DEADLINE / 2);
        let _ = Seat::is_taken(&view, SEAT);
        let _ = Seat::take(&view, SEAT);
        drop(seat);
    }
    assert!(refusals > 0, "{bells} bells");
    view.fill(0, WORDS, 0).unwrap();
    assert!(Seat::take(&view, SEAT).unwrap().is_some());
    assert!(Doorbell::at(&view, BELL, Sleepers::One).is_ok());
}

/// All of it, or one byte.
fn scribble(random: &mut Random, view: &View, at: usize, len: usize) {
    if random.below(2) == 0 {
        (0..len).for_each(|index| view.put(at + index, &(random.next() as u8)).unwrap());
    } else {
        let byte = random.next() as u8;
        view.put(at + random.index(len), &byte).unwrap();
    }
}
