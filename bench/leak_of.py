# SPDX-License-Identifier: MIT
"""The program that bench_leak.py measures: a function that leaks so many instances.

    leak_of.py plain|monitored OBJECTS OUT [watched]

`monitored` decorates the function with the memalot that this Python imports, ours or the
original one: both have the same decorator. The first call warms up, the second leaks.
Into OUT goes, as JSON, how long the caller waited between the end of the function's own
code and its return; with `watched` also the moments at which no other thread could run.

Those a second thread sees: it does nothing but look at the clock, and takes turns at the
GIL as any busy thread does. Where two looks lie further apart than two switches of
threads, it stood still; when the kernel says that it was ready all the while and had no
processor, the machine was to blame and not the GIL.
"""

import json
import os
import sys
import threading
import time

SWITCH = 0.0001  # seconds; short, so that shorter holds are told from taking turns
GAP = 2 * SWITCH
QUIET = 1.0  # seconds of watching when nothing is monitored

KEPT = []


class Item:
    """What leaks: an instance with attributes, as in ordinary programs."""

    def __init__(self, number):
        self.number = number
        self.name = f"item {number}"
        self.tags = [number]


class Watcher(threading.Thread):
    """Sums the standstills up from the moment that `since` is set. It keeps numbers and
    no list of them, for a list would grow inside the monitored call and be a leak."""

    def __init__(self):
        super().__init__(name="watcher", daemon=True)
        self.since, self.over = None, False
        self.held = self.longest = self.without = 0.0

    def run(self):
        """Look at the clock until it is over."""
        own = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat",
                      os.O_RDONLY)
        clock = time.perf_counter
        last, before = clock(), queued(own)
        while not self.over:
            now = clock()
            if now - last > GAP:
                so_far = queued(own)
                self.note(last, now, so_far - before)
                before = so_far
            last = now

    def note(self, start, end, without):
        """Count what lies behind `since`, less what the processor was wanting."""
        if self.since is None or end < self.since:
            return
        held = end - max(start, self.since) - without
        self.without += without
        if held > GAP:
            self.held += held
            self.longest = max(self.longest, held)


def queued(schedstat):
    """Return how many seconds the thread was ready and had no processor."""
    return int(os.pread(schedstat, 100, 0).split()[1]) / 1e9


WATCHER = Watcher()


def work(objects):
    """Leak; return when the function's own code ended."""
    for number in range(objects):
        KEPT.append(Item(number))
    WATCHER.since = time.perf_counter()
    return WATCHER.since


def probe():
    """Return how long the turn of an epoch holds the GIL on this heap; None: it is not
    our memalot."""
    from memalot import _agent

    start = time.perf_counter()
    _agent._birth("outside")
    return time.perf_counter() - start


def main():
    """Warm up, leak, tell."""
    way, objects, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    watched = "watched" in sys.argv
    call = work
    if way == "monitored":
        import memalot

        call = memalot.leak_monitor(work)
    call(100)
    WATCHER.since = None
    if watched:
        sys.setswitchinterval(SWITCH)
        WATCHER.start()
        time.sleep(0.05)
    ended = call(objects)
    told = {"waited": time.perf_counter() - ended}
    if watched:
        if way == "plain":
            time.sleep(QUIET)
        WATCHER.over = True
        WATCHER.join()
    told |= {name: getattr(WATCHER, name) for name in ("held", "longest", "without")}
    ours = way == "monitored" and hasattr(memalot, "snapshot")
    told["turn"] = probe() if ours else None
    with open(out, "w") as file:
        json.dump(told, file)


main()
