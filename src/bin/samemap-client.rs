//! The sample's client; see `samemap-client --help`.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    samemap::programs::client::main()
}
