# SPDX-License-Identifier: MIT
"""Which agents there are and what they know, asked through memalotctl.

One `memalotctl ps` asks all agents for their state at once and gives those that do not
answer two seconds together. What a report says is read once, when an agent tells of a
new one. Nothing here causes a sweep.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from .. import _ctl
from .figures import Figures, read_iteration

PS_TIMEOUT = 8.0  # below Prometheus' usual ten seconds for a scrape
REPORT_TIMEOUT = 4.0
SWEEP_TIMEOUT = 300.0
READERS = 4


@dataclass
class Process:
    """One process with an agent, as last seen."""

    socket: str
    labels: tuple[str, str, str]  # pid, name, python
    pid: int | None = None
    started: float = 0.0  # seconds since boot: one that starts anew has another
    status: dict[str, Any] | None = None  # None: it does not answer
    figures: Figures | None = None
    report: tuple[Any, ...] | None = None  # the saved one that was read last
    report_readable: bool | None = None  # None: there is no report


@dataclass
class Look:
    """All of them at one moment."""

    processes: list[Process]
    ok: bool  # memalotctl answered
    duration: float


class Agents:
    """All agents that memalotctl sees; may be asked from several threads."""

    def __init__(self, every: float, findings: int, report_directory: str | None) -> None:
        """Ask at most once in `every` seconds; tell `findings` of each process."""
        self.failures: Counter[str] = Counter()
        self._every = every
        self._findings = findings
        self._directory = report_directory
        self._known: dict[str, Process] = {}
        self._swept: dict[str, Figures] = {}  # by socket
        self._last: Look | None = None
        self._last_at = 0.0
        self._lock = threading.Lock()

    def look(self) -> Look:
        """Return what there is; asks only when the last look is old enough."""
        with self._lock:
            now = time.monotonic()
            if self._last is None or now - self._last_at >= self._every:
                self._last = self._look_anew(now)
                self._last_at = now
            return self._last

    def sweep(self, process: Process) -> None:
        """Make a snapshot of it, not saved; its figures count until there are newer."""
        try:
            answer = _ctl.ask(
                "snapshot", process.socket, "--no-save", "--no-referrers",
                "--max-object-details", "0", timeout=SWEEP_TIMEOUT,
            )
            figures = read_iteration(answer["iteration"], self._findings)
        except (_ctl.CtlError, KeyError, TypeError, ValueError):
            self.failures["sweep"] += 1
            return
        with self._lock:
            self._swept[process.socket] = figures

    def _look_anew(self, started: float) -> Look:
        try:
            rows = _ctl.ask("ps", timeout=PS_TIMEOUT)["agents"]
        except (_ctl.CtlError, KeyError, TypeError, ValueError):
            self.failures["ps"] += 1
            return Look([], False, time.monotonic() - started)
        processes = [self._process(row) for row in rows]
        _tell_apart(processes)
        self._known = {process.socket: process for process in processes}
        with ThreadPoolExecutor(READERS) as readers:
            self.failures["report"] += sum(readers.map(self._read_report, processes))
        self._take_swept(processes)
        return Look(processes, True, time.monotonic() - started)

    def _process(self, row: dict[str, Any]) -> Process:
        """Make a row of `ps` a process, with what was known of it when it is silent."""
        socket, pid = str(row.get("socket", "")), row.get("pid")
        known = self._known.get(socket)
        if "error" in row:
            return replace(known, status=None) if known else \
                Process(socket, (str(pid), "", ""), pid)
        labels = (str(pid), row.get("name") or "", row.get("python_version") or "")
        started = row.get("started_s") or 0.0
        if known and known.pid == pid and known.started == started:
            return replace(known, labels=labels, status=row)
        self._swept.pop(socket, None)  # a container that starts anew is pid 1 again
        return Process(socket, labels, pid, started, status=row)

    def _read_report(self, process: Process) -> bool:
        """Read its last report if that is a new one; returns whether it failed."""
        status = process.status or {}
        report_id = status.get("last_report")
        if not report_id:
            return False
        monitoring = status.get("monitoring") or {}
        report = (report_id, monitoring.get("iteration"), _ended(status))
        if process.report == report:
            return False
        directory = self._directory or status.get("report_directory") or ""
        try:
            saved = _ctl.ask("print", report_id, "--report-directory", directory,
                             timeout=REPORT_TIMEOUT)
            process.figures = read_iteration(saved["iterations"][-1], self._findings)
        except (_ctl.CtlError, LookupError, TypeError, ValueError):
            process.report_readable = False
            return True
        process.report, process.report_readable = report, True
        return False

    def _take_swept(self, processes: list[Process]) -> None:
        """The newer of the saved report and our own snapshot counts."""
        here = {process.socket: process for process in processes}
        self._swept = {key: figures for key, figures in self._swept.items() if key in here}
        for socket, figures in self._swept.items():
            process = here[socket]
            if process.figures is None or process.figures.ended_at < figures.ended_at:
                process.figures = figures


def _ended(status: dict[str, Any]) -> Any:
    return (status.get("last_sweep") or {}).get("ended")


def _tell_apart(processes: list[Process]) -> None:
    """Let no two have the same labels: pids of different containers may be the same.

    Then the file names of the sockets tell which is which.
    """
    count = Counter(process.labels for process in processes)
    for process in processes:
        if count[process.labels] > 1:
            name = os.path.basename(process.socket).removesuffix(".sock")
            process.labels = (name, *process.labels[1:])
