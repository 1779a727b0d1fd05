# SPDX-License-Identifier: MIT
"""A server with workers, each with the same leak in an amount of its own.

    prefork.py WORKERS AMOUNT [Session|Order]

TABLE is made before the forks. Worker 1 holds AMOUNT objects, worker 2 twice as many, and
so on; SIGUSR1 makes one grow by a tenth. `workers` answers their pids. `shell` starts this
program again behind a shell, `spawn` a process of multiprocessing's; both answer the pid.
"""

import os
import signal
import subprocess
import sys
import time

from commands import serve


class Session:
    """What leaks."""

    def __init__(self, number):
        self.number = number


class Order(Session):
    """What leaks in another program."""


KIND = {"Session": Session, "Order": Order}[(sys.argv[3:] or ["Session"])[0]]
TABLE = {str(number): f"price {number}" for number in range(20_000)}
HELD = []
WORKERS = []


def leak(amount):
    """Hold so many more."""
    HELD.extend(KIND(number) for number in range(amount))


def work(amount, ready):
    """Be a worker."""
    leak(amount)
    signal.signal(signal.SIGUSR1, lambda *_: leak(amount // 10))
    os.write(ready, b".")
    while True:
        signal.pause()


def start(count, amount):
    """Fork the workers and wait until they hold what they leak."""
    ours, theirs = os.pipe()
    for number in range(count):
        pid = os.fork()
        if pid == 0:
            work(amount * (number + 1), theirs)
        WORKERS.append(pid)
    for _ in WORKERS:
        os.read(ours, 1)


def shell():
    """Start a Python behind a shell, which has no agent."""
    line = f"'{sys.executable}' '{__file__}' 0 0; true"
    child = subprocess.Popen(["/bin/sh", "-c", line], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    WORKERS.append(child)  # it ends when its standard input does
    return child.stdout.readline().split()[1]


def spawn():
    """Start a process that is no copy of this one."""
    import multiprocessing  # gives the main module a second name

    child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=[600])
    child.start()
    return child.pid


if __name__ == "__main__":
    start(int(sys.argv[1]), int(sys.argv[2]))
    serve(workers=lambda: " ".join(map(str, WORKERS)), shell=shell, spawn=spawn)
