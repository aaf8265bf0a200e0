#!/usr/bin/env bash
# The benchmark programme, quickly: that all of it runs, and that what it writes has its shape. Its times mean nothing
# here and are not looked at.
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

bench() { cargo run -p samemap-bench --release --quiet -- "$@"; }

# refused WHAT JSON DOCUMENT: false, when the check takes it for whole.
refused() {
    local what=$1
    shift
    ! bench --check --json "$1" --document "$2" >/dev/null 2>&1 || fail "the check does not see $what"
}

# A check that cannot fail says nothing.
check_the_check() {
    local json=$1 document=$2 broken=$3
    grep -v '"stream, a message"' "$json" >"$broken.json"
    refused "that a bench is missing" "$broken.json" "$document"
    sed '1s/"runs":/"turns":/' "$json" >"$broken.json"
    refused "a row with another key" "$broken.json" "$document"
    sed '1s/"min":[0-9.e+-]*/"min":1e300/' "$json" >"$broken.json"
    refused "figures out of order" "$broken.json" "$document"
    rm -rf "$broken"
    cp -r "$document" "$broken"
    sed -i 's/<\/svg>//' "$broken"/performance/latency-by-size.svg
    refused "a broken plot" "$json" "$broken"
}

main() {
    local out=$ci_logs/bench leftovers
    need_cc
    # For the peer that is a C++ program.
    need_apt g++ libboost-dev
    rm -rf "$out"
    mkdir -p "$out/docs"

    step "cargo build, programs and peers"
    cargo build --release --bins
    cargo build --release -p samemap-bench

    step "everything, quickly"
    bench all --quick --json "$out/rows.json" --document "$out/docs"

    step "its shape"
    bench --check --json "$out/rows.json" --document "$out/docs"
    check_the_check "$out/rows.json" "$out/docs" "$out/broken"

    step "what the checks themselves are worth"
    cargo test --release -p samemap-bench

    leftovers=$(find /dev/shm -mindepth 1 -maxdepth 1 -name '*bench-*' 2>/dev/null || true)
    [[ -z $leftovers ]] || fail "left behind in /dev/shm: $leftovers"
}

main "$@"
