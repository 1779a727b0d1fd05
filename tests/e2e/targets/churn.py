# SPDX-License-Identifier: MIT
"""Works hard and leaks nothing: churn.py SECONDS LIFETIME.

Threads, an event loop, caches that turn over, cyclic garbage, exceptions, generators,
pickles, JSON, regular expressions. Nothing it makes after the warm-up is kept for longer
than a fraction of LIFETIME.
"""

import asyncio
import collections
import contextvars
import functools
import gc
import json
import pickle
import queue
import random
import re
import sys
import threading
import time
import weakref

import memalot

SECONDS, LIFETIME = float(sys.argv[1]), float(sys.argv[2])
REQUEST = contextvars.ContextVar("request")
stop = threading.Event()
recent = collections.deque(maxlen=50)
sessions = collections.OrderedDict()
jobs = queue.Queue(maxsize=20)


class Session:
    """Something with attributes, a cycle and a finalizer."""

    def __init__(self, name):
        self.name, self.cart, self.me = name, [name], self
        self.ref = weakref.ref(self, lambda ref: None)


@functools.lru_cache(maxsize=64)
def expensive(n):
    """Be cached for a moment."""
    return [n, str(n), {"n": n}]


def work(r, n):
    """Serve one request."""
    name = f"user {r.randrange(10 ** 9)}"
    sessions[name] = Session(name)
    while len(sessions) > 100:
        sessions.popitem(last=False)
    recent.append({"name": name, "at": time.time(), "tags": (n, name, [n])})
    text = json.dumps({"a": [r.random() for _ in range(20)], "b": {name: name}})
    data = pickle.loads(pickle.dumps(json.loads(text)))
    total = sum(x * 1.5 for x in data["a"])
    found = re.findall("[a-z]+", text)
    expensive(n % 1000)
    try:
        raise KeyError(name)
    except KeyError as error:
        kept = [error, error.__traceback__]
    buffer = bytearray()
    for piece in found:
        buffer.extend(piece.encode())
    numbers = {i: (i, float(i)) for i in range(40)}
    for i in list(numbers)[::2]:
        del numbers[i]
    numbers.update({str(i): [i] for i in range(30)})
    return total, kept, bytes(buffer), sorted(map(str, numbers))


def worker(seed):
    """Take jobs for ever."""
    r = random.Random(seed)
    n = 0
    while not stop.is_set():
        try:
            n = jobs.get(timeout=0.1)
        except queue.Empty:
            continue
        work(r, n)
        n = None


async def serve(r):
    """Run tasks of which each lives for a moment."""

    async def handle(n):
        REQUEST.set([n])
        await asyncio.sleep(0)
        return work(r, n)

    while not stop.is_set():
        await asyncio.gather(*(handle(n) for n in range(5)))
        await asyncio.sleep(0.005)


def loop():
    """Be the thread of the event loop."""
    asyncio.run(serve(random.Random(3)))


threads = [threading.Thread(target=worker, args=(seed,)) for seed in range(2)]
threads.append(threading.Thread(target=loop))
for thread in threads:
    thread.start()
monitor = memalot.start_leak_monitoring(LIFETIME, output_func=lambda text: None)
end = time.monotonic() + SECONDS
n = 0
while time.monotonic() < end:
    n += 1
    jobs.put(n)
    if n % 500 == 0:
        gc.collect()
        time.sleep(0.01)
    n = n % 100_000
monitor.stop()
stop.set()
for thread in threads:
    thread.join()
