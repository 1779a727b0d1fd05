# SPDX-License-Identifier: MIT
"""Objects whose own texts are worth asking for, or are trouble.

The arguments are names of classes below; sixty objects of each are held by a variable
of its name. Everything that a text does is counted here: nothing of it may ever happen
in this process. `state` tells the counts, `touch` says what is in the files and in the
shared memory. With `busy`, three threads compete for the GIL; `traced` and `profiled`
set what their names say for all threads.
"""

import collections
import ctypes
import json
import mmap
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time

from commands import serve

COUNT = {"calls": 0, "traced": 0}
APPENDED = []
HELD = threading.Lock()
SHARED = mmap.mmap(-1, 4096)
SHARED_LOCK = multiprocessing.get_context("fork").Lock()
FILE = tempfile.TemporaryFile(buffering=0)  # pylint: disable=consider-using-with
FOLDER = os.path.abspath(f"outside-{os.getpid()}")  # the test's own directory
LEFT, RIGHT = socket.socketpair()
RIGHT.setblocking(False)


class Base:
    """One of sixty."""

    def __init__(self, number):
        self.number = number

    def text(self):
        """Return what __str__ gives."""
        return f"{type(self).__name__} {self.number}"

    def __str__(self):
        COUNT["calls"] += 1
        APPENDED.append(self)
        return self.text()


class Good(Base):
    """No trouble at all."""


class Long(Base):
    def text(self):
        return f"{self.number:>02} " + "ö" * 500


class OnlyRepr:
    def __init__(self, number):
        self.number = number

    def __repr__(self):
        COUNT["calls"] += 1
        return f"OnlyRepr({self.number})"


class Raises(Base):
    def text(self):
        raise ValueError("it is\nno good")


class RaisesOddly(Base):
    def text(self):
        class Odd(BaseException):
            """Its message raises, too."""

            def __str__(self):
                raise self

        raise Odd


class Exits(Base):
    def text(self):
        sys.exit(3)


class Leaves(Base):
    def text(self):
        os._exit(7)


class NoStr(Base):
    def __str__(self):
        return 42


class Endless(Base):
    def text(self):
        return str(self)


class Crashes(Base):
    def text(self):
        return ctypes.string_at(0).decode()


class Aborts(Base):
    def text(self):
        os.abort()


class Forks(Base):
    def text(self):
        return f"forked {os.fork()}"


class Large(Base):
    def text(self):
        return str(len(bytearray(50 << 20)))


class Greedy(Base):
    def text(self):
        return str(len(b"x" * (1 << 40)))


class Grows(Base):
    def text(self):
        APPENDED.extend(range(100_000))  # a list that is older than the helper
        return str(len([str(i) for i in range(100_000)]))


class Nests(Base):
    def text(self):
        nest = []
        for _ in range(1_000_000):
            nest = [nest]
        try:
            return json.dumps(nest, check_circular=False)
        except RecursionError:
            return "too deep"


class Drops(Base):
    """What it makes dies at once, as anywhere."""

    def text(self):
        dead = []
        for number in range(100):
            Dying(number, dead)
        return str(len(dead))


class Dying:
    def __init__(self, number, dead):
        self.number, self.dead = number, dead

    def __del__(self):
        self.dead.append(self.number)


class Works(Base):
    def text(self):
        return str(sum(len(str(i)) for i in range(50_000)))


class Sleeps(Base):
    def text(self):
        time.sleep(0.01)
        return "slept"


class Imports(Base):
    def text(self):
        import colorsys
        import fractions

        return str(fractions.Fraction(2, 4)) + colorsys.__name__


class Logs(Base):
    def text(self):
        import logging

        logging.getLogger("somebody").warning("a warning nobody sees")
        return "logged"


class Threads(Base):
    def text(self):
        done = []
        thread = threading.Thread(target=lambda: done.append(1))
        thread.start()
        thread.join()
        return f"threads {len(done)}"


class Prints(Base):
    def text(self):
        print("PRINTED", flush=True)
        print("PRINTED", file=sys.stderr, flush=True)
        os.write(1, b"PRINTED\n")
        return "printed"


class Hangs(Base):
    def text(self):
        while True:
            pass


class HangsOnce(Base):
    """The one that was made last, which is an example, hangs."""

    def text(self):
        while self.number == 59:
            time.sleep(1)
        return super().text()


class Waits(Base):
    def text(self):
        with HELD:
            return "never"


class Writes(Base):
    def text(self):
        FILE.write(b"written")
        return "wrote"


class Sends(Base):
    def text(self):
        LEFT.send(b"sent")
        return "sent"


class Opens(Base):
    def text(self):
        with open(FOLDER + "/opened", "w", encoding="ascii") as file:
            file.write("opened")
        return "opened"


class Removes(Base):
    def text(self):
        os.remove(FOLDER + "/kept")
        return "removed"


class Connects(Base):
    def text(self):
        socket.socket()
        return "connected"


class Signals(Base):
    def text(self):
        os.kill(int(os.environ["THE_PROGRAM"]), 9)
        return "killed"


class Shares(Base):
    def text(self):
        SHARED[0] = 1
        return "shared"


class Locks(Base):
    def text(self):
        SHARED_LOCK.acquire()
        return "locked"


class Dict(dict):
    """Has no text of its own, so that of a dict is made."""


class OwnDict(dict):
    def __repr__(self):
        COUNT["calls"] += 1
        return f"<{len(self)} things>"


class Bare:
    """Has no text of its own at all."""

    def __init__(self, number):
        self.number = number


Point = collections.namedtuple("Point", "x y")


def make(name):
    """Return sixty objects."""
    if name == "Point":
        return [Point(i, i) for i in range(60)]
    if name in ("Dict", "OwnDict"):
        return [globals()[name](a=[i]) for i in range(60)]
    if name == "Error":
        return [KeyError(f"key {i}") for i in range(60)]
    return [globals()[name](i) for i in range(60)]


def count_traced(*_):
    """Be a trace or a profile function."""
    if threading.current_thread().name == "texts":
        COUNT["traced"] += 1


def compete():
    """Want the GIL all the time."""
    while True:
        sum(range(1000))


def start(name):
    """Do what an argument that is no class asks for."""
    if name == "busy":
        for _ in range(3):
            threading.Thread(target=compete, daemon=True).start()
    elif name == "traced":
        threading.settrace(count_traced)
        sys.settrace(count_traced)
    elif name == "profiled":
        threading.setprofile(count_traced)
        sys.setprofile(count_traced)
    elif name == "deep":
        sys.setrecursionlimit(10 ** 6)


def state():
    """Return what has happened here."""
    return json.dumps({"calls": COUNT["calls"], "appended": len(APPENDED)})


def touch():
    """Return what has come of attempts to reach the outside."""
    FILE.seek(0)
    try:
        received = RIGHT.recv(100).decode()
    except BlockingIOError:
        received = ""
    locked = not SHARED_LOCK.acquire(timeout=1)
    if not locked:
        SHARED_LOCK.release()
    return json.dumps({
        "file": FILE.read().decode(), "folder": sorted(os.listdir(FOLDER)),
        "received": received, "shared": SHARED[0], "locked": locked,
    })


os.mkdir(FOLDER)
os.environ["THE_PROGRAM"] = str(os.getpid())
with open(FOLDER + "/kept", "w", encoding="ascii"):
    pass
threading.Thread(target=lambda: (HELD.acquire(), time.sleep(10_000)), daemon=True).start()
for argument in sys.argv[1:]:
    if argument[0].islower():
        start(argument)
    else:
        globals()["ALL_" + argument.upper()] = make(argument)
serve(state=state, touch=touch)
