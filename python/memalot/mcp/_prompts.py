# SPDX-License-Identifier: MIT
"""The prompts: what people ask for most, in words that lead the model to the tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

ReportId = Annotated[str, Field(description="Id of a saved report, such as ab12-cd34")]
Process = Annotated[str, Field(description="PID or name; empty: the only one there is")]
TypeName = Annotated[str, Field(description="Part of the type's name")]


def find_leak(process: Process = "") -> str:
    """Find a memory leak in a live process and the line that is to blame."""
    which = f"process {process}" if process else "the process that list_processes shows"
    return (
        f"Find the memory leak in {which}. If it has no agent, use attach_process. Ask "
        "memory_anatomy whether Python objects explain the memory at all, then "
        "what_is_leaking, and after a while what_grew, to see what is not only big but "
        "grows. For the worst finding read get_finding and where_in_source. Tell me what "
        "leaks, what holds it, how much memory goes with it, and which line to change."
    )


def list_reports(report_directory: str = "") -> str:
    """List the saved leak reports."""
    where = f" in report directory {report_directory}" if report_directory else ""
    return (
        f"List the memalot reports{where}, the ten newest ones, as a table: id, when, "
        "which program, how many iterations."
    )


def analyse_report(report_id: ReportId, type_filter: TypeName = "") -> str:
    """Analyse the newest iteration of a saved report."""
    only = f" Look only at types that contain {type_filter!r}." if type_filter else ""
    return (
        f"Analyse the newest iteration of memalot report {report_id}.{only} Read it with "
        "get_report, the worst findings with get_finding. Say for each which objects pile "
        "up, what holds them and how much memory they keep, and which ones are worth "
        "fixing."
    )


def fix_leak(report_id: ReportId) -> str:
    """Fix the leak that a saved report shows."""
    return (
        f"Fix the memory leak in memalot report {report_id}. Find the worst finding with "
        "get_report and get_finding, the place in the source with where_in_source. Read "
        "the code there, explain why the objects are never let go, and change it so that "
        "they are. Do not change what the program does otherwise."
    )


def analyse_referrers(report_id: ReportId, type_name: TypeName) -> str:
    """Explain what keeps the objects of one type alive, by a saved report."""
    return (
        f"Analyse what refers to objects of type {type_name} in memalot report "
        f"{report_id}: get_report_objects has the ways from the roots to them. Say which "
        "of the references is the one that should not be there."
    )


def draw_report(report_id: ReportId) -> str:
    """Draw what holds the leaking objects of a saved report."""
    return (
        f"Draw the references to the leaking objects of memalot report {report_id} with "
        "draw_finding, the worst finding first, and explain the picture in a few sentences."
    )


def html_report(report_id: ReportId) -> str:
    """Write an HTML page about a saved report."""
    return (
        f"Write a self-contained HTML page about memalot report {report_id}: a summary, a "
        "table of the findings, and for each finding its path, examples, the place in the "
        "source, and the SVG of draw_finding, embedded. Follow `next` until all is read."
    )


PROMPTS: dict[str, Callable[..., str]] = {
    "Find a leak in a live process": find_leak,
    "List reports": list_reports,
    "Analyse a report": analyse_report,
    "Fix the leak of a report": fix_leak,
    "Analyse referrers": analyse_referrers,
    "Draw a report": draw_report,
    "HTML page about a report": html_report,
}
