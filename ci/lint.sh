#!/usr/bin/env bash
# Formatting, lints, documentation, and the rules of this project that no compiler checks.
# shellcheck source=ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The files of the project: tracked or about to be. Without git (a copy of the tree), what is not built.
project_files() {
    git ls-files -z --cached --others --exclude-standard 2>/dev/null ||
        find . \( -name .git -o -name 'target*' \) -prune -o -type f -print0
}

# search_rust REGEX: where the code of the .rs files named on stdin (NUL between them) matches. Comments do not
# count, a match may span lines.
# shellcheck disable=SC2016 # the dollars are Perl's
search_rust() {
    xargs -0 -r perl -0777 -e '
        my $regex = shift;
        for my $file (@ARGV) {
            open(my $in, "<", $file) or next;    # deleted, not yet committed
            my $code = <$in> // "";
            $code =~ s{(?m)^(\s*)//.*$}{$1}g;
            while ($code =~ /$regex/g) {
                my $line = 1 + (substr($code, 0, $-[0]) =~ tr/\n//);
                my $text = $& =~ s/\s+/ /gr;
                print "$file:$line: $text\n";
            }
        }' "$1"
}

rust_files() { project_files | grep -zE "$1"; }

# deny WHAT FOUND: false, with the places, when something was found.
deny() {
    [[ -n $2 ]] || return 0
    printf '%s:\n%s\n' "$1" "$2" >&2
    return 1
}

check_rules() {
    local status=0 system found
    system='cfg(?:_attr|!)?\s*\((?:[^\]]*?[\s(,])?(?:windows|unix|target_(?:os|family|env|vendor|arch))\b'
    found=$(rust_files '^(\./)?src/.*\.rs$' | search_rust "$system")
    deny "a system is told apart outside platform/" "$found" || status=1
    found=$(rust_files '\.rs$' | search_rust '\b(?:todo|unimplemented)!')
    deny "unfinished" "$found" || status=1
    found=$(rust_files '\.rs$' | search_rust '#!?\[ignore\s*\]|cfg_attr\([^\]]*\bignore\s*\)\s*\]')
    deny "a test ignored without a reason" "$found" || status=1
    # Written so that this line is no match itself.
    found=$(project_files | xargs -0 grep -nIE '(\.\.|/work)[/]shared' 2>/dev/null || true)
    deny "a file outside the project is named" "$found" || status=1
    return "$status"
}

# A library's user does not pay for our programs.
check_tree() {
    local tree
    tree=$(cargo tree -p samemap --no-default-features -e normal)
    ! grep -w clap <<<"$tree"
}

# No two files import each other, and imports run one way down.
check_imports() {
    need_python
    ci/imports.py --self-test && ci/imports.py
}

check_shell() {
    need_apt shellcheck
    shellcheck -x .ci/run ci/*.sh
}

# A workspace of its own. They are checked and not linked, so the fuzzer itself, which is C++, need not be there.
check_fuzz_targets() {
    cargo fmt --manifest-path fuzz/Cargo.toml --check &&
        CUSTOM_LIBFUZZER_PATH=/nowhere/libfuzzer.a RUSTFLAGS='--cfg fuzzing' \
            cargo clippy --manifest-path fuzz/Cargo.toml --target-dir target/fuzz -- -D warnings
}

document() {
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --all-features
}

# A workspace of its own, like the fuzz targets.
check_header_program() {
    cargo fmt --manifest-path capi/header/Cargo.toml --check &&
        cargo clippy --manifest-path capi/header/Cargo.toml --target-dir target/header -- -D warnings
}

# What would be published is complete, as far as can be told without building it. No registry is asked to take it.
check_packages() {
    cargo package -p samemap-platform -p samemap -p samemap-adaptors -p samemap-c --no-verify --allow-dirty
}

main() {
    local failed=()
    need_cc
    need_component rustfmt
    need_component clippy

    step "cargo fmt"
    cargo fmt --all --check || failed+=(fmt)
    step "rules of the project"
    check_rules || failed+=(rules)
    step "imports"
    check_imports || failed+=(imports)
    step "dependencies without the programs"
    check_tree || failed+=(tree)
    step "shellcheck"
    check_shell || failed+=(shellcheck)
    step "clippy"
    cargo clippy --workspace --all-targets --all-features -- -D warnings || failed+=(clippy)
    ci/windows.sh --clippy || failed+=(clippy-windows)
    step "fuzz targets"
    check_fuzz_targets || failed+=(fuzz)
    step "the program that makes samemap.h"
    check_header_program || failed+=(header)
    step "documentation"
    document || failed+=(doc)
    step "packages"
    check_packages || failed+=(packages)

    [[ ${#failed[@]} -eq 0 ]] || fail "lint: ${failed[*]}"
}

main "$@"
