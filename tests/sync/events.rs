//! Events: each set lets through as many as it should.

use crate::common::*;

const TAKERS: usize = 8;

/// An event with a name, one in a region, and how many came through.
struct Gates {
    named: Event,
    inside: SharedEvent,
    /// Released by whoever came through.
    through: Semaphore,
    counts: View,
}

/// Where in the region the event lies; in front of it the takers' counts and whether it is over.
const GATE_AT: usize = 256;
const OVER_AT: usize = 128;

impl Gates {
    fn create(label: &ObjectName) -> (Gates, Region) {
        let options = EventOptions::new(Reset::Auto);
        let region = Region::create(label, &CreateOptions::new(4096)).unwrap();
        let counts = mapped(&region);
        let gates = Gates {
            named: Event::create(&beside(label, "event"), &options).unwrap(),
            inside: SharedEvent::create(&counts, GATE_AT, &options).unwrap(),
            through: Semaphore::create(&beside(label, "through"), &SemaphoreOptions::new(0, 1000)).unwrap(),
            counts,
        };
        (gates, region)
    }

    fn open(label: &ObjectName) -> Gates {
        let counts = opened(label);
        Gates {
            named: Event::open(&beside(label, "event"), &OpenOptions::default()).unwrap(),
            inside: SharedEvent::open(&counts, GATE_AT).unwrap(),
            through: Semaphore::open(&beside(label, "through"), &OpenOptions::default()).unwrap(),
            counts,
        }
    }

    /// Takers with an even number wait for the one, the others for the other.
    fn gate(&self, index: usize) -> &dyn Settable {
        if index % 2 == 0 { &self.named } else { &self.inside }
    }

    fn over(&self) -> &std::sync::atomic::AtomicU32 {
        self.counts.atomic_u32(OVER_AT).unwrap()
    }

    fn count(&self, index: usize) -> &AtomicU64 {
        self.counts.atomic_u64(index * 8).unwrap()
    }
}

pub fn pass_gates(arguments: &[String]) {
    let (gates, index) = (&Gates::open(&name(&arguments[0])), arguments[1].parse().unwrap());
    loop {
        assert!(gates.gate(index).wait_timeout(PATIENCE).unwrap());
        if gates.over().load(Ordering::Acquire) != 0 {
            return;
        }
        gates.count(index).fetch_add(1, Ordering::Relaxed);
        gates.through.release(1).unwrap();
    }
}

/// Eight processes, four at each gate: whoever sets it sees one come through, and never two.
#[test]
fn c23_each_set_lets_one_through_and_only_one() {
    let sets: u64 = number("SAMEMAP_SYNC_SETS", 3000);
    let label = unique("gates");
    let (gates, _region) = Gates::create(&label);
    let takers = children("pass", TAKERS, |index| vec![label.to_string(), index.to_string()]);
    for round in 0..sets {
        gates.gate(round as usize).set().unwrap();
        assert!(gates.through.wait_timeout(PATIENCE).unwrap(), "after {round} sets");
    }
    assert!(!gates.through.wait_timeout(Duration::from_millis(50)).unwrap());
    let sums: Vec<u64> = (0..2)
        .map(|gate| (gate..TAKERS).step_by(2).map(|at| gates.count(at).load(Ordering::Relaxed)).sum())
        .collect();
    assert_eq!(sums, [sets.div_ceil(2), sets / 2]);
    gates.over().store(1, Ordering::Release);
    let mut takers: Vec<Option<Program>> = takers.into_iter().map(Some).collect();
    let deadline = Instant::now() + PATIENCE;
    while takers.iter().any(Option::is_some) {
        assert!(Instant::now() < deadline, "somebody did not end");
        (0..2).for_each(|gate| gates.gate(gate).set().unwrap());
        std::thread::sleep(Duration::from_millis(1));
        for taker in &mut takers {
            if taker.as_mut().is_some_and(|taker| taker.has_ended()) {
                taker.take().into_iter().for_each(ends_well);
            }
        }
    }
}

/// Who waits for a manual-reset event when it is set gets through, although it is reset before any of them has
/// woken; who comes later does not.
#[test]
fn c23_a_reset_takes_nothing_from_those_who_wait_already() {
    const WAITERS: u32 = 4;
    let label = unique("reset");
    let options = EventOptions::new(Reset::Manual);
    let region = Region::create(&label, &CreateOptions::new(4096)).unwrap();
    let inside = SharedEvent::create(&mapped(&region), 0, &options).unwrap();
    let named = Event::create(&beside(&label, "event"), &options).unwrap();
    let through = Semaphore::create(&beside(&label, "through"), &SemaphoreOptions::new(0, 1000)).unwrap();
    for round in 0..8 {
        let event: &dyn Settable = if round % 2 == 0 { &named } else { &inside };
        let how = ["one", "many"][round / 2 % 2];
        let word = |what: &str| what.to_owned();
        let waiters = children("wait", WAITERS as usize, |_| {
            vec![label.to_string(), word(["named", "inside"][round % 2]), word(how)]
        });
        for _ in 0..WAITERS {
            assert!(through.wait_timeout(PATIENCE).unwrap());
        }
        // They said that they are about to wait: nothing tells that they do.
        std::thread::sleep(Duration::from_millis(60));
        event.set().unwrap();
        event.reset().unwrap();
        for waiter in 0..WAITERS {
            assert!(through.wait_timeout(PATIENCE).unwrap(), "only {waiter} came through");
        }
        waiters.into_iter().for_each(ends_well);
        assert!(!event.wait_timeout(Duration::from_millis(20)).unwrap());
    }
}

pub fn wait_for_set(arguments: &[String]) {
    let (label, inside, many) = (&name(&arguments[0]), arguments[1] == "inside", arguments[2] == "many");
    let through = Semaphore::open(&beside(label, "through"), &OpenOptions::default()).unwrap();
    let named = Event::open(&beside(label, "event"), &OpenOptions::default()).unwrap();
    let within = SharedEvent::open(&opened(label), 0).unwrap();
    through.release(1).unwrap();
    match (inside, many) {
        (false, false) => assert!(named.wait_timeout(PATIENCE).unwrap(),),
        (true, false) => assert!(within.wait_timeout(PATIENCE).unwrap()),
        (inside, true) => {
            let woken = wait_any_timeout(&[&named, &within], PATIENCE).unwrap().expect("in time");
            assert_eq!(woken.index(), usize::from(inside));
        }
    }
    through.release(1).unwrap();
}
