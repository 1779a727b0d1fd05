# SPDX-License-Identifier: MIT
"""What the tools answer, as types: the SDK makes the output schemas from them.

Names follow docs/internals/result-format.md where the data comes from there. Sizes are
bytes, times seconds. What does not apply is left out of an answer.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from ._pages import Page


class Monitoring(BaseModel):
    """What watches for objects that live too long."""

    kind: str
    state: str
    lifetime_s: float | None = None
    warmup_s: float | None = None
    iteration: int = Field(default=0, description="Iterations done so far")
    next_iteration_in_s: float | None = None
    suspects: int = 0
    report_id: str | None = Field(default=None, description="The report that grows with it")


class Process(BaseModel):
    """A process with an agent."""

    pid: int
    name: str
    command: str
    python_version: str
    rss: int
    uptime_s: float
    state: str = Field(description="idle, busy or stopping")
    monitoring: Monitoring | None = None
    last_report: str | None = None
    report_directory: str | None = None


class Processes(Page):
    """Every process that can be asked."""

    rows: ClassVar[str] = "processes"
    processes: list[Process]


class ReportHead(BaseModel):
    """A saved report."""

    report_id: str
    start_time: str
    iterations: int
    entrypoint: str | None = None
    arguments: str | None = None
    name: str | None = None
    pid: int | None = None
    python_version: str | None = None


class Reports(Page):
    """Saved reports, newest first."""

    rows: ClassVar[str] = "reports"
    report_directory: str
    reports: list[ReportHead]


class TypeLine(BaseModel):
    """Objects of one type."""

    type: str
    count: int
    count_before: int | None = None
    shallow_size: int | None = None
    retained_size: int | None = None


class IterationLine(BaseModel):
    """One iteration of a report; its findings follow it."""

    iteration: int
    end_time: str
    verdict: str | None = Field(default=None, description="What explains the memory")
    rss: int | None = None
    findings: int | None = Field(default=None, description="How many; none: see the types")
    warm_up: bool | None = None
    types: list[TypeLine] = Field(description="The first ones of get_report_types")


class FindingLine(BaseModel):
    """One leak, in short."""

    iteration: int
    finding: int = Field(description="Its number in the iteration, 1 is the worst")
    title: str
    type: str
    count: int
    count_before: int | None = None
    retained_size: int | None = None
    oldest_age_s: float | None = None
    path: str = Field(description="Python expression from the root; [*] fans out")
    held_by: str | None = None
    file: str | None = Field(default=None, description="Of the running function that holds it")
    line: int | None = None


class Report(Page):
    """A report: each iteration, newest first, and after it its findings."""

    rows: ClassVar[str] = "contents"
    report: ReportHead
    contents: list[IterationLine | FindingLine]


class Findings(Page):
    """What a sweep of a live process found, worst first."""

    rows: ClassVar[str] = "findings"
    verdict: str | None = Field(default=None, description="What explains the process's memory")
    report_id: str | None = Field(
        default=None, description="For get_finding and others; absent: not saved"
    )
    report_directory: str | None = None
    pause_s: float | None = Field(default=None, description="How long the program stood still")
    objects: int | None = None
    warnings: list[str] = []
    findings: list[FindingLine]


class Example(BaseModel):
    """One of a finding's objects."""

    address: str
    text: str | None = None
    size: int | None = None
    retained_size: int | None = None
    age_s: float | None = None
    path: str | None = None


class Accumulation(BaseModel):
    """The container in which a finding's objects pile up."""

    path: str
    type: str
    address: str | None = None
    entries: int | None = None


class Finding(Page):
    """All there is about one leak."""

    rows: ClassVar[str] = "examples"
    report_id: str
    iteration: int
    finding: int
    fingerprint: str | None = Field(
        default=None, description="The same leak has the same one in every report"
    )
    title: str
    type: str
    count: int
    count_before: int | None = None
    shallow_size: int | None = None
    retained_size: int | None = None
    oldest_age_s: float | None = None
    path: str
    holders: list[str] = Field(description="The way from the root to one object, step by step")
    root: str
    held_by: str | None = None
    piles_up_in: Accumulation | None = None
    native: str | None = Field(default=None, description="Which native code holds it")
    file: str | None = Field(default=None, description="Of the running function that holds it")
    line: int | None = None
    examples: list[Example]


class Types(Page):
    """Objects by type."""

    rows: ClassVar[str] = "types"
    types: list[TypeLine]


class ObjectLine(BaseModel):
    """One object that a report tells of, and what refers to it."""

    type: str
    address: str
    text: str | None = None
    size: int | None = None
    age_s: float | None = None
    finding: int | None = None
    referrers: list[str] = Field(description="Each a way from a root, `→` is `refers to`")


class Objects(Page):
    """Single objects of an iteration."""

    rows: ClassVar[str] = "objects"
    iteration: int
    objects: list[ObjectLine]


class Change(BaseModel):
    """What became of a finding or of a type between two reports."""

    kind: Literal["finding", "type"]
    name: str = Field(description="The finding's title, the type's name")
    state: str = Field(description="new, grown, unchanged, shrunk or gone")
    count: int | None = None
    count_before: int | None = None
    size: int | None = Field(
        default=None, description="Retained by the finding, the type's own"
    )
    size_before: int | None = None


class Comparison(Page):
    """What changed from one report to another."""

    rows: ClassVar[str] = "changes"
    before: str = Field(description="Report and iteration")
    after: str
    rss_before: int | None = None
    rss: int | None = None
    live_objects_before: int | None = None
    live_objects: int | None = None
    findings: dict[str, int] = Field(description="How many are new, grown, gone …")
    changes: list[Change]


class Growth(BaseModel):
    """What there is more of, by the place that holds it or by type."""

    kind: Literal["place", "type"]
    name: str = Field(description="Path of the place, name of the type")
    type: str
    count: int
    count_before: int
    size: int = Field(description="Retained at the place, the type's own")
    size_before: int


class Grown(Page):
    """What grew since the process was last asked: places first, then types."""

    rows: ClassVar[str] = "grown"
    since_s: float | None = Field(default=None, description="Absent: the first time, ask again")
    grown: list[Growth]


class Holder(BaseModel):
    """One way from a root to an object."""

    address: str
    type: str
    text: str | None = None
    size: int | None = None
    retained_size: int | None = None
    path: str = Field(description="Python expression from the root")
    steps: list[str]
    root: str
    held_by: str | None = None
    file: str | None = Field(default=None, description="Of the running function that holds it")
    line: int | None = None


class Holders(Page):
    """Who keeps objects alive, by the shortest ways."""

    rows: ClassVar[str] = "holders"
    matched: int = Field(description="Live objects that were meant")
    holders: list[Holder]


class Reference(BaseModel):
    """One thing that an object refers to."""

    label: str
    type: str
    address: str
    text: str | None = None
    size: int | None = None
    retained_size: int | None = None


class References(Page):
    """What an object refers to, and what would go with it."""

    rows: ClassVar[str] = "references"
    address: str
    type: str
    text: str | None = None
    size: int
    retained_size: int = Field(description="What would be freed if the object went")
    path: str | None = None
    refers_to: int = Field(description="References it has in all")
    references: list[Reference]


class Retainer(BaseModel):
    """One object that keeps much alive."""

    path: str
    type: str
    address: str
    size: int
    retained_size: int
    objects: int = Field(description="How many it keeps alive")


class Retainers(Page):
    """The biggest retainers of a process."""

    rows: ClassVar[str] = "retainers"
    retainers: list[Retainer]


class MemoryPart(BaseModel):
    """One part of a process's memory."""

    part: str
    size: int | None = None
    what: str


class Memory(BaseModel):
    """Where the memory of a process is."""

    verdict: str
    rss: int
    peak_rss: int | None = None
    swap: int | None = None
    limit: int | None = None
    parts: list[MemoryPart]
    live_objects: int | None = None
    garbage_objects: int | None = None


class Cycle(BaseModel):
    """Garbage in cycles of the same types."""

    types: list[str]
    cycles: int
    objects: int
    size: int


class Garbage(Page):
    """Cyclic garbage that waits for the collector."""

    rows: ClassVar[str] = "groups"
    uncollectable: int
    groups: list[Cycle]


class Unexplained(BaseModel):
    """Objects of a type with more references than the heap has."""

    type: str
    objects: int
    references: int
    example: str | None = None
    cause: str | None = Field(
        default=None, description="The native code that holds the example"
    )


class UnexplainedReferences(Page):
    """Reference counts that nothing in the heap explains."""

    rows: ClassVar[str] = "types"
    share: float = Field(description="Of the countable objects, how many are explained")
    types: list[Unexplained]


class Detached(BaseModel):
    """A process without an agent."""

    detached: bool


class MonitorStopped(BaseModel):
    """What a monitor leaves behind."""

    stopped: bool
    iterations: int | None = None
    report_id: str | None = None


class SourcePlace(BaseModel):
    """A line of source code to look at."""

    file: str
    line: int
    why: str
    code: str


class SourcePlaces(Page):
    """Where in the source to look, the likeliest place first."""

    rows: ClassVar[str] = "places"
    title: str
    searched: list[str] = Field(description="Directories whose files were looked at")
    not_found: list[str] = Field(description="Names whose source is not there")
    places: list[SourcePlace]
