# SPDX-License-Identifier: MIT
"""Snapshots on a schedule (`--sweep-every`), made by the exporter itself.

One process after the other: eight workers on one machine are not all busy at once.
"""

from __future__ import annotations

import threading
import time

from .agents import Agents


class Sweeper(threading.Thread):
    """Sweeps every process once in each period, from the start on."""

    def __init__(self, agents: Agents, every: float) -> None:
        """Prepare; `start()` begins."""
        super().__init__(name="sweeper", daemon=True)
        self._agents = agents
        self._every = every

    def run(self) -> None:
        """Sweep all, rest for what is left of the period, for ever."""
        while True:
            began = time.monotonic()
            for process in self._agents.look().processes:
                if process.status is not None:
                    self._agents.sweep(process)
            time.sleep(max(1.0, self._every - (time.monotonic() - began)))
