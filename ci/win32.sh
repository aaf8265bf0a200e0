#!/usr/bin/env bash
# Win32's own calls on Linux: the headers with gcc and clang, the table of calls beside Windows' own (under Wine), the
# examples with the Rust programs, and what does not compile.
#
#   ci/win32.sh [linux|windows]…    both, unless one is named
#
# PROFILE=dev builds the library quickly.
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=ci/wine.sh
source ci/wine.sh

built=${CARGO_TARGET_DIR:-$ci_root/target}
made=$built/win32
prefix=$made/installed
tests=capi/tests/win32
table=("$tests"/table/*.c)
warnings=(-Wall -Wextra -Werror)
# Programs that passed; a program that fails ends the script.
passed=0

# flags_of NAME: sets `flags` to pkg-config's for a package, so that programs find the library where it lies.
flags_of() {
    read -ra flags < <(pkg-config --cflags --libs "$1")
    flags+=("-Wl,-rpath,$prefix/lib" -pthread)
}

install_library() {
    make -s -C capi install PREFIX="$prefix" CARGO_TARGET_DIR="$built"
    cargo build -q -p samemap-c --example win32_peer
    cargo build -q -p samemap --bin samemap-server --bin samemap-client
}

# run PROGRAM [ARGUMENTS…]: in the folder where programs are made, bounded.
run() {
    (cd "$made" && timeout -k 5 120 "$@") || fail "$* failed"
    passed=$((passed + 1))
}

# one_table LABEL COMPILER…: compiles the table and compares its output with the first one's.
one_table() {
    local label=$1
    shift
    flags_of samemap-win32
    "$@" "${warnings[@]}" "${table[@]}" -o "$made/table-$label" "${flags[@]}"
    run "./table-$label" >"$made/table-$label.txt"
    [[ -e $made/table.txt ]] || cp "$made/table-$label.txt" "$made/table.txt"
    diff "$made/table.txt" "$made/table-$label.txt" || fail "$label answers otherwise"
}

# In C and C++, with either compiler, with glibc's own checks of arguments, and under the sanitizers.
tables() {
    rm -f "$made/table.txt"
    one_table gcc gcc -std=c11 -pedantic
    one_table clang clang -std=c11 -pedantic
    one_table gxx g++ -x c++ -std=c++17
    one_table clangxx clang++ -x c++ -std=c++17
    one_table fortified gcc -std=gnu17 -O2 -D_FORTIFY_SOURCE=2
    one_table sanitized gcc -std=gnu17 -g -fsanitize=address,undefined -fno-sanitize-recover
    tail -n 1 "$made/table.txt"
}

peers() {
    flags_of samemap-win32
    "$1" -std=gnu11 "${warnings[@]}" "$tests/peers.c" -o "$made/peers-$1" "${flags[@]}"
    run "./peers-$1" "$built/debug/examples/win32_peer"
}

# includes: C++'s own headers, before windows.h and behind it, under the flags of a package.
includes() {
    local cxx=$1
    flags_of "$2"
    "$cxx" "${@:3}" "$tests/includes.cpp" -o "$made/includes" "${flags[@]}"
    run ./includes
}

# conversation SERVER CLIENT MESSAGE: the client reads what the server wrote, byte for byte.
conversation() {
    local server=$1 client=$2 message=$3 enter=$made/enter pid
    rm -f "$enter" && mkfifo "$enter"
    if [[ $server == *samemap-server ]]; then
        "$server" --message "$message" <"$enter" >"$made/server.txt" &
    else
        "$server" "$message" <"$enter" >"$made/server.txt" &
    fi
    pid=$!
    exec 3>"$enter"
    # A client that comes before the message reads none.
    until "$client" <<<"" >"$made/client.txt" 2>/dev/null && ! grep -qx '""' "$made/client.txt"; do
        kill -0 "$pid" 2>/dev/null || fail "$server ended early"
        sleep 0.1
    done
    echo >&3
    exec 3>&-
    wait "$pid" || fail "$server failed"
    diff "$made/server.txt" - <<EOF || fail "$server says something else"
The file mapping (Local\\SampleMap) is created
The file view is mapped
This message is written to the view:
"$message"
Press ENTER to clean up resources and quit
EOF
    diff "$made/client.txt" - <<EOF || fail "$client says something else"
The file mapping (Local\\SampleMap) is opened
The file view is mapped
Read from the file mapping:
"$message"
Press ENTER to clean up resources and quit
EOF
    passed=$((passed + 1))
}

# In a name space of their own: another run on this machine may have the same names.
examples() {
    local folder=$made/examples-$1
    cp -r examples/win32 "$folder"
    make -s -C "$folder" CXX="$1" 2>"$made/examples-$1.log" || fail "the examples: $(cat "$made/examples-$1.log")"
    export SAMEMAP_DIR=$made/names
    mkdir -p "$SAMEMAP_DIR"
    conversation "$folder/server" "$folder/client" "Message from the first process."
    conversation "$folder/server" "$built/debug/samemap-client" "é, €, 𝄞"
    conversation "$built/debug/samemap-server" "$folder/client" "é, €, 𝄞"
    unset SAMEMAP_DIR
}

# absent COMPILER: every line of the list is refused, in its words.
absent() {
    local statement words count=0
    read -ra flags < <(pkg-config --cflags samemap-win32)
    while IFS= read -r line; do
        [[ -n $line && $line != \#* ]] || continue
        statement=${line%% => *} words=${line##* => }
        printf '#include <windows.h>\nvoid routine(void);\nHANDLE use(HANDLE event);\nHANDLE use(HANDLE event) { %s return event; }\n' \
            "$statement" >"$made/absent.c"
        ! "$1" -O1 -Werror -Wno-deprecated "$made/absent.c" -c -o "$made/absent.o" "${flags[@]}" >"$made/absent.log" 2>&1 ||
            fail "$1 takes $statement"
        grep -q "$words" "$made/absent.log" || fail "$1 says something else of $statement: $(cat "$made/absent.log")"
        count=$((count + 1))
    done <"$tests/absent.txt"
    echo "$1 refuses $count of $count"
    passed=$((passed + 1))
}

test_on_linux() {
    local compiler
    need_cc
    need_apt gcc g++ clang make pkgconf
    rm -rf "$made" && mkdir -p "$made"
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    step "the library, as it is installed"
    install_library
    step "the table of calls"
    tables
    step "Rust, C and Win32 programs"
    peers gcc
    peers clang
    step "C++'s headers"
    includes g++ samemap-win32 -std=c++17 "${warnings[@]}"
    includes clang++ samemap-win32 -std=c++17 "${warnings[@]}"
    includes g++ samemap-win32-gcc -O2
    includes clang++ samemap-win32-clang -O2
    step "the examples"
    examples g++
    examples clang++
    step "what is not there"
    for compiler in gcc g++ clang clang++; do absent "$compiler"; done
}

# The same table, with Windows' own headers and calls. Where Wine is no Windows, the table knows and says so.
test_under_wine() {
    use_windows_toolchain
    mkdir -p "$made"
    x86_64-w64-mingw32-gcc -std=gnu11 -Wall -Wno-format -Werror -D__USE_MINGW_ANSI_STDIO=0 -DUNICODE -D_UNICODE \
        "${table[@]}" -o "$made/table.exe"
    step "Wine"
    start_wine
    run wine ./table.exe >"$made/table-windows.txt" 2>"$made/table-windows.log" || {
        cat "$made/table-windows.txt"
        fail "Windows answers otherwise than the table"
    }
    grep '^Wine deviates' "$made/table-windows.log" || true
    sed -i 's/\r$//' "$made/table-windows.txt"
    tail -n 1 "$made/table-windows.txt"
    [[ ! -e $made/table.txt ]] || diff "$made/table.txt" "$made/table-windows.txt" ||
        fail "Linux and Windows answer otherwise"
}

for part in "${@:-linux windows}"; do
    for name in $part; do
        case $name in
        linux) test_on_linux ;;
        windows) test_under_wine ;;
        *) fail "$name: one of linux, windows" ;;
        esac
    done
done
step "win32: summary"
echo "test result: ok. $passed passed; 0 failed"
