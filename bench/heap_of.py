# SPDX-License-Identifier: MIT
"""The program that bench_sweep.py measures: a heap of so many objects, all live.

Of every five objects one is an instance, one its list, one a dict, one a list in it
and one a str: sizes and references as in ordinary programs. `fork` is the cheapest
fork there is, libc's, with the child leaving at once; the time is the parent's.
"""

import contextlib
import ctypes
import io
import os
import sys
import time

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e",
                    "targets")
)
from commands import serve  # noqa: E402


class Record:
    """One of many."""

    def __init__(self, number):
        self.number = number
        self.rows = [number]


def build(objects):
    """Return objects // 5 groups of five."""
    heap = []
    for number in range(objects // 5):
        heap.append(Record(number))
        heap.append({"id": number, "name": str(number), "parts": [number]})
    return heap


HEAP = build(int(sys.argv[1]))
LIBC = ctypes.PyDLL(None)  # PyDLL keeps the GIL, as a sweep does
FORK, LEAVE = LIBC.fork, LIBC._exit


def fork():
    """Return how long a bare fork keeps the caller, in seconds."""
    start = time.perf_counter()
    pid = FORK()
    if pid == 0:
        LEAVE(0)
    took = time.perf_counter() - start
    os.waitpid(pid, 0)
    return f"{took:.6f}"


def heapy():
    """Return how long printing guppy3's heap() takes, in seconds."""
    from guppy import hpy

    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        print(hpy().heap())
    return f"{time.perf_counter() - start:.6f}"


serve(fork=fork, heapy=heapy)
