#!/usr/bin/env bash
# The C library: the header, what it exports, what it installs, and its programs, with gcc and clang and under Wine.
#
#   ci/c.sh [linux|windows|header]…    all but the last, unless some are named
#
# PROFILE=dev builds quickly; without it the library is what `make install` installs.
# `header` makes samemap.h and the list of symbols anew.
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=ci/wine.sh
source ci/wine.sh

header=capi/include/samemap.h
built=${CARGO_TARGET_DIR:-$ci_root/target}
made=$built/c
prefix=$made/installed
warnings=(-Wall -Wextra -Werror -pedantic -Icapi/include)
c_tests=(basics messages topics waits handing peers)
# Programs that passed; a program that fails ends the script.
passed=0

make_header() { cargo run -q --manifest-path capi/header/Cargo.toml --target-dir "$built/header"; }

exported() { nm -D --defined-only "$prefix/lib/libsamemap.so" | awk '{ print $3 }' | LC_ALL=C sort; }

# same WHAT FILE COMMAND…: fails, with the difference, when the file is not what the command prints.
same() {
    local what=$1 file=$2
    shift 2
    diff -u "$file" <("$@") || fail "$what is not up to date: run ci/c.sh header"
}

install_library() {
    make -s -C capi install PREFIX="$prefix" CARGO_TARGET_DIR="$built"
    cargo build -q -p samemap-c --example peer
}

check_library() {
    local size
    same "the list of symbols" capi/symbols.txt exported
    ! grep -v '^samemap_' capi/symbols.txt || fail "a symbol without the prefix leaks out"
    readelf -d "$prefix/lib/libsamemap.so" | grep -q 'SONAME.*\[libsamemap\.so\.0\]' || fail "no SONAME, or another"
    size=$(stat -L -c %s "$prefix/lib/libsamemap.so")
    echo "the shared library has $size bytes"
    # The aim is 1 MiB; the bound leaves what a small change takes.
    [[ ${PROFILE:-capi} != capi || $size -lt $((17 << 16)) ]] || fail "the shared library is larger than 17/16 MiB"
    cmp <(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1) <(pkg-config --modversion samemap) ||
        fail "the header's version is not the workspace's: see capi/cbindgen.toml"
}

# run PROGRAM [ARGUMENTS…]: in the folder where programs are made, bounded.
run() {
    (cd "$made" && timeout -k 5 120 "$@") || fail "$* failed"
    passed=$((passed + 1))
}

run_test() {
    local arguments=()
    [[ $1 != *peers* ]] || arguments=("$2")
    run "${@:3}" "./$1" "${arguments[@]}"
}

# build_tests COMPILER C++COMPILER LABEL FLAGS…
build_tests() {
    local cc=$1 cxx=$2 label=$3 name
    shift 3
    for name in "${c_tests[@]}"; do
        "$cc" -std=c11 -D_GNU_SOURCE "${warnings[@]}" "capi/tests/c/$name.c" -o "$made/$label-$name" "$@"
    done
    "$cxx" -std=c++17 "${warnings[@]}" capi/tests/cpp/layer.cpp -o "$made/$label-layer" -pthread "$@"
}

# linux_tests COMPILER C++COMPILER LABEL FLAGS…: against what is installed, by pkg-config's flags.
linux_tests() {
    local label=$3 name
    build_tests "$@"
    for name in "${c_tests[@]}" layer; do
        run_test "$label-$name" "$built/debug/examples/peer"
    done
}

run_examples() {
    cp -r examples/c "$made/examples"
    make -s -C "$made/examples" run
    cmake -S examples/c -B "$made/cmake" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
    cmake --build "$made/cmake" >/dev/null
    cmake -E chdir "$made/cmake" sh -c './server & ./client_static && wait $!'
    passed=$((passed + 3))
}

test_on_linux() {
    local flags static
    need_cc
    need_apt gcc g++ clang make pkgconf cmake valgrind
    rm -rf "$made" && mkdir -p "$made"
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    step "the header"
    same "$header" "$header" make_header
    step "the library, as it is installed"
    install_library
    check_library
    read -ra flags < <(pkg-config --cflags --libs samemap)
    read -ra static < <(pkg-config --cflags --static --libs samemap | sed 's/-lsamemap/-l:libsamemap.a/')
    step "gcc"
    linux_tests gcc g++ gcc "${flags[@]}" -Wl,-rpath,"$prefix/lib"
    step "clang, linked statically"
    linux_tests clang clang++ clang "${static[@]}"
    step "valgrind"
    run_test gcc-basics "" valgrind -q --error-exitcode=9
    run_test gcc-messages "" valgrind -q --error-exitcode=9
    run_test gcc-topics "" valgrind -q --error-exitcode=9
    run_test gcc-waits "" valgrind -q --error-exitcode=9
    step "the sanitizers"
    linux_tests gcc g++ sanitized -g -fsanitize=address,undefined -fno-sanitize-recover "${flags[@]}" \
        -Wl,-rpath,"$prefix/lib"
    step "the examples"
    run_examples
}

# A DLL, whose programs share objects with a Rust program under Wine.
test_under_wine() {
    local name
    use_windows_toolchain
    need_apt g++-mingw-w64-x86-64
    built=$CARGO_TARGET_DIR
    made=$built/c
    rm -rf "$made" && mkdir -p "$made"
    step "the library for Windows"
    "${cross[@]}" build -q "${cross_flags[@]}" -p samemap-c --no-default-features --lib --example peer
    make -s -C capi dll FOLDER="$built/$target/debug"
    cp "$built/$target/debug/samemap.dll" "$made/"
    build_tests x86_64-w64-mingw32-gcc x86_64-w64-mingw32-g++-posix windows -D__USE_MINGW_ANSI_STDIO=1 \
        "$built/$target/debug/libsamemap.dll.a" -static
    step "Wine"
    start_wine
    for name in "${c_tests[@]}" layer; do
        run_test "windows-$name.exe" "Z:$built/$target/debug/examples/peer.exe" wine
    done
}

for part in "${@:-linux windows}"; do
    for name in $part; do
        case $name in
        linux) test_on_linux ;;
        windows) test_under_wine ;;
        header)
            need_cc
            make_header >"$header.new" && mv "$header.new" "$header"
            install_library
            exported >capi/symbols.txt
            ;;
        *) fail "$name: one of linux, windows, header" ;;
        esac
    done
done
step "c: summary"
echo "test result: ok. $passed passed; 0 failed"
