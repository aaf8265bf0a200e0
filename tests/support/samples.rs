//! The programs of this package, and what they say.

use std::process::Command;

/// The last line of the transcripts.
pub const PRESS_ENTER: &str = "Press ENTER to clean up resources and quit\n";

/// The server with its region's name.
#[cfg(feature = "cli")]
pub fn server(name: &str) -> Command {
    named(env!("CARGO_BIN_EXE_samemap-server"), name)
}

/// The client with its region's name.
#[cfg(feature = "cli")]
pub fn client(name: &str) -> Command {
    named(env!("CARGO_BIN_EXE_samemap-client"), name)
}

/// The tool with a subcommand.
#[cfg(feature = "cli")]
pub fn tool(subcommand: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_samemap"));
    command.arg(subcommand);
    command
}

fn named(program: &str, name: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(format!("--name={name}"));
    command
}

/// The same command with these arguments too.
pub fn with(mut command: Command, args: &[&str]) -> Command {
    command.args(args);
    command
}

/// What the server says, to the byte.
pub fn server_transcript(name: &str, message: &str) -> String {
    format!(
        "The file mapping ({name}) is created\nThe file view is mapped\nThis message is written to the view:\n\"{message}\"\n{PRESS_ENTER}"
    )
}

/// What the client says, to the byte.
pub fn client_transcript(name: &str, message: &str) -> String {
    format!(
        "The file mapping ({name}) is opened\nThe file view is mapped\nRead from the file mapping:\n\"{message}\"\n{PRESS_ENTER}"
    )
}

/// The message that the server writes unless told otherwise.
pub const MESSAGE: &str = "Message from the first process.";
