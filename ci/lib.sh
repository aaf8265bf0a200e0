# shellcheck shell=bash
# Helpers of the scripts in ci/ and .ci/. Sourced from bash, never run.
#
# Every script may run alone, on a machine that has Rust and nothing else: what it needs it installs itself,
# and where that fails the script fails.
set -euo pipefail

ci_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ci_root"
PATH=$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin

# Logs and the lists of tests that stepped aside. `target-*` is ignored by git.
ci_logs=${SAMEMAP_CI_LOGS:-$ci_root/target-ci-logs}
mkdir -p "$ci_logs"
ci_logs=$(cd "$ci_logs" && pwd)

# step TEXT…: a heading with the seconds since this script began.
step() { printf '\n==> %s [%d s]\n' "$*" "$SECONDS"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# note TEXT…: something a reader of the summary must know. `.ci/run` prints all notes again at its end.
note() {
    printf 'note: %s\n' "$*"
    printf '%s\n' "$*" >>"${SAMEMAP_CI_NOTES:-/dev/null}"
}

# ---- Installing -----------------------------------------------------------------------------------------

as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -n "$@"
    else
        fail "not root and no sudo: cannot run: $*"
    fi
}

# apt_get ARGUMENTS…: waits for another apt-get instead of failing on its lock, and never asks.
apt_get() {
    command -v apt-get >/dev/null || fail "no apt-get here: install by hand what this script needs: $*"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >>"$ci_logs/apt.log" 2>&1 </dev/null
}

# The lists are fetched at most once a run. A broken third-party source makes `update` fail although Debian's
# own lists came: whether the packages can be had decides, not this.
apt_update() {
    [[ -n ${apt_updated:-} ]] || apt_get update || echo "apt-get update failed; going on with the lists there are"
    apt_updated=1
}

has_deb() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# need_apt PACKAGE…: installs those that are missing.
need_apt() {
    local package missing=()
    for package in "$@"; do
        has_deb "$package" || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    echo "installing ${missing[*]}"
    apt_update
    apt_get install --no-install-recommends "${missing[@]}" || {
        tail -n 20 "$ci_logs/apt.log" >&2
        fail "apt-get could not install ${missing[*]}"
    }
}

# A linker and the C start files: Rust links nothing without them.
need_cc() { command -v cc >/dev/null || need_apt gcc libc6-dev; }

need_python() { command -v python3 >/dev/null || need_apt python3-minimal; }

# need_component clippy|rustfmt
need_component() {
    local command=$1
    [[ $1 != rustfmt ]] || command=fmt
    cargo "$command" --version >/dev/null 2>&1 ||
        rustup component add "$1" ||
        fail "$1 is missing and rustup cannot fetch it"
}

# ---- Toolchains for other systems -----------------------------------------------------------------------

has_std() {
    local libraries
    libraries=$(rustc --print target-libdir --target "$1" 2>/dev/null) &&
        compgen -G "$libraries/libstd-*" >/dev/null
}

# rustup_target TARGET: true when the Rust in use has (or rustup could fetch) the target's standard library.
rustup_target() {
    has_std "$1" && return
    command -v rustup >/dev/null || return
    # Bounded: without a network rustup retries for long.
    timeout 300 rustup target add "$1" && has_std "$1"
}

# Debian's second Rust, which carries the source of the standard library and the crates that it needs. Its
# programs are called by their path: the Rust of this machine stays what `cargo` means.
debian_toolchain() {
    need_apt rustc-web cargo-web rust-web-src
    debian_cargo=(env RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc /usr/bin/cargo)
}

# select_toolchain TARGET [auto|rustup|debian]: sets the array `cross` (the cargo to call) and `cross_flags`
# (to follow the subcommand).
select_toolchain() {
    local target=$1 wanted=${2:-auto}
    [[ $wanted =~ ^(auto|rustup|debian)$ ]] || fail "toolchain $wanted: one of auto, rustup, debian"
    if [[ $wanted != debian ]] && rustup_target "$target"; then
        cross=(cargo)
        cross_flags=(--target "$target")
    elif [[ $wanted != rustup ]]; then
        debian_toolchain
        cross=("${debian_cargo[@]}")
        cross_flags=(--target "$target" "-Zbuild-std=std,panic_abort,panic_unwind")
    else
        fail "rustup has no standard library for $target"
    fi
    echo "$target with $("${cross[@]}" --version)${cross_flags[2]:+, standard library from source}"
}

# ---- Running and counting tests -------------------------------------------------------------------------

# logged LOG COMMAND…: runs the command, shows its output as it comes and keeps it. The command writes to a
# file and not into a pipe: a process that a test left behind would hold the pipe open, and the run would hang.
logged() {
    local log=$1 tail_pid status=0
    shift
    : >"$log"
    tail -n +1 -f "$log" &
    tail_pid=$!
    "$@" >"$log" 2>&1 </dev/null || status=$?
    # For tail to show the last lines; where it cannot watch a file it looks once a second.
    sleep 1.2
    kill "$tail_pid" 2>/dev/null || true
    wait "$tail_pid" 2>/dev/null || true
    return "$status"
}

# count_tests LOG…: prints "PASSED FAILED", summed over the `test result` lines.
count_tests() {
    cat "$@" | sed 's/\x1b\[[0-9;]*m//g' |
        awk '/^test result: / { for (i = 2; i <= NF; i++) {
                 if ($i ~ /^passed/) passed += $(i - 1)
                 if ($i ~ /^failed/) failed += $(i - 1) } }
             END { print passed + 0, failed + 0 }'
}

# aside_log NAME: empties and prints the file in which tests note that they stepped aside. Any user may write: some
# tests run a part of themselves as nobody.
aside_log() {
    : >"$ci_logs/aside-$1.txt"
    chmod a+w "$ci_logs/aside-$1.txt"
    echo "$ci_logs/aside-$1.txt"
}

# print_aside FILE: how many tests stepped aside, and why. One that ran twice counts once.
print_aside() {
    tr -d '\r' <"$1" | sort -u |
        awk 'NF { lines = lines "\n  " $0; count++ } END { print count + 0 " stepped aside" lines }'
}

# report_tests LABEL ASIDE_FILE LOG…: prints what stepped aside and, last, `N passed, N failed`. False when a test
# failed or none passed. Inside .ci/run that line gets a label: the one for the whole run stands alone.
report_tests() {
    local label=$1 aside=$2 passed failed
    shift 2
    read -r passed failed < <(count_tests "$@")
    step "$label: summary"
    print_aside "$aside"
    printf '%s%d passed, %d failed\n' "${SAMEMAP_CI_RUN:+$label: }" "$passed" "$failed"
    [[ $passed -gt 0 ]] || fail "$label: no test passed"
    [[ $failed -eq 0 ]]
}
