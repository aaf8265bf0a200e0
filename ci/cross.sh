#!/usr/bin/env bash
# Type-checks the libraries for systems that cannot run here. Nothing is linked and no test runs.
#
#   ci/cross.sh [target…]     a target, or `imports`
#
# SAMEMAP_CROSS_TOOLCHAIN   auto (default), rustup, or debian (builds the standard library from source)
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export CARGO_TARGET_DIR=${SAMEMAP_CROSS_TARGET_DIR:-$ci_root/target-cross}

all_targets=(
    aarch64-apple-darwin
    x86_64-unknown-freebsd
    x86_64-unknown-linux-musl
    aarch64-unknown-linux-gnu
    i686-unknown-linux-gnu # 32 bits
    i686-pc-windows-msvc   # 32 bits, and the other tools of Windows
    imports                # of 32-bit Windows: by names that its libraries export
    i686-pc-windows-gnu
    x86_64-pc-windows-msvc
    aarch64-pc-windows-msvc
    x86_64-pc-windows-gnullvm
    aarch64-pc-windows-gnullvm
)

# Sets `features`. The crate shared_memory 0.12 does not compile for FreeBSD (its nix 0.23 does not): there our
# adaptor over it cannot be checked.
choose_features() {
    case $1 in
    *-freebsd)
        features=(--no-default-features --features
            "samemap/cli,samemap/conformance,samemap/tokio,samemap-platform/testing,samemap-adaptors/raw_sync")
        ;;
    *) features=(--all-features) ;;
    esac
}

check() {
    step "$1"
    select_toolchain "$1" "${SAMEMAP_CROSS_TOOLCHAIN:-auto}"
    choose_features "$1"
    RUSTFLAGS='-D warnings' "${cross[@]}" check --lib -p samemap -p samemap-platform -p samemap-adaptors \
        "${features[@]}" "${cross_flags[@]}"
}

# A library for 32-bit Windows, which takes no linker, and the names that it imports by.
check_imports() {
    step "imports of 32-bit Windows"
    need_python
    select_toolchain i686-pc-windows-msvc "${SAMEMAP_CROSS_TOOLCHAIN:-auto}"
    "${cross[@]}" build --lib -p samemap-platform "${cross_flags[@]}"
    python3 ci/raw_imports.py "$CARGO_TARGET_DIR/i686-pc-windows-msvc/debug/libsamemap_platform.rlib"
}

main() {
    local target failed=()
    [[ $# -gt 0 ]] || set -- "${all_targets[@]}"
    need_cc
    for target in "$@"; do
        # A shell of its own, with errors ending it, so that one target's failure does not hide the others'.
        SAMEMAP_CROSS_ONE=1 "$BASH" "${BASH_SOURCE[0]}" "$target" || failed+=("$target")
    done
    [[ ${#failed[@]} -eq 0 ]] || fail "failed: ${failed[*]}"
    step "$# checked"
}

if [[ -n ${SAMEMAP_CROSS_ONE:-} ]]; then
    if [[ $1 == imports ]]; then check_imports; else check "$1"; fi
else
    main "$@"
fi
