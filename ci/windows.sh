#!/usr/bin/env bash
# The tests for Windows: cross-built and run under Wine, or run as they are on Windows.
#
#   ci/windows.sh [cargo test arguments…]
#   ci/windows.sh --wine-10 [cargo test arguments…]    under Wine 10, where that can be had
#   ci/windows.sh --wine-32                            there, in processes of 32 bits, and of 64 bits beside such
#   ci/windows.sh --wine-10-short                      some of both, which is what .ci/run has time for
#   ci/windows.sh --native [cargo test arguments…]     on Windows itself
#   ci/windows.sh --clippy                             lints for the Windows target, runs nothing
#
# SAMEMAP_WINDOWS_TOOLCHAIN    auto (default), rustup, or debian (builds the standard library from source)
# SAMEMAP_WINDOWS_TARGET_DIR   target directory, default target-windows
#
# Wine's speed says nothing about Windows: measure nothing here.
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=ci/wine10.sh
source ci/wine10.sh
# shellcheck source=ci/wine.sh
source ci/wine.sh

# Sets `test_args`: the caller's arguments, and where they say nothing of packages or features, ours.
# The models are the same text for every system, and loom's coroutines do not run under Wine.
choose_test_args() {
    local given=" $* "
    test_args=(--no-fail-fast)
    [[ $given =~ \ (-p|--package|--workspace|--all|-p[^ ]+|--package=[^ ]+)\  ]] || test_args+=(--workspace --exclude samemap-models)
    [[ $given =~ \ (-F|--features|--features=[^ ]*|--all-features|--no-default-features)\  ]] ||
        test_args+=(--features "conformance,tokio")
    test_args+=("$@")
}

lint() {
    use_windows_toolchain
    step "clippy for $target"
    if [[ ${cross[0]} == cargo ]]; then
        need_component clippy
        cargo clippy --workspace --all-targets --all-features --target "$target" -- -D warnings
    else
        # Debian's toolchain has no clippy: the compiler's own warnings are what is left.
        note "clippy for Windows did not run (no Rust target from rustup): rustc's warnings were denied instead"
        RUSTFLAGS='-D warnings' "${cross[@]}" check --workspace --all-targets --all-features "${cross_flags[@]}"
    fi
}

# Plain Win32 programs that the tests share memory with. Wine can start no compiler, so they are built here.
build_c_programs() {
    local source folder=$CARGO_TARGET_DIR/c-programs
    mkdir -p "$folder"
    for source in tests/c/windows_*.c; do
        x86_64-w64-mingw32-gcc -municode -O2 -Wall -Werror -o "$folder/$(basename "$source" .c).exe" "$source"
    done
    export SAMEMAP_WINDOWS_C_PROGRAMS=Z:$folder
}

# run_tests LABEL COMMAND…: the whole run, counted. `test_args` follow the command.
run_tests() {
    local label=$1 status=0
    shift
    logged "$ci_logs/$label.log" "$@" "${test_args[@]}" || status=1
    report_tests "$label" "$ci_logs/aside-$label.txt" "$ci_logs/$label.log" || status=1
    return "$status"
}

test_under_wine() {
    choose_test_args "$@"
    use_windows_toolchain
    build_c_programs
    step "Wine"
    start_wine
    # With the drive, so that a test may change its directory. Z: is the root of the Unix file system.
    SAMEMAP_ASIDE_LOG=Z:$(aside_log windows)
    export SAMEMAP_ASIDE_LOG CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine
    step "cargo test --target $target ${test_args[*]}"
    run_tests windows "${cross[@]}" test "${cross_flags[@]}"
}

# What hangs on the kernel, in a mount name space of its own.
test_under_wine_10() {
    if ! have_wine_10; then
        note "Wine 10 did not run: its packages could not be had, or this user may not mount (see $ci_logs/wine10.log)"
        return
    fi
    unshare -m "$BASH" "${BASH_SOURCE[0]}" "$@"
}

stop_wine_10() {
    wine_10 wineserver64 -k >/dev/null 2>&1 || true
    rm -rf "$WINEPREFIX"
}

start_wine_10() {
    use_windows_toolchain
    build_c_programs
    step "Wine 10"
    WINEPREFIX=$(mktemp -d "$CARGO_TARGET_DIR/wine10.XXXXXX")
    export WINEPREFIX WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe='
    unset DISPLAY WAYLAND_DISPLAY
    show_wine_10_this_machine
    trap stop_wine_10 EXIT
    mkdir -p "$WINEPREFIX"/drive_c/windows/{system32,syswow64}
    cp "$wine10/root/usr/x86_64-w64-mingw32/lib/zlib1.dll" "$WINEPREFIX/drive_c/windows/system32/"
    cp "$wine10/root/usr/i686-w64-mingw32/lib/zlib1.dll" "$WINEPREFIX/drive_c/windows/syswow64/"
    wine_10 wineserver64 -p300 >"$ci_logs/wineboot10.log" 2>&1 </dev/null
    wine_10 wine64 wineboot -i >>"$ci_logs/wineboot10.log" 2>&1 </dev/null || true # it wants a screen
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$BASH $ci_root/ci/windows.sh --run-in-wine-10"
    export CARGO_TARGET_I686_PC_WINDOWS_GNU_RUNNER=$CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER
}

in_wine_10() {
    choose_test_args "$@"
    start_wine_10
    SAMEMAP_ASIDE_LOG=Z:$(aside_log windows-10)
    export SAMEMAP_ASIDE_LOG
    step "cargo test --target $target ${test_args[*]}"
    run_tests windows-10 "${cross[@]}" test "${cross_flags[@]}"
}

# What processes of both sizes share: regions, locks, seats and doorbells, channels.
shared=(sync seats_and_bells channel)
# For `cargo test`, of the tests with processes of 32 bits.
narrow=i686-pc-windows-gnu
# Without debug information, which is most of the work.
narrow_cargo=(env CARGO_PROFILE_DEV_DEBUG=0 cargo test --target "$narrow" -p samemap
    --features "samemap/conformance,samemap/tokio")
narrow_log=$ci_logs/windows-32-build.log

# build_narrow TEST…: the tests as programs of 32 bits. False, with a note, where they cannot be had.
build_narrow() {
    need_apt gcc-mingw-w64-i686
    rustup_target "$narrow" || {
        note "32-bit Windows did not run: rustup has no standard library for $narrow"
        return 1
    }
    # shellcheck disable=SC2068 # two words for each test
    logged "$narrow_log" "${narrow_cargo[@]}" --no-run ${@/#/--test } || fail "the tests do not build for $narrow"
}

# beside_narrow TEST [cargo test arguments…]: a test of 64 bits whose other processes have 32.
beside_narrow() {
    local test=$1 program
    step "$test: 64 bits, with processes of 32 bits"
    program=$(sed -n "s|^ *Executable.*(\(.*/$test-[0-9a-f]*\.exe\))\$|\1|p" "$narrow_log")
    choose_test_args --test "$@"
    SAMEMAP_ASIDE_LOG=Z:$(aside_log "windows-both-$test")
    SAMEMAP_TEST_PROGRAM=Z:$program run_tests "windows-both-$test" "${cross[@]}" test "${cross_flags[@]}"
}

# Only in a Wine that has both halves.
in_wine_32() {
    local test status=0
    start_wine_10
    build_narrow "${shared[@]}" || return 0
    SAMEMAP_ASIDE_LOG=Z:$(aside_log windows-32)
    export SAMEMAP_ASIDE_LOG
    step "32 bits"
    test_args=(--no-fail-fast "${shared[@]/#/--test=}")
    run_tests windows-32 "${narrow_cargo[@]}" || status=1
    for test in "${shared[@]}"; do beside_narrow "$test" || status=1; done
    return "$status"
}

# What tells most in little time: the rules of the contract, and channels between both sizes. The step for Windows has
# built the first already.
in_wine_10_short() {
    local status=0
    start_wine_10
    choose_test_args --test conformance_native
    SAMEMAP_ASIDE_LOG=Z:$(aside_log windows-10)
    export SAMEMAP_ASIDE_LOG
    step "the rules of the contract"
    run_tests windows-10 "${cross[@]}" test "${cross_flags[@]}" || status=1
    build_narrow channel || return "$status"
    beside_narrow channel -- peers:: listeners:: order:: || status=1
    return "$status"
}

test_native() {
    choose_test_args "$@"
    SAMEMAP_ASIDE_LOG=$(cygpath -m "$(aside_log windows-native)")
    export SAMEMAP_ASIDE_LOG
    step "cargo test ${test_args[*]}"
    run_tests windows-native cargo test
}

# The tests that say what the kernel does.
of_the_kernel=(-p samemap-platform -p samemap --features "samemap/conformance,samemap/tokio" --lib
    --test windows_foreign --test files)

case ${1:-} in
--wine-10)
    shift
    [[ $# -gt 0 ]] || set -- "${of_the_kernel[@]}"
    test_under_wine_10 --in-wine-10 "$@"
    ;;
--wine-10-short) test_under_wine_10 --in-wine-10-short ;;
--wine-32) test_under_wine_10 --in-wine-32 ;;
--in-wine-10-short) in_wine_10_short ;;
--in-wine-32) in_wine_32 ;;
--in-wine-10) in_wine_10 "${@:2}" ;;
--run-in-wine-10) wine_10 wine64 "${@:2}" ;;
--clippy) lint ;;
--native) test_native "${@:2}" ;;
*) test_under_wine "$@" ;;
esac
