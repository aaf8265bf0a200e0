"""Rust source as the checks of ci/ read it: without comments, without what texts say, and without tests."""

import re

_BLANKED = re.compile(
    r'''
    (?P<line>//[^\n]*)
  | (?P<block>/\*)
  | (?P<raw>\b(?:b|c|br|cr)?r(?P<hashes>\#*)")
  | (?P<text>\b[bc]?"(?:\\.|[^"\\])*"|"(?:\\.|[^"\\])*")
  | (?P<char>b?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[^}]*\}|.)|[^'\\\n])')
    ''',
    re.VERBOSE | re.DOTALL,
)


def _blank(text, with_char=' '):
    """The same number of characters and the same lines."""
    return re.sub(r'[^\n]', with_char, text)


def _end_of_block_comment(source, start):
    depth, at = 0, start
    for found in re.compile(r'/\*|\*/').finditer(source, start):
        depth += 1 if found.group() == '/*' else -1
        at = found.end()
        if depth == 0:
            return at
    return len(source)


def mask(source):
    """The source with comments as blanks and the insides of texts as `_`, character for character in its place."""
    pieces, at = [], 0
    while found := _BLANKED.search(source, at):
        pieces.append(source[at:found.start()])
        end = found.end()
        if found.group('line'):
            pieces.append(_blank(found.group()))
        elif found.group('block'):
            end = _end_of_block_comment(source, found.start())
            pieces.append(_blank(source[found.start():end]))
        else:
            if found.group('raw'):
                closing = source.find('"' + found.group('hashes'), end)
                end = len(source) if closing < 0 else closing + 1 + len(found.group('hashes'))
            pieces.append(_blank(source[found.start():end], '_'))
        at = end
    return ''.join(pieces) + source[at:]


_TEST_ONLY = re.compile(r'#\s*\[\s*(?:cfg\s*\(\s*(?:all\s*\(\s*)?test\b[^\]]*|test\s*)\]')
_OPENING, _CLOSING = '([{', ')]}'


def _end_of_item(code, start):
    """Behind the `;` or the closing brace that ends the item (its attributes included) at `start`."""
    depth = 0
    for at in range(start, len(code)):
        char = code[at]
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
            if depth == 0 and char == '}':
                return at + 1
        elif char == ';' and depth == 0:
            return at + 1
    return len(code)


def without_tests(code):
    """Masked code without items under `#[cfg(test)]` and `#[test]`, and the names of the modules left out that
    are files of their own."""
    left_out, at = [], 0
    while found := _TEST_ONLY.search(code, at):
        end = _end_of_item(code, found.end())
        left_out += re.findall(r'\bmod\s+(\w+)\s*;', code[found.start():end])
        code = code[:found.start()] + _blank(code[found.start():end]) + code[end:]
        at = end
    return code, left_out


def without_exported_macros(code):
    """Masked code without the bodies of exported macros, whose paths are read where the macro is used."""
    beginning = re.compile(r'#\s*\[\s*macro_export\s*\]\s*macro_rules!\s*\w+\s*')
    at = 0
    while found := beginning.search(code, at):
        at = _end_of_item(code, found.end())
        code = code[:found.end()] + _blank(code[found.end():at]) + code[at:]
    return code


def code_lines(code):
    """How many lines of masked code hold anything."""
    return sum(1 for line in code.splitlines() if line.strip())
