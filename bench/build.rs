//! Tells the programme which compiler built it.

use std::process::Command;

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let answer = Command::new(rustc).arg("--version").output().ok();
    let version = answer.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!("cargo::rustc-env=SAMEMAP_BENCH_RUSTC={}", version.unwrap_or_else(|| "rustc".to_owned()));
    println!("cargo::rerun-if-changed=build.rs");
}
