# SPDX-License-Identifier: MIT
"""Monitors: the block that is watched (LeakMonitor) and the clock that watches
(Stoppable).

The agent opens, counts and closes windows and writes the reports; it also knows that
nested and overlapping entries of one monitor are one window. Here is what needs Python:
when a monitor is opened, what becomes of it in a forked child or when the agent has
gone, and the thread that brings time-based reports to their output.
"""

from __future__ import annotations

import atexit
import os
import threading
from types import TracebackType
from typing import Any, Literal

from . import _agent, _life
from ._errors import MonitoringError
from ._output import Output


def open_monitor(opening: dict[str, Any], output: Output) -> int:
    """Open a monitor in the agent, which is started when there is none.

    Raises:
        MonitoringError: The agent refuses, or cannot be.
    """
    try:
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

    def __init__(self, opening: dict[str, Any], output: Output) -> None:
        self._opening = opening
        self._output = output
        self._opened_in = _present()
        self._number: int | None = open_monitor(opening, output)
        self._lock = threading.Lock()
        self._entered: list[int | None] = []

    def __call__(self) -> LeakMonitor:
        """Return this monitor itself, so that `with monitor():` works as well."""
        return self

    def __enter__(self) -> LeakMonitor:
        number = self.ready()
        self._entered.append(number)
        try:
            self.enter(number)
        except MonitoringError:
            self._entered.pop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        self.leave(self._entered.pop(), error)
        return False

    def __del__(self, close: Any = _agent.monitor_close) -> None:
        number = getattr(self, "_number", None)
        if number is not None and self._opened_in[0] == os.getpid():
            try:
                close(number)
            except Exception:
                pass

    # What the decorator's wrappers use (_wrap.py).

    def ready(self) -> int | None:
        """Return what to enter with; None when this call goes unwatched: the agent has
        been taken out of the process, or the call comes from our own output."""
        if self._opened_in != _present():
            self._open_again()
        if not _agent.running() or self._output.busy():
            return None
        return self._number

    def enter(self, number: int | None) -> None:
        """Begin the window; the agent's part is the last thing done."""
        if number is None:
            return
        try:
            _agent.monitor_enter(number)
        except RuntimeError as error:
            raise MonitoringError(str(error)) from None

    def leave(self, number: int | None, *in_flight: object) -> None:
        """End the window, before anything else, and tell what was found.

        `in_flight` is on its way through our hands to the caller; that it is there does
        not make it a leak.
        """
        if number is None:
            return
        try:
            told = _agent.monitor_leave(number, *in_flight)
        except Exception:
            return  # the agent went away during the call, or this is a forked child
        del in_flight
        if told is not None:
            self._output.deliver(told[1])

    def _open_again(self) -> None:
        """Open the monitor anew in a forked child, or in an agent started anew."""
        with self._lock:
            if self._opened_in == _present() or not _agent.running():
                return
            self._number = None
            self._opened_in = _present()
            try:
                self._number = open_monitor(self._opening, self._output)
            except Exception as error:
                self._output.deliver(f"memalot: not monitored any more: {error}")


def _present() -> tuple[int, int]:
    """Return what a monitor's number is good for: this process, and this agent."""
    return os.getpid(), _life.stops


class Stoppable:
    """Time-based monitoring that goes on until it is stopped."""

    def __init__(self, opening: dict[str, Any], output: Output) -> None:
        self._output = output
        self._number = open_monitor(opening, output)
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="memalot", daemon=True)

    def begin(self) -> None:
        """Start the thread that brings the reports; called once, by the maker."""
        _watch_exit()
        _running.add(self)
        self._thread.start()

    def stop(self) -> None:
        """End the monitoring. May be called more than once, from any thread and from
        `output_func`; does not wait (`join()` does). The agent stays."""
        if self._process != os.getpid():
            return
        try:
            _running.remove(self)
        except KeyError:
            return
        try:
            _agent.monitor_close(self._number)
        except Exception:
            pass  # it went with the agent

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
                if told is None:
                    continue
                if told[0] == "closed" or self not in _running:
                    break
                self._output.deliver(told[1])
        except RuntimeError:
            pass  # there is no such monitor any more
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
