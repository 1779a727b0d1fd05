# SPDX-License-Identifier: MIT
"""From memalotctl's documents to the models of the answers.

The documents are those of docs/internals/result-format.md; keys that a report of the
original tool lacks are tolerated everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._models import (
    Accumulation,
    Change,
    Comparison,
    Example,
    Finding,
    FindingLine,
    Holder,
    IterationLine,
    Monitoring,
    ObjectLine,
    Process,
    ReportHead,
    TypeLine,
)

Doc = dict[str, Any]

MAX_STEPS = 16  # of a way that are shown; of longer ones the two ends
MAX_WAYS = 5  # to one object, of a referrer graph
MAX_LENGTH = 60  # of such a way; a graph may have cycles


def to_process(status: Doc) -> Process:
    """Convert one agent of `ps`."""
    monitoring = status.get("monitoring")
    return Process(
        pid=status["pid"],
        name=status["name"],
        command=" ".join(status.get("command", ())),
        python_version=status["python_version"],
        rss=status["rss"],
        uptime_s=status["uptime_s"],
        state=status["state"],
        monitoring=Monitoring(**monitoring) if monitoring else None,
        last_report=status.get("last_report"),
        report_directory=status.get("report_directory"),
    )


def to_report_head(summary: Doc, iterations: int) -> ReportHead:
    """Convert a report's summary."""
    return ReportHead(
        report_id=summary["report_id"],
        start_time=summary["start_time"],
        iterations=iterations,
        entrypoint=summary.get("entrypoint"),
        arguments=" ".join(map(str, summary.get("arguments") or ())) or None,
        name=summary.get("name"),
        pid=summary.get("pid"),
        python_version=summary.get("python_version"),
    )


def to_types(iteration: Doc, wanted: list[str]) -> list[TypeLine]:
    """Convert the types of an iteration whose name contains one of `wanted`."""
    lines = iteration["leak_summary"]["type_summaries"]
    return [
        TypeLine(
            type=line["object_type"],
            count=line["count"],
            count_before=line.get("count_before"),
            shallow_size=line.get("shallow_size"),
            retained_size=line.get("retained_size"),
        )
        for line in lines
        if is_wanted(line["object_type"], wanted)
    ]


def to_iteration_line(iteration: Doc, wanted: list[str]) -> IterationLine:
    """Convert the head of an iteration."""
    findings = iteration.get("findings")
    return IterationLine(
        iteration=iteration["iteration_number"],
        end_time=iteration["end_time"],
        verdict=iteration.get("memory", {}).get("verdict"),
        rss=iteration.get("memory_usage", {}).get("current_rss_bytes"),
        findings=None if findings is None else len(findings),
        warm_up=iteration.get("monitor", {}).get("warm_up"),
        types=to_types(iteration, wanted)[:3],
    )


def to_finding_lines(iteration: Doc, wanted: list[str]) -> list[FindingLine]:
    """Convert the findings of an iteration."""
    return [
        FindingLine(
            iteration=iteration["iteration_number"],
            finding=finding["id"],
            title=finding["title"],
            type=finding["type"],
            count=finding["count"],
            count_before=finding.get("count_before"),
            retained_size=finding.get("retained_size"),
            oldest_age_s=finding.get("oldest_age_s"),
            path=finding["path"],
            held_by=finding.get("held_by"),
            file=finding.get("root", {}).get("file"),
            line=finding.get("root", {}).get("line"),
        )
        for finding in iteration.get("findings", ())
        if is_wanted(finding["type"], wanted)
    ]


def to_finding(report_id: str, number: int, finding: Doc) -> Finding:
    """Convert all of one finding."""
    root = finding.get("root", {})
    heap = finding.get("accumulation")
    return Finding(
        report_id=report_id,
        iteration=number,
        finding=finding["id"],
        fingerprint=finding.get("fingerprint"),
        title=finding["title"],
        type=finding["type"],
        count=finding["count"],
        count_before=finding.get("count_before"),
        shallow_size=finding.get("shallow_size"),
        retained_size=finding.get("retained_size"),
        oldest_age_s=finding.get("oldest_age_s"),
        path=finding["path"],
        holders=to_steps(finding.get("path_nodes", [])),
        root=to_root(root),
        held_by=finding.get("held_by"),
        piles_up_in=Accumulation(**_known(Accumulation, heap)) if heap else None,
        native=(finding.get("native") or {}).get("text"),
        file=root.get("file"),
        line=root.get("line"),
        examples=[
            Example(
                address=example["address"],
                text=example.get("str"),
                size=example.get("size"),
                retained_size=example.get("retained_size"),
                age_s=example.get("age_s"),
                path=example.get("path"),
            )
            for example in finding.get("examples", ())
        ],
    )


def to_steps(nodes: list[Doc]) -> list[str]:
    """Convert a way: each step with the type of what it leads to."""
    steps = [f"{node['label']}  ({node['type']})" for node in nodes]
    if len(steps) > MAX_STEPS:
        left_out = len(steps) - MAX_STEPS + 1
        steps[MAX_STEPS // 2 : 1 - MAX_STEPS // 2] = [f"… {left_out} steps …"]
    return steps


def to_root(root: Doc) -> str:
    """Say what a way begins at."""
    return f"{root.get('kind', '')} {root.get('name', '')}".strip()


def to_holders(targets: list[Doc]) -> list[Holder]:
    """Convert the answer of `paths`."""
    return [
        Holder(
            address=target["address"],
            type=target["type"],
            text=target.get("str"),
            size=target.get("size"),
            retained_size=target.get("retained_size"),
            path=path["expression"],
            steps=to_steps(path["nodes"]),
            root=to_root(path["root"]),
            held_by=path.get("held_by"),
            file=path["root"].get("file"),
            line=path["root"].get("line"),
        )
        for target in targets
        for path in target["paths"]
    ]


def to_objects(iteration: Doc, wanted: list[str]) -> list[ObjectLine]:
    """Convert the single objects of an iteration."""
    return [
        ObjectLine(
            type=details["object_type_name"],
            address=f"{details['object_id']:#x}",
            text=details.get("object_str"),
            size=(details.get("deep_size_bytes") or {}).get("approx_size"),
            age_s=details.get("age_s"),
            finding=details.get("finding"),
            referrers=_ways(details.get("referrer_graph") or {}),
        )
        for details in iteration["object_details_list"]
        if is_wanted(details["object_type_name"], wanted)
    ]


def to_comparison(diff: Doc, unchanged: bool) -> Comparison:
    """Convert the answer of `diff`."""
    memory = diff["memory"]
    changes = [
        Change(
            kind="finding",
            name=row["title"],
            state=row["state"],
            count=row.get("count"),
            count_before=row.get("count_before"),
            size=row.get("retained_size"),
            size_before=row.get("retained_before"),
        )
        for row in diff["findings"]
    ] + [
        Change(
            kind="type",
            name=row["type"],
            state=row["state"],
            count=row.get("count"),
            count_before=row.get("count_before"),
            size=row.get("size"),
            size_before=row.get("size_before"),
        )
        for row in diff["types"]
    ]
    return Comparison(
        before=_which(diff["before"]),
        after=_which(diff["after"]),
        rss_before=_side(memory, "rss", "before"),
        rss=_side(memory, "rss", "after"),
        live_objects_before=_side(memory, "live_objects", "before"),
        live_objects=_side(memory, "live_objects", "after"),
        findings=diff["totals"]["findings"],
        changes=[row for row in changes if unchanged or row.state != "unchanged"],
    )


def is_wanted(type_name: str, wanted: list[str]) -> bool:
    """Say whether a type passes a filter, as `print --filter-types` has it."""
    return not wanted or any(part.lower() in type_name.lower() for part in wanted)


def _ways(graph: Doc) -> list[str]:
    """Write a version-1 referrer graph as ways from its roots to its targets."""
    nodes = {node["id"]: node for node in graph.get("graph_nodes", ())}
    targets = set(graph.get("target_ids", ()))
    found: list[str] = []
    for root in graph.get("root_ids", ()):
        for way in _walk(nodes, targets, [root]):
            # What an attribute, an index or a variable holds says more than its type.
            names = [nodes[node]["name"] for node in way]
            shown = [name for name in names[:-1] if not name.endswith(" (object)")]
            found.append(" → ".join([*shown, names[-1]]))
            if len(found) == MAX_WAYS:
                return found
    return found


def _walk(nodes: dict[Any, Doc], targets: set[Any], way: list[Any]) -> Iterator[list[Any]]:
    if way[-1] in targets:
        yield way
    elif len(way) < MAX_LENGTH:
        for following in nodes.get(way[-1], {}).get("referent_ids", ()):
            if following in nodes and following not in way:
                yield from _walk(nodes, targets, [*way, following])


def _which(side: Doc) -> str:
    return f"{side['report_id']} iteration {side['iteration_number']}, {side['end_time']}"


def _side(memory: Doc, key: str, side: str) -> int | None:
    value = (memory.get(key) or {}).get(side)
    return value if isinstance(value, int) else None


def _known(model: type[Accumulation], data: Doc) -> Doc:
    return {key: value for key, value in data.items() if key in model.model_fields}
