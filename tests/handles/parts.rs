//! What the other processes do.

use crate::common::*;

/// Adopts what its arguments name, and says what it got.
pub fn holder(keys: &[String]) {
    let mut held: Vec<(String, Region)> = Vec::new();
    for key in keys {
        if key == "wait" {
            println!("waiting");
            part::lines().next();
            continue;
        }
        match Region::adopt(key) {
            Ok(region) => held.push((key.clone(), region)),
            Err(error) => println!("{key}: {:?} {}", error.kind(), text_behind_colon(&error)),
        }
    }
    obey(&held);
}

pub fn adder(keys: &[String]) {
    let region = Region::adopt(&keys[0]).expect("offered");
    let byte = byte_of(&region);
    view_of(&region).put(0, &(byte + 1)).expect("in range");
}

/// Is told nonsense first, then of an offer that is gone, and then what was offered.
pub fn retrier(keys: &[String]) {
    let key = &*keys[0];
    let variable = format!("SAMEMAP_OFFER_{key}");
    let offer = std::env::var(&variable).expect("offered");
    // The last number belongs to what is offered: a nonce, or a file's.
    let (rest, last) = offer.rsplit_once(':').expect("numbers");
    let other = format!("{rest}:{}", last.parse::<u64>().expect("a number") ^ 1);
    let told = |text: &str| {
        // SAFETY: this program's only test runs, and no other thread looks at the environment.
        unsafe { std::env::set_var(&variable, text) };
        Region::adopt(key)
    };
    for wrong in ["nonsense", &other] {
        println!("failed: {:?}", told(wrong).expect_err("wrong").kind());
    }
    let region = told(&offer).expect("neither attempt took it");
    obey(&[(key.to_owned(), region)]);
}

pub fn sender(arguments: &[String]) {
    send(arguments, false);
}

pub fn killed_sender(arguments: &[String]) {
    send(arguments, true);
}

/// Receives so many, and says what it got.
pub fn receiver(arguments: &[String]) {
    let mut courier = Meeting::receive_at(&arguments[0]);
    let count: usize = arguments[1].parse().expect("a number");
    let receive = |at: usize| (at.to_string(), courier.receive(&Trust::default()).expect("sent"));
    obey(&(0..count).map(receive).collect::<Vec<_>>());
}

fn send(arguments: &[String], stays: bool) {
    let mut courier = Meeting::send_at(&arguments[0], arguments[2].parse().expect("a number"));
    let region = Region::create(&name(&arguments[1]), &CreateOptions::new(1)).expect("free");
    let memory = Region::anonymous(&CreateOptions::new(1)).expect("memory");
    for (region, byte) in [(&region, 42u8), (&memory, 43)] {
        view_of(region).put(0, &byte).expect("in range");
        courier.send(region, Access::ReadWrite).expect("sent");
    }
    println!("sent");
    if !stays {
        drop((region, memory, courier));
    }
    part::lines().for_each(drop);
}

/// Says what is held, and does what is typed.
fn obey(held: &[(String, Region)]) {
    for (key, region) in held {
        let (len, access, over_file) = (region.len(), region.access(), region.is_over_file());
        println!("{key} {len} {access:?} {over_file} {:?} {}.", region.name(), byte_of(region));
    }
    println!("ready");
    for line in part::lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let (key, region) = held.iter().find(|(key, _)| key == words[1]).expect("a region of this name");
        match words[0] {
            "get" => println!("{key} holds {}.", byte_of(region)),
            "set" => match region.view(.., Access::ReadWrite) {
                Ok(view) => {
                    view.put(0, &words[2].parse::<u8>().expect("a number")).expect("in range");
                    println!("{key} is set to {}.", words[2]);
                }
                Err(error) => println!("{key} cannot be set: {:?}.", error.kind()),
            },
            _ => {
                view_of(region).flush(..).expect("a disk");
                println!("{key} is flushed.");
            }
        }
    }
}
