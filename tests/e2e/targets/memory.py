# SPDX-License-Identifier: MIT
"""A program whose memory is of one kind: objects, holes between them, or native.

Prints `ready`; then each command does one thing and answers with its own word.
`arenas` answers what CPython itself says of its arenas: their number and the bytes in
allocated blocks.
"""

import ctypes
import os
import re
import sys
import tempfile

from commands import serve

kept = []
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]


def objects(megabytes):
    """Large bytes objects, which malloc holds."""
    kept.append([b"x" * (1 << 20) for _ in range(int(megabytes))])


def holes(megabytes):
    """Small objects of which every second one goes: free blocks inside arenas."""
    many = [bytes(99) for _ in range((int(megabytes) << 20) // 128)]
    kept.append(many[::2])


def gaps(megabytes):
    """The same with blocks of malloc."""
    many = [bytes(9000) for _ in range((int(megabytes) << 20) // 9000)]
    kept.append(many[::2])


def native(megabytes):
    """Memory of no object's."""
    for _ in range(int(megabytes)):
        block = libc.malloc(1 << 20)
        ctypes.memset(block, 1, 1 << 20)


def arenas():
    """Ask sys._debugmallocstats, which writes to descriptor 2."""
    with tempfile.TemporaryFile() as file:
        before = os.dup(2)
        os.dup2(file.fileno(), 2)
        sys._debugmallocstats()
        os.dup2(before, 2)
        os.close(before)
        file.seek(0)
        text = file.read().decode()
    count = re.search(r"arenas allocated current\s*=\s*([\d,]+)", text)
    used = re.search(r"bytes in allocated blocks\s*=\s*([\d,]+)", text)
    numbers = (match.group(1).replace(",", "") for match in (count, used))
    return " ".join(numbers)


serve(objects=objects, holes=holes, gaps=gaps, native=native, arenas=arenas)
