#!/usr/bin/env python3
"""What a library imports by `raw-dylib` for 32-bit Windows, and by which names.

    ci/raw_imports.py LIBRARY.rlib

ntdll exports NtQuerySection. A 32-bit caller names it _NtQuerySection@20, and a program that imports it by that name
cannot start. So each import has to say that its name is to be stripped of both (Microsoft's PE format, "Import Type").
"""
import struct
import sys

SIGNATURE = b"\x00\x00\xff\xff"
UNDECORATED = 3


def members(archive):
    """The contents of the members of an `ar` archive."""
    assert archive.startswith(b"!<arch>\n"), "no archive"
    at = 8
    while at + 60 <= len(archive):
        size = int(archive[at + 48 : at + 58])
        yield archive[at + 60 : at + 60 + size]
        at += 60 + size + size % 2


def imports(archive):
    """(symbol, kind of name) of each short import."""
    for member in members(archive):
        if member[:4] == SIGNATURE and len(member) > 20:
            flags = struct.unpack_from("<H", member, 18)[0]
            yield member[20:].split(b"\0")[0].decode(), flags >> 2 & 7


def main():
    with open(sys.argv[1], "rb") as file:
        found = list(imports(file.read()))
    decorated = [symbol for symbol, kind in found if kind != UNDECORATED]
    for symbol in decorated:
        print(f"{symbol} is imported by a name that no DLL exports; see import_name_type")
    if not found:
        print("nothing is imported by raw-dylib: is this the right library?")
    if decorated or not found:
        sys.exit(1)
    print(f"imported by their plain names: {', '.join(sorted(symbol for symbol, _ in found))}")


main()
