//! Torn values, which nobody sees.

use crate::common::*;

/// A process that writes as fast as it can, and readers that look at every byte.
#[test]
fn no_reader_sees_a_torn_value() {
    let seconds = number("SAMEMAP_TORN_SECONDS", 5);
    let (pages, bytes) = (unique("torn-pages"), unique("torn-bytes"));
    let writers = [("page_writer", &pages), ("bytes_writer", &bytes)].map(|(body, name)| part(body, name));
    writers.iter().for_each(|writer| writer.wait_for_output("writing."));
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let read = std::thread::scope(|scope| {
        let readers =
            [scope.spawn(|| read_pages(&pages, deadline)), scope.spawn(|| read_bytes(&bytes, deadline))];
        readers.map(|reader| reader.join().unwrap())
    });
    for Found { read, newest, given_up } in read {
        println!("{read} read of {newest} written, {given_up} times given up");
        assert!(read > 100 && newest > read / 100, "{read} read of {newest} written");
    }
    writers.into_iter().for_each(|writer| writer.kill());
}

/// What a reader has found.
#[derive(Default)]
struct Found {
    /// How many values.
    read: u64,
    /// The number of the last one.
    newest: u64,
    /// How often the writer was faster in all of its tries.
    given_up: u64,
}

impl Found {
    /// Counts what `read` reads until then, and checks that it is newer each time.
    fn until(deadline: Instant, mut read: impl FnMut(u64) -> samemap::Result<Option<u64>>) -> Found {
        let mut found = Found::default();
        while Instant::now() < deadline {
            match read(found.newest) {
                Ok(None) => {}
                Ok(Some(sequence)) => {
                    assert!(sequence > found.newest);
                    (found.newest, found.read) = (sequence, found.read + 1);
                }
                // A machine with more to do than processors may stop a reader in each of its tries.
                Err(error) if error.is(ErrorKind::Contended) => found.given_up += 1,
                Err(error) => panic!("{error}"),
            }
        }
        found
    }
}

fn read_pages(name: &ObjectName, deadline: Instant) -> Found {
    let latest = Latest::<Page>::open(name, &LatestOptions::new()).unwrap();
    let mut value = [0; 512];
    Found::until(deadline, |newest| {
        let read = latest.read_into(newest, &mut value)?;
        read.iter().for_each(|&sequence| check_page(sequence, &value));
        Ok(read)
    })
}

fn read_bytes(name: &ObjectName, deadline: Instant) -> Found {
    let latest = LatestBytes::open(name, &LatestOptions::new()).unwrap();
    let mut value = Vec::new();
    Found::until(deadline, |newest| {
        let read = latest.read_into(newest, &mut value)?;
        read.iter().for_each(|&sequence| check_bytes(sequence, &value));
        Ok(read)
    })
}

pub fn page_writer(arguments: &[String]) {
    let name = &name(&arguments[0]);
    let mut writer = LatestWriter::<Page>::create(name, &LatestOptions::new()).unwrap();
    println!("writing.");
    loop {
        writer.write(&page_of(writer.newest() + 1)).unwrap();
    }
}

const MAX_LEN: usize = 4096;

pub fn bytes_writer(arguments: &[String]) {
    let name = &name(&arguments[0]);
    let mut writer = LatestBytesWriter::create(name, MAX_LEN, &LatestOptions::new()).unwrap();
    println!("writing.");
    loop {
        writer.write(&bytes_of(writer.newest() + 1)).unwrap();
    }
}

fn bytes_of(sequence: u64) -> Vec<u8> {
    let len = (sequence.wrapping_mul(2_654_435_761) >> 3) as usize % MAX_LEN;
    vec![(sequence % 251) as u8; len]
}

#[track_caller]
fn check_bytes(sequence: u64, bytes: &[u8]) {
    assert!(bytes == bytes_of(sequence), "torn: number {sequence}, {bytes:?}");
}
