//! What a program says, read by a thread as it comes.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use super::basics::DEADLINE;

/// What a stream has brought so far, and whether it has ended.
#[derive(Debug, Default)]
pub struct Captured {
    state: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

impl Captured {
    /// Reads so many lines of a stream; then the reader is gone, as `head` would be.
    pub fn read<S: Read + Send + 'static>(stream: Option<S>, lines: usize) -> Arc<Self> {
        let captured = Arc::new(Captured::default());
        if lines == 0 {
            // Gone before the program has so much as started.
            drop(stream);
            captured.change(|state| state.1 = true);
            return captured;
        }
        let shared = Arc::clone(&captured);
        let mut stream = stream.expect("a pipe");
        thread::spawn(move || {
            let mut left = lines;
            // Byte by byte where the reader goes early: it has not read what follows.
            let mut bytes = vec![0; if lines == usize::MAX { 4096 } else { 1 }];
            while left > 0 {
                let Ok(count @ 1..) = stream.read(&mut bytes) else { break };
                shared.change(|state| state.0.extend_from_slice(&bytes[..count]));
                left -= bytes[..count].iter().filter(|&&byte| byte == b'\n').count();
            }
            // The reader is gone before anybody learns that it is.
            drop(stream);
            shared.change(|state| state.1 = true);
        });
        captured
    }

    fn change(&self, change: impl FnOnce(&mut (Vec<u8>, bool))) {
        change(&mut self.state.lock().expect("no panic while locked"));
        self.changed.notify_all();
    }

    /// Waits until `find` finds something in the bytes so far, told whether they are all; nothing at their end or
    /// the deadline.
    pub fn wait<T>(&self, find: impl Fn(&[u8], bool) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.state.lock().expect("no panic while locked");
        loop {
            if let Some(found) = find(&state.0, state.1) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.1 || left.is_zero() {
                return None;
            }
            state = self.changed.wait_timeout(state, left).expect("no panic while locked").0;
        }
    }

    pub fn has_ended(&self) -> bool {
        self.state.lock().expect("no panic while locked").1
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.state.lock().expect("no panic while locked").0).into_owned()
    }
}
