# SPDX-License-Identifier: MIT
"""A program that knows nothing of memalot and is doing something when it comes.

    unprepared.py WHAT [FOLDER OF EXTENSIONS]

It says `ready PID`, then `doing`, does it, says what came of it, and when stdin ends
too ends with 7.
"""

import asyncio
import importlib
import os
import select
import signal
import socket
import sys
import threading
import time
import warnings

LONG = 1.5  # seconds, for what has no other end


def arithmetic(rounds=3_000_000):
    total = 0
    for i in range(rounds):
        total = (total * 31 + i) % 1_000_003
    return total


def sleep():
    begun = time.monotonic()
    time.sleep(LONG)
    return time.monotonic() - begun


def busy():
    return arithmetic()


def busy_threads():
    results = []
    threads = [threading.Thread(target=lambda: results.append(arithmetic(700_000)))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def many_threads():
    done = threading.Event()
    threads = [threading.Thread(target=done.wait) for _ in range(200)]
    for thread in threads:
        thread.start()
    sys.stdin.readline()
    done.set()
    for thread in threads:
        thread.join()
    return threading.active_count()


def hold(seconds="1"):
    return importlib.import_module("waits").hold(float(seconds))


def storm():
    return importlib.import_module("waits").storm(LONG)


def wait(name):
    """Believe what a system call says, as C does."""
    argument = 0 if name == "read" else 1000
    result, error, seconds = importlib.import_module("waits").wait(name, argument)
    return result, error, seconds >= 1 or name == "read"


def slow_module():
    """Import a module whose body sleeps."""
    return importlib.import_module("slow_module").VALUE


def slow_library():
    return importlib.import_module("slowload").__name__


def slow_library_beside_a_thread():
    threading.Thread(target=time.sleep, args=(2 * LONG,), daemon=True).start()
    return slow_library()


def import_lock():
    import _imp

    _imp.acquire_lock()
    time.sleep(1)
    _imp.release_lock()
    return _imp.lock_held()


def read():
    return os.read(0, 100)


def accept():
    server = socket.create_server(("127.0.0.1", 0))
    print("port", server.getsockname()[1], flush=True)
    connection, _ = server.accept()
    return connection.recv(100)


def epoll():
    """Wait by Python's own epoll, which has a time limit to keep."""
    begun = time.monotonic()
    events = select.epoll().poll(1)
    return events, time.monotonic() - begun >= 1


def forks(children="40"):
    """Fork again and again; a child computes and loads a library. Returns what failed."""
    warnings.simplefilter("ignore")  # that there is a second thread, for an instant
    failed = 0
    for _ in range(int(children)):
        pid = os.fork()
        if pid == 0:
            importlib.import_module("waits").storm(0.001)
            os._exit(0 if arithmetic(20_000) == 667472 else 1)
        failed += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0
    return failed


def alarms():
    """Count while a signal comes every millisecond."""
    count = 0

    def count_one(*_):
        nonlocal count
        count += 1

    signal.signal(signal.SIGALRM, count_one)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    result = arithmetic(5_000_000)
    before = count
    while count < before + 20:
        time.sleep(0.01)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return result


async def _echo(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def _serve():
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    begun = time.monotonic()
    await asyncio.sleep(LONG)
    slept = time.monotonic() - begun
    await asyncio.to_thread(sys.stdin.readline)
    server.close()
    return slept >= LONG


def server():
    return asyncio.run(_serve())


def main():
    what, *arguments = sys.argv[2:]
    sys.path.insert(0, sys.argv[1])
    print("ready", os.getpid(), flush=True)
    if what in ("hold", "storm", "wait"):
        importlib.import_module("waits")
    print("doing", flush=True)
    print("done", globals()[what](*arguments), flush=True)
    sys.stdin.read()
    sys.exit(7)


main()
