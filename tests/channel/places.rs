//! The places of a channel: how many, and in what.

use crate::common::*;

#[test]
fn a_second_peer_is_refused() {
    let text = unique_name("busy");
    let channel = Channel::create(&name(&text), &options(256)).unwrap();
    let first = Channel::connect(&name(&text), &options(256)).unwrap();
    // At once, however patient it is.
    assert_eq!(
        kind(in_time({
            let name = name(&text);
            move || Channel::connect(&name, &options(256).patience(Duration::MAX))
        })),
        ErrorKind::Busy
    );
    assert_eq!(kind(Channel::create(&name(&text), &options(256))), ErrorKind::AlreadyExists);
    assert_eq!(kind(Channel::create_in(channel.region(), &options(256))), ErrorKind::Busy);
    let mut channel = channel;
    assert_eq!(kind(channel.wait_for_next_peer()), ErrorKind::Busy);
    drop(first);
    let impatient = options(256).patience(Duration::from_millis(20));
    assert_eq!(kind(Channel::connect(&name(&text), &impatient)), ErrorKind::Busy, "it has not turned yet");
    let mut next = turn_to_a_new_peer(&mut channel, &text);
    assert_eq!(kind(next.wait_for_next_peer()), ErrorKind::Unsupported);
    next.wait_for_peer().unwrap();
    drop(channel);
    assert_eq!(
        kind(Channel::connect(&name(&text), &options(256))),
        ErrorKind::NotFound,
        "only a peer is left"
    );
    drop(next);
    assert_eq!(kind(Channel::connect(&name(&text), &options(256))), ErrorKind::NotFound);
    assert_nothing_left(&text);
}

#[test]
fn one_of_many_that_connect_together_is_let_in() {
    let text = unique_name("race");
    for _ in 0..20 {
        let channel = Channel::create(&name(&text), &options(256)).unwrap();
        let answers: Vec<_> = thread::scope(|scope| {
            let connect = || Channel::connect(&name(&text), &options(256));
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(connect)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        let refused = |answer: &Result<Channel, Error>| match answer {
            Ok(_) => true,
            Err(error) => error.is(ErrorKind::Busy),
        };
        assert!(answers.iter().all(refused), "{answers:?}");
        drop((channel, answers));
    }
    assert_nothing_left(&text);
}

#[test]
fn who_connects_waits_for_a_listener_that_is_being_made() {
    let name = name(&unique_name("unready"));
    let region = Region::create(&name, &CreateOptions::new(options(256).region_len().unwrap())).unwrap();
    let impatient = options(256).patience(Duration::from_millis(20));
    assert_eq!(kind(Channel::connect(&name, &impatient)), ErrorKind::NotFound);
    let connecting = {
        let name = name.clone();
        thread::spawn(move || Channel::connect(&name, &options(256)))
    };
    thread::sleep(Duration::from_millis(20));
    let mut channel = Channel::create_in(&region, &options(256)).unwrap();
    let mut peer = in_time(move || connecting.join().unwrap()).unwrap();
    assert!(channel.wait_for_peer_timeout(PATIENCE).unwrap());
    peer.sender().send(b"x").unwrap();
    assert_eq!(channel.receiver().recv().unwrap().to_vec(), b"x");
    drop((channel, peer));
    assert_eq!(kind(Channel::create_in(&region, &options(256))), ErrorKind::AlreadyExists);
}

/// A region that is something else is refused, and not a byte of it is changed.
#[test]
fn what_is_no_channel_is_left_alone() {
    for fill in [0, 0x55] {
        let name = name(&unique_name("foreign"));
        let region = Region::create(&name, &CreateOptions::new(8192)).unwrap();
        let view = region.view(.., Access::ReadWrite).unwrap();
        view.write(0, &[fill; 8192]).unwrap();
        let impatient = options(256).patience(Duration::from_millis(20));
        let wanted = if fill == 0 { ErrorKind::NotFound } else { ErrorKind::Damaged };
        assert_eq!(kind(Channel::connect(&name, &impatient)), wanted);
        assert_eq!(kind(Channel::connect(&name, &impatient)), wanted);
        let mut bytes = [1; 8192];
        view.read(0, &mut bytes).unwrap();
        assert_eq!(bytes, [fill; 8192]);
    }
    let small = Region::anonymous(&CreateOptions::new(1)).unwrap();
    assert!(matches!(kind(Channel::create_in(&small, &options(1 << 16))), ErrorKind::OutOfRange { .. }));
    assert_eq!(kind(Channel::connect_in(&small, &options(64))), ErrorKind::Damaged);
    let channel_name = name(&unique_name("reader"));
    let _channel = Channel::create(&channel_name, &options(256)).unwrap();
    let reader = Region::open(&channel_name, &OpenOptions::read_only()).unwrap();
    assert_eq!(kind(Channel::connect_in(&reader, &options(256))), ErrorKind::AccessDenied);
}

pub fn adopt(_: &[String]) {
    let region = Region::adopt("channel").expect("offered");
    echo(Channel::connect_in(&region, &options(0)).expect("it listens"));
}

#[test]
fn an_anonymous_region_goes_to_a_child() {
    let region =
        Region::anonymous(&CreateOptions::new(options(4096).region_len().unwrap() + 70_000)).unwrap();
    let mut channel = Channel::create_in(&region, &options(4096)).unwrap();
    let mut command = part::command("adopt", &[]);
    let offer = region.offer_to(&mut command, "channel", Access::ReadWrite).expect("offered");
    let child = Program::start(command);
    assert!(channel.wait_for_peer_timeout(PATIENCE).unwrap());
    drop(offer);
    for number in 0..1000_u64 {
        channel.sender().send_value(&number).unwrap();
        assert_eq!(channel.receiver().recv_value::<u64>().unwrap(), number);
    }
    drop(channel);
    assert!(child.finish().status.success());
}
