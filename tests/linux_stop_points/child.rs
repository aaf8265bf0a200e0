//! What the child does.

use crate::common::*;

pub static ARMED: AtomicBool = AtomicBool::new(false);
pub static REACHED: AtomicUsize = AtomicUsize::new(0);
/// At which of the points it stops, counted from 0; at none for a number that is never reached.
pub static STOP_AT: AtomicUsize = AtomicUsize::new(usize::MAX);
/// The same by its name, the first time.
pub static STOP_AT_NAME: Mutex<Option<String>> = Mutex::new(None);

pub fn at_stop_point(point: &'static str) {
    if !ARMED.load(Ordering::Relaxed) {
        return;
    }
    say(point);
    let here = REACHED.fetch_add(1, Ordering::Relaxed) == STOP_AT.load(Ordering::Relaxed);
    let named = STOP_AT_NAME.lock().expect("no panic while locked").take_if(|name| name == point);
    if here || named.is_some() {
        // SAFETY: stops this process until the parent lets it go on, or kills it.
        unsafe { libc::raise(libc::SIGSTOP) };
    }
}

/// From now on points are told of. What a process does only once, at its first creation, is over.
pub fn arm(arguments: &[String]) -> (ObjectName, CreateOptions) {
    drop(Region::create(&unique_name("warm-up"), &CreateOptions::new(1)).expect("a free name"));
    // Takes bits away from what is asked for below, so that the mode has to be set.
    // SAFETY: a number; nothing else in this process makes files.
    unsafe { libc::umask(0o777) };
    match arguments[2].parse() {
        Ok(at) => STOP_AT.store(at, Ordering::Relaxed),
        Err(_) => *STOP_AT_NAME.lock().expect("no panic while locked") = Some(arguments[2].clone()),
    }
    say("ready");
    hear();
    samemap_platform::internal::testing::at_stop_points(at_stop_point);
    ARMED.store(true, Ordering::Relaxed);
    let size = arguments[1].parse().expect("a size");
    let form = if arguments[3] == "shared" { Form::Shared } else { Form::Private };
    let permissions = form.permissions();
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

/// Both ends of a connection in one process: what it made and sent, it holds by what it received.
pub fn hand_over(arguments: &[String]) {
    let (name, options) = arm(arguments);
    ARMED.store(false, Ordering::Relaxed);
    let made = Region::create(&name, &options).expect("a free name");
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    ARMED.store(true, Ordering::Relaxed);
    Courier::over(ours).send(&made, Access::ReadWrite).expect("connected");
    let received = Courier::over(theirs).receive(&Trust::default());
    ARMED.store(false, Ordering::Relaxed);
    drop(made);
    ARMED.store(true, Ordering::Relaxed);
    tell(received);
}

pub fn sweep(arguments: &[String]) {
    let _ = arm(arguments);
    catalog::reclaim().expect("a sweep works");
    say("done");
}
