# SPDX-License-Identifier: MIT
"""A program with a leak, as a user has one. Ends when its stdin does."""

import os
import sys

SESSIONS = {}


class Session:
    """Kept for ever."""

    def __init__(self, number):
        self.name = "session %d" % number


for count in range(2000):
    SESSIONS[count] = Session(count)
print("ready", os.getpid(), flush=True)
sys.stdin.read()
