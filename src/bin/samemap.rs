//! The tool: the demo, names, and what lies in the name space; see `samemap --help`.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    samemap::programs::tool::main()
}
