# SPDX-License-Identifier: MIT
"""The leak that all programs here have: SESSIONS, and who has it by now.

Each process that leaks adds its id to the file that WAYS_LOG names. With WAYS_IMPORT the
program is one that puts the agent into itself.
"""

import os

if os.environ.get("WAYS_IMPORT"):
    import memalot

    memalot.start()

SESSIONS = []


class Session:
    """What is never given back."""

    def __init__(self, number):
        """Belong to a user."""
        self.user = f"user {number}"


def leak(count=2000):
    """Keep some more sessions, then say who did."""
    SESSIONS.extend(Session(number) for number in range(count))
    with open(os.environ["WAYS_LOG"], "a", encoding="utf-8") as log:
        log.write(f"{os.getpid()}\n")
