"""A program that knows nothing of samemap but a POSIX name: it maps the bytes behind it.

linux_read.py text NAME             prints the UTF-16 text at byte 0, up to its NUL
linux_read.py get NAME OFFSET       prints the byte there, in decimal
linux_read.py put NAME OFFSET BYTE  writes a byte there
linux_read.py zeros NAME LENGTH     fails unless the first LENGTH bytes are zeros

multiprocessing.shared_memory would do for reading too, but up to Python 3.12 it removes at exit what it only
attached to.
"""

import mmap
import os
import sys


def mapped(name, writable):
    fd = os.open("/dev/shm" + name, os.O_RDWR if writable else os.O_RDONLY)
    try:
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        return mmap.mmap(fd, 0, access=access)
    finally:
        os.close(fd)


def text_of(memory):
    units = memory[: len(memory) & ~1]
    end = next(at for at in range(0, len(units), 2) if units[at : at + 2] == b"\0\0")
    return units[:end].decode("utf-16-le")


def main(what, name, *numbers):
    memory = mapped(name, what == "put")
    numbers = [int(number) for number in numbers]
    if what == "text":
        sys.stdout.buffer.write((text_of(memory) + "\n").encode())
    elif what == "get":
        print(memory[numbers[0]])
    elif what == "put":
        memory[numbers[0]] = numbers[1]
    elif what == "zeros":
        sys.exit(0 if not any(memory[: numbers[0]]) else 1)
    else:
        sys.exit(2)


main(*sys.argv[1:])
