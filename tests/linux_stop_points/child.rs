//! What the child does.

use crate::common::*;

pub static ARMED: AtomicBool = AtomicBool::new(false);
pub static REACHED: AtomicUsize = AtomicUsize::new(0);
/// At which of the points it stops, counted from 0; at none for a number that is never reached.
pub static STOP_AT: AtomicUsize = AtomicUsize::new(usize::MAX);

pub fn at_stop_point(point: &'static str) {
    if !ARMED.load(Ordering::Relaxed) {
        return;
    }
    say(point);
    if REACHED.fetch_add(1, Ordering::Relaxed) == STOP_AT.load(Ordering::Relaxed) {
        // SAFETY: stops this process until the parent lets it go on, or kills it.
        unsafe { libc::raise(libc::SIGSTOP) };
    }
}

/// From now on points are told of. What a process does only once, at its first creation, is over.
pub fn arm(arguments: &[String]) -> (ObjectName, CreateOptions) {
    drop(Region::create(&unique_name("warm-up"), &CreateOptions::new(1)).expect("a free name"));
    // Takes bits away from what is asked for below, so that the mode has to be set.
    // SAFETY: a number; nothing else in this process makes files.
    unsafe { libc::umask(0o077) };
    STOP_AT.store(arguments[2].parse().unwrap_or(usize::MAX), Ordering::Relaxed);
    say("ready");
    hear();
    samemap_platform::testing::at_stop_points(at_stop_point);
    ARMED.store(true, Ordering::Relaxed);
    let size = arguments[1].parse().expect("a size");
    let permissions = Permissions::owner_only().everyone(Share::ReadOnly);
    (name(&arguments[0]), CreateOptions::new(size).permissions(permissions))
}

/// Says what came of it, and lets go in order when it is told to.
pub fn tell(outcome: Result<Region, Error>) {
    match &outcome {
        Ok(region) => say(&format!("holds {}", id_of(region))),
        Err(error) => say(&format!("error {:?}", error.kind())),
    }
    hear();
    drop(outcome);
    say("done");
}

pub fn create(arguments: &[String]) {
    let (name, options) = arm(arguments);
    tell(Region::create(&name, &options));
}

pub fn create_or_open(arguments: &[String]) {
    let (name, options) = arm(arguments);
    tell(Region::create_or_open(&name, &options).map(|(region, _)| region));
}

pub fn open(arguments: &[String]) {
    let (name, _) = arm(arguments);
    tell(Region::open(&name, &OpenOptions::read_write()));
}

pub fn sweep(arguments: &[String]) {
    let _ = arm(arguments);
    catalog::reclaim().expect("a sweep works");
    say("done");
}
