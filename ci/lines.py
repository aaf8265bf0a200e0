#!/usr/bin/env python3
"""Counts the code lines of each room: without comments, docs, blank lines and unit tests."""

import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import rust  # noqa: E402

LONGEST = 450

# The first that fits. What is marked is shipped: what a user of the library or of the programs gets.
ROOMS = [
    ('conformance', False, r'platform/src/conformance/'),
    ('contract', True, r'platform/src/(contract/|testing)'),
    ('memory, copy', True, r'platform/src/memory/'),
    ('words', True, r'platform/src/words/'),
    ('seam', True, r'platform/src/(seam/|system\.rs)'),
    ('posix', True, r'platform/src/posix/'),
    ('windows', True, r'platform/src/windows/'),
    ('unsupported', True, r'platform/src/unsupported\.rs'),
    ('sync front', True, r'platform/src/sync/'),
    ('other fronts', True, r'platform/src/'),
    ('capi, tests', False, r'capi/(tests|examples|header)/'),
    ('capi/win32', True, r'capi/src/win32'),
    ('capi', True, r'capi/'),
    ('adaptors', True, r'adaptors/src/'),
    ('src/channel', True, r'src/channel'),
    ('src/latest', True, r'src/latest'),
    ('src/topic', True, r'src/topic'),
    ('src/aio', True, r'src/aio'),
    ('src/programs', True, r'src/(programs|bin)'),
    ('src, the rest', True, r'src/'),
    ('bench', False, r'bench/'),
    ('tests', False, r'tests/|adaptors/tests/'),
    ('models', False, r'models/'),
    ('examples, fuzz', False, r'examples/|fuzz/'),
]


def project_files():
    """Tracked or about to be; without git, what is not built."""
    git = ['git', 'ls-files', '--cached', '--others', '--exclude-standard']
    listed = subprocess.run(git, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        paths = listed.stdout.splitlines()
    else:
        paths = [str(path) for path in pathlib.Path('.').rglob('*') if not str(path).startswith('target')]
    return sorted({path for path in paths if pathlib.Path(path).is_file()})


def room_of(path):
    return next((room for room, _, pattern in ROOMS if re.match(pattern, path)), None)


def test_files(sources):
    """Files that hold unit tests alone: modules under `#[cfg(test)]`, and what lies below them."""
    found = set()
    for path, (_, modules) in sources.items():
        own = pathlib.Path(path)
        folder = own.parent if own.name in ('lib.rs', 'main.rs', 'mod.rs') else own.with_suffix('')
        for module in modules:
            beginnings = (f'{folder / module}.rs', f'{folder / module}/')
            found |= {other for other in sources if other.startswith(beginnings)}
    return found


def count(path, sources, only_tests):
    text = pathlib.Path(path).read_text(encoding='utf-8')
    if not path.endswith('.rs'):
        # Only C and C++ are left, whose comments look the same.
        return rust.code_lines(rust.mask(text))
    # All of tests/ and of the suite is tests.
    if room_of(path) in ('tests', 'conformance', 'models'):
        return rust.code_lines(rust.mask(text))
    return 0 if path in only_tests else rust.code_lines(sources[path][0])


def main():
    paths = [path for path in project_files() if re.search(r'\.(rs|c|cpp)$', path) and room_of(path)]
    sources = {
        path: rust.without_tests(rust.mask(pathlib.Path(path).read_text(encoding='utf-8')))
        for path in paths
        if path.endswith('.rs')
    }
    only_tests = test_files(sources)
    sums = {room: [0, 0] for room, _, _ in ROOMS}
    for path in paths:
        sums[room_of(path)][0] += 1
        sums[room_of(path)][1] += count(path, sources, only_tests)
    print(f'{"room":<16}{"files":>7}{"code lines":>12}')
    for shipped in (True, False):
        for room, is_shipped, _ in ROOMS:
            files, lines = sums[room]
            if is_shipped == shipped and files:
                print(f'{room:<16}{files:>7,}{lines:>12,}')
        if shipped:
            files, lines = (sum(sums[room][which] for room, is_shipped, _ in ROOMS if is_shipped) for which in (0, 1))
            print(f'{"shipped":<16}{files:>7,}{lines:>12,}\n')
    lengths = [(len(pathlib.Path(path).read_text(encoding='utf-8').splitlines()), path) for path in paths]
    long = sorted((entry for entry in lengths if entry[0] > LONGEST), reverse=True)
    print(f'\nfiles over {LONGEST} lines: {len(long)}')
    for length, path in long:
        print(f'{length:>7,}  {path}')


if __name__ == '__main__':
    sys.exit(main())
