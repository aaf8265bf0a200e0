//! What the other processes do.

use crate::common::*;

pub fn opener(arguments: &[String]) {
    let access = if arguments[1] == "rw" { Access::ReadWrite } else { Access::ReadOnly };
    let region = Region::open(&name(&arguments[0]), &OpenOptions::new(access)).expect("held");
    let what = if region.is_over_file() { "over-file" } else { "memory" };
    println!("opened {} {what} {}", region.len(), text_of(&region));
    for line in part::lines() {
        match line.strip_prefix("write ") {
            Some(text) => {
                let view = region.view(.., Access::ReadWrite).expect("all");
                view.write(0, text.as_bytes()).expect("in range");
                println!("written");
            }
            None => println!("{}", text_of(&region)),
        }
    }
}

pub fn creator(arguments: &[String]) {
    let _region =
        Region::create_over_file(&name(&arguments[0]), arguments[1].as_str(), &FileOptions::read_only())
            .expect("free");
    println!("created");
    part::lines().for_each(drop);
}

pub fn toucher(arguments: &[String]) {
    let region = Region::over_file(arguments[0].as_str(), &FileOptions::read_write()).expect("a file");
    let view = region.view(.., Access::ReadWrite).expect("all");
    println!("mapped {}", view.get::<u8>(99_999).expect("in range"));
    for line in part::lines() {
        if line == "map" {
            println!("{:?}", kind(region.view(.., Access::ReadOnly)));
            let left = region.view(..10, Access::ReadOnly).expect("what is left");
            let byte = |at: usize| view.get::<u8>(at).expect("in range");
            println!("left {} {} {}", left.get::<u8>(9).expect("in range"), byte(9), byte(10));
        } else {
            println!("survived {}", view.get::<u8>(99_999).expect("in range"));
        }
    }
}

/// Owns the lock in the file that is its standard input, until it is killed.
pub fn owner(_: &[String]) {
    let region = Region::over_file(standard_input(), &FileOptions::read_write()).expect("a file");
    let view = region.view(.., Access::ReadWrite).expect("all");
    let mutex = SharedMutex::<u64>::open(&view, 0).expect("it was made");
    let guard = mutex.lock().expect("a mutex");
    println!("owned {}", guard.update(|value| value + 1).expect("in range") - 1);
    // The test kills it; if the test is gone, it ends by itself.
    std::thread::sleep(PATIENCE);
}

#[cfg(unix)]
fn standard_input() -> File {
    use std::os::fd::AsFd as _;
    std::io::stdin().as_fd().try_clone_to_owned().expect("it is open").into()
}

#[cfg(windows)]
fn standard_input() -> File {
    use std::os::windows::io::AsHandle as _;
    std::io::stdin().as_handle().try_clone_to_owned().expect("it is open").into()
}
