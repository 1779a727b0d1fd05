# SPDX-License-Identifier: MIT
"""Which threads are in a certain place just now.

A child made by os.fork() has only the thread that forked, and may give the number of one
that is gone to a new thread: so it forgets all others.
"""

from __future__ import annotations

import os
import threading


class Threads:
    """Threads that have come and not yet gone, one entry for each coming."""

    def __init__(self) -> None:
        self._inside: list[int] = []
        self._pid = os.getpid()

    def __bool__(self) -> bool:
        return bool(self._here())

    def come(self) -> None:
        """Note that the calling thread has come."""
        self._here().append(threading.get_ident())

    def go(self) -> None:
        """Forget one coming: the calling thread's, or any if it has none (a generator
        may be begun in one thread and ended in another)."""
        inside = self._here()
        try:
            inside.remove(threading.get_ident())
        except ValueError:
            if inside:
                inside.pop()

    def me(self) -> bool:
        """Say whether the calling thread is among them."""
        return bool(self._inside) and threading.get_ident() in self._here()

    def _here(self) -> list[int]:
        if self._pid != os.getpid():
            left = threading.main_thread().ident  # who has forked
            self._inside = [ident for ident in self._inside if ident == left]
            self._pid = os.getpid()
        return self._inside
