# SPDX-License-Identifier: MIT
"""A shop with a leak or two, on command: `leak N`, `native MIB`, `keep N`.

`leak` adds sessions that nobody takes away, `keep` adds other objects elsewhere, and
`native` takes memory that is no Python object. `steadily WHAT N SECONDS` repeats one of
them from a thread until `steadily stop`.
"""

import ctypes
import threading
import time

import commands

SESSIONS = {}
KEPT = []
STOP = threading.Event()
malloc = ctypes.CDLL(None).malloc
malloc.restype = ctypes.c_void_p
malloc.argtypes = [ctypes.c_size_t]


class Session:
    def __init__(self, number):
        self.user = f"user-{number}-{time.time()}"
        self.cart = [bytes(1000)]


class Visit:
    pass


def leak(count):
    for _ in range(int(count)):
        SESSIONS[len(SESSIONS)] = Session(len(SESSIONS))
    return len(SESSIONS)


def keep(count):
    KEPT.extend(Visit() for _ in range(int(count)))
    return len(KEPT)


def native(mebibytes):
    size = int(mebibytes) << 20
    ctypes.memset(malloc(size), 1, size)


def steadily(what, count="0", seconds="1"):
    if what == "stop":
        STOP.set()
        return

    def again():
        while not STOP.wait(float(seconds)):
            globals()[what](count)

    STOP.clear()
    threading.Thread(target=again, name="steadily", daemon=True).start()


commands.serve(leak=leak, keep=keep, native=native, steadily=steadily)
