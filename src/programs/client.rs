//! The second process of the sample: opens the region and reads the message.

use std::process::ExitCode;

use crate::names::UserId;
use crate::regions::MapRequest;
use crate::{Access, Error, ErrorKind, ObjectName, OpenOptions, Region, Trust};
use clap::{Args, Parser};

use super::ending::{self, Endings};
use super::output::{self, printable};
use super::reply;
use super::stop::Stop;

/// What comes first in the `--help` of the client.
pub(crate) const HELP: &str = "\
With --reply the client waits for at most 5 seconds for its turn, and for at most 5
until the server has taken the reply.";

/// Opens a named shared memory, reads the message in it, and holds it until it is told to end
#[derive(Debug, Parser)]
#[command(name = "samemap-client", version, after_help = ending::help_with(HELP))]
struct Cli {
    #[command(flatten)]
    args: ClientArgs,
}

/// What the client may be asked for.
#[derive(Args, Debug)]
pub(crate) struct ClientArgs {
    /// Name of the region: Local\NAME, Global\NAME, or NAME for Local\NAME
    #[arg(long, default_value = super::DEFAULT_NAME)]
    name: String,
    /// Where the view starts in the region, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    offset: u64,
    /// Size of the view in bytes
    #[arg(long, value_name = "BYTES", default_value_t = super::DEFAULT_VIEW_SIZE)]
    view_size: u64,
    /// Text to send back to a server that waits for it (samemap-server --duplex)
    #[arg(long, value_name = "TEXT")]
    reply: Option<String>,
    /// Also opens a region of this user (an id as the system writes it: 1000, S-1-5-…), or of anyone
    #[arg(long, value_name = "USER|anyone", value_parser = trust)]
    trust: Option<Trust>,
}

/// A name would match no id, and the user would not be told.
fn trust(text: &str) -> std::result::Result<Trust, &'static str> {
    let is_id =
        text.starts_with("S-1-") || !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text {
        "anyone" => Ok(Trust::Anyone),
        id if is_id => Ok(Trust::User(UserId::new(id))),
        _ => Err(
            "it takes anyone, or a user's id as the system writes it, such as 1000 or S-1-5-21-1-2-3-1001",
        ),
    }
}

/// The line in front of the text that was read.
pub(crate) const READ: &str = "Read from the file mapping:";

/// The program `samemap-client`.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    ending::conclude("samemap-client", run(&cli.args))
}

/// Runs the client.
pub(crate) fn run(args: &ClientArgs) -> Result<(), Stop> {
    let name = ObjectName::new(&args.name)?;
    args.reply.as_deref().map_or(Ok(()), reply::check_length)?;
    // A client holds the region too: when it is the last one out, it leaves nothing behind either.
    let endings = Endings::listen()?;
    let trust = args.trust.clone().unwrap_or_default();
    let options = OpenOptions::read_only().trust(trust.clone());
    let region = Region::open(&name, &options).map_err(with_advice)?;
    output::line(&format!("The file mapping ({}) is opened", printable(&name.to_string())))?;
    let request = MapRequest::new(args.offset, args.view_size, Access::ReadOnly);
    let view = region.map(&request).map_err(with_advice)?;
    output::line("The file view is mapped")?;
    let text = view.read_utf16(0)?;
    output::line(READ)?;
    output::line(&format!("\"{}\"", printable(&text)))?;
    if let Some(reply) = &args.reply {
        reply::send(&name, reply, trust)?;
        output::line("This reply is sent to the server:")?;
        output::line(&format!("\"{}\"", printable(reply)))?;
    }
    output::line(output::PRESS_ENTER)?;
    endings.wait()?;
    drop(view);
    drop(region);
    Ok(())
}

fn with_advice(error: Error) -> Error {
    match error.kind().clone() {
        ErrorKind::NotFound => error.with_detail(
            "nobody holds a region of this name; start samemap-server with the same --name, leave it running, and try again",
        ),
        ErrorKind::OutOfRange { offset, len, region_len } => error.with_detail(format!(
            "{len} bytes at offset {offset} do not lie inside its {region_len} bytes; ask for a smaller --view-size or --offset"
        )),
        ErrorKind::UntrustedOwner { owner } => error.with_detail(untrusted(owner.as_ref())),
        _ => error,
    }
}

fn untrusted(owner: Option<&UserId>) -> String {
    match owner {
        Some(owner) => format!(
            "it belongs to user {owner}, whose regions are not accepted; if that is the user you expect, add --trust {owner}"
        ),
        None => {
            "its owner cannot be told; if you know that it is the right one, add --trust anyone".to_owned()
        }
    }
}
