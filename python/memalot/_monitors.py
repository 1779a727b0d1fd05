# SPDX-License-Identifier: MIT
"""Monitors: the block that is watched (LeakMonitor) and the clock that watches
(Stoppable).

The agent opens, counts and closes windows and writes the reports; it also knows that
nested and overlapping entries of one monitor are one window, and what becomes of
monitors in a forked child. Here is what needs Python: which calls get a window at all,
and the thread that brings time-based reports to their output.
"""

from __future__ import annotations

import atexit
import threading
from types import TracebackType
from typing import Any, Literal

from . import _agent, _life
from ._errors import MonitoringError
from ._output import Output
from ._threads import Threads


def open_monitor(opening: dict[str, Any], output: Output) -> int:
    """Open a monitor in the agent, which is started when there is none.

    Raises:
        MonitoringError: The agent refuses, or cannot be.
    """
    try:
        if not _life.running():
            _life.start()
        return _agent.monitor_open(
            width=output.width, color=output.color, boxes=output.boxes, **opening
        )
    except RuntimeError as error:
        raise MonitoringError(str(error)) from None


class LeakMonitor:
    """Watches a block of code each time it is entered: `with monitor: ...`.

    Made by `create_leak_monitor()`, once, and used again and again: the first time warms
    up, then every exit reports the objects that were born inside and are still alive.
    Nested and overlapping uses, in whatever threads, count as one, from the first entry
    to the last exit. Exceptions pass through.
    """

    def __init__(self, opening: dict[str, Any], output: Output, warmups: int) -> None:
        self._output = output
        self._number = open_monitor(opening, output)
        # The agent warms up in the first window: calls before that have none.
        self._skips = max(warmups - 1, 0)
        self._unwatched = Threads()  # in a call without a window
        if warmups == 0 and _agent.monitor_enter(self._number):
            _agent.monitor_leave(self._number)

    def __call__(self) -> LeakMonitor:
        """Return this monitor itself, so that `with monitor():` works as well."""
        return self

    def __enter__(self) -> LeakMonitor:
        self.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        self.leave(not self._unwatched.me(), error)
        return False

    def __del__(self, close: Any = _agent.monitor_close) -> None:
        if hasattr(self, "_number"):
            close(self._number)

    # What the decorator's wrappers use, too (_wrap.py).

    def enter(self) -> bool:
        """Begin the window, after anything else.

        Returns:
            False when this call has none: it is skipped to warm up, comes from our own
            output, or the agent says so (it has gone, or another thread is in another
            monitor's window).
        """
        if self._skips or self._output.busy():
            self._unwatched.come()
            return False
        try:
            watched = _agent.monitor_enter(self._number)
        except RuntimeError as error:
            raise MonitoringError(str(error)) from None
        if not watched:
            self._unwatched.come()
        return watched

    def leave(self, watched: bool, *in_flight: object) -> None:
        """End the window, before anything else, and tell what was found.

        `in_flight` is on its way through our hands to the caller; that it is there does
        not make it a leak. What is raised here comes from a signal handler.
        """
        if not watched:
            self._leave_unwatched()
            return
        told = _agent.monitor_leave(self._number, *in_flight)
        del in_flight
        if told is not None:
            self._output.deliver(told[1])

    def _leave_unwatched(self) -> None:
        self._unwatched.go()
        if self._skips and not self._unwatched:
            self._skips -= 1


class Stoppable:
    """Time-based monitoring that goes on until it is stopped."""

    def __init__(self, opening: dict[str, Any], output: Output) -> None:
        self._output = output
        self._number = open_monitor(opening, output)
        self._thread = threading.Thread(target=self._run, name="memalot", daemon=True)

    def begin(self) -> None:
        """Start the thread that brings the reports; called once, by the maker."""
        _watch_exit()
        _running.add(self)
        self._thread.start()

    def stop(self) -> None:
        """End the monitoring. May be called more than once, from any thread and from
        `output_func`; does not wait (`join()` does). The agent stays."""
        try:
            _running.remove(self)
        except KeyError:
            return
        _agent.monitor_close(self._number)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the monitoring has ended.

        Args:
            timeout: Seconds to wait at most; None (the default) waits as long as it
                takes. Called from `output_func` it returns at once.
        """
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while self in _running:
                told = _agent.monitor_wait(self._number)
                if told is None or told[0] == "closed" or self not in _running:
                    break
                self._output.deliver(told[1])
        finally:
            self.stop()


_running: set[Stoppable] = set()
_exit_is_watched = False


def _watch_exit() -> None:
    """See to it, once, that nothing of ours is printing when the interpreter goes: a
    daemon thread caught with the lock of a stream would bring the whole exit down."""
    global _exit_is_watched
    if not _exit_is_watched:
        _exit_is_watched = True
        atexit.register(_stop_all)


def _stop_all() -> None:
    ending = list(_running)
    for monitor in ending:
        monitor.stop()
    for monitor in ending:
        monitor.join(2.0)
