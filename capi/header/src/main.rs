//! Makes `capi/include/samemap.h` out of the crate's functions and `capi/cbindgen.toml`, and prints it.
//!
//! What Rust's readers need to know beside it, the sections `# Safety`, is left out.

use std::path::Path;

use cbindgen::{Builder, Config};

fn main() {
    let capi = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it lies in capi/");
    let config = Config::from_file(capi.join("cbindgen.toml")).expect("a readable cbindgen.toml");
    let mut header = Vec::new();
    let bindings = Builder::new().with_crate(capi).with_config(config).generate().expect("a readable crate");
    bindings.write(&mut header);
    print!("{}", for_c(&String::from_utf8(header).expect("UTF-8")));
}

/// The header without sections for Rust, each of which ends its comment, and with short comments on one line.
fn for_c(header: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut is_for_rust = false;
    for line in header.lines() {
        is_for_rust |= line.trim() == "* # Safety";
        if line.trim() == "*/" {
            is_for_rust = false;
            while lines.last().is_some_and(|last| last.trim() == "*") {
                lines.pop();
            }
            if let [.., opening, only] = &lines[..]
                && opening.trim() == "/**"
            {
                let comment = format!("{} {} */", opening, only.trim().trim_start_matches("* "));
                lines.truncate(lines.len() - 2);
                lines.push(comment);
                continue;
            }
        }
        if !is_for_rust {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}
