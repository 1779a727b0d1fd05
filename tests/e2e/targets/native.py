# SPDX-License-Identifier: MIT
"""Gives objects to an extension that holds them in C. Arguments: the folder of the
extension, and which of the ways below."""

import os
import sys
import threading
import time

from commands import serve

sys.path.insert(0, sys.argv[1])
import nativeleak  # noqa: E402  built by the test


class Job:
    """What is leaked."""

    def __init__(self, weight=0):
        self.load = bytearray(weight)


class Order:
    """What is leaked once and again."""


def forget_many():
    """Lose one of a thousand objects."""
    for _ in range(7000):
        nativeleak.measure(Job())


def forget_one():
    """Lose seven references to one object."""
    job = Job()
    for _ in range(7000):
        nativeleak.measure(job)


def is_running(thread):
    """Tell whether a thread has not come to wait for the system yet."""
    with open(f"/proc/self/task/{thread}/syscall", encoding="ascii") as file:
        return file.read().split()[0] != "0"  # read()


def wait_in_c():
    """Have a thread wait in C with an object on its stack."""
    read_end, _ = os.pipe()
    jobs = [Job()]
    thread = threading.Thread(
        target=nativeleak.wait_with, args=(jobs, read_end), name="stuck", daemon=True
    )
    thread.start()
    while jobs or is_running(thread.native_id):
        time.sleep(0.001)


def hide():
    """Have an object in one that shows nothing to the collector."""
    global SECRET
    SECRET = nativeleak.Secret([Job()])


def over_release():
    """Release a reference that two lists still count on."""
    global FIRST, SECOND
    order = Order()
    FIRST, SECOND = [order], [order]
    nativeleak.release_one_too_many(order)


def hold_with_python():
    """Hold one in a variable of Python and in one of C.

    Done by a thread, for up to 3.13 a value that calls have left behind on the stack of
    the main thread cannot be told from one that is in use.
    """
    def hold():
        global SHARED
        SHARED = Job()
        nativeleak.keep([SHARED])

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()


WAYS = {
    "forget_many": forget_many,
    "forget_one": forget_one,
    "global": lambda: nativeleak.keep([Job()]),
    "array": lambda: nativeleak.keep_in_a_row([Job(8192) for _ in range(16)]),
    "malloc": lambda: nativeleak.put_in_a_box([Job()]),
    "stack": wait_in_c,
    "object": hide,
    "over_release": over_release,
    "shared": hold_with_python,
    "nothing": lambda: None,
}

WAYS[sys.argv[2]]()
serve()
