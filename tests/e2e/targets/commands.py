# SPDX-License-Identifier: MIT
"""What every target does: say `ready PID`, obey lines, end when stdin ends.

    serve(grow=lambda count: ...)

answers the line `grow 100` with `grow` and what the function returned. `ping` is
always there. An exception is answered, not raised: the test sees it in the line.
"""

import os
import sys


def serve(**commands):
    """Obey until stdin ends."""
    commands.setdefault("ping", lambda: "pong")
    print("ready", os.getpid(), flush=True)
    for line in iter(sys.stdin.readline, ""):
        word, *arguments = line.split()
        try:
            answer = commands[word](*arguments)
        except Exception as problem:  # pylint: disable=broad-exception-caught
            answer = repr(problem)
        print(word, "" if answer is None else answer, flush=True)
