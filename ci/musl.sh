#!/usr/bin/env bash
# The tests on Linux without glibc: in processes of 32 bits, and in ones of 64 bits that share everything with such.
#
#   ci/musl.sh [TEST…]      without any, those that matter there
#
# Both targets bring their own C start files and are linked statically, so they need nothing of a 32-bit system.
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

narrow=i686-unknown-linux-musl
wide=x86_64-unknown-linux-musl

# What processes of both sizes share: regions (the conformance suite), files, locks, channels, newest values.
shared=(conformance_native conformance_sync sync seats_and_bells channel latest files)
# What hangs on the C library and the size of addresses beside that.
own=(handles linux_limits linux_sync_waits)

# build TARGET TEST…: sets `built` to where each of the tests was built, in their order.
build() {
    local target=$1 test log=$ci_logs/musl-build-$1.log flags=()
    shift
    rustup_target "$target" || fail "rustup has no standard library for $target"
    for test in "$@"; do flags+=(--test "$test"); done
    step "building the tests for $target"
    # Without debug information, which is most of the work.
    logged "$log" env CARGO_PROFILE_DEV_DEBUG=0 cargo test --no-run --target "$target" \
        --features conformance,tokio "${flags[@]}" || fail "the tests do not build for $target"
    built=()
    for test in "$@"; do
        built+=("$(sed -n "s|^ *Executable.*(\(.*/$test-[0-9a-f]*\))\$|\1|p" "$log")")
    done
}

# run LABEL PROGRAM…: runs test programs, one after the other.
run() {
    local label=$1 program
    shift
    for program in "$@"; do
        echo "$label: $program"
        "$program" || failed=1
    done
}

run_all() {
    local number tests=("$@") narrow_built failed=0
    build "$narrow" "${tests[@]}"
    narrow_built=("${built[@]}")
    build "$wide" "${tests[@]}"
    step "32 bits"
    run "$narrow" "${narrow_built[@]}"
    step "64 bits"
    run "$wide" "${built[@]}"
    step "64 bits, with processes of 32 bits"
    for number in "${!tests[@]}"; do
        [[ " ${shared[*]} " == *" ${tests[number]} "* ]] || continue
        SAMEMAP_TEST_PROGRAM=$ci_root/${narrow_built[number]#"$ci_root/"} run "both" "${built[number]}"
    done
    return "$failed"
}

main() {
    local status=0
    [[ $# -gt 0 ]] || set -- "${shared[@]}" "${own[@]}"
    need_cc
    SAMEMAP_ASIDE_LOG=$(aside_log musl)
    export SAMEMAP_ASIDE_LOG
    # In a shell of its own, where errors end it.
    logged "$ci_logs/musl.log" env SAMEMAP_MUSL_INNER=1 "$BASH" "${BASH_SOURCE[0]}" "$@" || status=1
    report_tests musl "$SAMEMAP_ASIDE_LOG" "$ci_logs/musl.log" || status=1
    return "$status"
}

if [[ -n ${SAMEMAP_MUSL_INNER:-} ]]; then
    run_all "$@"
else
    main "$@"
fi
