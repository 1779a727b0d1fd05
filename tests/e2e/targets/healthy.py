# SPDX-License-Identifier: MIT
"""A program that holds much, in many ways, and nothing in secret.

An asyncio server with its clients, threads that log and wait for queues and locks, a
pool, suspended generators, contexts, caches, a database, ctypes. It keeps what it makes;
the tool's findings are about that, and none of them is native.
"""

import asyncio
import collections
import contextvars
import ctypes
import datetime
import decimal
import functools
import io
import itertools
import json
import logging
import os
import queue
import re
import sqlite3
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

kept = collections.defaultdict(list)
log = logging.getLogger("healthy")
request_id = contextvars.ContextVar("request_id")


class Request:
    """Of one client."""

    def __init__(self, number, body):
        self.number, self.body = number, body
        self.made = datetime.datetime.now(datetime.timezone.utc)
        self.price = decimal.Decimal(number) / 7


@functools.lru_cache(maxsize=256)
def cached(number):
    """Remembered."""
    return [number, str(number)]


def worker(inbox, outbox):
    """Log what comes, until None does."""
    for number in iter(inbox.get, None):
        log.info("worker %d", number, extra={"number": number})
        outbox.append(cached(number % 300))


def numbers():
    """Suspended for ever."""
    for number in itertools.count(100000):
        yield [number]


async def handle(reader, writer):
    """Keep each request."""
    while line := await reader.readline():
        request_id.set(line)
        request = Request(len(kept["requests"]), json.loads(line))
        kept["requests"].append(request)
        writer.write(json.dumps({"number": request.number}).encode() + b"\n")
        await writer.drain()
    writer.close()


async def client(port, count):
    """Send and listen; the connection stays open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(count):
        writer.write(json.dumps({"client": number, "text": "x" * number}).encode() + b"\n")
        await writer.drain()
        await reader.readline()
    kept["clients"].append((reader, writer))


def keep_all_sorts():
    """One or more of everything."""
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (a, b)")
    connection.executemany("insert into t values (?, ?)", [(n, str(n)) for n in range(500)])
    kept["rows"] = connection.execute("select * from t").fetchall()
    kept["connection"].append((connection, connection.execute("select a from t")))
    kept["generators"] = [numbers() for _ in range(50)]
    kept["firsts"] = [next(generator) for generator in kept["generators"]]
    kept["matches"] = [re.match(r"(\w)(\d+)", f"a{n}") for n in range(1000, 1100)]
    kept["buffers"] = [io.BytesIO(b"x" * n) for n in range(100)]
    kept["views"] = [memoryview(bytearray(n + 1)) for n in range(100)]
    kept["arrays"] = [(ctypes.c_int * 8)(n) for n in range(100)]
    kept["partials"] = [functools.partial(print, n, end="") for n in range(100)]
    kept["ordered"] = [collections.OrderedDict(a=n, b=[n]) for n in range(100)]
    kept["refs"] = [weakref.ref(request, kept.__len__) for request in kept["requests"]]
    kept["classes"] = [type(f"Made{n}", (Request,), {"__slots__": ("a",)}) for n in range(50)]
    kept["contexts"] = [contextvars.copy_context() for _ in range(50)]


async def main():
    """Serve, then wait for the end of the input without a sound."""
    logging.basicConfig(stream=io.StringIO(), level=logging.INFO)
    inbox, outbox = queue.Queue(), []
    threads = [threading.Thread(target=worker, args=(inbox, outbox)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(2000):
        inbox.put(number)
    with ThreadPoolExecutor(2) as pool:
        kept["results"] = list(pool.map(cached, range(500)))
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await asyncio.gather(*(client(port, 40) for _ in range(10)))
        keep_all_sorts()
        print("ready", os.getpid(), flush=True)
        await asyncio.get_running_loop().run_in_executor(pool, sys.stdin.read)
    for _ in threads:
        inbox.put(None)
    os._exit(0)  # the connections are still open


asyncio.run(main())
