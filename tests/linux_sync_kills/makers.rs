//! Makers of objects inside a region.

use crate::common::*;

#[test]
fn threads_of_one_process_make_it_once_as_well() {
    run("threads_make", "");
}

/// An opener that comes early finds nothing or a value, but never a zero that was not stored.
#[test]
fn a_value_is_there_before_it_can_be_opened() {
    run("early_openers", "");
}

#[test]
fn what_lies_in_a_region_is_made_once_whoever_is_killed_on_the_way() {
    run("makers_killed", "");
}

const MAKERS: usize = 4;
const PLACES: usize = 16;
const LEN: usize = SharedMutex::<u64>::SIZE;

/// Where each round has its place in a region: places are used once.
fn fresh_place(round: usize, region: &mut Option<Region>) -> (View, usize) {
    let at = round % PLACES;
    if at == 0 {
        // A memfd for some, a name for others.
        let options = CreateOptions::new((PLACES * LEN) as u64);
        *region = Some(if round / PLACES % 2 == 0 {
            Region::anonymous(&options).expect("memory")
        } else {
            Region::create(&unique_name("places"), &options).expect("a free name")
        });
    }
    (view_of(region.as_ref().expect("made in the first round")), at * LEN)
}

/// Several arrive together, and some die on the way.
pub fn makers_killed(arguments: &[String]) {
    let (go, made, done) = (Signal::new(), Signal::new(), Signal::new());
    let mut random = Random::new();
    let mut region = None;
    for round in 0..rounds_of(arguments) {
        let (view, at) = fresh_place(round, &mut region);
        let fates: Vec<Option<&'static str>> = (0..MAKERS)
            .map(|_| ["", "", "inside: claimed", "inside: filled", "inside: made"][random.below(5) as usize])
            .map(|point| (!point.is_empty()).then_some(point))
            .collect();
        let start = |fate: &Option<&'static str>| {
            fork(|| {
                if let Some(point) = *fate {
                    die_at(point);
                }
                go.take();
                let (mutex, disposition) = SharedMutex::<u64>::create_or_open(&view, at).expect("a mutex");
                if disposition == Disposition::Created {
                    made.give();
                }
                mutex.lock().expect("a lock").update(|count| count + 1).expect("in range");
                done.give();
            })
        };
        let makers: Vec<Forked> = fates.iter().map(start).collect();
        let began = Instant::now();
        makers.iter().for_each(|_| go.give());
        let survivors = makers.into_iter().map(Forked::wait).filter(Option::is_none).count();
        took(began.elapsed());
        assert_eq!(done.count(), survivors, "somebody failed");
        assert_eq!(made.count(), usize::from(survivors > 0), "made by so many");
        if survivors > 0 {
            let mutex = SharedMutex::<u64>::open(&view, at).expect("a mutex");
            let value = mutex.lock().expect("a lock").load().expect("in range");
            assert_eq!(value, survivors as u64);
        } else {
            let (mutex, disposition) = SharedMutex::<u64>::create_or_open(&view, at).expect("a mutex");
            assert_eq!(disposition, Disposition::Created, "whoever made it is dead");
            assert_eq!(mutex.lock().expect("a lock").load().expect("in range"), 0);
        }
    }
    say("done");
}

const VALUE: [u64; 8] = [0x5A3E_3A9A; 8];

pub fn early_openers(arguments: &[String]) {
    let (go, won, lost) = (Signal::new(), Signal::new(), Signal::new());
    for round in 0..rounds_of(arguments) {
        let region = Region::create(&unique_name("early"), &CreateOptions::new(4096)).expect("a free name");
        let view = view_of(&region);
        let creator = || {
            fork(|| {
                go.take();
                match SharedMutex::create(&view, 0, &VALUE) {
                    Ok(_) => won.give(),
                    Err(error) if error.is(ErrorKind::AlreadyExists) => lost.give(),
                    Err(error) => panic!("{error}"),
                }
            })
        };
        let began = Instant::now();
        let creators = [creator(), creator()];
        let openers = [0, 1].map(|_| {
            fork(|| {
                go.take();
                let mutex = loop {
                    match SharedMutex::<[u64; 8]>::open(&view, 0) {
                        Ok(mutex) => break mutex,
                        Err(error) => assert!(error.is(ErrorKind::Damaged), "{error}"),
                    }
                };
                let guard = mutex.lock().expect("a lock");
                assert_eq!(guard.load().expect("in range"), VALUE);
                guard.store(&VALUE).expect("in range");
            })
        });
        (0..4).for_each(|_| go.give());
        creators.into_iter().chain(openers).for_each(Forked::finish);
        took(began.elapsed());
        assert_eq!((won.count(), lost.count()), (1, 1), "round {round}");
    }
    say("done");
}

/// Threads share an open file description, whose locks the kernel does not tell apart.
pub fn threads_make(arguments: &[String]) {
    // The making takes long enough for the others to come in between.
    samemap_platform::internal::testing::at_stop_points(|point| {
        if point == "inside: claimed" {
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    let mut region = None;
    for round in 0..rounds_of(arguments) * 4 {
        let (view, at) = fresh_place(round, &mut region);
        let began = Instant::now();
        let barrier = &std::sync::Barrier::new(MAKERS);
        let made: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..MAKERS)
                .map(|_| {
                    let view = &view;
                    scope.spawn(move || {
                        barrier.wait();
                        let (mutex, disposition) = SharedMutex::<u64>::create_or_open(view, at).unwrap();
                        mutex.lock().unwrap().update(|count| count + 1).unwrap();
                        usize::from(disposition == Disposition::Created)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        took(began.elapsed());
        let value = SharedMutex::<u64>::open(&view, at).unwrap().lock().unwrap().load().unwrap();
        assert_eq!((made, value), (1, MAKERS as u64), "in round {round}");
    }
    say("done");
}
