//! The first process of the sample: creates the region and writes the message.

use std::process::ExitCode;

use crate::regions::MapRequest;
use crate::{Access, CreateOptions, Error, ErrorKind, ObjectName, Region};
use clap::{Args, Parser};

use super::ending::{self, Endings};
use super::output::{self, printable};
use super::reply::WayBack;
use super::stop::Stop;

/// What comes first in the `--help` of the server.
pub(crate) const HELP: &str = "\
With --duplex the reply comes through a channel called NAME.duplex. The first reply
counts; a client that ends without one leaves the server waiting. What ends the
program ends the wait, too.";

/// Creates a named shared memory, writes a message to it, and holds it until it is told to end
#[derive(Debug, Parser)]
#[command(name = "samemap-server", version, after_help = ending::help_with(HELP))]
struct Cli {
    #[command(flatten)]
    args: ServerArgs,
}

/// What the server may be asked for.
#[derive(Args, Debug)]
pub(crate) struct ServerArgs {
    /// Name of the region: Local\NAME, Global\NAME, or NAME for Local\NAME
    #[arg(long, default_value = super::DEFAULT_NAME)]
    name: String,
    /// Size of the region in bytes, rounded up to whole pages
    #[arg(long, value_name = "BYTES", default_value_t = 65536)]
    size: u64,
    /// Where the view starts in the region, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    offset: u64,
    /// Size of the view in bytes
    #[arg(long, value_name = "BYTES", default_value_t = super::DEFAULT_VIEW_SIZE)]
    view_size: u64,
    /// Text to write at the start of the view, as UTF-16LE with a NUL behind it
    #[arg(long, value_name = "TEXT", default_value = super::DEFAULT_MESSAGE)]
    message: String,
    /// Waits for one reply of a client (samemap-client --reply) and prints it
    #[arg(long)]
    duplex: bool,
}

/// The program `samemap-server`.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    ending::conclude("samemap-server", run(&cli.args))
}

/// Runs the server.
pub(crate) fn run(args: &ServerArgs) -> Result<(), Stop> {
    let name = ObjectName::new(&args.name)?;
    check_message(args)?;
    let endings = Endings::listen()?;
    // Made first, so that it is there when a client has read the message; an error of the region is reported first.
    let way_back = args.duplex.then(|| WayBack::create(&name));
    let region = Region::create(&name, &CreateOptions::new(args.size))?;
    let way_back = way_back.transpose()?;
    endings.check()?;
    output::line(&format!("The file mapping ({}) is created", printable(&name.to_string())))?;
    let request = MapRequest::new(args.offset, args.view_size, Access::ReadWrite);
    let view = region.map(&request).map_err(with_advice)?;
    output::line("The file view is mapped")?;
    view.write_utf16(0, &args.message)?;
    output::line("This message is written to the view:")?;
    output::line(&format!("\"{}\"", printable(&args.message)))?;
    endings.watch()?;
    if let Some(way_back) = way_back {
        output::line(WAITING)?;
        let reply = way_back.wait(&endings)?;
        output::line("This reply is read from the channel:")?;
        output::line(&format!("\"{}\"", printable(&reply)))?;
    }
    output::line(output::PRESS_ENTER)?;
    endings.wait_on()?;
    drop(view);
    drop(region);
    Ok(())
}

/// The line behind which the server waits for a reply.
const WAITING: &str = "Waiting for a reply; press ENTER to quit without one";

/// Told before anything is created, in terms of the flags.
fn check_message(args: &ServerArgs) -> Result<(), Stop> {
    let needed = 2 * (args.message.encode_utf16().count() as u64 + 1);
    if needed <= args.view_size {
        return Ok(());
    }
    Err(Stop::Failed(format!(
        "the message needs {needed} bytes with its NUL and the view has {}; shorten --message, or ask for a larger --view-size",
        args.view_size
    )))
}

fn with_advice(error: Error) -> Error {
    match *error.kind() {
        ErrorKind::OutOfRange { offset, len, region_len } => error.with_detail(format!(
            "{len} bytes at offset {offset} do not lie inside its {region_len} bytes; ask for a smaller --view-size or --offset, or a larger --size"
        )),
        _ => error,
    }
}
