# SPDX-License-Identifier: MIT
"""Programs that need nothing but Python: `plain.py single`, `plain.py spawn`, ...

Each leaks in all its processes, waits for SIGTERM, ends its children and exits with 3.
"""

import asyncio
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import threading

from leaky import leak

told_to_end, tell = os.pipe()  # an Event must not be set by a handler: it has a lock


def wait():
    """Wait for SIGTERM."""
    select.select([told_to_end], [], [])


def single():
    """One process, one thread."""
    leak()
    wait()


def reexec():
    """One process that becomes another Python, as reloaders do."""
    os.execv(sys.executable, [sys.executable, __file__, "single"])


def threads():
    """Three threads that leak and stay."""
    ended = threading.Event()

    def work():
        leak()
        ended.wait()

    started = [threading.Thread(target=work) for _ in range(3)]
    for thread in started:
        thread.start()
    wait()
    ended.set()
    for thread in started:
        thread.join()


def in_loop():
    """asyncio with a few tasks."""
    async def work(ended):
        leak()
        await ended.wait()

    async def main():
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        await asyncio.gather(*(work(ended) for _ in range(3)))

    asyncio.run(main())


def leak_until_killed():
    """What a worker process does."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    leak()
    while True:
        signal.pause()


def workers(method):
    """Two processes of multiprocessing."""
    context = multiprocessing.get_context(method)
    started = [context.Process(target=leak_until_killed) for _ in range(2)]
    for worker in started:
        worker.start()
    wait()
    for worker in started:
        worker.terminate()
        worker.join()
    print("workers", [worker.exitcode for worker in started])


def tree():
    """A Python through a shell with the environment as it is, one with a changed copy."""
    line = [sys.executable, __file__, "single"]
    started = [
        subprocess.Popen(["sh", "-c", '"$@"; exit $?', "sh", *line],
                         start_new_session=True),
        subprocess.Popen(line, env={**os.environ, "COLOUR": "red"},
                         start_new_session=True),
    ]
    wait()
    for child in started:
        os.killpg(child.pid, signal.SIGTERM)
    print("children", [child.wait() for child in started])


PROGRAMS = {
    "single": single,
    "reexec": reexec,
    "threads": threads,
    "asyncio": in_loop,
    "fork": lambda: workers("fork"),
    "spawn": lambda: workers("spawn"),
    "forkserver": lambda: workers("forkserver"),
    "tree": tree,
}

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: os.write(tell, b"!"))
    PROGRAMS[sys.argv[1]]()
    print("ended well")
    sys.exit(3)
