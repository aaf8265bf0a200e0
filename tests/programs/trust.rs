//! Whose regions the client opens: its own and the system's, and those of the user that `--trust` names.

use crate::support::{client, run, unique_name, with};

#[test]
fn whom_to_trust_is_an_id_or_anyone() {
    for wrong in ["", "bob", "-1", "10x"] {
        let outcome = run(with(client(&unique_name("no-id")), &[&format!("--trust={wrong}")]));
        assert_eq!(outcome.status.code(), Some(2), "{outcome:#?}");
        assert!(outcome.stderr.contains("anyone"), "{outcome:#?}");
    }
    for right in ["0", "1000", "S-1-5-18", "anyone"] {
        let outcome = run(with(client(&unique_name("no-server")), &[&format!("--trust={right}")]));
        outcome.assert_error(&["start samemap-server"]);
    }
}

/// What the refusal says to do helps.
#[cfg(target_os = "linux")]
#[test]
fn the_client_opens_another_users_region_when_told_to() {
    use crate::support::client_transcript;
    use crate::support::linux::shm::unique_global_name;
    use crate::support::linux::users::{ALICE, User, root_or_aside};
    if !root_or_aside("the_client_opens_another_users_region_when_told_to") {
        return;
    }
    let name = unique_global_name("another-users").to_string();
    let mut alice = User::start(ALICE);
    alice.must(&format!("create {name} everyone-ro"));
    let remedy = format!("--trust {ALICE}");
    run(client(&name)).assert_error(&[&name, &format!("belongs to user {ALICE}"), &remedy]);
    run(with(client(&name), &["--trust=1"])).assert_error(&[&remedy]);
    for trust in [&ALICE.to_string(), "anyone"] {
        let outcome = run(with(client(&name), &["--trust", trust]));
        outcome.assert_success();
        assert_eq!(outcome.stdout, client_transcript(&name, ""));
    }
    alice.must("drop");
}
