//! Start-up of the programs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::report::{Report, Subject};
use super::rounds::{self, Plan, Rival};

/// `samemap-client` with no server, beside a program that does nothing.
pub fn measure(plan: Plan, report: &mut Report) {
    let Some(client) = client() else {
        println!("\nstart-up: samemap-client is not built; build it first: cargo build --release --bins");
        return;
    };
    let name = format!("nobody-{}", std::process::id());
    let mut rivals = [
        Rival::floor("/bin/true", || run(Command::new("/bin/true"), 0)),
        Rival::ours("samemap-client", || {
            let mut command = Command::new(&client);
            command.args(["--name", &name]);
            run(command, 1);
        }),
    ];
    let times = rounds::run(plan, &mut rivals);
    report.add(Subject { bench: "start a program, wait for its end", size: 0 }, times);
}

fn run(mut command: Command, status: i32) {
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert_eq!(ended.expect("the program starts").code(), Some(status));
}

/// Beside this program, where cargo puts both.
fn client() -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?.with_file_name("samemap-client");
    path.exists().then_some(path)
}
