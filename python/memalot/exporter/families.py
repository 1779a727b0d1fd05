# SPDX-License-Identifier: MIT
"""The figures in Prometheus' words: families of metrics with help, type and unit.

Names follow Prometheus' rules (base units, `_total` for counters). Labels are pid, name
and python; of findings, whose number is limited, also fingerprint, type, held_by, path.
docs/production.md lists them.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from .. import __version__
from .agents import Agents, Process
from .figures import Figures, Finding

PROCESS = ("pid", "name", "python")
FINDING = (*PROCESS, "fingerprint", "type", "held_by", "path")

# name, help, unit, how it is had of the answer to `status`
STATUS_GAUGES: list[tuple[str, str, str, Callable[[dict[str, Any]], Any]]] = [
    ("memalot_process_resident_memory_bytes", "Resident memory of the process", "bytes",
     lambda s: s.get("rss")),
    ("memalot_process_uptime_seconds", "How long the process has been running", "seconds",
     lambda s: s.get("uptime_s")),
    ("memalot_agent_memory_bytes", "Memory that the agent itself uses", "bytes",
     lambda s: s.get("own_memory")),
    ("memalot_monitoring", "1 while ages of objects are watched", "",
     lambda s: 1 if s.get("monitoring") else 0),
    ("memalot_monitor_suspects", "Objects that outlived the limit, at the last iteration",
     "", lambda s: (s.get("monitoring") or {}).get("suspects")),
    ("memalot_monitor_iterations", "Iterations of the monitor that runs", "",
     lambda s: (s.get("monitoring") or {}).get("iteration")),
    ("memalot_last_sweep_pause_seconds", "How long the last sweep held the process up",
     "seconds", lambda s: (s.get("last_sweep") or {}).get("pause_s")),
    ("memalot_last_sweep_duration_seconds", "How long the last sweep took in all",
     "seconds", lambda s: (s.get("last_sweep") or {}).get("duration_s")),
    ("memalot_last_sweep_timestamp_seconds", "When the last sweep ended", "seconds",
     lambda s: (s.get("last_sweep") or {}).get("ended")),
    ("memalot_last_sweep_ok", "1 when the last sweep did not fail", "",
     lambda s: _flag((s.get("last_sweep") or {}).get("ok"))),
]

STATUS_COUNTERS: list[tuple[str, str, str, str]] = [
    ("memalot_sweeps", "Sweeps since the agent started", "", "ended"),
    ("memalot_sweep_failures", "Sweeps that failed", "", "failed"),
    ("memalot_sweep_pause_seconds", "How long sweeps held the process up, in all",
     "seconds", "pause_s"),
    ("memalot_sweep_duration_seconds", "How long sweeps took, in all", "seconds",
     "duration_s"),
]

FIGURE_GAUGES: list[tuple[str, str, str, Callable[[Figures], float | None]]] = [
    ("memalot_report_timestamp_seconds", "When the figures from reports were taken",
     "seconds", lambda f: f.ended_at or None),
    ("memalot_live_objects", "Live objects", "", lambda f: f.objects),
    ("memalot_live_bytes", "Sizes of all live objects", "bytes", lambda f: f.size),
    ("memalot_garbage_objects", "Objects that wait for the collector", "",
     lambda f: f.garbage_objects),
    ("memalot_garbage_bytes", "Sizes of objects that wait for the collector", "bytes",
     lambda f: f.garbage_size),
    ("memalot_references", "References between objects", "", lambda f: f.references),
    ("memalot_memory_limit_bytes", "Memory limit of the control group, else of the host",
     "bytes", lambda f: f.limit),
    ("memalot_findings", "Findings in the report, also those that are not told", "",
     lambda f: f.findings_count),
]

FINDING_GAUGES: list[tuple[str, str, str, Callable[[Finding], float | None]]] = [
    ("memalot_finding_retained_bytes", "What would be free without the finding's objects",
     "bytes", lambda f: f.retained),
    ("memalot_finding_objects", "Objects of the finding", "", lambda f: f.objects),
    ("memalot_finding_retained_growth_bytes",
     "What the finding retains more than at the sweep before", "bytes",
     lambda f: f.retained_growth),
    ("memalot_finding_growth_objects",
     "Objects of the finding more than at the sweep before", "objects",
     lambda f: f.objects_growth),
]

FIGURE_TABLES: list[tuple[str, str, str, Callable[[Figures], dict[str, int]]]] = [
    ("memalot_memory_bytes", "Where the resident memory is; the parts add up to it",
     "part", lambda f: f.parts),
    ("memalot_arena_bytes", "Memory in Python's arenas", "state", lambda f: f.arenas),
    ("memalot_malloc_bytes", "Memory that malloc has", "state", lambda f: f.malloc),
]


class AgentsCollector(Collector):
    """What the registry asks at each scrape."""

    def __init__(self, agents: Agents) -> None:
        """Tell of these agents."""
        self._agents = agents

    def describe(self) -> Iterable[Metric]:
        """Keep the registry from asking the agents when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every family; one without samples is left out."""
        began = time.monotonic()
        look = self._agents.look()
        families = [
            _up(look.processes),
            *_of_status(look.processes),
            *_of_figures(look.processes),
            *_of_findings(look.processes),
        ]
        yield from (family for family in families if family.samples)
        yield from self._own(look.ok, look.processes, time.monotonic() - began)

    def _own(self, ok: bool, processes: list[Process], took: float) -> Iterator[Metric]:
        build = InfoMetricFamily("memalot_exporter_build", "Version of the exporter")
        build.add_metric([], {"version": __version__, "python": platform.python_version()})
        yield build
        yield GaugeMetricFamily("memalot_agents", "Agents found", value=len(processes))
        yield GaugeMetricFamily(
            "memalot_exporter_ok", "1 when memalotctl could be asked", value=int(ok))
        yield GaugeMetricFamily(
            "memalot_exporter_scrape_duration_seconds", "How long this scrape asked agents",
            value=took, unit="seconds")
        failures = CounterMetricFamily(
            "memalot_exporter_failures", "What could not be had, by what was asked",
            labels=["asked"])
        for asked in ("ps", "report", "sweep"):
            failures.add_metric([asked], self._agents.failures[asked])
        yield failures


def _up(processes: list[Process]) -> Metric:
    family = GaugeMetricFamily(
        "memalot_agent_up", "1 when the agent answers", labels=PROCESS)
    for process in processes:
        family.add_metric(process.labels, int(process.status is not None))
    return family


def _of_status(processes: list[Process]) -> Iterator[Metric]:
    answering = [(p.labels, p.status) for p in processes if p.status is not None]
    info = InfoMetricFamily("memalot_agent", "Version of the agent", labels=PROCESS)
    for labels, status in answering:
        info.add_metric(labels, {"version": status.get("version") or ""})
    yield info
    for name, text, unit, value_of in STATUS_GAUGES:
        yield _gauge(name, text, unit, PROCESS,
                     ((labels, value_of(status)) for labels, status in answering))
    for name, text, unit, key in STATUS_COUNTERS:
        counter = CounterMetricFamily(name, text, labels=PROCESS, unit=unit)
        for labels, status in answering:
            value = (status.get("sweeps") or {}).get(key)
            if value is not None:
                counter.add_metric(labels, value)
        yield counter


def _of_figures(processes: list[Process]) -> Iterator[Metric]:
    yield _gauge(
        "memalot_report_readable", "1 when the exporter can read the last saved report", "",
        PROCESS, ((p.labels, _flag(p.report_readable))
                  for p in processes if p.status is not None))
    known = _with_figures(processes)
    for name, text, unit, value_of in FIGURE_GAUGES:
        yield _gauge(name, text, unit, PROCESS,
                     ((labels, value_of(figures)) for labels, figures in known))
    for name, text, label, table_of in FIGURE_TABLES:
        yield _gauge(name, text, "bytes", (*PROCESS, label), (
            ((*labels, key), size)
            for labels, figures in known for key, size in table_of(figures).items()))


def _of_findings(processes: list[Process]) -> Iterator[Metric]:
    found = [
        ((*labels, f.fingerprint, f.type, f.held_by, f.path), f)
        for labels, figures in _with_figures(processes) for f in figures.findings
    ]
    for name, text, unit, value_of in FINDING_GAUGES:
        yield _gauge(name, text, unit, FINDING,
                     ((labels, value_of(finding)) for labels, finding in found))


def _with_figures(processes: list[Process]) -> list[tuple[tuple[str, ...], Figures]]:
    """Those that have been looked into, and answer: old figures of others are not told."""
    return [
        (p.labels, p.figures)
        for p in processes if p.figures is not None and p.status is not None
    ]


def _gauge(name: str, text: str, unit: str, labels: tuple[str, ...],
           values: Iterable[tuple[tuple[str, ...], Any]]) -> Metric:
    """A gauge of those values that are known."""
    family = GaugeMetricFamily(name, text, labels=labels, unit=unit)
    for of, value in values:
        if value is not None:
            family.add_metric(of, value)
    return family


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)
