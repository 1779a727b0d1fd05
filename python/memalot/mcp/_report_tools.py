# SPDX-License-Identifier: MIT
"""The tools that read saved reports. Each docstring is what the AI tool's model reads."""

from __future__ import annotations

import os
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from ._asking import ask
from ._convert import (
    Doc,
    to_comparison,
    to_finding,
    to_finding_lines,
    to_iteration_line,
    to_objects,
    to_report_head,
    to_types,
)
from ._models import (
    Comparison,
    Finding,
    FindingLine,
    IterationLine,
    Objects,
    Report,
    Reports,
    SourcePlaces,
    Types,
)
from ._pages import DEFAULT_BYTES, Cursor, MaxBytes, Shelf
from ._source import find_places

DEFAULT_DIRECTORY = "~/.memalot/reports"

ReportId = Annotated[
    str, Field(pattern="^[a-z0-9]{4}-[a-z0-9]{4}$", description="Such as ab12-cd34")
]
Directory = Annotated[
    str | None, Field(description="Where the report is saved, if not in the usual place")
]
TypeFilter = Annotated[
    list[str] | None,
    Field(description="Only types whose full name contains one of these"),
]
Number = Annotated[int, Field(ge=1, description="Number of the finding, 1 is the worst")]
Iteration = Annotated[
    int | None, Field(ge=1, description="Number of the iteration; the last one if left out")
]


class Saved:
    """Where saved reports are: the directory in use, and others that reports came from."""

    def __init__(self, directory: str | None) -> None:
        """Look into `directory` unless told otherwise."""
        self.directory = directory or DEFAULT_DIRECTORY
        self._other: dict[str, str] = {}

    def remember(self, report_id: str, directory: str) -> None:
        """Note where a report is that a live process has just written."""
        self._other[report_id] = directory

    def place(self, report_id: str, named: str | None) -> str:
        """Return the directory that has a report."""
        return os.path.expanduser(named or self._other.get(report_id, self.directory))

    def load(self, report_id: str, named: str | None, newest: int | None) -> Doc:
        """Read a report: `summary`, `iterations`, `iteration_count`."""
        some = [] if newest is None else [f"--num-iterations={newest}"]
        place = self.place(report_id, named)
        report: Doc = ask("print", report_id, f"--report-directory={place}", *some)
        return report

    def iteration(self, report_id: str, named: str | None, number: int | None) -> Doc:
        """Read one iteration of a report, the last one when `number` is None."""
        report = self.load(report_id, named, 1 if number is None else None)
        iterations: list[Doc] = report["iterations"]
        if not iterations:
            raise ToolError(f"report {report_id} has no iterations yet")
        if number is None:
            return iterations[-1]
        for iteration in iterations:
            if iteration["iteration_number"] == number:
                return iteration
        numbers = ", ".join(str(iteration["iteration_number"]) for iteration in iterations)
        raise ToolError(f"report {report_id} has no iteration {number}, but {numbers}")

    def finding(
        self, report_id: str, named: str | None, number: int | None, finding: int
    ) -> tuple[Doc, Doc]:
        """Read one finding; returns its iteration, too."""
        iteration = self.iteration(report_id, named, number)
        findings: list[Doc] = iteration.get("findings") or []
        for found in findings:
            if found["id"] == finding:
                return iteration, found
        where = f"iteration {iteration['iteration_number']} of report {report_id}"
        if not findings:
            raise ToolError(f"{where} has no findings; get_report_objects has its objects")
        raise ToolError(f"{where} has no finding {finding}, but 1 to {len(findings)}")


class ReportTools:
    """Tools that read saved reports and touch no process."""

    def __init__(self, saved: Saved, shelf: Shelf) -> None:
        """Read from `saved`; rows that do not fit go to `shelf`."""
        self._saved = saved
        self._shelf = shelf

    def list_reports(
        self,
        report_directory: Directory = None,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, Reports]:
        """List saved leak reports, newest first."""
        if cursor is not None:
            return self._shelf.more(Reports, cursor, max_bytes)
        place = os.path.expanduser(report_directory or self._saved.directory)
        if not os.path.isdir(place) and report_directory is not None:
            raise ToolError(f"there is no directory {report_directory}")
        listed = ask("list", f"--report-directory={place}")["reports"]
        reports = [to_report_head(row, row.get("iterations", 0)) for row in listed]
        return self._shelf.first(Reports(report_directory=place, reports=reports), max_bytes)

    def get_report(
        self,
        report_id: ReportId,
        iterations: Annotated[int, Field(ge=1, description="How many, the newest ones")] = 1,
        types: TypeFilter = None,
        summary_only: Annotated[bool, Field(description="Leave the findings out")] = False,
        report_directory: Directory = None,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, Report]:
        """Read a saved report: its newest iterations and their findings, worst first.

        A finding is one leak. get_finding has all about one, where_in_source the lines
        to look at, draw_finding a picture, get_report_objects single objects.
        """
        if cursor is not None:
            return self._shelf.more(Report, cursor, max_bytes)
        report = self._saved.load(report_id, report_directory, iterations)
        contents: list[IterationLine | FindingLine] = []
        for iteration in reversed(report["iterations"]):
            contents.append(to_iteration_line(iteration, types or []))
            if not summary_only:
                contents.extend(to_finding_lines(iteration, types or []))
        head = to_report_head(report["summary"], report["iteration_count"])
        return self._shelf.first(Report(report=head, contents=contents), max_bytes)

    def get_finding(
        self,
        report_id: ReportId,
        finding: Number = 1,
        iteration: Iteration = None,
        report_directory: Directory = None,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, Finding]:
        """Read all about one finding: the way from the root to the objects, where they
        pile up, native code that holds them, examples with address and text.
        """
        if cursor is not None:
            return self._shelf.more(Finding, cursor, max_bytes)
        of, found = self._saved.finding(report_id, report_directory, iteration, finding)
        answer = to_finding(report_id, of["iteration_number"], found)
        return self._shelf.first(answer, max_bytes)

    def get_report_types(
        self,
        report_id: ReportId,
        iteration: Iteration = None,
        types: TypeFilter = None,
        report_directory: Directory = None,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, Types]:
        """Read how many leaking objects of each type a saved report has."""
        if cursor is not None:
            return self._shelf.more(Types, cursor, max_bytes)
        of = self._saved.iteration(report_id, report_directory, iteration)
        return self._shelf.first(Types(types=to_types(of, types or [])), max_bytes)

    def get_report_objects(
        self,
        report_id: ReportId,
        types: TypeFilter = None,
        iteration: Iteration = None,
        report_directory: Directory = None,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, Objects]:
        """Read single leaking objects of a saved report, and the references that keep
        each alive (its referrer graph, as ways from the roots).
        """
        if cursor is not None:
            return self._shelf.more(Objects, cursor, max_bytes)
        of = self._saved.iteration(report_id, report_directory, iteration)
        objects = to_objects(of, types or [])
        known = of["object_details_list"]
        if types and not objects and known:
            names = sorted({details["object_type_name"] for details in known})
            raise ToolError(
                f"no object's type contains {' or '.join(map(repr, types))}; there are "
                + ", ".join(names[:10])
            )
        answer = Objects(iteration=of["iteration_number"], objects=objects)
        return self._shelf.first(answer, max_bytes)

    def compare_reports(
        self,
        before: ReportId,
        after: Annotated[
            ReportId | None,
            Field(description="Left out: the last two iterations of `before` are compared"),
        ] = None,
        unchanged: Annotated[bool, Field(description="Tell also what stayed the same")] = False,
        report_directory: Directory = None,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, Comparison]:
        """Compare two saved reports: which leaks are new, grown, shrunk or gone."""
        if cursor is not None:
            return self._shelf.more(Comparison, cursor, max_bytes)
        place = self._saved.place(before, report_directory)
        if after is not None and self._saved.place(after, report_directory) != place:
            raise ToolError(f"{before} and {after} are in different directories")
        words = [before] if after is None else [before, after]
        diff = ask("diff", *words, "--limit=0", f"--report-directory={place}")
        return self._shelf.first(to_comparison(diff, unchanged), max_bytes)

    def where_in_source(
        self,
        report_id: ReportId,
        finding: Number = 1,
        iteration: Iteration = None,
        directories: Annotated[
            list[str] | None,
            Field(description="Where the program's source is; left out: where the "
                              "process finds its modules, and this server's directory"),
        ] = None,
        report_directory: Directory = None,
        cursor: Cursor = None,
        max_bytes: MaxBytes = DEFAULT_BYTES,
    ) -> Annotated[CallToolResult, SourcePlaces]:
        """Find where in the source to look for a leak: file and line of the running
        function, of what adds to the container, of the variable, attribute and class
        that hold the objects. Found by reading the source files, nothing is run.
        """
        if cursor is not None:
            return self._shelf.more(SourcePlaces, cursor, max_bytes)
        for directory in directories or ():
            if not os.path.isdir(os.path.expanduser(directory)):
                raise ToolError(f"there is no directory {directory}")
        _, found = self._saved.finding(report_id, report_directory, iteration, finding)
        summary: dict[str, Any] = self._saved.load(report_id, report_directory, 1)["summary"]
        return self._shelf.first(find_places(found, summary, directories), max_bytes)
