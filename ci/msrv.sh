#!/usr/bin/env bash
# Builds with the oldest Rust that Cargo.toml promises.
#
# SAMEMAP_MSRV_TOOLCHAIN   auto (default), rustup, or debian (Debian's packages, unpacked into the target directory)
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

msrv=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
export CARGO_TARGET_DIR=${SAMEMAP_MSRV_TARGET_DIR:-$ci_root/target-msrv}
mkdir -p "$CARGO_TARGET_DIR"
CARGO_TARGET_DIR=$(cd "$CARGO_TARGET_DIR" && pwd)

rustup_toolchain() {
    command -v rustup >/dev/null || return
    cargo "+$msrv" --version >/dev/null 2>&1 && return
    timeout 300 rustup toolchain install "$msrv" --profile minimal && cargo "+$msrv" --version >/dev/null
}

# debian_version PACKAGE: the newest package of the wanted Rust that the lists know.
debian_version() {
    apt-cache madison "$1" | awk -v wanted="$msrv." '{ if (index($3, wanted) == 1) { print $3; exit } }'
}

# Unpacked, not installed: only one version of these packages can be installed, and ci/windows.sh may need the newer.
unpack_debian() {
    local into=$1 version package packages=(libllvm19 libpcre3)
    apt_update
    version=$(debian_version rustc-web)
    [[ -n $version ]] || fail "Debian has no rustc-web $msrv"
    need_apt "${packages[@]}"
    rm -rf "$into" && mkdir -p "$into/packages"
    cd "$into/packages"
    apt-get -q download rustc-web="$version" cargo-web="$version" libstd-rust-web-dev="$version" \
        libstd-rust-web-"$msrv"="$version"
    for package in *.deb; do
        dpkg -x "$package" "$into"
    done
    cd "$ci_root"
}

use_debian() {
    local into=$CARGO_TARGET_DIR/debian
    [[ -x $into/usr/bin/cargo ]] || unpack_debian "$into"
    cargo_msrv=(env RUSTC="$into/usr/bin/rustc" LD_LIBRARY_PATH="$into/usr/lib/x86_64-linux-gnu:$into/usr/lib"
        "$into/usr/bin/cargo")
}

main() {
    local wanted=${SAMEMAP_MSRV_TOOLCHAIN:-auto}
    need_cc
    step "Rust $msrv"
    if [[ $wanted != debian ]] && rustup_toolchain; then
        cargo_msrv=(cargo "+$msrv")
    elif [[ $wanted != rustup ]]; then
        use_debian
    else
        fail "rustup has no Rust $msrv"
    fi
    "${cargo_msrv[@]}" --version | grep -F " $msrv." || fail "this is not Rust $msrv"

    step "cargo check with Rust $msrv, tests too"
    # Without the benchmark programme, whose peers want a newer Rust.
    "${cargo_msrv[@]}" check --workspace --exclude samemap-bench --all-features --all-targets
    step "cargo build with Rust $msrv, default features"
    "${cargo_msrv[@]}" build
}

main "$@"
