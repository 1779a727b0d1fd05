# SPDX-License-Identifier: MIT
"""The figures of one iteration of a report that are told to Prometheus.

Reports are large and of many versions: what is needed is taken out at once, what is
missing stays None, and nothing here fails because of a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

PATH_MAX = 120  # characters of a label; the fingerprint tells long paths apart


@dataclass
class Finding:
    """One leak, by its fingerprint."""

    fingerprint: str
    type: str
    held_by: str
    path: str
    objects: int
    retained: int
    objects_growth: int | None = None
    retained_growth: int | None = None


@dataclass
class Figures:
    """What one iteration says."""

    ended_at: float = 0.0  # seconds since the epoch
    objects: int | None = None
    size: int | None = None
    garbage_objects: int | None = None
    garbage_size: int | None = None
    references: int | None = None
    parts: dict[str, int] = field(default_factory=dict)
    arenas: dict[str, int] = field(default_factory=dict)
    malloc: dict[str, int] = field(default_factory=dict)
    limit: int | None = None
    findings_count: int = 0
    findings: list[Finding] = field(default_factory=list)


def read_iteration(iteration: dict[str, Any], most: int) -> Figures:
    """Take the figures out of an iteration, with the `most` largest findings."""
    totals = iteration.get("totals") or {}
    memory = iteration.get("memory") or {}
    findings = iteration.get("findings") or []
    return Figures(
        ended_at=read_time(iteration.get("end_time")),
        objects=totals.get("live_objects"),
        size=totals.get("live_size"),
        garbage_objects=totals.get("garbage_objects"),
        garbage_size=totals.get("garbage_size"),
        references=(iteration.get("sweep") or {}).get("references"),
        parts={
            part["key"]: part["size"]
            for part in memory.get("parts") or []
            if part.get("size") is not None
        },
        arenas=_used_and_free(memory.get("arenas")),
        malloc=_used_and_free(memory.get("malloc")),
        limit=memory.get("limit") or None,
        findings_count=len(findings),
        findings=_largest(findings, most),
    )


def read_time(text: str | None) -> float:
    """Read "2026-01-31T20:54:19.078977Z"; 0.0 when it is no such time."""
    try:
        when = datetime.fromisoformat((text or "").removesuffix("Z"))
    except ValueError:
        return 0.0
    return when.replace(tzinfo=timezone.utc).timestamp()


def shorten(path: str) -> str:
    """Cut the middle out of a long path: its root and its end say most."""
    if len(path) <= PATH_MAX:
        return path
    head = PATH_MAX // 2
    return path[:head] + "…" + path[len(path) - (PATH_MAX - head - 1):]


def _used_and_free(part: dict[str, int] | None) -> dict[str, int]:
    return {state: part[state] for state in ("used", "free") if part and state in part}


def _largest(findings: list[dict[str, Any]], most: int) -> list[Finding]:
    """Join what has the same fingerprint: a label set may be told once only."""
    joined: dict[str, Finding] = {}
    for finding in map(_read_finding, findings):
        first = joined.setdefault(finding.fingerprint, finding)
        if first is not finding:
            first.objects += finding.objects
            first.retained += finding.retained
            first.objects_growth = _sum(first.objects_growth, finding.objects_growth)
            first.retained_growth = _sum(first.retained_growth, finding.retained_growth)
    return sorted(joined.values(), key=lambda f: -f.retained)[:most]


def _read_finding(finding: dict[str, Any]) -> Finding:
    objects = finding.get("count") or 0
    retained = finding.get("retained_size") or 0
    return Finding(
        fingerprint=finding.get("fingerprint") or "",
        type=finding.get("type") or "",
        held_by=finding.get("held_by") or "",
        path=shorten(finding.get("path") or ""),
        objects=objects,
        retained=retained,
        objects_growth=_less(objects, finding.get("count_before")),
        retained_growth=_less(retained, finding.get("retained_before")),
    )


def _less(now: int, before: int | None) -> int | None:
    return None if before is None else now - before


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else one + other
