# SPDX-License-Identifier: MIT
"""A heap of as many objects as the first argument says, and one connection.

A third each are instances, lists and dicts (with what they hold), all live, so that a
sweep has something to do. `connect PORT` and `close` open and close a TCP connection.
"""

import socket
import sys

from commands import serve


class Item:
    """One of many."""

    def __init__(self, number):
        self.number = number
        self.tags = [number]


def build(objects):
    """Return about that many objects that the collector tracks."""
    return [
        Item(i) if i % 3 == 0 else [i, str(i)] if i % 3 == 1 else {"id": i, "name": [i]}
        for i in range(objects * 3 // 5)
    ]


HEAP = build(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
CONNECTION = None


def connect(port):
    """Open the connection."""
    global CONNECTION
    CONNECTION = socket.create_connection(("127.0.0.1", int(port)))


def close():
    """Close it, as a server does after its answer."""
    CONNECTION.close()


serve(connect=connect, close=close)
