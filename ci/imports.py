#!/usr/bin/env python3
"""Finds files that import each other, in a circle of two or of more, and imports that run up.

    ci/imports.py               fails on what ci/known-circles.txt does not list, and on what it lists in vain
    ci/imports.py --write       writes that list anew: look at the difference, it may only shrink
    ci/imports.py --self-test   shows that circles made on purpose are found

An import is a `use`, or a path in the code that begins with `crate`, `self`, `super` or a module's name. It counts
for the file that defines the name, not for one that passes it on. Unit tests, comments, and the paths in which
something is visible do not count.
"""

import collections
import os
import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True
import rust  # noqa: E402

KNOWN = pathlib.Path('ci/known-circles.txt')

# The files that crates begin with; those of a pattern each begin one.
CRATES = [
    'platform/src/lib.rs', 'src/lib.rs', 'src/bin/*.rs', 'adaptors/src/lib.rs', 'capi/src/lib.rs', 'bench/src/main.rs',
    'bench/peers/subetha/src/main.rs', 'models/src/lib.rs', 'models/tests/*.rs', 'tests/*.rs', 'tests/*/main.rs',
]

# One way down: a file may import from its own room and from those above it in this list.
ROOMS = [
    ('contract', r'platform/src/(contract/|testing(/|\.rs))'),
    ('memory', r'platform/src/memory/'),
    ('words', r'platform/src/words/'),
    ('seam', r'platform/src/seam/'),
    ('backends', r'platform/src/(posix/|windows/|unsupported\.rs)'),
    ('system', r'platform/src/system\.rs'),
    ('fronts', r'platform/src/(?!lib\.rs|conformance/)'),
    ('conformance', r'platform/src/conformance/'),
]

# Never compiled together: a name that both have is taken from one's own.
SYSTEMS = [r'platform/src/posix/', r'platform/src/windows/']


class Module:
    """A module: a file, or a part of one."""

    def __init__(self, file, parent):
        self.file, self.parent = file, parent
        self.children = collections.defaultdict(list)
        self.defined = set()
        self.imports = collections.defaultdict(list)
        self.globs = []
        self.paths = []

    def root(self):
        return self if self.parent is None else self.parent.root()

    def every(self):
        yield self
        for modules in self.children.values():
            for module in modules:
                yield from module.every()


# ---- Reading ----------------------------------------------------------------------------------------------

_ITEM = re.compile(
    r'''
    (?P<where>\bpub\s*\(\s*in\b[^)]*\))
  | \#\s*\[\s*path\s*=\s*(?P<path>_+)\s*\]
  | \bmod\s+(?P<mod>\w+)\s*(?P<kind>[;{])
  | \buse\s+(?P<use>[^;]+);
  | \b(?:fn|struct|enum|union|trait|type|const|static|macro_rules!)\s+(?:mut\s+)?(?P<name>\w+)
  | (?P<inline>(?<![$\w])(?:crate|self|super|[A-Za-z_]\w*)(?:\s*::\s*[A-Za-z_]\w*)+)
  | (?P<brace>[{}])
    ''',
    re.VERBOSE,
)


def read_crate(root):
    return _read_file(pathlib.Path(root), None, pathlib.Path(root).parent)


def _read_file(file, parent, folder):
    source = file.read_text(encoding='utf-8')
    code, _ = rust.without_tests(rust.mask(source))
    # Without the way back out of a folder that `#[path]` takes.
    module = Module(os.path.normpath(file), parent)
    _read_items(module, rust.without_exported_macros(code), source, file, folder)
    return module


def _read_items(top, code, source, file, folder):
    # The modules that are open here: each with the depth of braces that ends it, and the folder of its files.
    open_modules, depth, given_path = [(top, -1, folder)], 0, None
    for found in _ITEM.finditer(code):
        module, _, folder = open_modules[-1]
        if found.group('where'):
            pass
        elif found.group('path'):
            given_path = source[found.start('path'):found.end('path')].strip('"')
        elif name := found.group('mod'):
            if found.group('kind') == '{':
                inner = Module(module.file, module)
                module.children[name].append(inner)
                open_modules.append((inner, depth, folder / name))
                depth += 1
            elif child := _file_of(name, given_path, file, folder):
                below = child.parent if child.name == 'mod.rs' or given_path else child.with_suffix('')
                module.children[name].append(_read_file(child, module, below))
            given_path = None
        elif found.group('use'):
            for path, alias in _tree(found.group('use')):
                if alias == '*':
                    module.globs.append(path)
                else:
                    module.imports[alias].append(path)
                module.paths.append(path)
        elif found.group('name'):
            module.defined.add(found.group('name'))
        elif found.group('inline'):
            module.paths.append(re.split(r'\s*::\s*', found.group('inline')))
        elif found.group('brace') == '{':
            depth += 1
        else:
            depth -= 1
            if open_modules[-1][1] == depth:
                open_modules.pop()


def _file_of(name, given_path, file, folder):
    if given_path:
        candidates = [file.parent / given_path]
    else:
        candidates = [folder / f'{name}.rs', folder / name / 'mod.rs']
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _tree(text):
    """The paths of a `use`, each with the name that it is known by."""
    tokens = re.findall(r'\w+|::|[{},*]', text)
    found, at = [], 0

    def walk(before):
        nonlocal at
        path = list(before)
        while at < len(tokens):
            token = tokens[at]
            at += 1
            if token == '{':
                while tokens[at] != '}':
                    walk(path)
                    at += tokens[at] == ','
                at += 1
                return
            if token == '*':
                found.append((path, '*'))
                return
            if token == 'as':
                found.append((path, tokens[at]))
                at += 1
                return
            if token != '::':
                path = path if token == 'self' and path else [*path, token]
            if at == len(tokens) or tokens[at] in ',}':
                found.append((path, path[-1]))
                return

    walk([])
    return found


# ---- Resolving --------------------------------------------------------------------------------------------

# Longer ways from a name to its file do not exist; `use time::time` of another crate has no end.
DEEPEST = 20


def resolve(module, path, seen=()):
    """The files that define what `path` names in `module`; none for another crate's."""
    key = (id(module), tuple(path))
    if key in seen or not path or len(seen) > DEEPEST:
        return set()
    first, rest = path[0], path[1:]
    if first == 'crate':
        return _below(module.root(), rest, (*seen, key))
    if first == 'self':
        return _below(module, rest, (*seen, key))
    if first == 'super':
        return _below(module.parent, rest, (*seen, key)) if module.parent else set()
    if first in module.children or first in module.imports or first in module.defined:
        return _below(module, path, (*seen, key))
    return set()


def _below(module, path, seen):
    if not path:
        return {module.file}
    first, rest = path[0], path[1:]
    if first == 'super' and module.parent:
        return _below(module.parent, rest, seen)
    found = set()
    for child in module.children.get(first, ()):
        found |= _below(child, rest, seen)
    for imported in module.imports.get(first, ()):
        found |= resolve(module, imported + rest, seen)
    if found or first in module.defined:
        return found or {module.file}
    if first in module.imports:
        # Of another crate, and passed on.
        return set()
    for glob in module.globs:
        found |= resolve(module, [*glob, *path], seen)
    return {file for file in found if file != module.file} or {module.file}


def edges_of(crate):
    """For each file the files that it imports from, and by which names."""
    edges = {}
    for module in crate.every():
        names = edges.setdefault(module.file, {})
        for path in module.paths:
            for file in _of_this_system(module.file, resolve(module, path)):
                if file != module.file:
                    names.setdefault(file, set()).add('::'.join(path))
    return edges


def _of_this_system(file, found):
    own = next((system for system in SYSTEMS if re.match(system, file)), None)
    others = [system for system in SYSTEMS if system != own] if own else []
    return {file for file in found if not any(re.match(other, file) for other in others)}


# ---- Judging ----------------------------------------------------------------------------------------------


def pairs(edges):
    return {(a, b) for a in edges for b in edges[a] if a < b and a in edges[b]}


def knots(edges):
    """The sets of three or more files of which each imports, over others, each other one (Tarjan)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in edges[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            knot = frozenset(stack[at:])
            del stack[at:]
            on_stack.difference_update(knot)
            if len(knot) > 2:
                found.append(knot)

    for node in list(edges):
        if node not in index:
            visit(node)
    return found


def circle_in(edges, knot):
    """The shortest circle through a knot's first file."""
    start = min(knot)
    ways, queue = {start: [start]}, collections.deque([start])
    while queue:
        node = queue.popleft()
        for other in sorted(edges[node]):
            if other == start:
                return [*ways[node], start]
            if other in knot and other not in ways:
                ways[other] = [*ways[node], other]
                queue.append(other)
    return sorted(knot)


def room(file):
    return next((at for at, (_, pattern) in enumerate(ROOMS) if re.match(pattern, file)), None)


def upward(edges):
    found = set()
    for a in edges:
        for b in edges[a]:
            rooms = room(a), room(b)
            if None not in rooms and rooms[0] < rooms[1]:
                found.add((a, b))
    return found


def shown(edges, way):
    lines = []
    for a, b in zip(way, way[1:]):
        lines.append(f'    {a} -> {b}: {", ".join(sorted(edges[a][b])[:4])}')
    return '\n'.join(lines)


# ---- The list of those that are known -----------------------------------------------------------------------


def parse_known(text):
    known = {'circle': set(), 'up': set(), 'knot': []}
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith('#'):
            continue
        if words[0] == 'knot':
            known['knot'].append(set())
        elif words[0] in ('circle', 'up'):
            known[words[0]].add((words[1], words[2]))
        else:
            known['knot'][-1].add(words[0])
    return known


def known_text(edges):
    lines = [
        '# What ci/imports.py finds and forgives. It may only shrink; `ci/imports.py --write` takes out what is gone.',
        '#   circle A B   A and B import each other',
        '#   up A B       A imports B, which lies in a higher room',
        '#   knot         each of these files imports, over others, each other one',
    ]
    lines += [f'circle {a} {b}' for a, b in sorted(pairs(edges))]
    lines += [f'up {a} {b}' for a, b in sorted(upward(edges))]
    for knot in sorted(knots(edges), key=sorted):
        lines += ['knot', *(f'    {file}' for file in sorted(knot))]
    return '\n'.join(lines) + '\n'


def complaints(edges, known):
    """What is new, and what is listed in vain."""
    found = []
    for kind, what, now in (
        ('circle', 'import each other', pairs(edges)),
        ('up', 'the first imports from a higher room', upward(edges)),
    ):
        for a, b in sorted(now - known[kind]):
            way = [a, b, a] if kind == 'circle' else [a, b]
            found.append(f'{a} and {b}: {what}\n{shown(edges, way)}')
        found += [f'no longer there, take it out of {KNOWN}: {kind} {a} {b}' for a, b in sorted(known[kind] - now)]
    now = knots(edges)
    for knot in now:
        if not any(knot <= listed for listed in known['knot']):
            found.append(f'a circle of {len(knot)} files:\n{shown(edges, circle_in(edges, knot))}')
    tied = set().union(*now)
    for listed in known['knot']:
        found += [f'in no knot any more, take it out of {KNOWN}: {file}' for file in sorted(listed - tied)]
    return found


def edges_of_all():
    edges = {}
    for pattern in CRATES:
        for root in sorted(pathlib.Path().glob(pattern)):
            for a, others in edges_of(read_crate(root)).items():
                for b, names in others.items():
                    edges.setdefault(a, {}).setdefault(b, set()).update(names)
                edges.setdefault(a, {})
    return edges


# ---- The check of the check -----------------------------------------------------------------------------------

SELF_TEST = {
    'lib.rs': 'mod a; mod b; mod c; mod d; mod e; mod f; mod g; mod h; mod innocent; pub use a::Thing;\n'
              'mod hall; pub mod words { pub mod low; } mod memory { mod view; }',
    # Two that import each other, the one over what lib.rs passes on.
    'a.rs': 'use crate::b::Other;\npub struct Thing(Other);',
    'b.rs': 'pub struct Other;\nfn f(_: crate::Thing) {}',
    # Three.
    'c.rs': 'use super::d::{self, D as Name};\npub struct C;',
    'd.rs': 'pub struct D;\nfn f() { crate::e::e() }',
    'e.rs': 'pub fn e() -> super::c::C { todo!() }',
    # No circle: only comments, texts and unit tests look back.
    'f.rs': 'use crate::g::G; pub struct F;',
    'g.rs': 'pub struct G; // crate::f::F\nconst T: &str = r#"use crate::f::F;"#;\n'
            '#[cfg(test)]\nmod tests { use crate::f::F; }',
    # Another variant of a file, and what is passed on by a star.
    'h.rs': 'use crate::hall::Deep; pub struct H;',
    'hall/mod.rs': 'mod deep; mod inner; use inner::Inner; pub use deep::*; pub use Own as Alias; struct Own;',
    'hall/deep.rs': 'pub struct Deep(crate::h::H);',
    # Where something is visible is no import, nor is another name for what is one's own.
    'hall/inner.rs': 'pub(in crate::hall) struct Inner;',
    'innocent.rs': "use crate::hall::Alias; use std::fmt; fn f<'a>(_: &'a str) -> char { '\"' }",
    # Up: memory imports from words.
    'memory/view.rs': 'use crate::words::low::Low;',
    'words/low.rs': 'pub struct Low;',
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        crate = pathlib.Path(folder) / 'platform/src'
        for name, text in SELF_TEST.items():
            (crate / name).parent.mkdir(parents=True, exist_ok=True)
            (crate / name).write_text(text, encoding='utf-8')
        was = os.getcwd()
        os.chdir(folder)
        edges = edges_of_all()
        os.chdir(was)
    at = 'platform/src/'
    assert pairs(edges) == {(at + 'a.rs', at + 'b.rs'), (at + 'h.rs', at + 'hall/deep.rs')}, pairs(edges)
    assert knots(edges) == [frozenset(at + name for name in ('c.rs', 'd.rs', 'e.rs'))], knots(edges)
    assert upward(edges) == {(at + 'memory/view.rs', at + 'words/low.rs')}, upward(edges)
    assert len(complaints(edges, parse_known(''))) == 4
    known = parse_known(known_text(edges))
    assert not complaints(edges, known), complaints(edges, known)
    known['circle'].add((at + 'f.rs', at + 'g.rs'))
    known['knot'][0].add(at + 'f.rs')
    assert len(complaints(edges, known)) == 2, 'what is listed in vain is an error'
    print('circles made on purpose are found')


def main(arguments):
    sys.setrecursionlimit(10_000)
    if arguments == ['--self-test']:
        return self_test()
    edges = edges_of_all()
    if arguments == ['--write']:
        KNOWN.write_text(known_text(edges), encoding='utf-8')
        return None
    if arguments:
        return __doc__
    known = parse_known(KNOWN.read_text(encoding='utf-8') if KNOWN.exists() else '')
    found = complaints(edges, known)
    print(f'{len(edges)} files; known: {len(known["circle"])} circles of two, '
          f'{len(known["up"])} imports that run up, {len(known["knot"])} knots')
    return '\n'.join(found) or None


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
