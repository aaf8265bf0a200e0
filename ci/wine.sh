# shellcheck shell=bash
# The toolchain for Windows and a Wine to run what it builds, for the scripts that source this after lib.sh.
# shellcheck disable=SC2154 # lib.sh sets ci_logs

target=x86_64-pc-windows-gnu

use_windows_toolchain() {
    need_cc
    need_apt gcc-mingw-w64-x86-64
    export CARGO_TARGET_DIR=${SAMEMAP_WINDOWS_TARGET_DIR:-$ci_root/target-windows}
    mkdir -p "$CARGO_TARGET_DIR"
    CARGO_TARGET_DIR=$(cd "$CARGO_TARGET_DIR" && pwd)
    select_toolchain "$target" "${SAMEMAP_WINDOWS_TOOLCHAIN:-auto}"
}

# Stops the server of our own prefix and of no other, and forgets the prefix.
stop_wine() {
    wineserver -k >/dev/null 2>&1 || true
    wineserver -w >/dev/null 2>&1 || true
    rm -rf "$WINEPREFIX"
}

build_random_dll() {
    local dll=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
    [[ -e $dll ]] && return # a Wine that brings its own
    x86_64-w64-mingw32-gcc -O2 -Wall -Werror -shared -o "$dll" ci/wine/bcryptprimitives.c -ladvapi32
}

# A prefix of its own each run: nothing of ~/.wine is seen or touched, and two runs do not meet.
start_wine() {
    need_apt wine wine64
    if ! command -v wine || ! command -v wineserver; then
        fail "Wine is missing after its installation"
    fi >/dev/null
    WINEPREFIX=$(mktemp -d "$CARGO_TARGET_DIR/wine.XXXXXX")
    export WINEPREFIX WINEDEBUG=-all WINEARCH=win64
    # No offers to install .NET and a browser, no entries in the user's desktop menu, no window.
    export WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe='
    unset DISPLAY WAYLAND_DISPLAY
    trap stop_wine EXIT
    # Started before any test: a server that a test starts would keep the test's output open.
    wineserver -p300 >"$ci_logs/wineboot.log" 2>&1 </dev/null
    wineboot -i >>"$ci_logs/wineboot.log" 2>&1 </dev/null || {
        cat "$ci_logs/wineboot.log" >&2
        fail "wineboot failed"
    }
    build_random_dll
    echo "$(wine --version), prefix $WINEPREFIX"
}
