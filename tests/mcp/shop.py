# SPDX-License-Identifier: MIT
"""A program that leaks in three ways, for the tests of the MCP server: what somebody
would ask an AI tool about. `grow N` leaks more.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e",
                                "targets"))

from commands import serve  # noqa: E402


class Session:
    """One visitor, never forgotten."""

    def __init__(self, user):
        self.user = user
        self.cart = [user * 3]


class Page:
    """Subscribes to the bus and never leaves."""

    def on_price_changed(self):
        """Do nothing."""


class Bus:
    """Keeps handlers by event."""

    def __init__(self):
        self.handlers = {}

    def subscribe(self, event, handler):
        """Remember a handler."""
        self.handlers.setdefault(event, []).append(handler)


SESSIONS = {}
BUS = Bus()


def grow(count):
    """Leak so many sessions and handlers."""
    for _ in range(int(count)):
        SESSIONS[len(SESSIONS)] = Session(f"visitor {len(SESSIONS)} \u2713 <&>\"")
        BUS.subscribe("price", Page().on_price_changed)
    return len(SESSIONS)


def main():
    """Leak in a running function, too."""
    pending = []

    def keep(count):
        pending.extend(bytearray(100) for _ in range(int(count)))
        return len(pending)

    grow(500)
    keep(300)
    serve(grow=grow, keep=keep)


main()
