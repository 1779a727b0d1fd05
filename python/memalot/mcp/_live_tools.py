# SPDX-License-Identifier: MIT
"""The tools that ask live processes. Each docstring is what the AI tool's model reads.

Every question is one sweep in a copy of the process, which stands still for some
milliseconds only while it is copied.
"""

from __future__ import annotations

import os
from typing import Annotated

from anyio import sleep, to_thread
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from ._asking import ask, tell
from ._convert import Doc, to_finding_lines, to_holders, to_process
from ._models import (
    Cycle,
    Detached,
    Findings,
    Garbage,
    Growth,
    Grown,
    Holders,
    Memory,
    MemoryPart,
    Monitoring,
    MonitorStopped,
    Process,
    Processes,
    Reference,
    References,
    Retainer,
    Retainers,
    TypeLine,
    Types,
    Unexplained,
    UnexplainedReferences,
)
from ._pages import DEFAULT_BYTES, Cursor, MaxBytes, Shelf, whole
from ._report_tools import Saved, TypeFilter

MAX_TYPES = 8  # of one cycle that are named
MAX_ROWS = 1000  # asked of a process at once; pages show them little by little

TARGET = "^[^-\\s]\\S*$"  # what can be no option of memalotctl's
Target = Annotated[
    str | None,
    Field(pattern=TARGET, description="PID, configured name or socket of the "
          "process; may be left out when there is only one"),
]
Address = Annotated[
    str, Field(pattern="^0x[0-9a-fA-F]+$", description="Such as 0x7f12ab34cd50")
]
Duration = Annotated[
    str | None, Field(pattern="^[0-9.]+(ms|s|m|h)?$", description="Such as 30, 500ms, 5m")
]

PARTS = {
    "python_live": "live Python objects",
    "python_garbage": "cyclic garbage that waits for the collector",
    "native": "allocated, but no Python object: extensions, the interpreter itself",
    "arenas_free": "free inside Python's arenas",
    "malloc_free": "free inside malloc: fragmentation, or kept for later",
    "files": "mapped files, the program's code among them",
    "shared": "shared memory",
    "stacks": "stacks of all threads",
    "other": "the rest: other allocators, memory that extensions map themselves",
}


class LiveTools:
    """Tools that look into a process that runs."""

    def __init__(self, saved: Saved, shelf: Shelf) -> None:
        """Tell `saved` of reports that are made; rows that do not fit go to `shelf`."""
        self._saved = saved
        self._shelf = shelf

    def list_processes(
        self, cursor: Cursor = None, max_bytes: MaxBytes = DEFAULT_BYTES
    ) -> Annotated[CallToolResult, Processes]:
        """List the live Python processes that can be asked: those with an agent inside."""
        if cursor is not None:
            return self._shelf.more(Processes, cursor, max_bytes)
        processes = [to_process(agent) for agent in ask("ps")["agents"]]
        return self._shelf.first(Processes(processes=processes), max_bytes)

    def get_process(self, target: Target = None) -> Annotated[CallToolResult, Process]:
        """Say what one process is and does: memory, uptime, whether it is monitored."""
        return whole(to_process(ask("status", *_target(target))))

    def attach_process(
        self, pid: Annotated[int, Field(ge=1, description="Of a Python process")]
    ) -> Annotated[CallToolResult, Process]:
        """Bring the agent into a Python process that runs without it, so that it can be
        asked: one that list_processes does not show. It goes on unharmed.
        """
        tell("attach", str(pid))
        return whole(to_process(ask("status", str(pid))))

    def detach_process(
        self, target: Annotated[str, Field(pattern=TARGET, description="PID or name")]
    ) -> Annotated[CallToolResult, Detached]:
        """Take the agent out of a process again. Monitoring ends; reports stay."""
        tell("detach", target)
        return whole(Detached(detached=True))

    def what_is_leaking(
        self,
        target: Target = None,
        types: TypeFilter = None,
        exclude: Annotated[
            list[str] | None,
            Field(description="Not the types whose full name contains one of these"),
        ] = None,
        save: Annotated[
            bool, Field(description="Keep it as a report, for get_finding and others")
        ] = True,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, Findings]:
        """Find out what piles up in a live process and who holds it, worst first.

        Takes a snapshot and saves it as a report. A single snapshot shows what is big;
        take another one later, or use what_grew, to see what grows.
        """
        if cursor is not None:
            return self._shelf.more(Findings, cursor, max_bytes)
        words = [f"--type={part}" for part in types or ()]
        words += [f"--exclude={part}" for part in exclude or ()]
        words += [] if save else ["--no-save"]
        taken = ask("snapshot", *words, *_target(target))
        if taken.get("store_error"):
            raise ToolError(f"the report could not be saved: {taken['store_error']}")
        directory = taken.get("directory")
        parent = os.path.dirname(directory) if directory else None
        if parent is not None:
            self._saved.remember(taken["report_id"], parent)
        return self._shelf.first(_to_findings(taken, parent), max_bytes)

    async def what_grew(
        self,
        target: Target = None,
        wait_s: Annotated[
            float,
            Field(ge=0, le=300, description="Take a new baseline, wait so long, then look"),
        ] = 0,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, Grown]:
        """Find out what a live process has more of than when it was last asked (by this
        or by what_is_leaking): first by the place that holds it, then by type.
        """
        if cursor is not None:
            return self._shelf.more(Grown, cursor, max_bytes)
        words = [f"--limit={MAX_ROWS}", *_target(target)]
        if wait_s > 0:
            await to_thread.run_sync(ask, "growth", *words)
            await sleep(wait_s)
        growth = await to_thread.run_sync(ask, "growth", *words)
        return self._shelf.first(_to_grown(growth), max_bytes)

    def who_holds(
        self,
        target: Target = None,
        type: Annotated[
            str | None, Field(description="Objects whose full type name contains this")
        ] = None,
        address: Annotated[Address | None, Field(description="One object instead")] = None,
        limit: Annotated[int, Field(ge=1, le=100, description="Objects at most")] = 3,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, Holders]:
        """Find out who keeps objects of a type, or one object, alive in a live process:
        the shortest ways from variables, running functions, native code.
        """
        if cursor is not None:
            return self._shelf.more(Holders, cursor, max_bytes)
        if (type is None) == (address is None):
            raise ToolError("who_holds needs either type or address")
        which = f"--type={type}" if type is not None else f"--address={address}"
        paths = ask("paths", which, f"--limit={limit}", *_target(target))
        answer = Holders(matched=paths["matched"], holders=to_holders(paths["targets"]))
        return self._shelf.first(answer, max_bytes)

    def what_does_it_retain(
        self,
        address: Address,
        target: Target = None,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, References]:
        """Find out how much would be freed if an object of a live process went, and
        what it refers to.
        """
        if cursor is not None:
            return self._shelf.more(References, cursor, max_bytes)
        words = [f"--address={address}", f"--limit={MAX_ROWS}", *_target(target)]
        return self._shelf.first(_to_references(ask("refs", *words)), max_bytes)

    def biggest_retainers(
        self, target: Target = None, cursor: Cursor = None, max_bytes: MaxBytes = DEFAULT_BYTES
    ) -> Annotated[CallToolResult, Retainers]:
        """Find the objects of a live process that keep the most memory alive."""
        if cursor is not None:
            return self._shelf.more(Retainers, cursor, max_bytes)
        rows = ask("retained", f"--limit={MAX_ROWS}", *_target(target))["retainers"]
        answer = Retainers(retainers=[Retainer.model_validate(row) for row in rows])
        return self._shelf.first(answer, max_bytes)

    def count_types(
        self, target: Target = None, cursor: Cursor = None, max_bytes: MaxBytes = DEFAULT_BYTES
    ) -> Annotated[CallToolResult, Types]:
        """Count the live objects of a process by type, the largest retained size first."""
        if cursor is not None:
            return self._shelf.more(Types, cursor, max_bytes)
        rows = ask("types", f"--limit={MAX_ROWS}", *_target(target))["types"]
        answer = Types(types=[TypeLine.model_validate(row) for row in rows])
        return self._shelf.first(answer, max_bytes)

    def memory_anatomy(self, target: Target = None) -> Annotated[CallToolResult, Memory]:
        """Find out where the memory of a live process is: Python objects, free space in
        its allocators, native code, files. Tells whether a leak is one of Python objects.
        """
        answer = ask("memory", *_target(target))
        memory, totals = answer["memory"], answer["totals"]
        parts = [
            MemoryPart(part=p["key"], size=p["size"], what=PARTS.get(p["key"], ""))
            for p in memory["parts"]
        ]
        return whole(Memory(
            verdict=memory["verdict"], rss=memory["rss"], peak_rss=memory.get("peak_rss"),
            swap=memory.get("swap"), limit=memory.get("limit") or None, parts=parts,
            live_objects=totals["live_objects"], garbage_objects=totals["garbage_objects"],
        ))

    def what_is_garbage(
        self, target: Target = None, cursor: Cursor = None, max_bytes: MaxBytes = DEFAULT_BYTES
    ) -> Annotated[CallToolResult, Garbage]:
        """Find cyclic garbage in a live process that waits for the collector, grouped
        by the types of the cycles. Nothing is collected by asking.
        """
        if cursor is not None:
            return self._shelf.more(Garbage, cursor, max_bytes)
        found = ask("garbage", f"--limit={MAX_ROWS}", *_target(target))
        groups = [
            Cycle.model_validate({**group, "types": group["types"][:MAX_TYPES]})
            for group in found["groups"]
        ]
        answer = Garbage(uncollectable=len(found["uncollectable"]), groups=groups)
        return self._shelf.first(answer, max_bytes)

    def what_native_code_holds(
        self, target: Target = None, cursor: Cursor = None, max_bytes: MaxBytes = DEFAULT_BYTES
    ) -> Annotated[CallToolResult, UnexplainedReferences]:
        """Find objects of a live process with more references than the heap explains:
        what C code holds, for example after a forgotten Py_DECREF.
        """
        if cursor is not None:
            return self._shelf.more(UnexplainedReferences, cursor, max_bytes)
        found = ask("refcounts", f"--limit={MAX_ROWS}", *_target(target))
        types = [_to_unexplained(row) for row in found["types"] if row["more"] > 0]
        return self._shelf.first(
            UnexplainedReferences(share=found["share"], types=types), max_bytes
        )

    def start_monitoring(
        self,
        max_object_lifetime: Annotated[
            str,
            Field(pattern="^[0-9.]+(ms|s|m|h)?$",
                  description="What lives longer is suspected: 30, 500ms, 5m"),
        ],
        target: Target = None,
        warmup: Duration = None,
        types: TypeFilter = None,
    ) -> Annotated[CallToolResult, Monitoring]:
        """Begin to watch a live process for objects that live too long. A report then
        grows by one iteration each lifetime; get_process says which one.

        It costs the program some per cent of its speed until stop_monitoring.
        """
        words = [f"--max-object-lifetime={max_object_lifetime}"]
        words += [] if warmup is None else [f"--warmup={warmup}"]
        words += [f"--type={part}" for part in types or ()]
        started = ask("monitor", "start", *words, *_target(target))
        return whole(Monitoring.model_validate(started))

    def stop_monitoring(
        self, target: Target = None
    ) -> Annotated[CallToolResult, MonitorStopped]:
        """End what start_monitoring began; its report stays."""
        return whole(MonitorStopped.model_validate(ask("monitor", "stop", *_target(target))))


def _target(target: str | None) -> list[str]:
    return [] if target is None else [target]


def _to_findings(taken: Doc, directory: str | None) -> Findings:
    iteration, sweep = taken["iteration"], taken["iteration"].get("sweep", {})
    return Findings(
        verdict=iteration.get("memory", {}).get("verdict"),
        report_id=taken["report_id"],
        report_directory=directory,
        pause_s=sweep.get("pause_s"),
        objects=sweep.get("objects"),
        warnings=sweep.get("warnings", [])[:3],
        findings=to_finding_lines(iteration, []),
    )


def _to_grown(growth: Doc) -> Grown:
    places = [
        Growth(
            kind="place", name=row["path"], type=row["type"], count=row["count"],
            count_before=row["count_before"], size=row["retained_size"],
            size_before=row["retained_before"],
        )
        for row in growth["places"]
    ]
    types = [
        Growth(kind="type", name=row["type"], type=row["type"], count=row["count"],
               count_before=row["count_before"], size=row["size"],
               size_before=row["size_before"])
        for row in growth["types"]
    ]
    return Grown(since_s=growth["since_s"], grown=[*places, *types])


def _to_references(refs: Doc) -> References:
    of = refs["object"]
    return References(
        address=of["address"], type=of["type"], text=of.get("str"), size=of["size"],
        retained_size=of["retained_size"], path=of.get("path"), refers_to=refs["total"],
        references=[
            Reference(
                label=row["label"], type=row["type"], address=row["address"],
                text=row.get("str"), size=row.get("size"),
                retained_size=row.get("retained_size"),
            )
            for row in refs["references"]
        ],
    )


def _to_unexplained(row: Doc) -> Unexplained:
    first: Doc = next((example for example in row["examples"] if example["excess"] > 0), {})
    return Unexplained(
        type=row["type"], objects=row["more"], references=row["more_references"],
        example=first.get("address"), cause=first.get("cause"),
    )
