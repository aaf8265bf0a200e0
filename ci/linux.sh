#!/usr/bin/env bash
# The tests on Linux: what the README tells a reader to run, then what that leaves out. The benchmark programme has a
# script of its own, ci/bench.sh.
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A program of 32 bits that meets one of 64 in the same memory. This target brings its own C start files and is
# linked statically, so it needs no 32-bit libc: `cargo build --target i686-unknown-linux-musl` works with what a
# 64-bit Debian has, and the program runs.
need_32_bit() {
    rustup_target i686-unknown-linux-musl ||
        note "no Rust target i686-unknown-linux-musl: the tests between 32 and 64 bits step aside"
}

main() {
    local status=0
    need_cc
    need_32_bit
    SAMEMAP_ASIDE_LOG=$(aside_log linux)
    export SAMEMAP_ASIDE_LOG

    step "cargo test, as the README says"
    logged "$ci_logs/linux-default.log" cargo test || status=1

    step "tasks"
    logged "$ci_logs/linux-tasks.log" cargo test --features conformance,tokio --no-fail-fast --lib \
        --test tokio --test tokio_connect --test conformance_native || status=1
    step "what stands in the documentation, with every feature"
    logged "$ci_logs/linux-doc.log" cargo test --all-features --no-fail-fast --doc || status=1
    step "the crates on top, and the models"
    logged "$ci_logs/linux-others.log" cargo test -p samemap-adaptors -p samemap-c -p samemap-models \
        --all-features --no-fail-fast || status=1

    report_tests linux "$SAMEMAP_ASIDE_LOG" "$ci_logs"/linux-{default,tasks,doc,others}.log || status=1
    return "$status"
}

main "$@"
