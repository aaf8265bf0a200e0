//! Where objects lie: in the directory that is asked for, if nobody else can take away what lies there (C3, C20).

#![cfg(target_os = "linux")]

mod support;

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use samemap::{CreateOptions, ErrorKind, ObjectName, OpenOptions, Region, catalog};
use support::linux::child::{Child, Start, binary, hear, play, play_sandboxed, say};
use support::linux::sandbox;
use support::linux::shm::{
    assert_no_file, assert_not_found, id_of, kind_of, name, set_mode, system_name, unique_global_name,
    unique_name, view_of,
};
use support::linux::users::{as_users, root_or_aside};

const VARIABLE: &str = "SAMEMAP_DIR";
const MARK: u64 = 0x5A3E_D112;
/// A user that has nothing.
const BOB: u32 = 54_322;

/// A directory of the test's own, which goes with it.
struct Own(PathBuf);

impl Own {
    fn new(mode: u32) -> Own {
        let path = std::env::temp_dir().join(unique_name("directory").rest());
        std::fs::create_dir(&path).expect("a free name");
        set_mode(&path, mode);
        Own(path)
    }

    fn text(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }

    fn entries(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("it is there");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn start_in(directory: &str, role: &str, name: &ObjectName) -> Child {
    Start::role(role).argument(name).env(VARIABLE, directory).start()
}

#[test]
fn objects_lie_where_the_variable_says_and_nowhere_else() {
    for mode in [0o700, 0o1777] {
        let (own, name) = (Own::new(mode), unique_name("asked"));
        let mut creator = start_in(own.text(), "creates", &name);
        creator.expect("made");
        assert_eq!(own.entries(), [system_name(&name).trim_start_matches('/')]);
        assert_no_file(&name);
        assert_not_found(&name);
        let mut opener = start_in(own.text(), "opens", &name);
        opener
            .expect(&format!("{MARK} {}", own.0.join(system_name(&name).trim_start_matches('/')).display()));
        opener.finish();
        creator.kill();
        let mut sweeper = start_in(own.text(), "reclaims", &name);
        sweeper.expect(&format!("{:?}", [system_name(&name)]));
        sweeper.finish();
        assert!(own.entries().is_empty(), "{:?}", own.entries());
    }
}

#[test]
fn a_directory_in_which_others_can_replace_things_is_refused() {
    let open_to_all = Own::new(0o777);
    let below = open_to_all.0.join("below");
    std::fs::create_dir(&below).expect("a free name");
    let closed = Own::new(0o700);
    let file = closed.0.join("file");
    std::fs::write(&file, "").expect("a file");
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let mut cases = vec![
        (text(&open_to_all.0), "may be written to by others"),
        (text(&below), "may be written to by others"),
        (text(&file), "is no directory"),
        (text(&closed.0.join("missing")), "cannot be reached"),
        ("objects".to_owned(), "no absolute path"),
        ("/proc/self".to_owned(), "its file system"),
    ];
    let strangers = Own::new(0o755);
    if root_or_aside("a_directory_in_which_others_can_replace_things_is_refused") {
        chown(&strangers.0, Some(BOB), Some(BOB)).expect("root may");
        cases.push((text(&strangers.0), "belongs to user 54322"));
    }
    for (directory, why) in cases {
        let mut child = start_in(&directory, "fails", &unique_name("refused"));
        for operation in ["create", "open", "list"] {
            let heard = child.hear();
            assert!(heard.starts_with("InvalidArgument: "), "{operation} in {directory}: {heard}");
            assert!(heard.contains(why) && heard.contains(VARIABLE), "{operation} in {directory}: {heard}");
        }
        child.expect("None");
        child.finish();
    }
}

#[test]
fn a_program_chooses_once() {
    let own = [Own::new(0o700), Own::new(0o700)];
    let mut child = start_in(own[1].text(), "chooses", &unique_name("chosen"));
    child.say(own[0].text());
    child.say(own[1].text());
    child.expect("Ok(()) Ok(()) Some(InvalidArgument)");
    child.finish();
}

#[test]
fn without_the_usual_directory_each_user_has_one() {
    let test = "without_the_usual_directory_each_user_has_one";
    play_sandboxed(test, Start::role("has_no_shm"));
}

#[test]
fn a_program_with_more_rights_does_not_hear_the_variable() {
    as_users("a_program_with_more_rights_does_not_hear_the_variable", "has_more_rights");
}

#[test]
#[ignore = "the body of this file's child processes"]
fn child_entry() {
    play(&[
        ("creates", creates),
        ("opens", opens),
        ("reclaims", reclaims),
        ("fails", fails),
        ("chooses", chooses),
        ("has_no_shm", has_no_shm),
        ("has_more_rights", has_more_rights),
        ("tells", tells),
    ]);
}

fn creates(arguments: &[String]) {
    let region = Region::create(&name(&arguments[0]), &CreateOptions::new(4096)).expect("a free name");
    view_of(&region).put(0, &MARK).expect("in range");
    say("made");
    hear();
}

fn opens(arguments: &[String]) {
    let name = name(&arguments[0]);
    let region = Region::open(&name, &OpenOptions::read_only()).expect("it is held");
    let path = catalog::data_path(&name).expect("shm_open does not reach it");
    say(&format!("{} {}", id_of(&region), path.display()));
}

fn reclaims(_arguments: &[String]) {
    say(&format!("{:?}", catalog::reclaim().expect("it may").removed));
}

fn fails(arguments: &[String]) {
    let name = name(&arguments[0]);
    let errors = [
        Region::create(&name, &CreateOptions::new(4096)).expect_err("refused"),
        Region::open(&name, &OpenOptions::read_only()).expect_err("refused"),
        catalog::list().expect_err("refused"),
    ];
    for error in errors {
        say(&format!("{:?}: {error}", error.kind()));
    }
    say(&format!("{:?}", catalog::directory()));
}

fn chooses(arguments: &[String]) {
    let (first, second) = (hear(), hear());
    let set = catalog::set_directory(&first);
    // The call comes before the variable.
    drop(Region::create(&name(&arguments[0]), &CreateOptions::new(1)).expect("a free name"));
    assert_eq!(catalog::directory(), Some(PathBuf::from(&first)));
    let [same, other] = [first, second].map(catalog::set_directory);
    say(&format!("{set:?} {same:?} {:?}", kind_of(other)));
}

fn has_no_shm(_arguments: &[String]) {
    sandbox::mount_tmpfs(c"/tmp", c"mode=1777");
    sandbox::mount_tmpfs(c"/dev", c"mode=755");
    // SAFETY: this process has one thread.
    unsafe { std::env::remove_var("XDG_RUNTIME_DIR") };
    let name = unique_name("without");
    let region = Region::create(&name, &CreateOptions::new(4096)).expect("a free name");
    let directory = catalog::directory().expect("one of this user's own");
    assert_eq!(directory.metadata().expect("it is there").mode() & 0o7777, 0o700);
    assert_eq!(catalog::data_path(&name), Some(directory.join(system_name(&name).trim_start_matches('/'))));
    assert_eq!(Region::open(&name, &OpenOptions::read_only()).expect("it is held").len(), 4096);
    drop(region);
    assert_not_found(&name);
    let global = unique_global_name("without");
    let error =
        Region::create(&global, &CreateOptions::new(1)).expect_err("other users have other directories");
    assert!(error.is(ErrorKind::Unsupported));
    assert!(error.to_string().contains("mount a tmpfs there"), "{error}");
}

/// A set-user-id copy of this very program, on a file system that allows it.
fn has_more_rights(_arguments: &[String]) {
    sandbox::mount_tmpfs(c"/mnt", c"mode=755");
    let (copy, directory) = (Path::new("/mnt/program"), Path::new("/mnt/objects"));
    std::fs::copy(binary(), copy).expect("room");
    std::fs::create_dir(directory).expect("a free name");
    for (mode, heard) in [(0o755, "/mnt/objects"), (0o4755, "/dev/shm")] {
        set_mode(copy, mode);
        let mut child = Start::copy(copy, "tells").env(VARIABLE, "/mnt/objects").of_user(BOB).start();
        child.expect(heard);
        child.finish();
    }
}

fn tells(_arguments: &[String]) {
    say(&catalog::directory().expect("it may be used").display().to_string());
}
