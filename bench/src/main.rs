//! samemap beside its peers and beside the bare system calls, in one run.
//!
//! Every row is measured in rounds that are interleaved with its rivals' (A B C A B C …), because these
//! figures are only good as ratios: machines are shared, and the same work takes half as long again a
//! minute later. Absolute times belong to the machine that the report names.

// The floors are Linux system calls.
#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("samemap-bench measures on Linux only");
    std::process::ExitCode::FAILURE
}
