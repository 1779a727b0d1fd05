# SPDX-License-Identifier: MIT
"""Everything at once: threads that start and stop the agent, fork, and ask it things.

Each does its share so many times as the first argument says, then the program starts
the agent for good and obeys. `storm` tells what went wrong.
"""

import json
import os
import random
import socket
import sys
import threading

import memalot
from commands import serve

ROUNDS = int(sys.argv[1])
SOCKET = f"{os.environ['XDG_RUNTIME_DIR']}/memalot/{os.getpid()}.sock"
problems = []


def start():
    """Start it, whether it runs or not."""
    memalot.start()


def stop():
    """Stop it, whether it runs or not."""
    memalot.stop()


def fork():
    """Fork; the child ends at once."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def ask():
    """Ask something; nobody there is fine, silence is not."""
    method = random.choice(["detach", "types", "status"])
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method})
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        try:
            client.connect(SOCKET)
            client.sendall(request.encode() + b"\n")
            client.recv(100)
        except TimeoutError:
            problems.append(f"{method}: silence")
        except OSError:
            pass


def often(deed):
    """Do it ROUNDS times."""
    for _ in range(ROUNDS):
        try:
            deed()
        except Exception as problem:  # pylint: disable=broad-exception-caught
            problems.append(f"{deed.__name__}: {problem!r}")


threads = [
    threading.Thread(target=often, args=(deed,))
    for deed in (start, start, stop, fork, fork, ask, ask)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
memalot.start()
serve(storm=lambda: json.dumps(problems))
