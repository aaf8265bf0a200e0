#!/usr/bin/env bash
# The tests for Windows: cross-built and run under Wine, or run as they are on Windows.
#
#   ci/windows.sh [cargo test arguments…]
#   ci/windows.sh --wine-10 [cargo test arguments…]    under Wine 10, where that can be had
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
    [[ $# -gt 0 ]] || set -- "${of_the_kernel[@]}"
    unshare -m "$BASH" "${BASH_SOURCE[0]}" --in-wine-10 "$@"
}

stop_wine_10() {
    wine_10 wineserver64 -k >/dev/null 2>&1 || true
    rm -rf "$WINEPREFIX"
}

in_wine_10() {
    choose_test_args "$@"
    use_windows_toolchain
    build_c_programs
    step "Wine 10"
    WINEPREFIX=$(mktemp -d "$CARGO_TARGET_DIR/wine10.XXXXXX")
    export WINEPREFIX WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe='
    unset DISPLAY WAYLAND_DISPLAY
    show_wine_10_this_machine
    trap stop_wine_10 EXIT
    mkdir -p "$WINEPREFIX/drive_c/windows/system32"
    cp "$wine10/root/usr/x86_64-w64-mingw32/lib/zlib1.dll" "$WINEPREFIX/drive_c/windows/system32/"
    wine_10 wineserver64 -p300 >"$ci_logs/wineboot10.log" 2>&1 </dev/null
    wine_10 wine64 wineboot -i >>"$ci_logs/wineboot10.log" 2>&1 </dev/null || true # it misses its 32-bit half
    SAMEMAP_ASIDE_LOG=Z:$(aside_log windows-10)
    export SAMEMAP_ASIDE_LOG CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$BASH $ci_root/ci/windows.sh --run-in-wine-10"
    step "cargo test --target $target ${test_args[*]}"
    run_tests windows-10 "${cross[@]}" test "${cross_flags[@]}"
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
--wine-10) test_under_wine_10 "${@:2}" ;;
--in-wine-10) in_wine_10 "${@:2}" ;;
--run-in-wine-10) wine_10 wine64 "${@:2}" ;;
--clippy) lint ;;
--native) test_native "${@:2}" ;;
*) test_under_wine "$@" ;;
esac
