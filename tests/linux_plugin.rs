//! Plug-ins, which are closed while threads that used them live on, and what a thread that ends leaves behind.
//!
//! The plug-in is `platform/examples/plugin.rs`, which `cargo test` builds, and `cargo build -p samemap-platform --example
//! plugin`.

#![cfg(target_os = "linux")]

mod support;

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use samemap::Mutex;
use samemap::sync::SyncOptions;
use support::lacks;
use support::linux::child::{Start, play, say};
use support::linux::forked::fork;
use support::linux::shm::unique_name;

#[test]
fn a_thread_ends_after_the_library_that_locked_in_it_was_closed() {
    plays("closed_before_the_thread_ends");
}

#[test]
fn a_process_forks_after_the_library_that_held_something_was_closed() {
    plays("closed_before_a_fork");
}

/// Where the system has no room for a destructor, a thread that forgot its guard leaves the lock owned: by nobody else.
#[test]
fn a_new_thread_owns_nothing_of_one_that_ended() {
    plays("ends_with_a_lock");
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("closed_before_the_thread_ends", closed_before_the_thread_ends),
        ("closed_before_a_fork", closed_before_a_fork),
        ("ends_with_a_lock", ends_with_a_lock),
    ]);
}

#[track_caller]
fn plays(role: &str) {
    let Some(plugin) = plugin(role) else { return };
    let mut child = Start::role(role).argument(plugin.display()).start();
    child.expect("done");
    child.finish();
}

/// The plug-in, which lies beside this program's folder.
fn plugin(test: &str) -> Option<PathBuf> {
    let deps = support::linux::child::binary();
    let profile = deps.parent().and_then(|deps| deps.parent()).expect("target/PROFILE/deps/TEST");
    let path = profile.join("examples/libplugin.so");
    if !path.exists() {
        lacks(test, "the plug-in was not built; cargo build -p samemap-platform --example plugin does");
        return None;
    }
    Some(path)
}

// ---- the roles ----------------------------------------------------------------------------------------

struct Library(*mut c_void);

type Function = unsafe extern "C" fn(*const c_char) -> i32;

impl Library {
    fn open(path: &str) -> Library {
        let path = CString::new(path).expect("no NUL");
        // SAFETY: a text that ends in NUL; what the library does when it is loaded is Rust's.
        let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!library.is_null(), "{path:?} cannot be loaded");
        Library(library)
    }

    fn function(&self, name: &CStr) -> Function {
        // SAFETY: an open library, and the type that its functions have.
        unsafe {
            let symbol = libc::dlsym(self.0, name.as_ptr());
            assert!(!symbol.is_null(), "{name:?} is missing");
            std::mem::transmute::<*mut c_void, Function>(symbol)
        }
    }

    fn close(self) {
        // SAFETY: opened once; none of its functions is called from now on.
        assert_eq!(unsafe { libc::dlclose(self.0) }, 0);
    }
}

fn is_loaded(path: &str) -> bool {
    let path = CString::new(path).expect("no NUL");
    // SAFETY: a text that ends in NUL; nothing is loaded.
    !unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD) }.is_null()
}

fn closed_before_the_thread_ends(arguments: &[String]) {
    let name = CString::new(unique_name("plugin").to_string()).expect("no NUL");
    let library = Library::open(&arguments[0]);
    let locks = library.function(c"plugin_locks");
    let (locked, has_locked) = mpsc::channel();
    let (closed, is_closed) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        // SAFETY: a function of the library, which is open still, and a text that ends in NUL.
        locked.send(unsafe { locks(name.as_ptr()) }).expect("it is waited for");
        is_closed.recv().expect("it is told");
    });
    assert_eq!(has_locked.recv(), Ok(0));
    library.close();
    closed.send(()).expect("it waits");
    thread.join().expect("no panic");
    say("done");
}

fn closed_before_a_fork(arguments: &[String]) {
    let name = CString::new(unique_name("plugin").to_string()).expect("no NUL");
    let library = Library::open(&arguments[0]);
    let shares = library.function(c"plugin_shares");
    // SAFETY: a function of the library, which is open still, and a text that ends in NUL.
    assert_eq!(thread::spawn(move || unsafe { shares(name.as_ptr()) }).join().expect("no panic"), 0);
    library.close();
    assert!(!is_loaded(&arguments[0]), "a library that nothing needs is kept");
    fork(|| {}).finish();
    say("done");
}

fn ends_with_a_lock(_: &[String]) {
    let mut key = 0;
    // SAFETY: writes a number.
    while unsafe { libc::pthread_key_create(&raw mut key, None) } == 0 {}
    let mutex = Mutex::create(&unique_name("ended"), &SyncOptions::new()).expect("a free name");
    thread::scope(|scope| {
        // One after the other, so that the second has the first one's stack and thread-local storage.
        scope.spawn(|| std::mem::forget(mutex.lock().expect("a mutex"))).join().expect("no panic");
        for _ in 0..4 {
            let owns = scope.spawn(|| mutex.try_lock().expect("a mutex").is_some());
            assert!(!owns.join().expect("no panic"), "a thread that took nothing owns the lock");
        }
    });
    say("done");
}
