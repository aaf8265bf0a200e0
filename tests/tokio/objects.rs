//! Events, semaphores and timers for tasks: what a cancelled wait leaves, and how few threads wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use samemap::aio::{wait, wait_any};
use samemap::sync::{
    Awaitable, Due, EventOptions, Reset, SemaphoreOptions, SharedEvent, SharedSemaphore, TimerOptions,
};
use samemap::{Access, Event, OpenOptions, Semaphore, Timer};

use crate::common::*;
use crate::support::part::say;

const SHORT: Duration = Duration::from_millis(20);

fn event(label: &str) -> Event {
    Event::create(&object_name(&unique_name(label)), &EventOptions::new(Reset::Auto)).unwrap()
}

fn semaphore(label: &str, permits: u32) -> Semaphore {
    let options = SemaphoreOptions::new(permits, u32::MAX >> 2);
    Semaphore::create(&object_name(&unique_name(label)), &options).unwrap()
}

/// Whether it still waits after a short time.
async fn still_waits(object: &dyn Awaitable) -> bool {
    timeout(SHORT, wait(object)).await.is_err()
}

#[test]
fn a_task_takes_what_a_wait_takes() {
    let runtime = one_thread();
    let (event, semaphore) = (event("aio-event"), semaphore("aio-semaphore", 2));
    run(&runtime, async {
        assert!(still_waits(&event).await);
        event.set().unwrap();
        wait(&event).await.unwrap();
        assert!(!event.try_wait().unwrap() && still_waits(&event).await);
        wait(&semaphore).await.unwrap();
        wait(&semaphore).await.unwrap();
        assert!(still_waits(&semaphore).await);
        let waiting = tokio::spawn({
            let (event, semaphore) = (event.clone(), semaphore.clone());
            async move {
                wait(&semaphore).await.unwrap();
                wait(&event).await.unwrap();
            }
        });
        tokio::time::sleep(SHORT).await;
        semaphore.release(1).unwrap();
        tokio::time::sleep(SHORT).await;
        event.set().unwrap();
        waiting.await.unwrap();
        assert!(!event.try_wait().unwrap() && !semaphore.try_wait().unwrap());
    });
}

#[test]
fn a_task_waits_for_timers() {
    let runtime = one_thread();
    let timer =
        Timer::create(&object_name(&unique_name("aio-timer")), &TimerOptions::new(Reset::Auto)).unwrap();
    run(&runtime, async {
        assert!(still_waits(&timer).await);
        let waiting = tokio::spawn({
            let timer = timer.clone();
            async move { wait(&timer).await.unwrap() }
        });
        tokio::time::sleep(SHORT).await;
        // Set after the wait began.
        let begun = std::time::Instant::now();
        timer.set(Due::After(SHORT)).unwrap();
        waiting.await.unwrap();
        assert!(begun.elapsed() >= SHORT);
        assert!(still_waits(&timer).await, "it fires once");
        timer.set_periodic(Due::After(SHORT), SHORT).unwrap();
        for _ in 0..3 {
            wait(&timer).await.unwrap();
        }
        timer.set(Due::After(Duration::ZERO)).unwrap();
        // Cancelled before it is polled.
        drop(wait(&timer));
        wait(&timer).await.unwrap();
    });
}

#[test]
fn a_task_waits_for_objects_inside_a_region() {
    let runtime = one_thread();
    let region = Region::anonymous(&CreateOptions::new(4096)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let event = SharedEvent::create(&view, 0, &EventOptions::new(Reset::Auto)).unwrap();
    let semaphore = SharedSemaphore::create(&view, 64, &SemaphoreOptions::new(0, 9)).unwrap();
    run(&runtime, async {
        let both: [&dyn Awaitable; 2] = [&event, &semaphore];
        assert!(timeout(SHORT, wait_any(&both)).await.is_err());
        let (answer, ()) = tokio::join!(wait_any(&both), async {
            tokio::time::sleep(SHORT).await;
            semaphore.release(1).unwrap();
        });
        assert_eq!(answer.unwrap(), 1);
        event.set().unwrap();
        semaphore.release(1).unwrap();
        assert_eq!(wait_any(&both).await.unwrap(), 0, "the first in the list");
        assert_eq!(wait_any(&both).await.unwrap(), 1);
        assert!(timeout(SHORT, wait_any(&both)).await.is_err());
        assert!(wait_any(&[]).await.unwrap_err().is(ErrorKind::InvalidArgument));
    });
}

#[test]
fn a_manual_reset_event_lets_all_tasks_through() {
    let runtime = two_threads();
    let name = object_name(&unique_name("aio-manual"));
    let event = Event::create(&name, &EventOptions::new(Reset::Manual)).unwrap();
    run(&runtime, async {
        let mut waiting = JoinSet::new();
        for _ in 0..100 {
            let event = event.clone();
            waiting.spawn(async move { wait(&event).await.unwrap() });
        }
        tokio::time::sleep(SHORT).await;
        event.set().unwrap();
        waiting.join_all().await;
        assert!(event.try_wait().unwrap(), "it stays set");
        event.reset().unwrap();
        assert!(still_waits(&event).await);
    });
}

/// As for threads (C23). On Windows a waiter's thread may miss it between two waits.
#[cfg(target_os = "linux")]
#[test]
fn a_set_lets_tasks_through_also_when_a_reset_follows() {
    let runtime = one_thread();
    let name = object_name(&unique_name("aio-pulse"));
    let event = Event::create(&name, &EventOptions::new(Reset::Manual)).unwrap();
    run(&runtime, async {
        for _ in 0..100 {
            let (answer, ()) = tokio::join!(wait(&event), async {
                event.set().unwrap();
                event.reset().unwrap();
            });
            answer.unwrap();
        }
    });
}

/// More than one thread's worth, each told in turn.
#[test]
fn a_thousand_events_are_awaited_by_few_threads() {
    const COUNT: usize = 1000;
    let runtime = one_thread();
    let region = Region::anonymous(&CreateOptions::new(64 * COUNT as u64)).unwrap();
    let view = region.view(.., Access::ReadWrite).unwrap();
    let options = EventOptions::new(Reset::Auto);
    let events: Vec<_> =
        (0..COUNT).map(|index| SharedEvent::create(&view, 64 * index, &options).unwrap()).collect();
    run(&runtime, async {
        let mut waiting = JoinSet::new();
        for (index, event) in events.iter().cloned().enumerate() {
            waiting.spawn(async move {
                wait(&event).await.unwrap();
                index
            });
        }
        tokio::time::sleep(SHORT).await;
        #[cfg(target_os = "linux")]
        {
            // Beside the other tests of this process.
            let count = waiters();
            assert!((1..=32).contains(&count), "{count} threads wait");
        }
        for index in (0..COUNT).step_by(97) {
            events[index].set().unwrap();
            assert_eq!(waiting.join_next().await.unwrap().unwrap(), index);
        }
        events.iter().for_each(|event| event.set().unwrap());
        waiting.join_all().await;
        // By one task, as well.
        let leftover = (0..COUNT).step_by(97);
        leftover.for_each(|index| assert!(events[index].try_wait().unwrap()));
        let all: Vec<&dyn Awaitable> = events.iter().map(|event| event as &dyn Awaitable).collect();
        assert!(timeout(SHORT, wait_any(&all)).await.is_err());
        let (answer, ()) = tokio::join!(wait_any(&all), async {
            tokio::time::sleep(SHORT).await;
            events[COUNT - 1].set().unwrap();
        });
        assert_eq!(answer.unwrap(), COUNT - 1);
    });
}

/// Each permit is taken by a wait that ended, or is there at the end.
#[test]
fn no_permit_is_lost_in_a_storm_of_cancelled_waits() {
    const PERMITS: u32 = 2000;
    let runtime = two_threads();
    let semaphore = semaphore("aio-storm", 0);
    let taken = Arc::new(AtomicU32::new(0));
    run(&runtime, async {
        let mut takers = JoinSet::new();
        for number in 0..64u64 {
            let (semaphore, taken) = (semaphore.clone(), Arc::clone(&taken));
            takers.spawn(async move {
                let patience = Duration::from_micros(50 * (number % 40));
                while taken.load(Ordering::Relaxed) < PERMITS / 2 {
                    if let Ok(answer) = timeout(patience, wait(&semaphore)).await {
                        answer.unwrap();
                        taken.fetch_add(1, Ordering::Relaxed);
                    }
                    tokio::task::yield_now().await;
                }
            });
        }
        let releases = semaphore.clone();
        let releaser = tokio::task::spawn_blocking(move || {
            for number in 0..PERMITS {
                releases.release(1).unwrap();
                if number % 16 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        releaser.await.unwrap();
        takers.join_all().await;
        let mut left = 0;
        while semaphore.try_wait().unwrap() {
            left += 1;
        }
        assert_eq!(taken.load(Ordering::Relaxed) + left, PERMITS);
    });
}

/// The signal that a cancelled wait leaves reaches a thread that waits for it.
#[test]
fn a_cancelled_wait_leaves_its_signal_to_the_others() {
    let runtime = one_thread();
    let event = event("aio-cancel");
    for round in 0..200u64 {
        let waiter = std::thread::spawn({
            let event = event.clone();
            move || event.wait_timeout(DEADLINE).unwrap()
        });
        run(&runtime, async {
            let cancelled = tokio::spawn({
                let event = event.clone();
                async move { wait(&event).await.unwrap() }
            });
            tokio::time::sleep(Duration::from_micros(30 * (round % 50))).await;
            event.set().unwrap();
            cancelled.abort();
            if cancelled.await.is_ok() {
                // It was faster.
                event.set().unwrap();
            }
        });
        assert!(waiter.join().unwrap(), "round {round}");
        assert!(!event.try_wait().unwrap(), "round {round}");
    }
}

/// Nothing of a wait is left at a waiter's thread.
#[test]
fn an_object_ends_with_the_wait_for_it() {
    let runtime = one_thread();
    for round in 0..20 {
        let name = unique_name("aio-gone");
        let event = Event::create(&object_name(&name), &EventOptions::new(Reset::Auto)).unwrap();
        run(&runtime, async {
            assert!(timeout(Duration::from_millis(round % 3), wait(&event)).await.is_err());
        });
        drop(event);
        assert_nothing_left(&name);
    }
}

#[test]
fn a_killed_process_of_tasks_leaves_the_signals_to_others() {
    let event = event("aio-killed");
    for _ in 0..10 {
        let child = start("waits_for_an_event", &[&event.name().to_string()]);
        child.expect("waits");
        child.kill();
        event.set().unwrap();
        assert!(event.wait_timeout(DEADLINE).unwrap());
    }
}

/// Waits with many tasks until it is killed.
pub fn waits_for_an_event(arguments: &[String]) {
    let event = Event::open(&object_name(&arguments[0]), &OpenOptions::read_write()).unwrap();
    let runtime = two_threads();
    run(&runtime, async {
        let mut waiting = JoinSet::new();
        for _ in 0..10 {
            let event = event.clone();
            waiting.spawn(async move { wait(&event).await.unwrap() });
        }
        tokio::time::sleep(SHORT).await;
        say("waits");
        waiting.join_all().await;
    });
}

/// Receivers and their kin beside objects, each call a wait of its own.
#[test]
fn a_task_waits_for_messages_beside_objects() {
    const MESSAGES: u32 = 500;
    let runtime = one_thread();
    let options = ChannelOptions::new().capacity(512);
    let region = Region::anonymous(&CreateOptions::new(options.region_len().unwrap())).unwrap();
    let mut here = Channel::create_in(&region, &options).unwrap();
    let mut there = Channel::connect_in(&region, &options).unwrap();
    let name = object_name(&unique_name("aio-beside"));
    let mut publisher = Publisher::create(&name, &TopicOptions::new().capacity(4096)).unwrap();
    let mut subscriber = Subscriber::open(&name, &TopicOptions::new()).unwrap();
    let event =
        Event::create(&object_name(&unique_name("aio-beside-e")), &EventOptions::new(Reset::Auto)).unwrap();
    run(&runtime, async {
        assert!(timeout(SHORT, wait_any(&[&event, &*here.receiver(), &subscriber])).await.is_err());
        let (mut heard, mut seen, mut vain) = (0, 0, 0);
        let sending = std::thread::spawn(move || {
            for number in 0..MESSAGES {
                there.sender().send(&number.to_ne_bytes()).unwrap();
                publisher.publish(b"a frame").unwrap();
                std::thread::sleep(Duration::from_micros(u64::from(number % 7) * 20));
            }
            (there, publisher)
        });
        while heard < MESSAGES || seen < MESSAGES {
            match wait_any(&[&event, &*here.receiver(), &subscriber]).await.unwrap() {
                1 => match here.receiver().try_recv().unwrap() {
                    Some(_) => heard += 1,
                    None => vain += 1,
                },
                2 => match subscriber.try_recv().unwrap() {
                    Some(_) => seen += 1,
                    None => vain += 1,
                },
                index => panic!("{index}"),
            }
        }
        assert!(vain <= heard + seen, "{vain} in vain");
        event.set().unwrap();
        assert_eq!(wait_any(&[&event, &*here.receiver(), &subscriber]).await.unwrap(), 0);
        drop(sending.join().unwrap());
        assert_eq!(wait_any(&[&event, &*here.receiver()]).await.unwrap(), 1);
        assert!(here.receiver().try_recv().is_err_and(|error| error.is(ErrorKind::Closed)));
    });
}
