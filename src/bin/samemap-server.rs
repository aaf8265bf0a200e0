//! The sample's server; see `samemap-server --help`.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    samemap::programs::server::main()
}
