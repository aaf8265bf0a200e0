//! The bodies of the programs. Not a part of the library's interface.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `server`, `client` | the two programs of the sample |
//! | `reply` | the way back of their duplex form |
//! | `demo` | both of them as child processes, watched and checked |
//! | `tool` | the program `samemap`: its subcommands, names, listing and reclaiming |
//! | `ending` | what ends a program, and the status that it leaves |
//! | `output` | lines on the standard streams |
//! | `stop` | why a program stops |

pub mod client;
mod demo;
mod ending;
mod output;
mod reply;
pub mod server;
mod stop;
pub mod tool;

/// The name of the sample's region.
const DEFAULT_NAME: &str = r"Local\SampleMap";

/// The sample's view, in bytes.
const DEFAULT_VIEW_SIZE: u64 = 1024;

/// The sample's message.
const DEFAULT_MESSAGE: &str = "Message from the first process.";
