//! Gives the shared library its SONAME.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    // The number changes with what would break a program: see docs/c.md. cargo-c gives its own.
    if target("FAMILY") == "unix" && target("VENDOR") != "apple" {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libsamemap.so.0");
    }
}
